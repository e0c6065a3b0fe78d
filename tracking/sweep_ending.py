"""Writing the end of a sweep to its own run in MLflow: table, figures, numbers, description."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import TYPE_CHECKING

from tracking import tags
from tracking.errors import TableError
from tracking.figures_writer import write_figures
from tracking.formats import render
from tracking.metrics import default_metric
from tracking.names import run_name
from tracking.notes import Told, experiment_note, sweep_note
from tracking.params import encode_all, split_tag
from tracking.reading import best_run, best_trial, read_sweep
from tracking.sweep_writer import data_line, set_tags
from tracking.tables import compare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracking.events import SweepEnded, SweepStarted
    from tracking.reading import RunRecord, SweepRecord
    from tracking.run_writer import Family
    from tracking.store import Store
    from tracking.tables import Table

BEST = "best/"  # before a metric of the best trial: its mean over the trial's runs
TRIALS = "trials/"  # before a state: how many trials ended in it

_STATUS: dict[str, tags.Status] = {"done": "FINISHED", "interrupted": "KILLED", "failed": "FAILED"}
_WORDS = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
_COMMAND = "fairtrial run sweep.yaml"  # of the file among the artifacts


def end_sweep(store: Store, family: Family, started: SweepStarted, event: SweepEnded) -> None:
    """Write the table, the figures of a sweep that is done, and the description; then the status.

    Raises: TrackingUnavailable.
    """
    record: SweepRecord | None = None
    table: Table | None = None
    problem = ""
    if event.factors:
        record = read_sweep(store, family.sweep)
        try:
            table = compare([record], event.factors[:1], None)
        except TableError as error:
            problem = str(error)
        if event.state == "done":
            write_figures(store, record, event)
    with store.reach():
        if table is not None:
            for name, form in (("md", "markdown"), ("csv", "csv"), ("json", "json")):
                store.client.log_text(family.parent_id, render(table, form), f"table.{name}")
        told = _told(store, family, started, record, summary=event.summary, problem=problem)
        if record is not None:
            _write_numbers(store, record, event)
        set_tags(
            store,
            family.parent_id,
            {
                tags.NOTE: sweep_note(record, table, told),
                tags.STATE: event.state,
                **split_tag(tags.IMPORTANCE, json.dumps(dict(event.importance))),
            },
        )
        store.client.set_experiment_tag(
            family.experiment_id, tags.NOTE, experiment_note(table, told)
        )
        store.client.set_terminated(
            family.parent_id, status=_STATUS[event.state], end_time=event.time_ms
        )


def _told(
    store: Store,
    family: Family,
    started: SweepStarted,
    record: SweepRecord | None,
    *,
    summary: str,
    problem: str,
) -> Told:
    params = store.client.get_run(family.parent_id).data.params
    fixed, _ = encode_all(started.fixed)
    return Told(
        summary=summary,
        command=started.command or _COMMAND,
        best=_best(record, family) if record is not None else None,
        problem=problem,
        fixed=started.fixed,
        data=data_line(started),
        stale=sorted(name for name, text in params.items() if fixed.get(name) != text),
        files=[file.path for file in store.client.list_artifacts(family.parent_id)],
    )


def _best(record: SweepRecord, family: Family) -> tuple[RunRecord, str] | None:
    if not best_trial(record):
        return None
    run = best_run(record)
    return run, run_name(run.params, family.searched, run.trial, run.repeat)


def _write_numbers(store: Store, record: SweepRecord, event: SweepEnded) -> None:
    """What sweeps can be sorted by in MLflow: the best trial's values, and how trials ended.

    On the parent alone and under names of their own, so that no table or chart of runs has them.
    """
    from mlflow.entities import Metric

    trials: dict[int, set[str]] = {}
    for run in record.runs:
        trials.setdefault(run.trial, set()).add(run.state)
    counts = Counter(_state(states) for states in trials.values())
    numbers = {f"{TRIALS}{word}": float(counts[state]) for state, word in _WORDS.items()}
    numbers |= {f"{BEST}{name}": value for name, value in _best_values(record).items()}
    n_ended = sum(counts[state] for state in _WORDS)
    store.client.log_batch(
        record.parent_id,
        metrics=[Metric(name, value, event.time_ms, n_ended) for name, value in numbers.items()],
    )


def _best_values(record: SweepRecord) -> Mapping[str, float]:
    runs = best_trial(record)
    metric = record.objective["metric"]
    return {
        name: math.fsum(run.metrics[name] for run in runs) / len(runs)
        for name in dict.fromkeys([metric, default_metric(record.objective, runs)])
        if runs and all(name in run.metrics for run in runs)
    }


def _state(states: set[str]) -> str:
    """Of a trial, from those of its runs."""
    return next((s for s in ("RUNNING", "FAIL", "PRUNED") if s in states), "COMPLETE")
