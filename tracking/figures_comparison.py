"""Figure: the table of a factor as a chart, each level with the interval of its mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracking.figures import (
    COLOURS,
    GREY,
    Figure,
    axis,
    categories,
    height_of,
    layout,
    plain,
    short,
)
from tracking.pages import level_text, number

if TYPE_CHECKING:
    from tracking.tables import Row, Table

_OTHER, _BEST = COLOURS[0], COLOURS[1]
_MARKED = "Orange: the level with the best mean, which the others are set against."


def comparison(table: Table) -> Figure:
    """The chart of a table by one factor, its levels in the table's order from the top.

    Where levels may be compared, the best has a colour of its own.
    """
    names = [plain(row.level[-1]) for row in table.rows]
    counted = [f"{short(row.level[-1])} (n={row.n})" for row in table.rows]
    means: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "name": "mean and 95% interval",
        "x": [row.mean for row in table.rows],
        "y": names,
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [_length(row.mean, row.ci_high) for row in table.rows],
            "arrayminus": [_length(row.ci_low, row.mean) for row in table.rows],
            "thickness": 2,
            "width": 5,
            "color": GREY,
        },
        "marker": {"size": 11, "color": [_colour(table, row) for row in table.rows]},
        "text": [_words(row) for row in table.rows],
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }
    bests = {
        "type": "scatter",
        "mode": "markers",
        "name": "best run",
        "x": [row.best for row in table.rows],
        "y": names,
        "marker": {"size": 9, "symbol": "diamond-open", "color": GREY},
        "hovertemplate": "%{y}: best run %{x}<extra></extra>",
    }
    kind = "controlled" if table.controlled else "observed"
    factor = table.columns[-1]
    return Figure(
        title=f"{table.metric} by {factor} ({kind})",
        captions=_captions(table),
        plot={
            "data": [means, bests],
            "layout": layout(
                height_of(len(names)),
                xaxis=axis(plain(table.metric)),
                yaxis=categories("", names, tickmode="array", tickvals=names, ticktext=counted),
            ),
        },
    )


def _colour(table: Table, row: Row) -> str:
    is_best = table.best is not None and row.p_value is None and row.against_best is None
    return _BEST if is_best else _OTHER


def _length(low: float | None, high: float | None) -> float:
    return 0.0 if low is None or high is None else high - low


def _words(row: Row) -> str:
    interval = ""
    if row.ci_low is not None and row.ci_high is not None:
        interval = f", {number(row.ci_low)} to {number(row.ci_high)}"
    return f"mean {number(row.mean)}{interval}, {row.n} {'run' if row.n == 1 else 'runs'}"


def _captions(table: Table) -> list[str]:
    verdict = [f"{table.verdict.sentence}."] if table.verdict else []
    marked = [_MARKED] if table.best is not None else []
    return [level_text(text) for text in (*verdict, *table.notes, *marked)]
