"""The bookkeeping of one lane: how far it is, what it has kept, what its epoch settings are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from trainer.schedules import rate_factor
from trainer.stopping import EarlyStopping

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from trainer.runs import EndReason, RunConfig


@dataclass
class Lane:
    """A run while it trains.

    Attributes:
        epoch: epochs done.
        seconds: training time it has cost: its share of its arrays' time.
        metrics: of the epoch whose weights would be kept.
        kept: the kept weights [P], where they are not simply the latest.
    """

    config: RunConfig
    epoch: int = 0
    seconds: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)
    kept: Tensor | None = None
    stopping: EarlyStopping | None = None

    @classmethod
    def of(cls, config: RunConfig) -> Lane:
        """A lane at the start of its run."""
        h = config.hyperparameters
        stopping = None if h.patience is None else EarlyStopping(h.patience, h.min_delta)
        return cls(config, stopping=stopping)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the epoch that comes next."""
        h = self.config.hyperparameters
        return h.learning_rate * rate_factor(h.schedule, self.epoch + 1, h.epochs)

    @property
    def kept_epoch(self) -> int:
        """The epoch whose weights are tested."""
        return self.stopping.best_epoch if self.stopping else self.epoch

    def take_epoch(self, metrics: dict[str, float], weights: Tensor) -> None:
        """Note the metrics of the epoch just done, and keep its weights [P] if they are best."""
        if self.stopping is None:
            self.metrics = metrics
        elif self.stopping.better(self.epoch, metrics["validation/loss"]):
            self.metrics, self.kept = metrics, weights.clone()

    def end_reason(self) -> EndReason | None:
        """Why the run is over by itself after the epoch just done, or None."""
        if self.stopping and self.stopping.should_stop(self.epoch):
            return "patience"
        return "epochs" if self.epoch >= self.config.hyperparameters.epochs else None


def column(
    lanes: Sequence[Lane], value: Callable[[Lane], float], dtype: torch.dtype, dims: int = 2
) -> Tensor:
    """One number per lane, shaped [K, 1, ...] with `dims` dimensions."""
    values = torch.tensor([value(lane) for lane in lanes], dtype=dtype)
    return values.view(-1, *([1] * (dims - 1)))
