"""`fairtrial ui`: MLflow's dashboard on the right store."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import typer

from cli.output import DONE, FAILED, INTERRUPTED, data, talk


def command(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="On this machine.")] = 5000,
) -> None:
    """Open MLflow's dashboard on the store that sweeps are recorded in, on loopback.

    Example: fairtrial ui --port 5001
    """
    from tracking.store import open_store

    store = open_store()
    if store.uri.startswith(("http://", "https://")):
        data(store.uri)
        talk("MLflow runs there already; open the address in a browser")
        return
    data(f"http://127.0.0.1:{port}")
    talk("Ctrl-C stops it")
    words = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", store.uri]
    words += ["--host", "127.0.0.1", "--port", str(port)]
    try:
        done = subprocess.run(words, check=False)  # noqa: S603 - our own words
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(FAILED if done.returncode else DONE)
