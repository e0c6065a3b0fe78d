"""`fairtrial ui`: MLflow's dashboard and Optuna's, on the stores that the sweeps are in."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAIRTRIAL = str(Path(sys.executable).with_name("fairtrial"))
SECRET = "correct-horse"  # noqa: S105 - of nobody


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def get(port: int, path: str, host: str = "") -> tuple[int, str]:
    """A request to this machine, which may call it by another name."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("GET", path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def assert_nobody_answers(port: int) -> None:
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 5):
        pass


def ended(process: psutil.Process) -> bool:
    """Within a while; a zombie that only its parent has yet to bury counts."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            if process.status() != psutil.STATUS_ZOMBIE:
                process.wait(0.1)
                continue
        return True
    return False


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Type `fairtrial ui` in the current folder."""
    begun: list[subprocess.Popen[str]] = []

    def begin(*words: Any, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [FAIRTRIAL, "ui", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, **environment},
        )
        begun.append(process)
        return process

    yield begin
    for process in begun:
        if process.poll() is None:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    """The next line of the data, which is there when what it names answers."""
    assert process.stdout is not None
    found = process.stdout.readline()
    if not found:
        pytest.fail(process.communicate()[1])
    return found


def test_both_dashboards_open_and_ctrl_c_closes_them(
    finished: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    """The addresses are the data, and both answer when they are printed, MLflow with the sweep and
    Optuna with its study under the objective's name; Optuna's answers to no name but this
    machine's. Ctrl-C ends them with 130 and without a word of theirs."""
    port, other = free_port(), free_port()
    process = start("--port", port, "--optuna", "--optuna-port", other)
    assert line(process) == f"http://127.0.0.1:{port}\n"
    assert line(process) == f"http://127.0.0.1:{other}/dashboard/\n"
    path = "/api/2.0/mlflow/experiments/get-by-name?experiment_name=rates"
    status, text = get(port, path)
    assert (status, json.loads(text)["experiment"]["name"]) == (200, "rates")
    status, text = get(other, "/api/studies")
    (study,) = json.loads(text)["study_summaries"]
    assert (status, study["study_name"], study["directions"]) == (200, "rates", ["maximize"])
    _, text = get(other, f"/api/studies/{study['study_id']}?after=0")
    found = json.loads(text)
    assert found["objective_names"] == ["validation/accuracy"]
    assert [trial["state"] for trial in found["trials"]] == ["Complete"] * 4
    assert get(other, "/api/studies", host=f"localhost:{other}")[0] == 200
    assert get(other, "/api/studies", host="evil.example")[0] == 403
    assert get(port, path, host="evil.example")[0] == 403
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 2
    words = [word for child in children for word in child.cmdline()]
    assert not [word for word in words if "sqlite" in word], "`ps` would show a password too"
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == "MLflow starts, which takes a few seconds\nCtrl-C stops it\n"
    assert all(ended(child) for child in children)
    for number in (port, other):
        assert_nobody_answers(number)
    (finished / ".fairtrial" / "ui.log").unlink()


def test_modules_of_the_users_folder_are_left_alone(
    project: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    """A folder may hold modules named like ours, MLflow's or its server's: none is run. SIGTERM
    ends all that was started, and that is no failure."""
    for name in ("cli", "tracking", "mlflow", "uvicorn", "flask", "fastapi"):
        (project / f"{name}.py").write_text("raise SystemExit('the user's module')\n")
    port = free_port()
    process = start("--port", port)
    line(process)
    assert get(port, "/health") == (200, "OK")
    children = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert all(ended(child) for child in children)
    assert_nobody_answers(port)


@pytest.mark.parametrize("option", ["--port", "--optuna-port"])
def test_a_port_that_is_taken(option: str, project: Path, fairtrial: Callable[..., Any]) -> None:
    """Somebody else's port is named at once, with one that is free, and the exit code is 1."""
    assert project.is_dir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        words = {"--port": free_port(), "--optuna-port": free_port(), option: port}
        result = fairtrial("ui", "--optuna", *(word for pair in words.items() for word in pair))
    assert result.exit_code == 1
    assert result.stdout == ""
    begin, _, free = result.stderr.strip().rpartition(" ")
    assert begin == (
        f"fairtrial: port {port} is taken on this machine; stop what listens there, "
        f"or take another: fairtrial ui {option}"
    )
    assert int(free) > port


def test_a_server_that_runs_already_is_named_without_its_password(
    folder: Path, start: Callable[..., subprocess.Popen[str]], recorded: str
) -> None:
    """Where MLflow has a server its address is all there is to print, without a password; Optuna's
    dashboard is still started when it is asked for."""
    assert folder.is_dir()
    secret = recorded.replace("http://", f"http://me:{SECRET}@")
    process = start(MLFLOW_TRACKING_URI=secret)
    out, said = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, f"{recorded}\n")
    assert "open the address" in said
    assert SECRET not in said
    port = free_port()
    process = start("--optuna", "--optuna-port", port, MLFLOW_TRACKING_URI=secret)
    assert [line(process), line(process)] == [
        f"{recorded}\n",
        f"http://127.0.0.1:{port}/dashboard/\n",
    ]
    assert get(port, "/api/studies") == (200, '{"study_summaries": []}')
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_study_in_postgresql_opens(
    postgres_url: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Optuna's dashboard opens the study where FAIRTRIAL_DATABASE_URL says, within this process."""
    from sweeps.stores import Stores
    from sweeps.study_server import serve_study

    assert project.is_dir()
    url = postgres_url.replace("postgresql://", "postgresql+psycopg://")
    monkeypatch.setenv("FAIRTRIAL_DATABASE_URL", url)
    with serve_study(Stores.here(), port := free_port()) as address:
        assert address == f"http://127.0.0.1:{port}"
        assert get(port, "/api/studies") == (200, '{"study_summaries": []}')
    assert_nobody_answers(port)


def test_without_optuna_dashboard_the_way_to_install_it_is_said(
    project: Path, fairtrial: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--optuna` without the package is one sentence that names the extra to install."""
    assert project.is_dir()

    def without(name: str) -> Any:
        return None if name == "optuna_dashboard" else find_spec(name)

    monkeypatch.setattr("sweeps.study_server.find_spec", without)
    result = fairtrial("ui", "--optuna", "--port", free_port(), "--optuna-port", free_port())
    assert result.exit_code == 1
    assert result.stderr == (
        "fairtrial: optuna-dashboard is not installed; "
        "install it with: pip install 'fairtrial[dashboard]'\n"
    )


def test_a_server_that_does_not_start_says_why(
    project: Path, fairtrial: Callable[..., Any]
) -> None:
    """What MLflow said last is the reason given, and the log with the rest is named."""
    from tracking.errors import TrackingUnavailable
    from tracking.mlflow_server import serve_mlflow

    log = project / "ui.log"
    with (
        pytest.raises(TrackingUnavailable, match=r"did not start \(exit code \d+\): .*ui\.log$"),
        serve_mlflow("nonsense://here", free_port(), log),
    ):
        pass
    assert "nonsense" in log.read_text()
    assert fairtrial("ui", "--port", "0").exit_code == 2


@pytest.fixture
def recorded() -> Iterator[str]:
    """The address of something that answers a search for experiments, as MLflow's server does."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_POST = do_GET  # noqa: N815 - the same

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
