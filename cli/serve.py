"""`fairtrial serve`: the service that runs queued sweeps and schedules."""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import datetime
from typing import Annotated

import typer

from cli.arguments import Dashboard
from cli.output import DONE, FAILED, INTERRUPTED, data, talk

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def command(
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="0 takes any that is free.")
    ] = 8321,
    host: Annotated[str, typer.Option("--host", help="An address of this machine.")] = "127.0.0.1",
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=1000, help="Jobs at once.")
    ] = 1,
    lanes: Annotated[
        int | None,
        typer.Option("--lanes", min=1, help="Runs of a sweep side by side; changes speed only."),
    ] = None,
    dashboard: Dashboard = "",
) -> None:
    """Run queued sweeps and what is scheduled, until Ctrl-C or SIGTERM; print its address.

    GET /healthz says how it is, /metrics the same for Prometheus. Stopping it lets each sweep end
    its tick; the next `fairtrial serve` carries on.

    Example: fairtrial serve --concurrency 2
    """
    from cli.catalog import open_here
    from sweeps.service.door import open_door
    from sweeps.service.service import Options, Service
    from sweeps.service.signals import Signals
    from tracking.dashboard import dashboard_address

    stores, catalog = open_here()
    options = Options(concurrency, lanes, dashboard_address(dashboard))
    service = Service(stores, catalog, options, say=_say)
    signals = Signals()
    with signals.heard(), ExitStack() as opened:
        try:
            address = opened.enter_context(open_door(service, host, port))
        except OSError as error:
            talk(
                f"fairtrial: {host}:{port} can't be listened on: {error.strerror or error}; "
                "give another with --port (0 takes any) or --host"
            )
            raise typer.Exit(FAILED) from error
        data(address)
        talk(
            f"{address} answers /healthz and /metrics; process {os.getpid()} works for "
            f"{stores.folder} and {catalog.shown}; Ctrl-C stops it"
        )
        if host not in _LOOPBACK:
            talk("any machine that reaches this one can read the names of jobs and schedules")
        in_time = service.run(signals)
    raise typer.Exit(DONE if in_time or signals.asked == 1 else INTERRUPTED)


def _say(text: str) -> None:
    talk(f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S%z} {text}")
