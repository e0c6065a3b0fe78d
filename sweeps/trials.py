"""Trials in flight: how results of runs, fresh or on record, become a trial's reports and end."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweeps.record import RecordedTrial
    from trainer.runs import EpochResult, RunConfig, RunEnd, RunId

State = Literal["COMPLETE", "PRUNED", "FAIL"]


@dataclass(frozen=True)
class Ending:
    """How a trial ended.

    Attributes:
        value: of the objective, the mean over its runs; when PRUNED the one reported last.
    """

    state: State
    value: float | None = None
    message: str = ""


class InFlight(Protocol):
    """A trial on the logical clock.

    Attributes:
        params: as Optuna has them.
        ticks: how many epochs it has been in flight.
        report: its value after the latest tick, or None when it has none.
    """

    number: int
    params: Mapping[str, Any]
    ticks: int
    report: float | None

    def tick(self, results: Mapping[RunId, EpochResult]) -> None:
        """Take what this tick brought."""

    def ending(self) -> Ending | None:
        """How it ended by itself with the latest tick, or None while it goes on."""


@dataclass
class LiveTrial:
    """A trial whose runs are trained now.

    Attributes:
        metric: the objective's.
        latest: by run, the value of its latest epoch, or of its kept weights once it has ended.
        ends: the runs that are over.
    """

    number: int
    params: Mapping[str, Any]
    runs: Sequence[RunConfig]
    metric: str
    ticks: int = 0
    report: float | None = None
    latest: dict[RunId, float] = field(default_factory=dict)
    ends: dict[RunId, RunEnd] = field(default_factory=dict)

    def tick(self, results: Mapping[RunId, EpochResult]) -> None:
        """See InFlight."""
        self.ticks += 1
        for run in self.runs:
            result = results.get(run.id)
            if result is None:
                continue
            if result.end:
                self.ends[run.id] = result.end
            source = result.end.metrics if result.end else result.metrics
            self.latest[run.id] = source.get(self.metric, math.nan)
        failed = any(end.reason == "failed" for end in self.ends.values())
        self.report = None if failed else _mean([self.latest[run.id] for run in self.runs])

    @property
    def training(self) -> list[RunId]:
        """The runs that are not over."""
        return [run.id for run in self.runs if run.id not in self.ends]

    def ending(self) -> Ending | None:
        """See InFlight."""
        if self.training:
            return None
        failed = [(id_, end) for id_, end in self.ends.items() if end.reason == "failed"]
        if failed:
            return Ending("FAIL", message=f"run {failed[0][0]}: {failed[0][1].message}")
        return Ending("COMPLETE", self.report)


@dataclass
class ReplayedTrial:
    """A trial that ended in an earlier session; it ends again at the same tick."""

    recorded: RecordedTrial
    ticks: int = 0
    report: float | None = None

    @property
    def number(self) -> int:
        """See InFlight."""
        return self.recorded.number

    @property
    def params(self) -> Mapping[str, Any]:
        """See InFlight."""
        return self.recorded.params

    def tick(self, results: Mapping[RunId, EpochResult]) -> None:  # noqa: ARG002 - see InFlight
        """See InFlight."""
        self.ticks += 1
        self.report = self.recorded.reports.get(self.ticks)

    def ending(self) -> Ending | None:
        """See InFlight."""
        if self.ticks < self.recorded.ticks:
            return None
        state = cast("State", self.recorded.state)  # RUNNING ones are trained, not replayed
        return Ending(state, self.recorded.value, self.recorded.message)


def end_metrics(result: EpochResult) -> Mapping[str, float]:
    """What MLflow gets at a run's end; of weights kept from an earlier epoch, as 'kept/...'."""
    assert result.end is not None
    metrics: dict[str, float] = {}
    kept_epoch = result.end.metrics.get("kept_epoch")
    for name, value in result.end.metrics.items():
        if not name.startswith(("train/", "validation/")):
            metrics[name] = value
        elif kept_epoch != result.epoch:
            metrics[f"kept/{name}"] = value
    return metrics


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
