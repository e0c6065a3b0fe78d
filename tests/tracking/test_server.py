from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

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


@pytest.fixture
def server(database: Path) -> Iterator[Server]:
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
