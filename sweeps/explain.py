"""`fairtrial explain`: a run on record, prepared and begun again to see each of its stages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sweeps.again import again, recorded_config
from sweeps.errors import SweepError
from sweeps.stage_page import Facts, data_lines
from tracking.definitions import read_definition, read_end
from tracking.errors import TrackingError, TrackingUnavailable
from tracking.reading import best_run, read_sweep
from trainer.errors import TrainerError

if TYPE_CHECKING:
    from tracking.definitions import Definition
    from tracking.reading import RunRecord, SweepRecord
    from tracking.store import Store


def explain(store: Store, sweep: str, trial: int | None = None) -> Facts:
    """What the best run of a sweep did, or that of another trial.

    Raises: UnknownSweep, TrackingError, SweepError for a trial there is not.
    """
    from trainer.stages import stages_of

    record = read_sweep(store, sweep)
    run = best_run(record) if trial is None else _run_of(record, trial)
    definition = read_definition(store, record)
    n_epochs, message = read_end(store, run)
    config = recorded_config(definition, run)
    facts = Facts(
        sweep=record.name,
        run=config,
        data=_recorded_lines(definition),
        n_classes=len(definition.summary["classes"]),
        n_test=definition.summary["splits"]["test"]["shape"][0],
        metrics=run.metrics,
        state=run.state,
        n_epochs=n_epochs,
        message=message,
    )
    try:
        found = again(store, definition, record, run)
        stages = stages_of(found.config, found.data, found.pretrained)
    except TrackingUnavailable:
        raise
    except (TrainerError, SweepError, TrackingError) as error:
        return replace(facts, problem=f"Only what is on record can be shown: {error}.")
    return replace(facts, data=data_lines(found.data), stages=stages)


def _recorded_lines(definition: Definition) -> list[str]:
    summary = definition.summary
    shapes = {name: part["shape"] for name, part in summary["splits"].items()}
    sizes = ", ".join(f"{name} {shapes[name][0]}" for name in ("train", "validation", "test"))
    n_inputs = shapes["train"][1]
    return [
        f"data: {definition.source}, {summary['rows_in']} rows, {n_inputs} inputs",
        f"split: {sizes}",
    ]


def _run_of(record: SweepRecord, trial: int) -> RunRecord:
    """The best of a trial's runs, or its first when none has finished."""
    runs = [run for run in record.runs if run.trial == trial]
    if not runs:
        known = [run.trial for run in record.runs]
        there = f"they are 0 to {max(known)}" if known else "it has none yet"
        raise SweepError(f"sweep '{record.name}' has no trial {trial}; {there}")
    metric = record.objective["metric"]
    sign = -1 if record.objective.get("direction") == "minimize" else 1
    finished = [run for run in runs if run.finished and metric in run.metrics]
    return max(finished, key=lambda run: sign * run.metrics[metric]) if finished else runs[0]
