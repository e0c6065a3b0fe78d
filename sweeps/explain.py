"""`fairtrial explain`: a run on record, prepared and begun again to see each of its stages."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.errors import SweepError
from sweeps.launch import prepare_data
from sweeps.pretrained import find_pretrained
from sweeps.runs import RunFactory
from sweeps.spec import load_spec
from sweeps.stage_page import Facts, data_lines
from tracking.definitions import read_definition, read_end
from tracking.errors import TrackingError, TrackingUnavailable
from tracking.reading import best_run, read_sweep
from trainer.data.loading import FACTORY
from trainer.data.request import BUNDLED
from trainer.errors import TrainerError
from trainer.hyperparameters import resolve
from trainer.runs import RunConfig, run_id

if TYPE_CHECKING:
    from sweeps.spec import SweepSpec
    from tracking.definitions import Definition
    from tracking.reading import RunRecord, SweepRecord
    from tracking.store import Store
    from trainer.data.prepared import PreparedData
    from trainer.hyperparameters import Task
    from trainer.stages import Stages


def explain(store: Store, sweep: str, trial: int | None = None) -> Facts:
    """What the best run of a sweep did, or that of another trial.

    Raises: UnknownSweep, TrackingError, SweepError for a trial there is not.
    """
    record = read_sweep(store, sweep)
    run = best_run(record) if trial is None else _run_of(record, trial)
    definition = read_definition(store, record)
    n_epochs, message = read_end(store, run)
    classes = definition.summary["classes"]
    task: Task = "classification" if classes else "regression"
    config = RunConfig(run_id(run.trial, run.repeat), resolve(run.params, task), run.seed)
    facts = Facts(
        sweep=record.name,
        run=config,
        data=_recorded_lines(definition),
        n_classes=len(classes),
        n_test=definition.summary["splits"]["test"]["shape"][0],
        metrics=run.metrics,
        state=run.state,
        n_epochs=n_epochs,
        message=message,
    )
    try:
        data, stages = _again(store, definition, record, run, config)
    except TrackingUnavailable:
        raise
    except (TrainerError, SweepError, TrackingError) as error:
        return replace(facts, problem=f"Only what is on record can be shown: {error}.")
    return replace(facts, data=data_lines(data), stages=stages)


def _again(
    store: Store, definition: Definition, record: SweepRecord, run: RunRecord, config: RunConfig
) -> tuple[PreparedData, Stages]:
    from trainer.stages import stages_of

    spec = _spec(definition)
    splits = prepare_data(spec)
    if splits[0].digest != record.data_digest:
        raise SweepError(
            f"the data has changed since: {definition.source} had the digest "
            f"{record.data_digest[:12]}, and has {splits[0].digest[:12]} now"
        )
    split = run.repeat if spec.data.resplit else 0
    config = replace(config, split=split, folder=spec.data.folder)
    pretrained = find_pretrained(spec, lambda: store)
    if RunFactory.of(spec, splits, pretrained).fingerprint(config) != run.fingerprint:
        raise SweepError(
            "this version of Fairtrial, the model's own code, or the weights it begins with are "
            "others than the run's"
        )
    return splits[split], stages_of(config, splits[split], pretrained)


def _spec(definition: Definition) -> SweepSpec:
    """The sweep file as it was run, its paths found from the folder it lay in."""
    folder = Path(definition.folder)
    overrides = list(definition.overrides)
    if definition.source not in BUNDLED and not FACTORY.fullmatch(definition.source):
        source = folder / Path(definition.source).expanduser()
        if not source.exists():
            raise SweepError(f"the data is gone: {source} is not there")
        overrides.append(f"data.source={json.dumps(str(source))}")  # the file read lies elsewhere
    with tempfile.TemporaryDirectory() as fetched:
        file = Path(fetched, "sweep.yaml")
        file.write_text(definition.text, encoding="utf-8")
        spec = load_spec(file, overrides)
    data = replace(spec.data, source=definition.source, folder=folder)
    return replace(spec, path=folder / file.name, data=data)


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
