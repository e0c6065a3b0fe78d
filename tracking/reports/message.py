"""What is sent about a report: a subject, and its alerts, verdict and best rows, short and plain.

The whole report is the page; this is what a mail client or a chat shows of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from tracking.pages import level_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tracking.reports.model import Report, ReportTable, Section

MAX_ROWS, MAX_COLUMNS, MAX_SENTENCES, MAX_SUBJECT = 5, 6, 12, 200

_FONT = "font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:15px;line-height:1.5"
_CELL = "padding:4px 16px 4px 0;border-bottom:1px solid #ccc"


@dataclass(frozen=True)
class Message:
    """One message, in two forms of the same content.

    Attributes:
        subject: one line.
        text: without any markup.
        html: a fragment that loads nothing; every name in it is escaped.
    """

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class _Part:
    """A heading with sentences or with a table below it."""

    heading: str
    sentences: Sequence[str] = ()
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


def message_of(report: Report, *, number: int, page: Path, mlflow_run: str = "") -> Message:
    """What to send about a report.

    Args:
        number: of the kept report.
        page: its HTML, on this machine.
        mlflow_run: of the kept report, or ''.
    """
    title = level_text(report.title.strip())
    parts = list(_parts(report))
    end = f"Report {number}. The whole page is {_place(report.dashboard, mlflow_run, page)}."
    return Message(_subject(title, len(report.alerts)), _text(parts, end), _html(parts, end))


def _place(dashboard: str, mlflow_run: str, page: Path) -> str:
    if dashboard and mlflow_run:
        return f"in MLflow at {dashboard.rstrip('/')}/#/runs/{mlflow_run} and in the file {page}"
    return f"in the file {page}"


def _subject(title: str, n_alerts: int) -> str:
    tail = f" ({n_alerts} alert{'s' if n_alerts > 1 else ''})" if n_alerts else ""
    room = MAX_SUBJECT - len(tail)
    return f"{title if len(title) <= room else title[: room - 1] + '…'}{tail}"


def _parts(report: Report) -> Iterator[_Part]:
    if report.alerts:
        yield _Part("Alerts", _lines([alert.text for alert in report.alerts]))
    for section in report.sections:
        if section.name in {"verdict", "changes"} and section.sentences:
            yield _Part(level_text(section.title), _lines(section.sentences))
        if section.name == "leaderboard" and section.tables:
            yield _leaderboard(section, section.tables[0])
    warnings = [*report.warnings, *(text for part in report.sections for text in part.warnings)]
    if warnings:
        yield _Part("Warnings", _lines(list(dict.fromkeys(warnings))))


def _lines(sentences: Sequence[str]) -> list[str]:
    shown = [level_text(sentence) for sentence in sentences[:MAX_SENTENCES]]
    left = len(sentences) - len(shown)
    return [*shown, f"… and {left} more in the report"] if left else shown


def _leaderboard(section: Section, table: ReportTable) -> _Part:
    rows = [[level_text(cell.text) for cell in row[:MAX_COLUMNS]] for row in table.rows[:MAX_ROWS]]
    left = len(table.rows) - len(rows)
    return _Part(
        level_text(section.title),
        [f"… and {left} more in the report"] if left else [],
        [level_text(column.name) for column in table.columns[:MAX_COLUMNS]],
        rows,
    )


def _text(parts: Sequence[_Part], end: str) -> str:
    lines: list[str] = []
    for part in parts:
        lines.append(part.heading)
        for row in part.rows:
            told = [f"{name} {cell}" for name, cell in zip(part.header, row, strict=True) if cell]
            lines.append(f"- {', '.join(told)}")
        lines += [f"- {sentence}" for sentence in part.sentences]
        lines.append("")
    return "\n".join([*lines, end])


def _html(parts: Sequence[_Part], end: str) -> str:
    return (
        f'<div style="{_FONT}">{"".join(_html_part(part) for part in parts)}'
        f"<p>{escape(end)}</p></div>"
    )


def _html_part(part: _Part) -> str:
    table = ""
    if part.rows:
        rows = _row("th", part.header) + "".join(_row("td", row) for row in part.rows)
        table = f'<table cellspacing="0" style="border-collapse:collapse">{rows}</table>'
    listed = "".join(f"<li>{escape(sentence)}</li>" for sentence in part.sentences)
    return f"<h3>{escape(part.heading)}</h3>{table}{f'<ul>{listed}</ul>' if listed else ''}"


def _row(tag: str, cells: Sequence[str]) -> str:
    told = "".join(f'<{tag} align="left" style="{_CELL}">{escape(cell)}</{tag}>' for cell in cells)
    return f"<tr>{told}</tr>"
