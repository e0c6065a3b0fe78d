"""`fairtrial run` killed, held, interrupted and carried on, as a person at a shell would do it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from cli.app import app
from tracking.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAIRTRIAL = str(Path(sys.executable).with_name("fairtrial"))
HOSTILE = ("cli", "sweeps", "trainer", "tracking", "data")  # a user's own modules of these names
FILE = """\
name: long
data: {source: iris}
train: {hidden: [4], epochs: 150}
search:
  learning_rate: [1.0e+30, 0.01, 0.02, 1.1e+30, 0.03, 0.04, 0.05]
sampler: grid
generation: 2
"""


@pytest.fixture
def start() -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Type `fairtrial run sweep.yaml` in the current folder."""
    started = []

    def run() -> subprocess.Popen[str]:
        words = [FAIRTRIAL, "run", "sweep.yaml", "--lanes", "1", "--json"]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def wait_for(words: str, process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if words in line:
            return
    pytest.fail(f"it ended without saying '{words}': {''.join(said)}")


def statuses(folder: Path) -> set[str]:
    store = open_store(f"sqlite:///{folder / 'mlflow.db'}")
    experiment = store.client.get_experiment_by_name("long")
    assert experiment is not None
    return {run.info.status for run in store.search_runs([experiment.experiment_id])}


def test_killed_held_interrupted_and_carried_on(
    project: Path, fill: Callable, start: Callable, kept: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep that was killed once and interrupted once ends with the digest of one left alone; in
    between a second process is told who holds it, and Ctrl-C leaves nothing running in MLflow. None
    of it is moved by modules in the folder that are named like ours."""
    Path("sweep.yaml").write_text(FILE)
    for name in HOSTILE:
        Path(f"{name}.py").write_text("raise SystemExit('a module of the user was imported')\n")

    first = start()
    wait_for("trial 0 failed", first)
    first.kill()
    assert first.wait() == -signal.SIGKILL

    second = start()
    wait_for("trial 3 failed", second)
    second.send_signal(signal.SIGSTOP)
    held = CliRunner().invoke(app, ["run", "sweep.yaml"])
    assert held.exit_code == 1
    assert f"sweep 'long' is being run by process {second.pid}" in held.stderr
    status = CliRunner().invoke(app, ["status", "--json"])
    assert json.loads(status.stdout)["sweeps"][0]["state"] == "running"
    second.send_signal(signal.SIGINT)
    second.send_signal(signal.SIGCONT)
    stdout, stderr = second.communicate()
    assert second.returncode == 130
    assert json.loads(stdout)["state"] == "interrupted"
    assert "everything so far is recorded. Carry on with: fairtrial run sweep.yaml" in stderr
    assert "RUNNING" not in statuses(project)
    assert "interrupted" in CliRunner().invoke(app, ["status"]).stdout

    third = start()
    stdout, stderr = third.communicate()
    assert third.returncode == 0, stderr
    carried_on = json.loads(stdout)
    assert carried_on["state"] == "done"

    other = fill(project / "alone")
    monkeypatch.chdir(other)
    alone = CliRunner().invoke(app, ["run", str(project / "sweep.yaml"), "--json"])
    assert alone.exit_code == 0
    assert carried_on == json.loads(alone.stdout)
    assert kept(project, "long", "learning_rate") == kept(other, "long", "learning_rate")
    assert statuses(project) == {"FINISHED", "FAILED"}
