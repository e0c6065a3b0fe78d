"""`fairtrial compare`: a metric by the levels of a factor."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracking.tables import Table


class Format(StrEnum):
    """How a table is written."""

    TABLE = "table"
    MARKDOWN = "markdown"
    CSV = "csv"
    JSON = "json"
    LATEX = "latex"


def command(
    sweeps: Annotated[list[str], typer.Argument(metavar="SWEEP...", help="Names of sweeps.")],
    by: Annotated[
        list[str], typer.Option("--by", metavar="FACTOR", help="A hyperparameter; may be repeated.")
    ],
    metric: Annotated[
        str | None,
        typer.Option("--metric", help="A metric; the objective's on the test set if left out."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.TABLE,
) -> None:
    """Print a table of a metric by the levels of a factor: mean, 95% interval, n, best.

    Example: fairtrial compare digits-learning-rate --by learning_rate
    """
    from tracking.formats import render

    data(render(table_of(sweeps, by, metric), form.value))


def table_of(sweeps: Sequence[str], by: Sequence[str], metric: str | None = None) -> Table:
    """The table of some sweeps, from MLflow."""
    from tracking.reading import read_sweep
    from tracking.store import open_store
    from tracking.tables import compare

    store = open_store()
    return compare([read_sweep(store, name) for name in sweeps], by, metric)
