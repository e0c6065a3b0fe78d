"""The controller: the only one that decides, on a logical clock, and the only one that writes.

One tick: every run in flight advances an epoch; reports are taken in order of trial number; then
pruning is decided; then trials that are over are told in order; then as many are asked. Wall time
decides nothing but the end of a time budget, so a sweep's trials and numbers are the same from
any number of lanes, in one session or in many.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sweeps.errors import RecordError
from sweeps.progress import Outcome, Progress
from sweeps.study import learns
from sweeps.trials import Ending, LiveTrial, ReplayedTrial, end_metrics
from tracking.events import EpochReported, RunEnded, RunStarted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from sweeps.best import BestKeeper
    from sweeps.engines.base import Engine
    from sweeps.progress import Observer
    from sweeps.record import StudyRecord
    from sweeps.runs import RunFactory
    from sweeps.spec import SweepSpec
    from sweeps.study import DecisionStudy
    from tracking.events import Recorder
    from trainer.runs import EpochResult, RunConfig, RunId

_SECONDS_KEPT_EVERY_S = 5.0


class Controller:
    """Runs one sweep from its record to its end, or until it is told to stop."""

    def __init__(
        self,
        spec: SweepSpec,
        *,
        study: DecisionStudy,
        record: StudyRecord,
        recorder: Recorder,
        engine: Engine,
        runs: RunFactory,
        keeper: BestKeeper,
        observer: Observer,
        runs_in_flight: int,
        n_trials: int | None,
    ) -> None:
        """Args: runs_in_flight: what is fastest, where the number changes nothing.

        n_trials: the bound on trials, or None.
        """
        self._spec, self._study, self._record = spec, study, record
        self._recorder, self._engine, self._runs = recorder, engine, runs
        self._keeper, self._observer = keeper, observer
        self._recorded = record.trials()
        self._n_trials = None if n_trials is None else max(n_trials, len(self._recorded))
        free = max(spec.generation, -(-runs_in_flight // spec.repeats))
        self._generation = spec.generation if learns(spec) else free
        self._in_flight: list[LiveTrial | ReplayedTrial] = []
        self._start: list[RunConfig] = []
        self._stop: list[RunId] = []
        self._reports: dict[int, dict[int, float]] = {}
        self._counts = {"COMPLETE": 0, "PRUNED": 0, "FAIL": 0}
        self._trained = 0
        self._failures: dict[int, str] = {}
        self._began: float | None = None  # with the first run: deciding again costs no budget
        self._seconds_before = record.seconds
        self._seconds_kept = 0.0

    def run(self, should_stop: Callable[[], bool]) -> Outcome:
        """Tick until nothing is in flight and nothing is to be asked, or until told to stop.

        Args:
            should_stop: looked at between ticks, so everything up to then is on record.
        Raises: TrackingUnavailable, RecordError.
        """
        self._ask()
        state: Any = "done"
        while self._in_flight:
            if should_stop():
                state = "interrupted"
                break
            self._tick()
        self._keep_seconds(now=True)
        return Outcome(
            state,
            self._all_counts(),
            self._trained,
            self._seconds(),
            self._keeper.best,
            self._failures,
        )

    def _tick(self) -> None:
        results = self._engine.advance(self._start, self._stop)
        self._start, self._stop = [], []
        by_run = {result.id: result for result in results}
        for trial in self._in_flight:
            trial.tick(by_run)
            self._record_epochs(trial, by_run)
        endings = {t.number: end for t in self._in_flight if (end := t.ending())}
        if self._spec.pruner.name != "none":
            self._decide_pruning(endings)
        self._tell(endings)
        self._ask()
        self._observer.ticked(self._progress())
        self._keep_seconds()

    def _record_epochs(
        self, trial: LiveTrial | ReplayedTrial, by_run: Mapping[RunId, EpochResult]
    ) -> None:
        if isinstance(trial, ReplayedTrial):
            return
        for run in trial.runs:
            result = by_run.get(run.id)
            if result is None:
                continue
            self._recorder.record(
                EpochReported(run.id, result.epoch, result.metrics, result.time_ms)
            )
            if result.end:
                self._recorder.record(
                    RunEnded(
                        run.id,
                        "FAIL" if result.end.reason == "failed" else "COMPLETE",
                        result.epoch,
                        result.time_ms,
                        end_metrics(result),
                        result.end.message,
                    )
                )

    def _decide_pruning(self, endings: dict[int, Ending]) -> None:
        reported = [trial for trial in self._in_flight if trial.report is not None]
        for trial in reported:
            assert trial.report is not None
            if isinstance(trial, LiveTrial):
                self._reports.setdefault(trial.number, {})[trial.ticks] = trial.report
            self._study.report(trial.number, trial.ticks, trial.report)
        for trial in reported:
            # Asked of every trial, since successive halving takes note of whom it lets pass;
            # one that is over anyway stays what it is.
            prune = self._study.should_prune(trial.number)
            if prune and trial.number not in endings and isinstance(trial, LiveTrial):
                endings[trial.number] = Ending("PRUNED", trial.report)
                self._stop += trial.training
                now = int(time.time() * 1000)
                for run in trial.training:
                    self._recorder.record(RunEnded(run, "PRUNED", trial.ticks, now))

    def _tell(self, endings: Mapping[int, Ending]) -> None:
        over = [trial for trial in self._in_flight if trial.number in endings]
        if any(isinstance(trial, LiveTrial) for trial in over):
            # MLflow first: a trial that the study calls over is in MLflow as a whole.
            self._recorder.deliver()
        for trial in over:
            ending = endings[trial.number]
            self._study.tell(trial.number, ending.state, ending.value)
            self._counts[ending.state] += 1
            self._keeper.take(trial, ending)
            if isinstance(trial, LiveTrial):
                self._trained += 1
                if ending.message:
                    self._failures[trial.number] = ending.message
                self._record.end(
                    trial.number,
                    state=ending.state,
                    value=ending.value,
                    ticks=trial.ticks,
                    reports=self._reports.pop(trial.number, {}),
                    message=ending.message,
                )
                self._observer.trial_ended(trial.number, ending.state, ending.value, ending.message)
        self._in_flight = [trial for trial in self._in_flight if trial.number not in endings]

    def _ask(self) -> None:
        while len(self._in_flight) < self._generation and self._may_ask():
            number = self._study.n_asked
            params = self._study.ask()
            recorded = self._recorded[number] if number < len(self._recorded) else None
            if recorded is None:
                self._record.begin(params, self._study.distributions)
            elif dict(recorded.params) != dict(params):
                raise RecordError(
                    f"sweep '{self._spec.name}': trial {number} is on record with "
                    f"{dict(recorded.params)}, but this version asks for {dict(params)}; "
                    "install the version it was started with, or take another name"
                )
            if recorded is not None and recorded.state != "RUNNING":
                self._in_flight.append(ReplayedTrial(recorded))
                continue
            if self._began is None:
                self._began = time.monotonic()
            trial = self._runs.trial(number, params)
            self._in_flight.append(trial)
            self._start += trial.runs
            for repeat, run in enumerate(trial.runs):
                self._recorder.record(
                    RunStarted(
                        run.id,
                        number,
                        repeat,
                        run.hyperparameters.flat(),
                        run.seed,
                        self._runs.fingerprint(run),
                        int(time.time() * 1000),
                    )
                )

    def _may_ask(self) -> bool:
        if self._study.n_asked < len(self._recorded):
            return True
        if self._n_trials is not None and self._study.n_asked >= self._n_trials:
            return False
        limit = self._spec.budget.time_s
        return limit is None or self._seconds_before + self._seconds() < limit

    def _seconds(self) -> float:
        return 0.0 if self._began is None else time.monotonic() - self._began

    def _keep_seconds(self, *, now: bool = False) -> None:
        if now or self._seconds() - self._seconds_kept > _SECONDS_KEPT_EVERY_S:
            self._seconds_kept = self._seconds()
            self._record.set_seconds(self._seconds_before + self._seconds_kept)

    def _all_counts(self) -> dict[str, int]:
        return {**self._counts, "RUNNING": len(self._in_flight)}

    def _progress(self) -> Progress:
        seconds = self._seconds()
        rate = self._trained / seconds if seconds > 0 else 0.0
        left = None
        if self._n_trials is not None and rate > 0:
            left = (self._n_trials - sum(self._counts.values())) / rate
        if self._spec.budget.time_s is not None:
            bound = max(0.0, self._spec.budget.time_s - self._seconds_before - seconds)
            left = bound if left is None else min(left, bound)
        return Progress(self._all_counts(), self._n_trials, seconds, rate, left, self._keeper.best)
