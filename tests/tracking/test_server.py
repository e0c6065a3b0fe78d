from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tracking.errors import TrackingUnavailable
from tracking.reading import read_sweep
from tracking.recorder import MlflowRecorder
from tracking.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Server:
    """A real `mlflow server` on a free port of this machine."""

    def __init__(self, database: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"
        self._database = database
        self._log = (database.parent / "server.log").open("w")

    def start(self) -> None:
        arguments = [
            *("--backend-store-uri", f"sqlite:///{self._database}"),
            *("--artifacts-destination", str(self._database.parent / "artifacts")),
            *("--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"),
        ]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *arguments],
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:  # each attempt is a request; none waits for nothing
            with suppress(TrackingUnavailable):
                open_store(self.uri)
                return
        raise AssertionError(f"no server: {self._log.name}")

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Losing(BaseHTTPRequestHandler):
    """Passes requests on to `Losing.target`, and loses the answer to the first run created."""

    target = ""
    lost = 0

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = self.target + self.path
        answer = requests.request(
            self.command, url, data=body, headers=dict(self.headers), timeout=30
        )
        is_run = self.path.endswith("/runs/create") and b"fairtrial.fingerprint" in body
        if is_run and not Losing.lost:
            Losing.lost += 1
            self.close_connection = True
            return
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PUT = pass_on  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def losing(server: Server) -> Iterator[str]:
    """The address of a proxy before the server that loses one answer."""
    Losing.target, Losing.lost = server.uri, 0
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Losing)
    thread = Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{proxy.server_port}"
    proxy.shutdown()
    proxy.server_close()
    thread.join()


@pytest.fixture(scope="module")
def server(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for this file: it takes seconds to start."""
    database = tmp_path_factory.mktemp("server") / "mlflow.db"
    with closing(sqlite3.connect(migrated)) as source, closing(sqlite3.connect(database)) as copy:
        source.backup(copy)
    server = Server(database)
    server.start()
    yield server
    server.kill()
    server._log.close()


def test_server_killed_in_the_middle(
    server: Server, script: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """Training goes on, `deliver` says MLflow is away, no run looks finished without its metrics,
    and when the server is back everything arrives once.
    """
    store = open_store(server.uri)
    recorder = MlflowRecorder(store, interval_s=0)
    first, second = script.run(0), script.run(1)
    for event in (script.started, *first, *second[:2]):
        recorder.record(event)
    recorder.deliver()

    server.kill()
    for event in (*second[2:], *script.run(2)):
        recorder.record(event)
    begin = time.monotonic()
    with pytest.raises(TrackingUnavailable) as caught:
        recorder.deliver()
    assert time.monotonic() - begin < 10
    assert str(caught.value) == (
        f"MLflow at {server.uri} can't be reached: the connection was refused; "
        "start it or set MLFLOW_TRACKING_URI"
    )

    server.start()
    record = read_sweep(store, "digits-search")
    assert [(run.trial, run.finished) for run in record.runs] == [(0, True), (1, False)]
    recorder.record(script.end())
    recorder.deliver()
    record = read_sweep(store, "digits-search")
    assert [run.finished for run in record.runs] == [True, True, True]
    for run in record.runs:
        assert run.metrics["test/accuracy"] == 0.8
        points = store.client.get_metric_history(run.mlflow_id, "train/loss")
        assert [point.step for point in points] == [1, 2, 3]
    names = [artifact.path for artifact in store.client.list_artifacts(record.parent_id)]
    assert "table.md" in names
    assert capfd.readouterr() == ("", "")


def test_lost_answer_leaves_no_ghost(losing: str, server: Server, script: Any) -> None:
    """A run that MLflow created though its answer was lost is found again, not created twice."""
    recorder = MlflowRecorder(open_store(losing), interval_s=3600)
    for event in (replace(script.started, sweep="lost"), *script.run(0), *script.run(1)):
        recorder.record(event)
    recorder.deliver()
    assert Losing.lost == 1
    store = open_store(server.uri)
    record = read_sweep(store, "lost")
    assert [run.finished for run in record.runs] == [True, True]
    experiment = store.client.get_experiment_by_name("lost")
    assert experiment is not None
    assert len(store.search_runs([experiment.experiment_id])) == 3
