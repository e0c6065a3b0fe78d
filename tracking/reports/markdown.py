"""A report as Markdown: GitHub's tables, and no text in it that turns into markup or an address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tracking.formats import markdown_text
from tracking.reports.addresses import run_address, web_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from tracking.reports.model import Alert, Cell, Chart, Report, ReportTable, Section

_MARKS = {"best": " (best)", "worse": " (worse)", "warning": " (see the warning)", "": ""}
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")  # at the start of a line: a list


def write_markdown(report: Report, made: datetime) -> str:
    """The whole report but for its charts, of which it tells what they show.

    Args:
        made: UTC; on a line of its own.
    """
    dashboard = web_address(report.dashboard)
    blocks = [
        f"# {markdown_text(report.title)}",
        f"Made {made:%Y-%m-%d %H:%M} UTC",
        *_quoted("Alert", [_alert(alert, dashboard) for alert in report.alerts]),
        *_quoted("Warning", [markdown_text(warning) for warning in report.warnings]),
        f"Sweeps: {', '.join(markdown_text(seen.name) for seen in report.seen)}",
        f"Metrics: {', '.join(markdown_text(metric) for metric in report.metrics)}",
    ]
    for section in report.sections:
        blocks += _section(section, dashboard)
    return "\n\n".join(blocks) + "\n"


def _section(section: Section, dashboard: str) -> Iterator[str]:
    yield f"## {markdown_text(section.title)}"
    yield from (_line(sentence) for sentence in section.sentences)
    yield from _quoted("Warning", [markdown_text(warning) for warning in section.warnings])
    for table in (table for table in section.tables if table.shown):
        yield from _table(table, dashboard)
    for chart in section.charts:
        yield from _chart(chart)


def _quoted(kind: str, texts: Sequence[str]) -> Iterator[str]:
    for text in texts:
        yield f"> **{kind}:** {text}"


def _alert(alert: Alert, dashboard: str) -> str:
    return _linked(markdown_text(alert.text), run_address(alert.link, dashboard))


def _table(table: ReportTable, dashboard: str) -> Iterator[str]:
    yield f"### {markdown_text(table.caption)}"
    header = [markdown_text(column.name) for column in table.columns]
    rules = ["---:" if column.numeric else ":---" for column in table.columns]
    rows = [[_cell(cell, dashboard) for cell in row] for row in table.rows]
    yield "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rules, *rows))
    yield from (_line(note) for note in table.notes)


def _cell(cell: Cell, dashboard: str) -> str:
    shown = _linked(markdown_text(cell.text), run_address(cell.link, dashboard))
    return f"**{shown}**{_MARKS['best']}" if cell.mark == "best" else shown + _MARKS[cell.mark]


def _chart(chart: Chart) -> Iterator[str]:
    yield f"### Chart: {markdown_text(chart.title)}"
    yield _line(chart.alt)
    yield from (_line(caption) for caption in chart.captions)


def _linked(text: str, address: str) -> str:
    if not address:
        return text
    words = text.replace("[", "\\[").replace("]", "\\]")
    return f"[{words}]({address.replace('(', '%28').replace(')', '%29')})"


def _line(text: str) -> str:
    """Text at the start of a line, where some characters would make it another kind of block."""
    return _NUMBERED.sub(r"\1\\\2", markdown_text(text.lstrip()))
