"""MLflow's dashboard as a process of its own on this machine, ended with all that it starts.

Loopback only: MLflow's server asks nobody for a password. Nothing is read or written in here.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import sysconfig
import time
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

from tracking.errors import TrackingUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HOST = "127.0.0.1"
START_S = 120.0  # seconds on a busy machine are many; it takes six on an idle one

_STOP_S = 5.0  # uvicorn waits for browsers that keep a connection open
_POLL_S = 0.1


@contextmanager
def serve_mlflow(
    uri: str, port: int, log: Path, *, stopped: Callable[[], bool] = lambda: False
) -> Iterator[subprocess.Popen[bytes]]:
    """MLflow's server on a store, answering; on the way out it and its children are ended.

    Args:
        uri: of a store that `open_store` has opened, so that nothing is left to migrate.
        log: a file for all that it says.
        stopped: asked while it starts, which takes seconds: true gives up waiting.
    Raises: TrackingUnavailable when it does not start, with the last thing it said.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own words
            _words(port),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **_environment(uri)},
            start_new_session=True,  # a terminal's Ctrl-C is ours: we end them all
        )
        try:
            _wait_until_it_answers(process, port, log, stopped)
            yield process
        finally:
            _end(process)


def _words(port: int) -> list[str]:
    # Else uvicorn looks for modules in the current folder first: a user's own flask.py, say.
    elsewhere = shlex.quote(sysconfig.get_path("purelib"))
    return [
        *(sys.executable, "-m", "mlflow", "server"),
        *("--host", HOST, "--port", str(port), "--workers", "1"),
        *("--uvicorn-opts", f"--app-dir {elsewhere} --log-level warning"),
    ]


def _environment(uri: str) -> dict[str, str]:
    return {
        "MLFLOW_BACKEND_STORE_URI": uri,  # not among the words: others see those, passwords too
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # of GenAI: processes we have no use for
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONSAFEPATH": "1",  # as -P, and for the processes that MLflow starts
    }


def _wait_until_it_answers(
    process: subprocess.Popen[bytes], port: int, log: Path, stopped: Callable[[], bool]
) -> None:
    deadline = time.monotonic() + START_S
    while not _answers(port) and not stopped():
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(_POLL_S)
            raise TrackingUnavailable(
                f"MLflow's dashboard did not start (exit code {code}): {_last_line(log)}; "
                f"all that it said is in {log}"
            )
        if time.monotonic() > deadline:
            raise TrackingUnavailable(
                f"MLflow's dashboard does not answer after {START_S:g} s; what it said is in {log}"
            )


def _answers(port: int) -> bool:
    with (
        closing(HTTPConnection(HOST, port, timeout=5)) as connection,
        suppress(OSError, HTTPException),
    ):
        connection.request("GET", "/health")
        return connection.getresponse().status == 200  # noqa: PLR2004 - OK
    return False


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and every other of its session."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
