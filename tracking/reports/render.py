"""A report as files: the page, Markdown, JSON, and a CSV of each table.

Where they are kept and sent is decided elsewhere. Two renderings of an equal report differ in the
one line of each file that holds the date.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING

from tracking.errors import ReportError
from tracking.reports.csv_files import write_table
from tracking.reports.json_format import read_report_json, report_digest, write_json
from tracking.reports.markdown import write_markdown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tracking.reports.model import Report

__all__ = ["read_report_json", "render_files", "report_digest"]

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def render_files(report: Report, *, made: datetime) -> dict[str, bytes]:
    """All files of a report by their names: report.html, report.md, report.json, tables/<id>.csv.

    Args:
        made: when; any time zone. The files say the minute, in UTC.
    Raises: ReportError if an id of the report can't name a file, or names two.
    """
    from tracking.reports.page.html import write_page

    tables = [table for section in report.sections for table in section.tables]
    charts = [chart for section in report.sections for chart in section.charts]
    for kind, parts in (("section", report.sections), ("table", tables), ("chart", charts)):
        _check_ids(kind, [part.id for part in parts])
    moment = made.astimezone(UTC)
    files = {
        "report.html": write_page(report, moment),
        "report.md": write_markdown(report, moment),
        "report.json": write_json(report, moment),
        **{f"tables/{table.id}.csv": write_table(table) for table in tables},
    }
    return {name: text.encode() for name, text in files.items()}


def _check_ids(kind: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in ids:
        if not _ID.fullmatch(name):
            raise ReportError(
                f"{kind} id {name!a} can't name a file; take small letters, digits and hyphens"
            )
        if name in seen:
            raise ReportError(f"two parts of the report have the {kind} id '{name}'; rename one")
        seen.add(name)
