"""`fairtrial ui`: MLflow's dashboard on the right store, and Optuna's on the same study."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import DONE, FAILED, INTERRUPTED, data, talk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracking.store import Store

_POLL_S = 0.2
_PORTS = 65535


def command(
    port: Annotated[int, typer.Option("--port", min=1, max=_PORTS, help="Of MLflow.")] = 5000,
    optuna: Annotated[
        bool, typer.Option("--optuna", help="Start optuna-dashboard on the same study too.")
    ] = False,
    optuna_port: Annotated[
        int, typer.Option("--optuna-port", min=1, max=_PORTS, help="Of optuna-dashboard.")
    ] = 8080,
) -> None:
    """Open MLflow's dashboard on the store that sweeps are recorded in, on this machine only.

    From another machine: ssh -L 5000:127.0.0.1:5000 HOST, then open http://127.0.0.1:5000 there.

    Example: fairtrial ui --port 5001 --optuna
    """
    from tracking.store import open_store

    store = open_store()
    is_server = store.uri.startswith(("http://", "https://"))
    if is_server:
        data(store.shown_uri)
        talk("MLflow runs there already; open the address in a browser")
        if not optuna:
            return
    else:
        _check_free(port, "--port")
    if optuna:
        _check_free(optuna_port, "--optuna-port")
    with _ended_by_signals() as signals, ExitStack() as servers:
        study = _start_optuna(servers, optuna_port) if optuna else ""
        process = None if is_server else _start_mlflow(servers, store, port, signals)
        if not signals:
            if study:
                data(study)
            talk("Ctrl-C stops it")
        while not signals and (process is None or process.poll() is None):
            _pause(process)
    if not signals:
        talk("fairtrial: MLflow's dashboard ended by itself; its last words: .fairtrial/ui.log")
        raise typer.Exit(FAILED)
    raise typer.Exit(INTERRUPTED if signals[0] == signal.SIGINT else DONE)


def _start_mlflow(
    servers: ExitStack, store: Store, port: int, signals: list[int]
) -> subprocess.Popen[bytes]:
    from sweeps.stores import Stores
    from tracking.mlflow_server import serve_mlflow

    stores = Stores.here()
    stores.create()
    talk("MLflow starts, which takes a few seconds")
    log = stores.folder / "ui.log"
    server = serve_mlflow(store.uri, port, log, stopped=lambda: bool(signals))
    process = servers.enter_context(server)
    if not signals:
        data(f"http://127.0.0.1:{port}")
    return process


def _start_optuna(servers: ExitStack, port: int) -> str:
    """Its address."""
    from sweeps.stores import Stores
    from sweeps.study_server import serve_study

    address = servers.enter_context(serve_study(Stores.here(), port))
    return f"{address}/dashboard/"


def _check_free(port: int, option: str) -> None:
    """That nobody listens there; said before anything is started."""
    if _is_free(port):
        return
    other = next((n for n in range(port + 1, min(port + 100, _PORTS + 1)) if _is_free(n)), None)
    way_out = f", or take another: fairtrial ui {option} {other}" if other else ""
    talk(f"fairtrial: port {port} is taken on this machine; stop what listens there{way_out}")
    raise typer.Exit(FAILED)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        if os.name == "posix":  # as servers do: what just ended does not count
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


@contextmanager
def _ended_by_signals() -> Iterator[list[int]]:
    """The signals that asked for an end. None is raised: whatever was started is ended in order."""
    asked: list[int] = []
    wanted = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if os.name == "posix" else [])]
    before = {n: signal.signal(n, lambda number, _frame: asked.append(number)) for n in wanted}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _pause(process: subprocess.Popen[bytes] | None) -> None:
    if process is None:
        time.sleep(_POLL_S)
        return
    with suppress(subprocess.TimeoutExpired):
        process.wait(_POLL_S)
