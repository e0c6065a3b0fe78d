"""`fairtrial reproduce`: what is on record comes out again, or is told apart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from cli.app import app
from tracking.reading import read_sweep
from tracking.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from tracking.reading import SweepRecord

FILE = """
name: again
data: {source: iris, resplit: true}
train: {hidden: [4], dropout: 0.2}
search:
  learning_rate: [0.003, 0.3, 1.0e+30]
  patience: [null, 1]
  epochs: [4]
sampler: {name: tpe, n_startup_trials: 3}
pruner: {name: median, n_startup_trials: 1}
repeats: 2
generation: 3
budget: {trials: 8}
"""


def fairtrial(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def record(project: Path) -> SweepRecord:
    (project / "again.yaml").write_text(FILE)
    assert fairtrial("run", "again.yaml")[0] == 0
    return read_sweep(open_store(), "again")


def test_every_run_comes_out_the_same(record: SweepRecord) -> None:
    """Finished, pruned and failed runs alike, from any split and with early stopping."""
    states = set()
    for run in record.runs:
        code, told, said = fairtrial("reproduce", run.mlflow_id, "--json")
        found = json.loads(told)
        assert (code, found["same"], found["differences"], said) == (0, True, [], "")
        assert found["n_points"] > 0 or run.state == "FAIL"
        states.add(run.state)
    assert states >= {"COMPLETE", "FAIL"}


def test_a_number_that_was_changed_is_found(record: SweepRecord) -> None:
    """One bit in one metric of MLflow is a difference: named, with both values, and exit 1."""
    store = open_store()
    run = next(run for run in record.runs if run.finished)
    value = run.metrics["test/loss"]
    store.client.log_metric(run.mlflow_id, "test/loss", value * (1 + 2**-52), step=4)
    code, told, _ = fairtrial("reproduce", f"runs:/{run.mlflow_id}")
    assert code == 1
    assert f"test/loss at epoch 4: recorded {value * (1 + 2**-52)}, now {value}" in told


def test_a_run_that_is_not_there(project: Path) -> None:
    """An unknown id is one sentence and exit 2."""
    code, told, said = fairtrial("reproduce", "nothing")
    assert (code, told) == (2, "")
    assert "has no run nothing" in said
    assert project.is_dir()
