"""What must hold of a sweep in every database that keeps its study: SQLite and PostgreSQL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from cli.app import app
from sweeps.launch import prepare_data, run_sweep
from sweeps.record import StudyRecord, summaries
from sweeps.spec import load_spec
from sweeps.stores import Stores
from tracking.catalog.database import open_catalog
from tracking.recorder import MlflowRecorder
from tracking.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sweeps.progress import Outcome
    from sweeps.record import RecordedTrial
    from tests.conftest import Kept

FILE = """\
name: shared
data: {source: iris}
train: {hidden: [4], model: mlp}
search:
  learning_rate: [0.003, 0.03, 0.3, 1.0e+30]
  epochs: {low: 2, high: 4}
  dropout: {low: 0.0, high: 0.5}
sampler: {name: tpe, n_startup_trials: 3}
pruner: {name: median, n_startup_trials: 1}
repeats: 2
generation: 3
budget: {trials: 6}
"""
KILLED = """
import itertools, os, signal, sys
import sqlalchemy
from cli.app import app
counter = itertools.count(1)
def count(*_):
    if next(counter) == 100:
        os.kill(os.getpid(), signal.SIGKILL)
sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", count)
app(["run", "sweep.yaml"])
"""


def run(folder: Path, stop_after: int | None = None) -> Outcome:
    """Run the sweep of a folder, or stop it when it has been asked so often whether to."""
    spec = load_spec(folder / "sweep.yaml")
    left = iter(range(stop_after or 0))
    return run_sweep(
        spec,
        prepare_data(spec),
        stores=Stores(folder / ".fairtrial"),
        recorder=MlflowRecorder(open_store(f"sqlite:///{folder / 'mlflow.db'}"), interval_s=0),
        should_stop=lambda: stop_after is not None and next(left, None) is None,
    )


def trials(folder: Path) -> list[RecordedTrial]:
    stores = Stores(folder / ".fairtrial")
    return StudyRecord.open(stores, "shared", "maximize", {}, "").trials()


@pytest.fixture(scope="module")
def alone(fill: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the sweep ran by itself, its study in SQLite there."""
    folder = fill(tmp_path_factory.mktemp("alone") / "project")
    (folder / "sweep.yaml").write_text(FILE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("FAIRTRIAL_DATABASE_URL", raising=False)
        assert run(folder).state == "done"
    return folder


class StudyContract:
    """Holds for a database whose address is the fixture `address`, once a subclass has one."""

    def test_a_sweep_is_the_same_as_in_the_folder(
        self,
        address: str,
        project: Path,
        alone: Path,
        kept: Callable[[Path, str, str], Kept],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Killed once, interrupted once and carried on, beside a catalog in the same database: its
        trials and its table are those of one left alone in SQLite, and `status` counts them."""
        (project / "sweep.yaml").write_text(FILE)
        expected = trials(alone)
        monkeypatch.setenv("FAIRTRIAL_DATABASE_URL", address)
        with closing(open_catalog(address)):
            killed = subprocess.run(
                [sys.executable, "-c", KILLED], env=os.environ, capture_output=True, check=False
            )
            assert killed.returncode == -signal.SIGKILL, killed.stderr
            assert run(project, stop_after=4).state == "interrupted"
            assert [line.done for line in summaries(Stores.here())] == [False]
            assert run(project).state == "done"
        assert trials(project) == expected
        found = kept(project, "shared", "learning_rate")
        assert found == kept(alone, "shared", "learning_rate")
        assert (found.status, found.state) == ("FINISHED", "done")
        status = CliRunner().invoke(app, ["status", "--json"])
        (line,) = json.loads(status.stdout)["sweeps"]
        assert (line["sweep"], line["state"]) == ("shared", "done")


class TestSqliteStudy(StudyContract):
    """A file of its own, elsewhere than in the project."""

    @pytest.fixture
    def address(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'elsewhere.db'}"


class TestPostgresStudy(StudyContract):
    """A server, as several machines share it."""

    @pytest.fixture
    def address(self, postgres_url: str) -> str:
        return postgres_url
