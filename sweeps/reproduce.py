"""`fairtrial reproduce`: a run on record, trained again and compared bit by bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeps.again import again
from sweeps.engines.in_process import InProcessEngine
from sweeps.trials import end_metrics
from tracking.definitions import read_definition
from tracking.reading import read_history, read_run, read_sweep, sweep_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweeps.again import Again
    from tracking.store import Store

Point = tuple[str, int]
"""A metric and the epoch it was measured at."""

_MACHINE = "train_seconds"  # measures the machine, not the run


@dataclass(frozen=True)
class Difference:
    """A point that did not come out the same; None where one side has no such point."""

    metric: str
    epoch: int
    recorded: float | None
    found: float | None


@dataclass(frozen=True)
class Reproduction:
    """What came of training a run again.

    Attributes:
        n_points: how many metrics at how many epochs, in all, were compared.
    """

    mlflow_id: str
    sweep: str
    trial: int
    repeat: int
    n_points: int
    differences: Sequence[Difference]


def reproduce(store: Store, mlflow_id: str) -> Reproduction:
    """Train a recorded run again, alone, as far as it went, and compare.

    Raises: TrackingError when there is no such run; SweepError, TrainerError: what it was trained
        from is gone or has changed since.
    """
    run = read_run(store, mlflow_id)
    record = read_sweep(store, sweep_of(store, mlflow_id))
    recorded = {
        point: value for point, value in read_history(store, run).items() if point[0] != _MACHINE
    }
    epochs = max((epoch for _, epoch in recorded), default=0)
    found = _train(again(store, read_definition(store, record), record, run), epochs)
    differences = [
        Difference(*point, recorded.get(point), found.get(point))
        for point in sorted({*recorded, *found}, key=lambda point: (point[1], point[0]))
        if recorded.get(point) != found.get(point)
    ]
    return Reproduction(mlflow_id, record.name, run.trial, run.repeat, len(recorded), differences)


def _train(run: Again, epochs: int) -> dict[Point, float]:
    """Every metric of every epoch up to the last one on record."""
    engine = InProcessEngine(run.splits, 1, run.pretrained)
    start = [run.config]
    found: dict[Point, float] = {}
    for _ in range(epochs):
        (result,) = engine.advance(start, [])
        start = []
        found |= {(name, result.epoch): value for name, value in result.metrics.items()}
        if result.end is not None:
            ended = end_metrics(result)
            found |= {(name, result.epoch): v for name, v in ended.items() if name != _MACHINE}
            break
    return found
