"""A sweep from its file to MLflow: what is left there when all goes well, and when it does not."""

from __future__ import annotations

import itertools
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from cli.app import app
from sweeps.errors import RecordError
from sweeps.launch import prepare_data, run_sweep
from sweeps.spec import load_spec
from sweeps.stores import Stores
from tracking.recorder import MlflowRecorder
from tracking.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENT = """\
name: patient
data: {source: wine}
train: {hidden: [8], epochs: 12, optimizer: sgd, patience: 3, learning_rate: 1.0}
search: {batch_size: [8, 16]}
sampler: grid
"""

SEARCH = """\
name: search
data: {source: iris}
train: {hidden: [8]}
search:
  learning_rate: {low: 1.0e-3, high: 1.0, log: true}
  activation: [relu, tanh, sigmoid]
  dropout: {low: 0.0, high: 0.5}
  batch_size: [16, 32]
  epochs: {low: 2, high: 5}
sampler: {name: tpe, n_startup_trials: 5}
pruner: {name: median, n_startup_trials: 3}
generation: 4
budget: {trials: 14}
"""


@pytest.mark.usefixtures("project")
def test_the_best_of_the_sweep_is_the_best_of_mlflow() -> None:
    """Where patience kept earlier weights, `best` names the run that the sweep called best, and
    its files are there to export."""
    Path("sweep.yaml").write_text(PATIENT)
    run = CliRunner().invoke(app, ["run", "sweep.yaml", "--json"])
    best = CliRunner().invoke(app, ["best", "patient", "--export", "out", "--json"])
    assert best.exit_code == 0, best.stderr
    assert json.loads(best.stdout)["trial"] == json.loads(run.stdout)["best"]["trial"]


@pytest.mark.usefixtures("project")
def test_the_digest_of_the_table_is_the_same_on_any_number_of_lanes() -> None:
    """One sweep under three names, on 1, 3 and 64 lanes: one digest, one best."""
    Path("sweep.yaml").write_text(SEARCH)
    found = []
    for lanes in (1, 3, 64):
        words = ["run", "sweep.yaml", "--json", "--lanes", str(lanes)]
        run = CliRunner().invoke(app, [*words, "--set", f"name=on-{lanes}"])
        assert run.exit_code == 0, run.stderr
        result = json.loads(run.stdout)
        found.append({key: result[key] for key in ("trials", "best", "digest")})
    assert found[0]["trials"]["PRUNED"] > 0
    assert found[0] == found[1] == found[2]


def test_a_study_that_breaks_leaves_nothing_running(project: Path, kept: Callable) -> None:
    """When the study can't be written any more, MLflow's parent says FAILED, not RUNNING."""
    Path("sweep.yaml").write_text(PATIENT)
    spec = load_spec(Path("sweep.yaml"))

    looks = itertools.count()

    def breaks_the_study() -> bool:
        if next(looks) == 2:
            with closing(sqlite3.connect(".fairtrial/fairtrial.db")) as database:
                database.execute("ALTER TABLE trial_user_attributes RENAME TO gone")
        return False

    with pytest.raises(RecordError, match="no such table"):
        run_sweep(
            spec,
            prepare_data(spec),
            stores=Stores.here(),
            recorder=MlflowRecorder(open_store()),
            should_stop=breaks_the_study,
        )
    store = open_store()
    experiment = store.client.get_experiment_by_name("patient")
    assert experiment is not None
    found = store.search_runs([experiment.experiment_id])
    (parent,) = (run for run in found if run.data.tags["fairtrial.kind"] == "sweep")
    assert (parent.info.status, parent.data.tags["fairtrial.state"]) == ("FAILED", "failed")
    assert "no such table" in parent.data.tags["mlflow.note.content"]
    assert "RUNNING" not in {run.info.status for run in found}
    with closing(sqlite3.connect(".fairtrial/fairtrial.db")) as database:
        database.execute("ALTER TABLE gone RENAME TO trial_user_attributes")
    assert CliRunner().invoke(app, ["run", "sweep.yaml"]).exit_code == 0
    assert kept(project, "patient", "batch_size").status == "FINISHED"
