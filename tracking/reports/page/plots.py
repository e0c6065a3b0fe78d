"""Charts of the page: a report's plots as the browser gets them, thinned and with plain text.

How they are drawn and coloured is said in charts.js.
"""

from __future__ import annotations

import json
from html import escape, unescape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from tracking.pages import level_text
from tracking.reports.json_format import finite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tracking.reports.model import Chart

MOST_POINTS = 1000  # of a trace: more than a screen is wide
_KEPT_TAGS = ("<br>", "<extra>", "</extra>")
_TEMPLATES = ("hovertemplate", "texttemplate")
_FORMATS = ("tickformat", "hoverformat")


def plots_json(charts: Sequence[Chart]) -> Markup:
    """All plots by chart id, as JSON that no text in it can end the script of."""
    plots = {chart.id: _safe(thinned(chart.plot)) for chart in charts}
    text = json.dumps(plots, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - escaped here


def n_left_out(chart: Chart) -> int:
    """How many of its points are not drawn."""
    traces = zip(chart.plot["data"], thinned(chart.plot)["data"], strict=True)
    return sum(_n_points(before) - _n_points(after) for before, after in traces)


def thinned(plot: Mapping[str, Any]) -> dict[str, Any]:
    """The plot with at most about MOST_POINTS a trace; ends, and peaks all along it, stay."""
    held: dict[str, Any] = finite(plot)
    held["data"] = [_thin(trace) for trace in held["data"]]
    return held


def _n_points(trace: Mapping[str, Any]) -> int:
    y = trace.get("y")
    return len(y) if isinstance(y, list | tuple) else 0


def _thin(trace: dict[str, Any]) -> dict[str, Any]:
    n = _n_points(trace)
    if n <= MOST_POINTS or trace.get("type", "scatter") not in {"scatter", "scattergl"}:
        return trace
    kept = _outline(trace["y"], MOST_POINTS // 4)
    picked: dict[str, Any] = _pick(trace, n, kept)
    return picked


def _outline(values: Sequence[Any], n_stretches: int) -> list[int]:
    """Of each stretch the first, the last, the lowest and the highest: it looks the same."""
    ends = [i * len(values) // n_stretches for i in range(n_stretches + 1)]
    kept: set[int] = set()
    for start, end in pairwise(ends):
        kept |= {start, end - 1}
        known = [i for i in range(start, end) if isinstance(values[i], int | float)]
        if known:
            kept |= {min(known, key=values.__getitem__), max(known, key=values.__getitem__)}
    return sorted(kept)


def _pick(part: Any, n: int, kept: Sequence[int]) -> Any:  # noqa: ANN401 - Plotly's JSON
    """The same of every list that goes along with the points: texts, sizes, error bars."""
    if isinstance(part, dict):
        return {key: _pick(value, n, kept) for key, value in part.items()}
    if isinstance(part, list) and len(part) == n:
        return [part[i] for i in kept]
    return part


def _safe(part: Any, key: str = "") -> Any:  # noqa: ANN401 - the same
    """Plotly reads tags and entities from every text: all are escaped, those that are so already
    once, and a template keeps a few tags of ours.
    """
    if isinstance(part, dict):
        return {name: _safe(value, name) for name, value in part.items()}
    if isinstance(part, list):
        return [_safe(value, key) for value in part]
    if not isinstance(part, str):
        return part
    text = escape(level_text(unescape(part)), quote=False)
    if key not in _FORMATS:
        text = text.replace("$", "&#36;")  # between two of them stands a formula, for Plotly
    for tag in _KEPT_TAGS if key in _TEMPLATES else ():
        text = text.replace(escape(tag), tag)
    return text
