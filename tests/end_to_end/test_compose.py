"""What `docker compose up` starts, started here: the commands of docker-compose.yml as processes.

A sweep is submitted and a report scheduled as docs/deploy.md says; the outcome is read through
MLflow's REST API and in Chromium; in the end everything is stopped as Docker stops it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.compose_processes import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

PASSWORD = "p@ss:w/rd %41'\"#$\\"  # no character of it may matter  # noqa: S105 - of this test
SWEEP = """\
name: nightly
data: {source: iris}
train: {hidden: [8], epochs: 3}
search: {learning_rate: [0.01, 0.1]}
sampler: grid
repeats: 2
"""
REPORT = """\
title: Every few seconds
sweeps: [nightly]
metric: test/accuracy
deliver: [{folder: delivered}]
"""
DEADLINE_S = 90
PAUSE_S = 0.25


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """All that starts without a profile, up and healthy, in the order that the file asks for."""
    folder = Path(tempfile.mkdtemp(prefix="fairtrial-"))  # pytest's own is closed to other users
    folder.chmod(0o755)
    machine = Machine(folder, {"POSTGRES_PASSWORD": PASSWORD, "MLFLOW_WORKERS": "1"})
    try:
        (folder / "sweeps" / "nightly.yaml").write_text(SWEEP)
        (folder / "sweeps" / "report.yaml").write_text(REPORT)
        machine.install()
        for name, service in machine.services.items():
            if "profiles" not in service:
                machine.up(name)
        yield machine
    finally:
        machine.kill()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def mlflow(machine: Machine) -> MlflowRest:
    """MLflow's REST API, as anybody may ask it."""
    return MlflowRest(machine.address("mlflow"))


@pytest.fixture(scope="module")
def sweep(machine: Machine, mlflow: MlflowRest) -> dict[str, Any]:
    """The parent run of a sweep that was submitted and has ended."""
    done = machine.run("fairtrial", "fairtrial", "submit", "/sweeps/nightly.yaml")
    assert done.returncode == 0, done.stderr
    return mlflow.wait("nightly", "tags.`fairtrial.kind` = 'sweep'", machine)


@pytest.fixture(scope="module")
def report(machine: Machine, mlflow: MlflowRest, sweep: dict[str, Any]) -> dict[str, Any]:
    """The run of a report that a schedule made after the sweep had ended."""
    assert sweep
    words = ["schedule", "add", "often", "/sweeps/report.yaml", "--cron", "*/2 * * * * *"]
    done = machine.run("fairtrial", "fairtrial", *words)
    assert done.returncode == 0, done.stderr
    found = mlflow.wait("reports", "tags.`fairtrial.kind` = 'report'", machine)
    done = machine.run("fairtrial", "fairtrial", "schedule", "remove", "often")
    assert done.returncode == 0, done.stderr
    return found


class MlflowRest:
    """Read by plain requests: no client of MLflow's, no code of ours."""

    def __init__(self, address: str) -> None:
        self.address = address

    def search(self, experiment: str, filter_string: str) -> list[dict[str, Any]]:
        """Runs of an experiment; none if there is no such experiment yet."""
        name = {"experiment_name": experiment}
        path = f"{self.address}/api/2.0/mlflow"
        found = requests.get(f"{path}/experiments/get-by-name", params=name, timeout=30)
        if found.status_code == requests.codes.not_found:
            return []
        found.raise_for_status()
        number = found.json()["experiment"]["experiment_id"]
        wanted = {"experiment_ids": [number], "filter": filter_string}
        answer = requests.post(f"{path}/runs/search", json=wanted, timeout=30)
        answer.raise_for_status()
        return list(answer.json().get("runs", []))

    def wait(self, experiment: str, filter_string: str, machine: Machine) -> dict[str, Any]:
        """The first run that has ended well."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            for run in self.search(experiment, filter_string):
                assert run["info"]["status"] in {"RUNNING", "FINISHED"}, machine.log("fairtrial")
                if run["info"]["status"] == "FINISHED":
                    return run
            assert machine.running["fairtrial"].poll() is None, machine.log("fairtrial")
            assert " failed" not in machine.log("fairtrial"), jobs_of(machine)
            time.sleep(PAUSE_S)  # between two looks; the deadline is above
        raise AssertionError(jobs_of(machine))

    def artifact(self, run: dict[str, Any], path: str) -> bytes:
        """A file of a run, through the server: nobody else reaches the store."""
        where = run["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
        url = f"{self.address}/api/2.0/mlflow-artifacts/artifacts/{where}/{path}"
        answer = requests.get(url, timeout=30)
        answer.raise_for_status()
        return answer.content


def jobs_of(machine: Machine) -> str:
    """What the service and its jobs have said."""
    logs = sorted((machine.folder / "data" / ".fairtrial" / "logs").glob("*"))
    return "\n".join([machine.log("fairtrial"), *(path.read_text() for path in logs)])


def named(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """MLflow's list of keys and values as a mapping."""
    return {entry["key"]: entry["value"] for entry in entries}


