"""Parts of the page that need no browser to be looked at: thinning, colours, what a wheel holds."""

from __future__ import annotations

import json
import math
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from sample_reports import HOSTILE, trend_chart

from tracking.figures import plain
from tracking.reports.model import Chart
from tracking.reports.page.plots import MOST_POINTS, n_left_out, plots_json, thinned

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "tracking" / "reports" / "page"


def test_a_long_trace_keeps_its_outline() -> None:
    """Ends, the highest and the lowest stay, points stay whole, and their count is told."""
    n = 10_000
    y = [math.sin(i / 700) for i in range(n)]
    y[4321], y[8765] = 9.0, -9.0
    trace = {
        "type": "scatter",
        "x": list(range(n)),
        "y": y,
        "text": [f"t{i}" for i in range(n)],
        "marker": {"size": [i % 7 for i in range(n)], "color": "best"},
        "error_y": {"array": [i / n for i in range(n)]},
    }
    chart = Chart("long", "long", {"data": [trace, {"type": "bar", "y": y}], "layout": {}}, "")
    drawn, bars = thinned(chart.plot)["data"]
    assert bars["y"] == y, "each bar is one thing"
    assert len(drawn["x"]) <= MOST_POINTS
    assert n_left_out(chart) == n - len(drawn["x"])
    assert {0, 4321, 8765, n - 1} <= set(drawn["x"])
    for i, x in enumerate(drawn["x"]):
        assert drawn["y"][i] == y[x]
        assert drawn["text"][i] == f"t{x}"
        assert drawn["marker"]["size"][i] == x % 7
        assert drawn["error_y"]["array"][i] == x / n


def test_a_short_trace_is_left_alone() -> None:
    """Nothing is drawn that was not measured, and nothing left out that can be seen."""
    chart = trend_chart(MOST_POINTS)
    assert thinned(chart.plot) == chart.plot
    assert n_left_out(chart) == 0


def test_gaps_in_a_long_trace_are_no_numbers() -> None:
    """NaN and None are gaps: they become null, wherever they stand."""
    y = [None if i % 3 else math.nan for i in range(5000)]
    chart = Chart("gaps", "gaps", {"data": [{"type": "scatter", "y": y}], "layout": {}}, "")
    assert set(json.loads(plots_json([chart]))["gaps"]["data"][0]["y"]) == {None}


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_charts_are_escaped_once(text: str) -> None:
    """Be they escaped already or not, and no text ends the script that it stands in."""
    layout = {"xaxis": {"title": {"text": plain(text)}}}
    data = [{"name": plain(text), "hovertemplate": f"{plain(text)}<br>%{{x}}<extra></extra>"}]
    packed = plots_json([Chart("c", "c", {"data": data, "layout": layout}, "")])
    assert "<" not in packed
    plot = json.loads(packed)["c"]
    shown = plain(text).replace("$", "&#36;")
    assert plot["layout"]["xaxis"]["title"]["text"] == shown
    assert plot["data"][0]["name"] == shown
    assert plot["data"][0]["hovertemplate"].endswith("<br>%{x}<extra></extra>")
    raw = plots_json([Chart("c", "c", {"data": [{"name": text}], "layout": {}}, "")])
    assert "<" not in json.loads(raw)["c"]["data"][0]["name"]


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_stand_out_in_both_themes() -> None:
    """Words 4.5 to 1 against what is below them, lines of charts 3 to 1 (WCAG 2.2, AA)."""
    style = (PAGE / "report.css").read_text()
    found = {
        name: (light, dark)
        for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", style)
    }
    needs = dict.fromkeys(("best", "other", "baseline"), 3.0)
    needs |= {f"series-{i}": 3.0 for i in range(1, 7)}
    needs |= dict.fromkeys(("text", "quiet", "link", "best", "alert", "caution"), 4.5)
    for theme in (0, 1):
        for name, least in needs.items():
            grounds = ["ground"] if least < 4 else ["ground", "raised"]
            grounds += [f"{name}-ground"] if f"{name}-ground" in found else []
            for ground in grounds:
                dark, light = sorted(_luminance(found[part][theme]) for part in (name, ground))
                assert (light + 0.05) / (dark + 0.05) >= least, (name, ground, theme)


def test_a_wheel_holds_what_the_page_is_made_of() -> None:
    """Every file beside the code is named in pyproject.toml."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = settings["tool"]["setuptools"]["package-data"]["tracking.reports.page"]
    files = [path.relative_to(PAGE).as_posix() for path in PAGE.rglob("*") if path.is_file()]
    others = [name for name in files if not name.endswith((".py", ".pyc"))]
    assert len(others) >= 4
    assert [name for name in others if not any(fnmatch(name, p) for p in patterns)] == []
