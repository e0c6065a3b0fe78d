"""`fairtrial serve` told to stop, and killed, in the middle of sweeps and reports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

import psutil
import pytest
from typer.testing import CliRunner

from cli.app import app
from sweeps.stores import Stores
from tracking.catalog.database import open_catalog
from tracking.catalog.jobs import Jobs
from tracking.catalog.reports import KeptReports
from tracking.catalog.schedules import Schedules
from tracking.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tracking.catalog.database import Catalog

FAIRTRIAL = str(Path(sys.executable).with_name("fairtrial"))
HOSTILE = ("cli", "sweeps", "trainer", "tracking", "sqlalchemy")  # a user's modules of these names
FILE = """\
name: long
data: {source: iris}
train: {hidden: [4], epochs: 60}
search:
  learning_rate: [1.0e+30, 0.01, 0.02, 1.1e+30, 0.03, 0.04, 0.05]
sampler: grid
generation: 2
"""
SMALL = """\
name: small
data: {source: iris}
train: {hidden: [4], epochs: 2}
search: {learning_rate: [0.1, 0.01]}
sampler: grid
"""
REPORT = """\
title: <b>Small</b>, week by week
sweeps: [small]
deliver:
  - {folder: out/}
"""
PATIENCE_S = 90


def wait_until(condition: Callable[[], object], said: str = "") -> None:
    """Until it holds; looked at every 10 ms, with a deadline."""
    until = monotonic() + PATIENCE_S
    while not condition():
        assert monotonic() < until, f"in vain for {said or condition}"
        Event().wait(0.01)


@pytest.fixture
def serve() -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Type `fairtrial serve` in the current folder."""
    started = []

    def start() -> subprocess.Popen[str]:
        words = [FAIRTRIAL, "serve", "--port", "0", "--lanes", "1"]
        pipe = subprocess.PIPE
        said = Path("said.txt").open("a")  # noqa: SIM115 - open while the process lives
        process = subprocess.Popen(words, stdout=pipe, stderr=said, text=True)
        said.close()
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def catalog(project: Path) -> Iterator[Catalog]:
    opened = open_catalog(Stores(project / ".fairtrial").database_url)
    yield opened
    opened.close()


def workers(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children()


def log_of(job: int) -> str:
    path = Path(f".fairtrial/logs/job-{job}.log")
    return path.read_text() if path.exists() else ""


def test_a_sweep_of_the_service_survives_its_end_and_its_death(  # noqa: PLR0917 - six fixtures
    project: Path,
    fill: Callable,
    catalog: Catalog,
    serve: Callable,
    kept: Callable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Told to stop in the middle of a sweep, the service ends within seconds with 0, and the job
    waits; killed in the middle, the next one takes it up at once. The table's digest is that of
    `fairtrial run`, of the file as it was submitted."""
    Path("sweep.yaml").write_text(FILE)
    for name in HOSTILE:
        Path(f"{name}.py").write_text("raise SystemExit('a module of the user was imported')\n")
    submitted = CliRunner().invoke(app, ["submit", "sweep.yaml"])
    assert submitted.stdout == "1\n"
    Path("sweep.yaml").write_text("name: another")
    jobs = Jobs(catalog)

    first = serve()
    wait_until(lambda: "trial 0 failed" in log_of(1), "the first trial")
    (worker,) = workers(first)
    first.terminate()
    assert first.wait(timeout=10) == 0
    assert not worker.is_running()
    job = jobs.get(1)
    assert (job.state, job.attempts, job.owner) == ("queued", 0, None)
    store = open_store(f"sqlite:///{project / 'mlflow.db'}")
    experiment = store.client.get_experiment_by_name("long")
    assert experiment is not None
    runs = store.search_runs([experiment.experiment_id])
    assert "RUNNING" not in {run.info.status for run in runs}

    second = serve()
    wait_until(lambda: "trial 3 failed" in log_of(1), "the fourth trial")
    (worker,) = workers(second)
    second.kill()
    second.wait()
    serve()
    wait_until(lambda: jobs.get(1).state == "done", "its end")
    assert not worker.is_running()
    assert "taken up again" in Path("said.txt").read_text()
    assert "Traceback" not in log_of(1)

    other = fill(project / "alone")
    (other / "sweep.yaml").write_text(FILE)
    monkeypatch.chdir(other)
    alone = CliRunner().invoke(app, ["run", "sweep.yaml", "--json"])
    found = kept(project, "long", "learning_rate")
    assert found == kept(other, "long", "learning_rate")
    assert found.digest == json.loads(alone.stdout)["digest"]


def test_a_report_missed_and_killed_in_the_middle_is_made_once(
    project: Path, catalog: Catalog, serve: Callable
) -> None:
    """Missed while nothing ran, made at the start, killed with its worker while it is being made,
    with two services to take it up: one report, marked late, with one folder, one run in MLflow,
    delivered once."""
    Path("small.yaml").write_text(SMALL)
    Path("weekly.yaml").write_text(REPORT)
    assert CliRunner().invoke(app, ["run", "small.yaml"]).exit_code == 0
    long_ago = datetime.now(UTC) - timedelta(days=9)
    file = str(Path("weekly.yaml").absolute())
    Schedules(catalog).add("daily", "report", file, "0 7 * * *", "Europe/Berlin", now=long_ago)
    jobs, reports = Jobs(catalog), KeptReports(catalog)

    first = serve()
    wait_until(lambda: [kept.state for kept in reports.list()] == ["making"], "it to begin")
    (worker,) = workers(first)
    os.kill(first.pid, signal.SIGKILL)
    worker.kill()
    first.wait()
    assert [kept.state for kept in reports.list()] == ["making"]
    services = [serve(), serve()]
    wait_until(lambda: [job.state for job in jobs.list()] == ["done"], "its end")
    for service in services:
        service.terminate()
        assert service.wait(timeout=10) == 0

    (kept,) = reports.list()
    assert (kept.state, kept.late, kept.schedule) == ("done", True, "daily")
    assert list(kept.deliveries.values()) == ["sent"]
    assert [path.name for path in Path(".fairtrial/reports").iterdir()] == [Path(kept.folder).name]
    assert [path.name for path in Path("out").glob("*/report.html")] == ["report.html"]
    store = open_store(f"sqlite:///{project / 'mlflow.db'}")
    experiment = store.client.get_experiment_by_name("reports")
    assert experiment is not None
    (run,) = store.search_runs([experiment.experiment_id])
    assert run.info.run_id == kept.mlflow_run
    (schedule,) = json.loads(CliRunner().invoke(app, ["schedule", "list", "--json"]).stdout)[
        "schedules"
    ]
    assert schedule["outcome"] == "done"
