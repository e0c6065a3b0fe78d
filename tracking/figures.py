"""Figures as one page that stands alone: Plotly's own JSON, and the library to draw it, packed.

A page asks nothing of any network, and works from a disk and in MLflow's viewer, which shows a page
by itself in a frame: see docs/decisions/0005-figures.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from tracking.pages import level_text
from tracking.plotly_library import packed_library

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracking.pages import Sheet

PAGE = "figures.html"

# Okabe and Ito 2008: told apart by the colour-blind too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
GREY = "#6b7280"
_GRID = "#e5e7eb"
_MAX_LABEL = 28  # characters
_ROW_PX = 34  # of a category on a vertical axis

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1f2937;max-width:52rem;margin:1.5rem auto;
padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin:2.2rem 0 .2rem}p{margin:.2rem 0;color:#4b5563}
table{border-collapse:collapse;margin:.8rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.15rem .8rem;border-bottom:1px solid #e5e7eb;text-align:right}
th.left,td.left{text-align:left}
"""
_DRAW = """
(async () => {
  const packed = document.getElementById("library").textContent;
  const bytes = Uint8Array.from(atob(packed), c => c.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const library = document.createElement("script");
  library.textContent = await new Response(plain).text();
  document.head.append(library);
  const config = {responsive: true, displaylogo: false, modeBarButtonsToRemove: [
    "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"]};
  const plots = JSON.parse(document.getElementById("plots").textContent);
  plots.forEach((plot, i) => Plotly.newPlot(`plot${i}`, plot.data, plot.layout, config));
})().catch(error => {
  document.getElementById("problem").textContent = `The figures can't be drawn: ${error}`;
});
"""


@dataclass(frozen=True)
class Figure:
    """One section of a page; its words are plain text, but for those within `plot`.

    Attributes:
        title: says what is seen.
        captions: sentences below it.
        plot: Plotly's {'data': ..., 'layout': ...}, where users' text went through `plain`.
        sheet: a table below the plot.
    """

    title: str
    captions: Sequence[str]
    plot: dict[str, Any]
    sheet: Sheet | None = None


def plain(text: object) -> str:
    """Text that Plotly shows as it is, rather than reading tags and entities from it."""
    return escape(level_text(text), quote=False)


def short(text: object) -> str:
    """The same, cut so that a label leaves room for its plot."""
    words = level_text(text)
    return plain(words if len(words) <= _MAX_LABEL else f"{words[: _MAX_LABEL - 1]}\u2026")


def layout(height: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - Plotly's own JSON
    """What all plots share: white ground, quiet grid, room for labels that are long."""
    return {
        "height": height,
        "margin": {"l": 10, "r": 10, "t": 20, "b": 10},
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "#1f2937"},
        "plot_bgcolor": "white",
        "paper_bgcolor": "white",
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        **more,
    }


def axis(title: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - the same
    """An axis of numbers."""
    return {
        "title": {"text": title},
        "automargin": True,
        "gridcolor": _GRID,
        "zeroline": False,
        "linecolor": GREY,
        **more,
    }


def categories(title: str, names: Sequence[str], **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """A vertical axis of plain names in their order, the first on top."""
    return axis(
        title,
        type="category",
        categoryorder="array",
        categoryarray=list(names),
        range=[len(names) - 0.5, -0.5],
        **more,
    )


def height_of(n_categories: int) -> int:
    """Of a plot with so many rows, in pixels."""
    return 110 + _ROW_PX * n_categories


def render_page(title: str, figures: Sequence[Figure]) -> str:
    """The whole page; nothing in a user's text is read as HTML, as script or as an address."""
    plots = json.dumps([figure.plot for figure in figures], allow_nan=False)
    plots = plots.replace("<", "\\u003c")  # no text in it can end the script it stands in
    sections = "\n".join(_section(i, figure) for i, figure in enumerate(figures))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{_text(title)}</title><style>{_STYLE}</style></head><body>
<h1>{_text(title)}</h1>
<p id="problem"></p>
{sections}
<script type="application/json" id="plots">{plots}</script>
<script type="application/gzip" id="library">{packed_library()}</script>
<script>{_DRAW}</script>
</body></html>
"""


def _section(number: int, figure: Figure) -> str:
    captions = "".join(f"<p>{_text(caption)}</p>" for caption in figure.captions)
    sheet = _table(figure.sheet) if figure.sheet else ""
    heading = f"<h2>{_text(figure.title)}</h2>"
    return f'<section>{heading}{captions}<div id="plot{number}"></div>{sheet}</section>'


def _table(sheet: Sheet) -> str:
    rows = ["".join(_cells(row, "td", sheet.n_left)) for row in sheet.rows]
    head = "".join(_cells(sheet.header, "th", sheet.n_left))
    return f"<table>{''.join(f'<tr>{cells}</tr>' for cells in (head, *rows))}</table>"


def _cells(row: Sequence[str], tag: str, n_left: int) -> list[str]:
    left = [' class="left"' if i < n_left else "" for i in range(len(row))]
    return [f"<{tag}{c}>{_text(cell)}</{tag}>" for c, cell in zip(left, row, strict=True)]


def _text(text: str) -> str:
    return escape(level_text(text))
