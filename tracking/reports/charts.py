"""Plotly's JSON for the charts of a report: axes and traces, without colours of ground or fonts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracking.figures import plain, short

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROW_PX = 30  # of a category on a vertical axis
_PLOT_PX = 340


def plot(data: Sequence[Any], *, x: Any, y: Any, height: int = _PLOT_PX) -> dict[str, Any]:  # noqa: ANN401
    """A whole figure with two axes."""
    return {"data": list(data), "layout": {"height": height, "xaxis": x, "yaxis": y}}


def numbers(title: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - Plotly's own JSON
    """An axis of numbers."""
    return {"title": {"text": plain(title)}, "automargin": True, "zeroline": False, **more}


def dates(title: str) -> dict[str, Any]:
    """An axis of times, UTC."""
    return {**numbers(title), "type": "date"}


def categories(names: Sequence[object], *, title: str = "") -> dict[str, Any]:
    """A vertical axis of names in their order, the first on top.

    Args:
        names: distinct; traces take them from `labels`.
    """
    keys = labels(names)
    return {
        "type": "category",
        "automargin": True,
        "categoryorder": "array",
        "categoryarray": keys,
        "range": [len(keys) - 0.5, -0.5],
        "tickmode": "array",
        "tickvals": keys,
        "ticktext": [short(name) for name in names],
        **({"title": {"text": plain(title)}} if title else {}),
    }


def labels(names: Sequence[object]) -> list[str]:
    """The names as values of a category axis, in whole: cut ones could fall together."""
    return [plain(name) for name in names]


def height_of(n_categories: int) -> int:
    """Of a chart with so many rows, in pixels."""
    return 110 + _ROW_PX * n_categories


def interval_bars(
    name: str,
    colour: str,
    points: Sequence[tuple[str, float, float | None]],
    what: str,
) -> dict[str, Any]:
    """Means with their 95% intervals, lying: (label, mean, half of the interval)."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": plain(name),
        "x": [mean for _, mean, _ in points],
        "y": [label for label, _, _ in points],
        "error_x": {"type": "data", "array": [half or 0.0 for _, _, half in points]},
        "marker": {"size": 10, "color": colour},
        "hovertemplate": f"%{{y}}: {plain(what)} %{{x:.4f}}<extra></extra>",
    }
