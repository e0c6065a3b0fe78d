"""Arguments and options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.completion import sweep_names

SweepFile = Annotated[Path, typer.Argument(metavar="FILE", help="A sweep file (YAML).")]
SweepName = Annotated[
    str,
    typer.Argument(metavar="SWEEP", help="The name of a sweep.", autocompletion=sweep_names),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Dashboard = Annotated[
    str,
    typer.Option(
        "--dashboard",
        metavar="URL",
        envvar="FAIRTRIAL_DASHBOARD_URL",
        help="MLflow's address for people: numbers in reports link there.",
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Put a value in, such as train.epochs=5."),
]
