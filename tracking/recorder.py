"""The recorder: takes a sweep's events and keeps them in MLflow.

A run is written when it ends; runs in flight every few seconds, so that their curves can be
watched. What could not be written stays here and is tried again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tracking import tags
from tracking.errors import TrackingUnavailable
from tracking.events import (
    BestModel,
    EpochReported,
    Event,
    RunEnded,
    RunStarted,
    SweepEnded,
    SweepStarted,
    SweepTagged,
)
from tracking.models import log_best_model
from tracking.reading import children
from tracking.run_writer import RunRecording, supersede
from tracking.sweep_ending import end_sweep
from tracking.sweep_writer import begin_sweep, tag_sweep

if TYPE_CHECKING:
    from mlflow.entities import Run

    from tracking.run_writer import Family
    from tracking.store import Store

INTERVAL_S = 5.0  # between two deliveries of runs in flight, and after a failed one


class MlflowRecorder:
    """Records one sweep. Replaying events of a run that is over changes nothing.

    `record` delivers now and then and never raises TrackingUnavailable: training goes on while
    MLflow is away. `deliver` raises it.
    """

    def __init__(self, store: Store, *, interval_s: float = INTERVAL_S) -> None:
        self._store = store
        self._interval_s = interval_s
        self._next_s = 0.0  # by time.monotonic(): when `record` may deliver again
        self._failed = False
        self._started: SweepStarted | None = None
        self._family: Family | None = None
        self._open: dict[str, RunRecording] = {}
        self._over: dict[str, str] = {}  # run id -> MLflow's id of what is recorded as a whole
        self._in_mlflow: dict[str, Run] | None = {}  # None: not known, look before creating
        self._best: BestModel | None = None
        self._ended: SweepEnded | None = None
        self._tagged: SweepTagged | None = None

    def record(self, event: Event) -> None:
        """Take one event."""
        match event:
            case SweepStarted():
                self._started, self._family, self._ended = event, None, None
            case SweepTagged():
                self._tagged = event
            case RunStarted() | EpochReported() | RunEnded():
                if event.id not in self._over:
                    self._record_run(event)
            case BestModel():
                self._best = event
            case SweepEnded():
                self._ended = event
        self._deliver_when_due(run_ended=isinstance(event, RunEnded))

    def _record_run(self, event: RunStarted | EpochReported | RunEnded) -> None:
        match event:
            case RunStarted():
                self._open.setdefault(event.id, RunRecording(event))
            case EpochReported():
                self._open[event.id].epochs.append(event)
            case RunEnded():
                self._open[event.id].ended = event

    def deliver(self) -> None:
        """Write everything recorded so far.

        Raises: TrackingUnavailable; nothing is lost, it may be called again.
        """
        try:
            self._deliver(in_flight=True)
        except TrackingUnavailable:
            self._deliver(in_flight=True)  # a connection that went stale is replaced by a new one

    def _deliver_when_due(self, *, run_ended: bool) -> None:
        due = time.monotonic() >= self._next_s
        if not due and not (run_ended and not self._failed):
            return
        try:
            self._deliver(in_flight=due)
        except TrackingUnavailable:
            self._next_s = time.monotonic() + self._interval_s

    def _deliver(self, *, in_flight: bool) -> None:
        """One attempt; `in_flight` also writes runs that have not ended."""
        if self._tagged is not None:
            tag_sweep(self._store, self._tagged)
            self._tagged = None
        if self._started is None:
            return
        self._failed = True
        try:
            self._write(self._started, in_flight=in_flight or self._ended is not None)
        except TrackingUnavailable:
            # A request that failed may still have been carried out.
            self._in_mlflow = None
            raise
        self._failed = False
        if in_flight:
            self._next_s = time.monotonic() + self._interval_s

    def _write(self, started: SweepStarted, *, in_flight: bool) -> None:
        if self._family is None:
            self._family, was_there = begin_sweep(self._store, started)
            self._in_mlflow = None if was_there else {}
        if self._in_mlflow is None:
            self._in_mlflow = children(self._store, self._family.experiment_id)
        for run in [run for run in self._open.values() if run.ended or in_flight]:
            self._write_run(run, self._family, self._in_mlflow)
        if self._best is not None:
            mlflow_id = self._over.get(self._best.id) or self._in_mlflow[self._best.id].info.run_id
            log_best_model(self._store, self._family.parent_id, self._best, mlflow_id)
            self._best = None
        if self._ended is not None:
            self._end(self._family, started, self._ended)

    def _write_run(self, run: RunRecording, family: Family, in_mlflow: dict[str, Run]) -> None:
        client = self._store.client
        with self._store.reach():
            there = in_mlflow.get(run.started.id)
            if there is not None and run.mlflow_id is None:
                if there.data.tags.get(tags.FINGERPRINT) == run.started.fingerprint:
                    run.adopt(client, there)
                else:
                    supersede(client, there, run.started.fingerprint)
            if not run.closed:
                run.write(client, family)
        if run.closed:
            assert run.mlflow_id is not None
            self._over[run.started.id] = run.mlflow_id
            del self._open[run.started.id]
            in_mlflow.pop(run.started.id, None)

    def _end(self, family: Family, started: SweepStarted, event: SweepEnded) -> None:
        with self._store.reach():
            for run in self._open.values():
                run.suspend(self._store.client)
        end_sweep(self._store, family, started, event)
        # Whatever carries on is taken up from MLflow, in this process or another.
        self._open, self._in_mlflow, self._ended = {}, None, None
