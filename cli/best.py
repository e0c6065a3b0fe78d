"""`fairtrial best`: the best run of a sweep, and its model as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.arguments import Json, SweepName
from cli.output import data, json_data, shown, talk

if TYPE_CHECKING:
    from tracking.reading import RunRecord, SweepRecord


def command(
    sweep: SweepName,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar="FOLDER",
            file_okay=False,
            help="Write config.yaml, weights.safetensors and predict.py there.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Show the best run of a sweep: its settings and what it measured.

    It is the best run of the trial whose mean objective over all repeats is best. With --export
    its model comes as files that need no Fairtrial: weights, settings, and a script that
    predicts.

    Files: with --export, config.yaml, weights.safetensors, predict.py and more in FOLDER.

    Environment: MLFLOW_TRACKING_URI, where the runs are read from.

    Exit codes: 0 done; 1 MLflow can't be reached, or FOLDER can't be written to; 2 no such sweep,
    or no finished trial.

    Examples: fairtrial best digits-search
    fairtrial best digits-search --export best/ --json
    """
    from tracking.reading import best_run, download_checkpoint, read_sweep
    from tracking.store import open_store

    store = open_store()
    record = read_sweep(store, sweep)
    run = best_run(record)
    if export is not None:
        download_checkpoint(store, run, export)
        script = export / "predict.py"
        use = f": python {script} DATA prints predictions" if script.exists() else ""
        talk(f"wrote {export}{use}")
    if json:
        json_data(_json(record, run))
    else:
        _print(record, run)


def _json(record: SweepRecord, run: RunRecord) -> dict[str, Any]:
    return {
        "sweep": record.name,
        "run_id": run.mlflow_id,
        "trial": run.trial,
        "repeat": run.repeat,
        "seed": run.seed,
        "hyperparameters": dict(run.params),
        "metrics": dict(run.metrics),
    }


def _print(record: SweepRecord, run: RunRecord) -> None:
    data(f"{record.name}: trial {run.trial}, repeat {run.repeat}, MLflow run {run.mlflow_id}")
    for name in record.search:
        data(f"  {name:<16} {shown(run.params.get(name))}")
    for name, value in sorted(run.metrics.items()):
        data(f"  {name:<20} {shown(value)}")
