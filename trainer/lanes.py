"""An array of lanes: K runs trained by one loop, each bit-identical to itself trained alone."""

from __future__ import annotations

import copy
import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from trainer.hyperparameters import PRETRAINED
from trainer.lane import Lane
from trainer.models.build import build_model
from trainer.optimizers import new_state
from trainer.pretrained import begin_with
from trainer.runs import EpochResult, RunEnd
from trainer.training import EpochTrainer, measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor

    from trainer.datasets import Datasets
    from trainer.pretrained import Pretrained
    from trainer.runs import RunConfig, RunId

_WEIGHTS = "weights"


class LaneArray:
    """K lanes that agree in `Hyperparameters.array_key()`.

    Attributes:
        lanes: sorted by activation, so that lanes sharing one lie beside each other.
        model: what all lanes go through.
        tensors: the weights [K, P] and the optimizer's state, each with a leading K.
    """

    def __init__(
        self,
        data: Datasets,
        runs: Sequence[RunConfig],
        pretrained: Mapping[str, Pretrained] | None = None,
    ) -> None:
        """Start these runs.

        Args:
            pretrained: what each `pretrained_from` of these runs names.
        Raises: HyperparameterError for a model this version does not have, for weights that do
            not fit, and for freezing everything; UserModuleError for a user's that can't be made.
        """
        first = runs[0].hyperparameters
        self._data = data
        self.model = build_model(first, data.shape, data.outputs, runs[0].folder)
        self.model.settle(data.parts["train"].inputs)
        self.lanes = [Lane.of(run) for run in runs]
        layout, dtype = self.model.layout, data.dtype
        self.model.trained(first.freeze)
        rows = [layout.row(self._begin(run, pretrained or {}), dtype) for run in runs]
        state = new_state(first.optimizer, layout.row_size, dtype)
        self.tensors = {_WEIGHTS: torch.stack(rows)}
        for name, tensor in state.items():
            self.tensors[name] = tensor.repeat(len(runs), 1)
        self._sort()

    def __len__(self) -> int:
        return len(self.lanes)

    def join(self, other: LaneArray) -> None:
        """Take the lanes of another array of the same key."""
        self.lanes += other.lanes
        self.tensors = {
            name: torch.cat([tensor, other.tensors[name]]) for name, tensor in self.tensors.items()
        }
        self._sort()

    def split(self, size: int) -> LaneArray:
        """Give away all lanes but the first `size`, as an array of their own."""
        other = copy.copy(self)
        other.lanes, self.lanes = self.lanes[size:], self.lanes[:size]
        other.tensors = {name: tensor[size:].clone() for name, tensor in self.tensors.items()}
        self.tensors = {name: tensor[:size].clone() for name, tensor in self.tensors.items()}
        return other

    def drop(self, ids: set[RunId]) -> None:
        """Forget some runs."""
        self._take([k for k, lane in enumerate(self.lanes) if lane.config.id not in ids])

    def advance(self) -> list[EpochResult]:
        """Train every lane for one epoch and measure it; lanes that end are dropped."""
        started = time.perf_counter()
        with _exact():
            weights = self.tensors[_WEIGHTS]
            state = {name: t for name, t in self.tensors.items() if name != _WEIGHTS}
            trained = EpochTrainer(self.model, self._data, self.lanes, weights).run(state)
            validated = measure(self.model, self._data, self.lanes, weights, "validation")
            share = (time.perf_counter() - started) / len(self.lanes)
            metrics = [t | v for t, v in zip(trained, validated, strict=True)]
            finite = weights[:, : self.model.layout.learned].isfinite().all(1).tolist()
            ends: dict[int, RunEnd] = {}
            for k, lane in enumerate(self.lanes):
                lane.epoch += 1
                lane.seconds += share
                fault = self._users_fault(lane)
                if fault or not finite[k] or not math.isfinite(metrics[k]["train/loss"]):
                    metrics[k] = {}  # sums over NaN mean nothing
                fault = fault or _fault(lane, metrics[k])
                if fault:
                    ends[k] = _failed(lane, fault)
                    continue
                lane.take_epoch(metrics[k], weights[k])
            ends |= self._finish([k for k in range(len(self.lanes)) if k not in ends])
        now = int(time.time() * 1000)
        results = [
            EpochResult(lane.config.id, lane.epoch, metrics[k], now, ends.get(k))
            for k, lane in enumerate(self.lanes)
        ]
        if ends:
            self._take([k for k in range(len(self.lanes)) if k not in ends])
        return results

    def _finish(self, candidates: Sequence[int]) -> dict[int, RunEnd]:
        """Test the lanes that are over, on the weights they keep."""
        over = [(k, reason) for k in candidates if (reason := self.lanes[k].end_reason())]
        if not over:
            return {}
        lanes = [self.lanes[k] for k, _ in over]
        latest = self.tensors[_WEIGHTS]
        rows = [
            latest[k] if lane.kept is None else lane.kept
            for (k, _), lane in zip(over, lanes, strict=True)
        ]
        weights = torch.stack(rows)
        tested = measure(self.model, self._data, lanes, weights, "test")
        refit = measure(self.model, self._data, lanes, weights, "train")
        score = "accuracy" if self._data.task == "classification" else "r2"
        ends = {}
        for index, (k, reason) in enumerate(over):
            lane = self.lanes[k]
            if fault := self._users_fault(lane):
                ends[k] = _failed(lane, fault)
                continue
            gap = refit[index][f"train/{score}"] - lane.metrics[f"validation/{score}"]
            ends[k] = RunEnd(
                reason,
                metrics={
                    **lane.metrics,
                    **tested[index],
                    "gap": gap,
                    "epochs_run": lane.epoch,
                    "kept_epoch": lane.kept_epoch,
                    "train_seconds": lane.seconds,
                },
                weights=self.model.layout.named(weights[index]),
            )
        return ends

    def _begin(self, run: RunConfig, pretrained: Mapping[str, Pretrained]) -> dict[str, Tensor]:
        h = run.hyperparameters
        fresh = self.model.begin(h, run.seed)
        if h.pretrained_from is None or h.model == PRETRAINED:
            return fresh
        return begin_with(self.model, fresh, pretrained[h.pretrained_from], self._data.classes)

    def _users_fault(self, lane: Lane) -> str:
        """What went wrong inside a user's module, or ''."""
        fault = self.model.faults.pop(lane.config.id, "")
        return f"{fault}, in epoch {lane.epoch}" if fault else ""

    def _sort(self) -> None:
        key = [lane.config.hyperparameters.activation for lane in self.lanes]
        self._take(sorted(range(len(self.lanes)), key=key.__getitem__))

    def _take(self, rows: list[int]) -> None:
        if rows == list(range(len(self.lanes))):
            return
        index = torch.tensor(rows, dtype=torch.int64)
        self.lanes = [self.lanes[k] for k in rows]
        self.tensors = {name: tensor[index] for name, tensor in self.tensors.items()}


def _failed(lane: Lane, fault: str) -> RunEnd:
    seconds = {"epochs_run": lane.epoch, "train_seconds": lane.seconds}
    return RunEnd("failed", fault, seconds)


def _fault(lane: Lane, metrics: dict[str, float]) -> str:
    """Why a lane can't go on, in a sentence, or ''."""
    if not metrics:
        return (
            f"the training loss or a weight became NaN or infinite in epoch {lane.epoch}; "
            "a lower learning_rate or a gradient_clip may help"
        )
    if not math.isfinite(metrics["validation/loss"]):
        return f"the validation loss was NaN or infinite after epoch {lane.epoch}"
    limit = lane.config.run_time_s
    if limit is not None and lane.seconds > limit:
        cost = f"{lane.seconds:.1f} s after epoch {lane.epoch}"
        return f"it had cost {cost}, above its run_time of {limit:g} s"
    return ""


@contextmanager
def _exact() -> Iterator[None]:
    """One thread and no autograd: the conditions under which a lane equals its solo run."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            yield
    finally:
        torch.set_num_threads(threads)
