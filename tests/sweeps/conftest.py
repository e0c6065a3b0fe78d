"""A controller on an engine that trains nothing: its numbers follow from a rule, at once."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import torch

from sweeps.best import BestKeeper
from sweeps.controller import Controller
from sweeps.launch import n_trials_of
from sweeps.progress import Silent
from sweeps.record import StudyRecord
from sweeps.runs import RunFactory
from sweeps.spec import load_spec
from sweeps.stores import Stores
from sweeps.study import DecisionStudy
from trainer.runs import EpochResult, RunEnd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sweeps.progress import Outcome
    from sweeps.record import RecordedTrial
    from sweeps.spec import SweepSpec
    from tracking.events import Event
    from trainer.runs import RunConfig, RunId

METRIC = "validation/accuracy"


@dataclass
class RuledEngine:
    """Reports `rule(run, epoch)` for each run until its epochs are used; None is a failure.

    Attributes:
        log: takes 'start 3.0', 'stop 3.0' and 'advance', in order.
    """

    rule: Callable[[RunConfig, int], float | None]
    log: list[str]
    held: dict[RunId, tuple[RunConfig, int]] = field(default_factory=dict)

    def advance(self, start: Sequence[RunConfig], stop: Sequence[RunId]) -> list[EpochResult]:
        for run_id in stop:
            self.log.append(f"stop {run_id}")
            del self.held[run_id]
        for run in start:
            self.log.append(f"start {run.id}")
            self.held[run.id] = (run, 0)
        self.log.append("advance")
        results = []
        for run_id, (run, epoch) in reversed(list(self.held.items())):  # order must not matter
            results.append(self._result(run, epoch + 1))
            self.held[run_id] = (run, epoch + 1)
            if results[-1].end:
                del self.held[run_id]
        return results

    def _result(self, run: RunConfig, epoch: int) -> EpochResult:
        value = self.rule(run, epoch)
        if value is None:
            return EpochResult(run.id, epoch, {}, 0, RunEnd("failed", f"broke in epoch {epoch}"))
        end = None
        if epoch == run.hyperparameters.epochs:
            metrics = {METRIC: value, "epochs_run": float(epoch), "kept_epoch": float(epoch)}
            end = RunEnd("epochs", "", metrics, {"weight": torch.tensor([value])})
        return EpochResult(run.id, epoch, {METRIC: value}, 0, end)


class LoggedStudy(DecisionStudy):
    """The true study, which also writes down what it was asked and told."""

    def __init__(self, spec: SweepSpec, log: list[str]) -> None:
        super().__init__(spec)
        self._log = log

    def ask(self) -> Mapping[str, Any]:
        self._log.append(f"ask {self.n_asked}")
        return super().ask()

    def report(self, number: int, epoch: int, value: float) -> None:
        self._log.append(f"report {number} {epoch} {value:g}")
        super().report(number, epoch, value)

    def should_prune(self, number: int) -> bool:
        prune = super().should_prune(number)
        self._log.append(f"{'prune' if prune else 'keep'} {number}")
        return prune

    def tell(self, number: int, state: str, value: float | None) -> None:
        self._log.append(f"tell {number} {state}")
        super().tell(number, state, value)


@dataclass
class ListRecorder:
    """Keeps events in memory."""

    events: list[Event] = field(default_factory=list)
    delivered: int = 0

    def record(self, event: Event) -> None:
        self.events.append(event)

    def deliver(self) -> None:
        self.delivered = len(self.events)


@dataclass
class Desk:
    """One sweep file, to be run in sessions on one record."""

    spec: SweepSpec
    stores: Stores
    log: list[str] = field(default_factory=list)
    recorder: ListRecorder = field(default_factory=ListRecorder)

    @property
    def record(self) -> StudyRecord:
        objective, definition = self.spec.objective, self.spec.definition()
        return StudyRecord.open(
            self.stores, self.spec.name, objective.direction, definition, self.spec.text
        )

    @property
    def trials(self) -> list[RecordedTrial]:
        return self.record.trials()

    def run(
        self,
        rule: Callable[[RunConfig, int], float | None],
        *,
        ticks: int | None = None,
        n_trials: int | None = None,
        runs_in_flight: int = 1,
        observer: Any = None,
    ) -> Outcome:
        """One session; `ticks` interrupts it after so many."""
        runs = RunFactory(self.spec, "classification", ["digest"])
        controller = Controller(
            self.spec,
            study=LoggedStudy(self.spec, self.log),
            record=self.record,
            recorder=self.recorder,
            engine=RuledEngine(rule, self.log),
            runs=runs,
            keeper=BestKeeper(self.spec, runs, [], self.stores.checkpoint(self.spec.name)),
            observer=observer or Silent(),
            runs_in_flight=runs_in_flight,
            n_trials=n_trials_of(self.spec, n_trials),
        )
        looks = iter(range(10_000))
        return controller.run(lambda: ticks is not None and next(looks) >= ticks)


@pytest.fixture
def desk(folder: Path, empty_study: Path) -> Callable[..., Desk]:
    """A desk for a sweep file, given from its search on."""
    (folder / ".fairtrial").mkdir()
    shutil.copy(empty_study, folder / ".fairtrial")

    def make(text: str, name: str = "small") -> Desk:
        path = folder / f"{name}.yaml"
        path.write_text(f"name: {name}\ndata: {{source: iris}}\n{text}")
        return Desk(load_spec(path), Stores.here())

    return make
