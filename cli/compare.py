"""`fairtrial compare`: metrics by the levels of a factor."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.completion import factor_names, metric_names, sweep_names
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
    sweeps: Annotated[
        list[str],
        typer.Argument(metavar="SWEEP...", help="Names of sweeps.", autocompletion=sweep_names),
    ],
    by: Annotated[
        list[str],
        typer.Option(
            "--by",
            metavar="FACTOR",
            help="A hyperparameter; may be repeated.",
            autocompletion=factor_names,
        ),
    ],
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            autocompletion=metric_names,
            help="A metric; may be repeated. The objective's on the test set if left out. "
            "Also: epochs_run, train_seconds, gap.",
        ),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.TABLE,
) -> None:
    """Print a table of metrics by the levels of a factor, and say what it shows.

    Where every level was trained alike (grid and repeats), each is set against the best, pair by
    pair. Two factors give a two-way table. Otherwise the table is called observed, and says what
    else moved.

    Environment: MLFLOW_TRACKING_URI, where the runs are read from.

    Exit codes: 0 done; 1 MLflow can't be reached; 2 no such sweep, factor or metric.

    Examples: fairtrial compare digits-learning-rate --by learning_rate --metric test/loss
    fairtrial compare digits-search --by learning_rate --by activation --format markdown
    """
    from tracking.formats import render

    data(render(tables_of(sweeps, by, metric or ()), form.value))


def table_of(sweeps: Sequence[str], by: Sequence[str]) -> Table:
    """The table of some sweeps, from MLflow, of the objective's metric."""
    return tables_of(sweeps, by, ())[0]


def tables_of(sweeps: Sequence[str], by: Sequence[str], metrics: Sequence[str]) -> list[Table]:
    """A table per metric of some sweeps, from MLflow."""
    from tracking.reading import read_sweep
    from tracking.store import open_store
    from tracking.tables import compare

    store = open_store()
    records = [read_sweep(store, name) for name in dict.fromkeys(sweeps)]
    return [compare(records, by, metric) for metric in dict.fromkeys(metrics) or [None]]
