"""Tables of the page, by great_tables: its markup, and the page's own style in place of its."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from markupsafe import Markup

from tracking.pages import level_text
from tracking.reports.addresses import run_address

if TYPE_CHECKING:
    from great_tables._text import Text

    from tracking.reports.model import Cell, Column, ReportTable

MARKS = {
    "best": ("\u2605", "best", "best of its column"),
    "worse": ("\u25bc", "worse", "worse, and by more than chance"),
    "warning": ("!", "see the warning", "read the warning"),
}
# Characters of a cell of words: one that never breaks; one that does on a phone and on paper; from
# here on it gets room for several words on each line.
_WORD, _WHOLE, _PROSE = 14, 24, 48


def table_html(table: ReportTable, dashboard: str) -> Markup:
    """The table with its caption, first column as row headers; every text in it is escaped here.

    Args:
        dashboard: from `web_address`.
    """
    import pandas as pd
    from great_tables import GT, html

    names = [f"c{i}" for i in range(len(table.columns))]
    rows = [
        [_cell(cell, column, dashboard) for cell, column in zip(row, table.columns, strict=True)]
        for row in table.rows
    ]
    labels: dict[str, str | Text] = {
        name: html(_label(column)) for name, column in zip(names, table.columns, strict=True)
    }
    numeric = [name for name, column in zip(names, table.columns, strict=True) if column.numeric]
    made = (
        GT(pd.DataFrame(rows, columns=names), id=f"t-{table.id}", rowname_col="c0")
        .cols_label({**labels})
        .cols_align("left")
        .cols_align("right", numeric)
        .tab_stubhead(labels["c0"])
        .fmt(str)
        .fmt(str, columns="c0")
        .as_raw_html()
    )
    # Its style is 8 kB a table, and knows no dark ground; its title would be a cell, no caption.
    start = made.index("<table", made.index("</style>"))
    head, body = made[start : made.rindex("</table>")].split(">", 1)
    caption = f'<caption><span id="caption-{table.id}">{_text(table.caption)}</span></caption>'
    return Markup(f"{head}>{caption}{body}</table>")  # noqa: S704 - escaped above


def marks_of(table: ReportTable) -> set[str]:
    """The marks that its cells have."""
    return {cell.mark for row in table.rows for cell in row if cell.mark}


def _cell(cell: Cell, column: Column, dashboard: str) -> str:
    address = run_address(cell.link, dashboard)
    text = _text(cell.text)
    kind = "" if column.numeric else _kind(len(cell.text))
    text = f'<span class="{kind}">{text}</span>' if kind else text
    shown = f'<a href="{escape(address)}" rel="noreferrer">{text}</a>' if address else text
    if not cell.mark:
        return shown
    sign, words, _ = MARKS[cell.mark]
    told = f'<span aria-hidden="true">{sign}</span><span class="unseen">{words}: </span>'
    return f'<span class="{cell.mark}">{told}{shown}</span>'


def _kind(length: int) -> str:
    """How a cell of words breaks into lines; the style says what it means."""
    if length <= _WHOLE:
        return ("word" if length <= _WORD else "whole") if length else ""
    return "prose" if length >= _PROSE else ""


def _label(column: Column) -> str:
    """Braces as entities: great_tables reads '{{m^2}}' as a unit, and all around it as HTML."""
    return _text(column.name).replace("{", "&#123;").replace("}", "&#125;")


def _text(text: str) -> str:
    return escape(level_text(text))
