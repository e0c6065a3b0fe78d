"""Reading sweeps back from MLflow, as plain records."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracking import tags
from tracking.errors import TrackingError, UnknownSweep
from tracking.params import decode, join_tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow.entities import Run

    from tracking.store import Store

_SWEEPS = f"tags.`{tags.KIND}` = 'sweep'"
_RUNS = f"tags.`{tags.KIND}` = 'run'"
CHECKPOINT = "checkpoint"
KEPT = "kept/"  # before a metric of the kept weights, where they are not the last epoch's


@dataclass(frozen=True)
class RunRecord:
    """One run as MLflow has it.

    Attributes:
        state: Optuna's: RUNNING, COMPLETE, PRUNED or FAIL.
        status: MLflow's; FINISHED once it is recorded as a whole.
        params: the hyperparameters in their own types, lists as lists; without the seed.
        metrics: the last value of each; of train and validation, that of the kept weights.
        started_ms, ended_ms: Unix time in milliseconds; None while it is in flight.
        message: why it failed.
    """

    mlflow_id: str
    trial: int
    repeat: int
    seed: int
    state: str
    status: str
    fingerprint: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    started_ms: int = 0
    ended_ms: int | None = None
    message: str = ""

    @property
    def finished(self) -> bool:
        """Whether its metrics may enter a table."""
        return self.status == "FINISHED"


@dataclass(frozen=True)
class SweepRecord:
    """One sweep as MLflow has it; `runs` in order of trial and repeat.

    Attributes:
        tags: all of its own run's, those of users among them.
    """

    name: str
    parent_id: str
    status: str
    search: Mapping[str, Any]
    objective: Mapping[str, str]
    sampler: str
    pruner: str
    data_digest: str
    runs: tuple[RunRecord, ...]
    experiment_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def list_sweeps(store: Store) -> list[str]:
    """The names of all sweeps, sorted.

    Raises: TrackingUnavailable.
    """
    return list(find_parents(store))


def find_parents(store: Store) -> dict[str, Run]:
    """The own run of every sweep by its name, sorted; the oldest, should there be several.

    Raises: TrackingUnavailable.
    """
    with store.reach():
        experiments: dict[str, str] = {}
        token = None
        while True:
            page = store.client.search_experiments(page_token=token)
            experiments |= {experiment.experiment_id: experiment.name for experiment in page}
            token = page.token
            if not token:
                break
    found: dict[str, Run] = {}
    for run in store.search_runs(list(experiments), _SWEEPS):
        name = run.data.tags.get(tags.SWEEP)
        if name is not None and experiments[run.info.experiment_id] == name:
            found.setdefault(name, run)
    return dict(sorted(found.items()))


def read_sweep(store: Store, name: str) -> SweepRecord:
    """Everything MLflow has of one sweep.

    Raises: UnknownSweep naming the nearest; TrackingUnavailable.
    """
    with store.reach():
        experiment = store.client.get_experiment_by_name(name)
    parent = experiment and find_parent(store, experiment.experiment_id, name)
    if not experiment or not parent:
        raise UnknownSweep(unknown_sweep(name, list_sweeps(store)))
    return read_runs(store, parent)


def read_runs(store: Store, parent: Run) -> SweepRecord:
    """Everything MLflow has of the sweep whose own run this is.

    Raises: TrackingUnavailable.
    """
    found = parent.data.tags
    experiment_id = parent.info.experiment_id
    runs = [_record(run) for run in children(store, experiment_id).values()]
    return SweepRecord(
        name=found[tags.SWEEP],
        parent_id=parent.info.run_id,
        status=parent.info.status,
        search=json.loads(join_tag(tags.SEARCH, found)),
        objective=json.loads(join_tag(tags.OBJECTIVE, found)),
        sampler=found.get(tags.SAMPLER, ""),
        pruner=found.get(tags.PRUNER, ""),
        data_digest=found.get(tags.DATA_DIGEST, ""),
        runs=tuple(sorted(runs, key=lambda run: (run.trial, run.repeat))),
        experiment_id=experiment_id,
        tags=found,
    )


def read_run(store: Store, mlflow_id: str) -> RunRecord:
    """One run of ours by MLflow's id.

    Raises: TrackingError when there is no such run, or it is not one of a sweep.
    """
    from mlflow.exceptions import MlflowException

    with store.reach():
        try:
            run = store.client.get_run(mlflow_id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            raise TrackingError(f"MLflow at {store.uri} has no run {mlflow_id}") from error
    if run.data.tags.get(tags.KIND) != "run":
        raise TrackingError(f"MLflow's run {mlflow_id} is none of a sweep's runs; name one that is")
    return _record(run)


def sweep_of(store: Store, mlflow_id: str) -> str:
    """The name of the sweep that a run of ours belongs to."""
    with store.reach():
        return str(store.client.get_run(mlflow_id).data.tags[tags.SWEEP])


def read_history(store: Store, run: RunRecord) -> dict[tuple[str, int], float]:
    """Every value that MLflow has of a run: by metric and epoch."""
    with store.reach():
        names = store.client.get_run(run.mlflow_id).data.metrics
        return {
            (name, point.step): point.value
            for name in names
            for point in store.client.get_metric_history(run.mlflow_id, name)
        }


def find_parent(store: Store, experiment_id: str, name: str) -> Run | None:
    """The sweep's own run; the oldest, should there be several."""
    runs = store.search_runs([experiment_id], _SWEEPS)
    return next((run for run in runs if run.data.tags.get(tags.SWEEP) == name), None)


