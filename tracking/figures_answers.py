"""Figures of what the best run answered on the test set: confusion, per class, or the errors."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
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
from tracking.pages import Sheet, level_text, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracking.events import Answers

_MOST_COUNTS = 25  # classes, with whose counts a confusion matrix can still be read
_MOST_POINTS = 2000
_LEAST_PX, _MOST_PX = 300, 900
_HEADER = ("class", "precision", "recall", "F1", "support")


@dataclass(frozen=True)
class ClassScore:
    """One class on the test set.

    Attributes:
        precision: share of what was called this class that is; None when nothing was.
        recall: share of this class that was called so; None when there is no row of it.
        f1: their harmonic mean, 2 TP / (2 TP + FP + FN); None without any such row.
        support: rows of this class.
    """

    label: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


def answers_figure(answers: Answers, run: str) -> Figure:
    """The confusion matrix and the classes of the best run; of a regression, its errors.

    Args:
        run: its name.
    """
    return _confusion(answers, run) if answers.confusion else _errors(answers, run)


def class_scores(answers: Answers) -> list[ClassScore]:
    """Each class, in the order of the outputs."""
    scores = []
    for i, (label, row) in enumerate(zip(answers.classes, answers.confusion, strict=True)):
        hits, support = row[i], sum(row)
        called = sum(other[i] for other in answers.confusion)
        scores.append(
            ClassScore(
                label,
                hits / called if called else None,
                hits / support if support else None,
                2 * hits / (called + support) if called + support else None,
                support,
            )
        )
    return scores


def per_class_csv(answers: Answers) -> str:
    """The same in full precision; empty where it is not defined."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(name.lower() for name in _HEADER)
    for score in class_scores(answers):
        cells = [score.precision, score.recall, score.f1, score.support]
        numbers = ["" if cell is None else repr(cell) for cell in cells]
        writer.writerow([_as_text(score.label), *numbers])
    return out.getvalue()


def _as_text(label: str) -> str:
    """A spreadsheet runs text that begins like a formula; an apostrophe makes it text."""
    text = level_text(label)
    return f"'{text}" if text.lstrip().startswith(tuple("=+-@")) else text


def _confusion(answers: Answers, run: str) -> Figure:
    names = [plain(label) for label in answers.classes]
    counts = [list(row) for row in answers.confusion]
    right, total = sum(row[i] for i, row in enumerate(counts)), sum(map(sum, counts))
    heatmap: dict[str, Any] = {
        "type": "heatmap",
        "x": names,
        "y": names,
        "z": [[_share(count, sum(row)) for count in row] for row in counts],
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[0, "white"], [1e-4, "#d6e6f2"], [1, COLOURS[0]]],  # one row is seen
        "xgap": 1,
        "ygap": 1,
        "customdata": counts,
        "hovertemplate": "%{y} called %{x}: %{customdata} rows, %{z:.1%} of its class"
        "<extra></extra>",
        "showscale": False,
    }
    if len(names) <= _MOST_COUNTS:
        heatmap["text"] = [[str(count) if count else "" for count in row] for row in counts]
        heatmap["texttemplate"] = "%{text}"
    labels = {"tickmode": "array", "tickvals": names, "ticktext": [*map(short, answers.classes)]}
    top = axis("predicted class", type="category", side="top", showgrid=False, **labels)
    return Figure(
        title=f"What the best run called the test rows: {right} of {total} right",
        captions=[f"Run {run}. Rows: the true class. The darker, the larger the share of its row."],
        plot={
            "data": [heatmap],
            "layout": layout(
                min(max(height_of(len(names)), _LEAST_PX), _MOST_PX),
                xaxis=top,
                yaxis=categories("true class", names, showgrid=False, **labels),
            ),
        },
        sheet=_classes_sheet(answers),
    )


def _classes_sheet(answers: Answers) -> Sheet:
    scores = class_scores(answers)
    rows = [[s.label, *map(_number, (s.precision, s.recall, s.f1)), str(s.support)] for s in scores]
    means = [_mean([getattr(s, name) for s in scores]) for name in ("precision", "recall", "f1")]
    total = str(sum(score.support for score in scores))
    return Sheet(_HEADER, [*rows, ["mean of classes", *map(_number, means), total]], 1)


def _errors(answers: Answers, run: str) -> Figure:
    pairs = answers.predictions
    shown = pairs[:: -(-len(pairs) // _MOST_POINTS)] if pairs else ()
    true, predicted = [pair[0] for pair in shown], [pair[1] for pair in shown]
    ends = [min(*true, *predicted), max(*true, *predicted)]
    few = f" {len(shown)} of {len(pairs)} rows are drawn." if len(shown) < len(pairs) else ""
    points = {
        "type": "scatter",
        "mode": "markers",
        "name": "test rows",
        "x": true,
        "y": predicted,
        "marker": {"size": 7, "opacity": 0.6, "color": COLOURS[0]},
        "hovertemplate": "true %{x}, predicted %{y}<extra></extra>",
    }
    diagonal = {
        "type": "scatter",
        "mode": "lines",
        "name": "right",
        "x": ends,
        "y": ends,
        "line": {"color": GREY, "dash": "dot"},
        "hoverinfo": "skip",
    }
    return Figure(
        title="What the best run predicted for the test rows",
        captions=[f"Run {run}. Above the line: predicted too high.{few}"],
        plot={
            "data": [points, diagonal],
            "layout": layout(460, xaxis=axis("true"), yaxis=axis("predicted")),
        },
    )


def _share(count: int, total: int) -> float:
    return count / total if total else 0.0


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None


def _number(value: float | None) -> str:
    return "" if value is None else number(value)
