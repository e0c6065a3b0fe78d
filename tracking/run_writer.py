"""Writing one run to MLflow: created, filled in one batch, terminated last.

Each step that succeeded is remembered, so that `write` may be called again after a failure, or
after more events, and nothing is written twice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tracking import tags
from tracking.names import run_name
from tracking.notes import ended_note
from tracking.params import MAX_TAG, encode_all, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput, Metric, Run

    from tracking.events import EpochReported, RunEnded, RunStarted


@dataclass(frozen=True)
class Family:
    """What all runs of a sweep share.

    Attributes:
        searched: the names of the hyperparameters that vary.
        tags: the user's own.
    """

    experiment_id: str
    parent_id: str
    sweep: str
    searched: tuple[str, ...]
    dataset: DatasetInput
    pruner: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass
class RunRecording:
    """What is known of one run, and how much of it MLflow has.

    Attributes:
        points: what MLflow has: (metric, step) -> its values.
        nonfinite: 'metric at epoch n: value' of what was not logged.
        adopted: the points that MLflow had from before an interruption.
        epoch_names: the metrics that are told of each epoch.
        live: MLflow has it as a run in flight (tag and status).
    """

    started: RunStarted
    epochs: list[EpochReported] = field(default_factory=list)
    ended: RunEnded | None = None
    mlflow_id: str | None = None
    points: dict[tuple[str, int], set[float]] = field(default_factory=dict)
    last_epoch: int = 0
    last_time_ms: int = 0
    nonfinite: list[str] = field(default_factory=list)
    nonfinite_written: int = 0
    adopted: set[tuple[str, int]] = field(default_factory=set)
    epoch_names: set[str] = field(default_factory=set)
    params_written: bool = False
    dataset_written: bool = False
    live: bool = False
    closed: bool = False

    @property
    def state(self) -> str:
        """As Optuna calls it."""
        return self.ended.state if self.ended else "RUNNING"

    def adopt(self, client: MlflowClient, run: Run) -> None:
        """Go on with a run that MLflow has from before an interruption.

        A run that is over there is over: whatever else is told of it changes nothing.
        """
        self.mlflow_id = run.info.run_id
        self.live = False
        if tags.is_over(run):
            self.closed = True
            return
        self.nonfinite = [t for t in run.data.tags.get(tags.NONFINITE, "").split("; ") if t]
        self.nonfinite_written = len(self.nonfinite)
        for name in run.data.metrics:
            for point in client.get_metric_history(run.info.run_id, name):
                self.points.setdefault((name, point.step), set()).add(point.value)
                self.adopted.add((name, point.step))
                self.last_epoch = max(self.last_epoch, point.step)
                self.last_time_ms = max(self.last_time_ms, point.timestamp)

    def write(self, client: MlflowClient, family: Family) -> None:
        """Bring MLflow up to what is known."""
        from mlflow.entities import Param, RunTag

        run_id, new_tags = self._run_id(client, family)
        params, too_long = ({}, []) if self.params_written else self._params()
        metrics = list(self._new_metrics())
        n_nonfinite = len(self.nonfinite)
        if too_long:
            new_tags[tags.SHORTENED] = ", ".join(too_long)
        if n_nonfinite > self.nonfinite_written:
            new_tags[tags.NONFINITE] = shorten("; ".join(self.nonfinite), MAX_TAG)
        client.log_batch(
            run_id,
            metrics=metrics,
            params=[Param(name, text) for name, text in params.items()],
            tags=[RunTag(name, text) for name, text in new_tags.items()],
        )
        self.params_written = True
        self.nonfinite_written = n_nonfinite
        self._keep(metrics)
        if not self.dataset_written:
            client.log_inputs(run_id, datasets=[family.dataset])
            self.dataset_written = True
        if self.ended:
            # Last, so that no run looks finished without its metrics.
            status = tags.STATUS_OF[self.ended.state]
            client.set_terminated(run_id, status=status, end_time=self.ended.time_ms)
            self.closed = True
            self.points.clear()

    def suspend(self, client: MlflowClient) -> None:
        """Mark a run in flight as one that carries on later."""
        assert self.mlflow_id is not None
        client.update_run(self.mlflow_id, status="SCHEDULED")
        self.live = False

    def _run_id(self, client: MlflowClient, family: Family) -> tuple[str, dict[str, str]]:
        """MLflow's id of the run, created if need be, and the tags that are still to be set."""
        if self.mlflow_id is None:
            # All tags at once: a later batch of tags costs 2 ms more. The state may be final
            # already; the status says RUNNING until everything is there.
            run = client.create_run(
                family.experiment_id,
                start_time=self.started.time_ms,
                tags={**self._identity(family), **self._state_tags(family)},
                run_name=run_name(
                    self.started.hyperparameters,
                    family.searched,
                    self.started.trial,
                    self.started.repeat,
                ),
            )
            self.mlflow_id = run.info.run_id
            self.live = True
            return self.mlflow_id, {}
        if not self.live:
            client.update_run(self.mlflow_id, status="RUNNING")
            self.live = True
            return self.mlflow_id, self._state_tags(family)
        return self.mlflow_id, self._state_tags(family) if self.ended else {}

    def _identity(self, family: Family) -> dict[str, str]:
        return {
            **family.tags,
            tags.PARENT: family.parent_id,
            tags.KIND: "run",
            tags.SWEEP: family.sweep,
            tags.RUN: self.started.id,
            tags.TRIAL: str(self.started.trial),
            tags.REPEAT: str(self.started.repeat),
            tags.FINGERPRINT: self.started.fingerprint,
            **tags.origin(),
        }

    def _state_tags(self, family: Family) -> dict[str, str]:
        found = {tags.OPTUNA_STATE: self.state}
        if self.ended and (note := ended_note(self.ended, family.pruner)):
            found[tags.NOTE] = note
        if self.ended and self.ended.message:
            found[tags.MESSAGE] = shorten(self.ended.message, MAX_TAG)
        return found

    def _params(self) -> tuple[dict[str, str], list[str]]:
        return encode_all({**self.started.hyperparameters, "seed": self.started.seed})

    def _new_metrics(self) -> Iterator[Metric]:
        """What MLflow has not yet: each epoch's metrics once, then those of the end."""
        pending: dict[tuple[str, int], float] = {}
        for event in self.epochs:
            self.epoch_names.update(event.metrics)
            for name, value in event.metrics.items():
                point = (name, event.epoch)
                if point not in self.points and point not in pending:
                    pending[point] = value
                    yield from self._metric(name, value, event.epoch, event.time_ms)
            self.last_epoch = max(self.last_epoch, event.epoch)
            self.last_time_ms = max(self.last_time_ms, event.time_ms)
        if self.ended is None:
            return
        step = max(self.ended.epoch, self.last_epoch)
        # MLflow shows the value with the latest step, then the latest time, as the run's own.
        time_ms = max(self.ended.time_ms, self.last_time_ms + 1)
        for name, value in self.ended.metrics.items():
            if (name, step) in self.adopted and name not in self.epoch_names:
                continue  # killed before it was terminated: seconds would be another number now
            if (
                value not in self.points.get((name, step), ())
                and pending.get((name, step)) != value
            ):
                yield from self._metric(name, value, step, time_ms)

    def _metric(self, name: str, value: float, step: int, time_ms: int) -> Iterator[Metric]:
        from mlflow.entities import Metric

        if math.isfinite(value):
            yield Metric(name, float(value), time_ms, step)
            return
        # MLflow keeps infinity as 1.8e308, which would enter every mean.
        note = f"{name} at epoch {step}: {value}"
        if note not in self.nonfinite:
            self.nonfinite.append(note)

    def _keep(self, metrics: list[Metric]) -> None:
        for metric in metrics:
            self.points.setdefault((metric.key, metric.step), set()).add(metric.value)
        self.epochs.clear()


def supersede(client: MlflowClient, run: Run, fingerprint: str) -> None:
    """Take a run out of the sweep's tables: another configuration has its trial number now."""
    client.set_tag(run.info.run_id, tags.SUPERSEDED_BY, fingerprint)
    if run.info.status not in tags.STATUS_OF.values():
        client.set_terminated(run.info.run_id, status="KILLED")