def children(store: Store, experiment_id: str) -> dict[str, Run]:
    """The runs of a sweep by their id within it, without those that were superseded."""
    found: dict[str, Run] = {}
    for run in store.search_runs([experiment_id], _RUNS):
        run_id = run.data.tags.get(tags.RUN)
        if run_id is None or tags.SUPERSEDED_BY in run.data.tags:
            continue
        # A create that timed out may leave a second, empty run: the one that is over counts.
        if run_id not in found or (tags.is_over(run) and not tags.is_over(found[run_id])):
            found[run_id] = run
    return found


def best_run(record: SweepRecord) -> RunRecord:
    """The best run of the best trial: that with the best mean objective over all its repeats.

    Raises: TrackingError when no trial has finished all of its runs.
    """
    runs = best_trial(record)
    if not runs:
        raise TrackingError(
            f"sweep '{record.name}' has no finished trial yet; "
            f"carry on with: fairtrial run, or see: fairtrial status {record.name}"
        )
    metric, sign = record.objective["metric"], _sign(record)
    return max(runs, key=lambda run: (sign * run.metrics[metric], -run.repeat))


def best_trial(record: SweepRecord) -> list[RunRecord]:
    """The runs of the trial with the best mean objective over all its repeats; none if there is
    no such trial yet.
    """
    metric, sign = record.objective["metric"], _sign(record)
    n_repeats = 1 + max((run.repeat for run in record.runs), default=0)
    trials: dict[int, list[RunRecord]] = defaultdict(list)
    for run in record.runs:
        if run.finished and metric in run.metrics:
            trials[run.trial].append(run)
    whole = {trial: runs for trial, runs in trials.items() if len(runs) == n_repeats}
    best = max(
        whole,
        key=lambda trial: (sign * math.fsum(run.metrics[metric] for run in whole[trial]), -trial),
        default=None,
    )
    return [] if best is None else whole[best]


def download_checkpoint(store: Store, run: RunRecord, folder: Path) -> None:
    """Fetch what lies beside a run's model into a folder: weights, configuration, predict.py.

    Raises: TrackingError when the run has none; TrackingUnavailable.
    """
    with store.reach():
        if not store.client.list_artifacts(run.mlflow_id, CHECKPOINT):
            raise TrackingError(
                f"run {run.mlflow_id} (trial {run.trial}, repeat {run.repeat}) has no checkpoint; "
                "only the best run of a finished sweep keeps one"
            )
        with tempfile.TemporaryDirectory() as fetched:
            files = Path(store.client.download_artifacts(run.mlflow_id, CHECKPOINT, fetched))
            shutil.copytree(files, folder, dirs_exist_ok=True)


def _sign(record: SweepRecord) -> int:
    return -1 if record.objective.get("direction") == "minimize" else 1


def _record(run: Run) -> RunRecord:
    found = run.data.tags
    params = {name: decode(text) for name, text in run.data.params.items()}
    return RunRecord(
        mlflow_id=run.info.run_id,
        trial=int(found[tags.TRIAL]),
        repeat=int(found[tags.REPEAT]),
        seed=params.pop("seed", 0),
        state=found.get(tags.OPTUNA_STATE, "RUNNING"),
        status=run.info.status,
        fingerprint=found.get(tags.FINGERPRINT, ""),
        params=params,
        metrics=_of_kept_weights(run.data.metrics),
        started_ms=run.info.start_time or 0,
        ended_ms=run.info.end_time,
        message=found.get(tags.MESSAGE, ""),
    )


def _of_kept_weights(metrics: Mapping[str, float]) -> dict[str, float]:
    """The last value of each metric, or that of the epoch whose weights were kept and tested."""
    kept = {
        name.removeprefix(KEPT): value for name, value in metrics.items() if name.startswith(KEPT)
    }
    return {name: v for name, v in metrics.items() if not name.startswith(KEPT)} | kept


def unknown_sweep(name: str, names: list[str]) -> str:
    """What to tell of a sweep there is not: the nearest there are."""
    near = get_close_matches(name, names, n=2, cutoff=0.5)
    if near:
        return f"no sweep '{name}'; did you mean {' or '.join(repr(n) for n in near)}?"
    if names:
        more = ", ..." if len(names) > 10 else ""  # noqa: PLR2004 - a line's worth
        return f"no sweep '{name}'; there are: {', '.join(names[:10])}{more}"
    return f"no sweep '{name}'; there is none yet: start one with: fairtrial run FILE"
