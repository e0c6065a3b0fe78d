"""What goes into a run and what comes out of it, epoch by epoch; no PyTorch in here.

These are the words in which a controller and an engine speak to each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from trainer.hyperparameters import Hyperparameters

RunId = NewType("RunId", str)
"""A run within its sweep: '17.2' is repeat 2 of trial 17."""

EndReason = Literal["epochs", "patience", "failed"]


def run_id(trial: int, repeat: int) -> RunId:
    """The name of one repeat of one trial within its sweep."""
    return RunId(f"{trial}.{repeat}")


@dataclass(frozen=True)
class RunConfig:
    """One training: one configuration, one seed.

    Attributes:
        split: which split of the data it trains on (0 unless the sweep resplits).
        run_time_s: seconds of training it may cost, or None.
        folder: where a module of the user's is looked for, or None for the current one.
    """

    id: RunId
    hyperparameters: Hyperparameters
    seed: int
    split: int = 0
    run_time_s: float | None = None
    folder: Path | None = None


@dataclass(frozen=True)
class RunEnd:
    """How a run ended by itself.

    Attributes:
        reason: 'epochs' (budget used), 'patience' (no better epoch came) or 'failed'.
        message: for 'failed', one sentence naming the cause and the epoch.
        metrics: measured once, on the weights that are kept: test/*, gap, epochs_run,
            train_seconds, and the validation/* and train/* of the epoch they are from.
        weights: the kept weights by name, as CPU tensors; empty when failed.
    """

    reason: EndReason
    message: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EpochResult:
    """What one run reported for one epoch.

    Attributes:
        epoch: counted from 1.
        metrics: train/* and validation/* of that epoch.
        time_ms: when it was measured, Unix time in milliseconds.
        end: set on the last result of a run that ended by itself.
    """

    id: RunId
    epoch: int
    metrics: Mapping[str, float]
    time_ms: int
    end: RunEnd | None = None