def test_mlflow_answers_only_to_its_names(mlflow: MlflowRest) -> None:
    """A Host header that is not allowed, as DNS rebinding sends it, is refused; ours is not."""
    url = f"{mlflow.address}/api/2.0/mlflow/experiments/get?experiment_id=0"
    assert requests.get(url, timeout=30).status_code == requests.codes.ok
    refused = requests.get(url, headers={"Host": "evil.example"}, timeout=30)
    assert refused.status_code == requests.codes.forbidden
    assert "Invalid Host header" in refused.text
    origin = {"Origin": "https://evil.example"}
    refused = requests.post(f"{mlflow.address}/api/2.0/mlflow/x", headers=origin, timeout=30)
    assert refused.status_code == requests.codes.forbidden


def test_a_submitted_sweep_is_in_mlflow(
    machine: Machine, mlflow: MlflowRest, sweep: dict[str, Any]
) -> None:
    """Each run is there with its setting and metrics; `compare` says of them what MLflow has, and
    its table is the artifact that the server hands out.
    """
    runs = mlflow.search("nightly", "tags.`fairtrial.kind` = 'run'")
    assert len(runs) == 4
    by_rate: dict[float, list[float]] = {}
    for run in runs:
        assert run["info"]["status"] == "FINISHED"
        assert named(run["data"]["tags"])["mlflow.parentRunId"] == sweep["info"]["run_id"]
        rate = float(named(run["data"]["params"])["learning_rate"])
        by_rate.setdefault(rate, []).append(named(run["data"]["metrics"])["test/accuracy"])
    words = ["fairtrial", "compare", "nightly", "--by", "learning_rate", "--format", "json"]
    told = machine.run("fairtrial", *words)
    assert told.returncode == 0, told.stderr
    rows = json.loads(told.stdout)["rows"]
    assert {row["learning_rate"]: row["mean"] for row in rows} == pytest.approx(
        {rate: mean(values) for rate, values in by_rate.items()}
    )
    assert b"test/accuracy by learning_rate in nightly" in mlflow.artifact(sweep, "table.md")


def test_the_scheduled_report_is_kept_and_delivered(
    machine: Machine, mlflow: MlflowRest, report: dict[str, Any]
) -> None:
    """The page that MLflow hands out is the one put beside the report file, and it shows the
    sweep; its links lead to where a browser on this machine finds MLflow.
    """
    page = mlflow.artifact(report, "report.html")
    assert b"nightly" in page
    assert f"{machine.address('mlflow')}/#/experiments/".encode() in page
    kept = json.loads(mlflow.artifact(report, "report.json"))
    assert "nightly" in json.dumps(kept)
    delivered = {path.read_bytes() for path in machine.folder.glob("sweeps/delivered/**/*.html")}
    assert page in delivered


def test_the_service_tells_its_health(machine: Machine, report: dict[str, Any]) -> None:
    """/healthz and /metrics answer on the port that is published."""
    assert report
    told = requests.get(f"{machine.address('fairtrial')}/healthz", timeout=30)
    assert told.status_code == requests.codes.ok
    assert told.json()["status"] == "ok"
    assert told.json()["mlflow"] == "ok"
    metrics = requests.get(f"{machine.address('fairtrial')}/metrics", timeout=30).text
    assert "fairtrial_jobs" in metrics


def test_a_person_sees_sweep_and_report(
    browser: Browser, mlflow: MlflowRest, sweep: dict[str, Any], report: dict[str, Any]
) -> None:
    """In Chromium: MLflow's page of the sweep with its table, and the report in MLflow's viewer."""
    page = browser.new_page()
    for run, path, seen in (
        (sweep, "", "test/accuracy by learning_rate in nightly"),
        (report, "/artifacts/report.html", ""),
    ):
        info = run["info"]
        where = f"#/experiments/{info['experiment_id']}/runs/{info['run_id']}{path}"
        page.goto(f"{mlflow.address}/{where}")
        page.get_by_text(info["run_name"]).first.wait_for()
        if seen:
            page.get_by_text(seen).first.wait_for()
    heading = page.frame_locator("iframe").first.get_by_role("heading", name="Every few seconds")
    heading.first.wait_for()
    page.close()


def test_optuna_dashboard_looks_and_cannot_touch(machine: Machine, sweep: dict[str, Any]) -> None:
    """It shows the study; a study stays when someone asks it to delete one."""
    assert sweep  # Optuna's tables are made with the first sweep; before, the dashboard ends
    machine.up("optuna-dashboard")
    address = f"{machine.address('optuna-dashboard')}/api/studies"
    (study,) = requests.get(address, timeout=30).json()["study_summaries"]
    assert study["study_name"] == "nightly"
    asked = requests.delete(f"{address}/{study['study_id']}", timeout=30)
    assert asked.status_code >= requests.codes.bad_request
    assert requests.get(address, timeout=30).json()["study_summaries"] == [study]


def test_everything_ends_when_docker_asks(machine: Machine, report: dict[str, Any]) -> None:
    """On SIGTERM each ends with 0 within its time, the last started first; no log has a traceback
    or the password.
    """
    assert report
    assert machine.stop() == dict.fromkeys(machine.running, 0)
    for service in machine.running:
        log = machine.log(service)
        assert PASSWORD not in log
        if service != "optuna-dashboard":  # which was asked for what it may not do
            assert "Traceback" not in log, log
