"""A report as JSON, for programs and for the next report, which says what changed since.

`report.json` holds
    {"format": 1, "title": text, "made": "2026-11-21T07:00Z", "digest": SHA-256 of all the rest,
     "metrics": [text], "versions": {name: text}, "warnings": [text],
     "sweeps": [{"name", "digest", "data_digest", "experiment", "run", "runs": [MLflow ids],
                 "facts": {}}],
     "alerts": [{"text", "sweep", "metric", "value", "run"}],
     "sections": [{"name", "id", "title", "sentences": [text], "warnings": [text],
                   "tables": [{"id", "caption", "columns": [{"name", "numeric"}], "notes": [text],
                               "shown": on the page too,
                               "rows": [[{"text", "value", "run", "mark"}]]}],
                   "charts": [{"id", "title", "alt", "captions", "digest"}]}]}
A cell's value stands there unrounded, its run and mark only where it has them. Of a chart there is
no drawing, only the digest of one: tables hold the numbers. Not a number and infinity become null.
No address stands in it. Every character beyond ASCII is escaped, so that no text reorders a screen.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tracking.errors import ReportError
from tracking.reports.seen import seen_to_json

if TYPE_CHECKING:
    from datetime import datetime

    from tracking.reports.model import Cell, Chart, Link, Report, ReportTable, Section

_FORMAT = 1
_LISTS = ("metrics", "warnings", "sweeps", "alerts", "sections")


def write_json(report: Report, made: datetime) -> str:
    """The whole of `report.json`; only the line of 'made' depends on the date.

    Args:
        made: UTC.
    """
    content = _content(report)
    dated = {
        "format": _FORMAT,
        "title": report.title,
        "made": f"{made:%Y-%m-%dT%H:%MZ}",
        "digest": _digest(content),
    }
    return json.dumps({**dated, **content}, indent=1, allow_nan=False) + "\n"


def report_digest(report: Report) -> str:
    """SHA-256 of all that a report says, whenever it is made and wherever its dashboard is."""
    return _digest(_content(report))


def read_report_json(text: str) -> dict[str, Any]:
    """What a `report.json` holds.

    Raises: ReportError if it is none, of a later format, or changed since it was written.
    """
    try:
        held = json.loads(text)
    except ValueError as error:
        raise ReportError(f"report.json is no JSON ({error}); make the report again") from error
    if not isinstance(held, dict) or "format" not in held:
        raise ReportError("report.json is none of Fairtrial's reports; make the report again")
    if held["format"] != _FORMAT:
        raise ReportError(
            f"report.json has format {held['format']!r}, and this release reads {_FORMAT}; "
            "make the report again"
        )
    content = {name: held[name] for name in held if name not in {"format", "made", "digest"}}
    whole = all(isinstance(content.get(name), list) for name in _LISTS)
    if not whole or held.get("digest") != _digest(content):
        raise ReportError(
            "report.json was changed since it was written: its digest is another; "
            "make the report again"
        )
    return held


def finite(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same with lists for tuples and null for what JSON has no word for."""
    if isinstance(value, Mapping):
        return {str(key): finite(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _content(report: Report) -> dict[str, Any]:
    held = {
        "title": report.title,
        "metrics": report.metrics,
        "versions": report.versions,
        "warnings": report.warnings,
        "sweeps": [seen_to_json(seen) for seen in report.seen],
        "alerts": [
            {
                "text": alert.text,
                "sweep": alert.sweep,
                "metric": alert.metric,
                "value": alert.value,
                **_run(alert.link),
            }
            for alert in report.alerts
        ],
        "sections": [_section(section) for section in report.sections],
    }
    return {name: finite(part) for name, part in held.items()}


def _section(section: Section) -> dict[str, Any]:
    return {
        "name": section.name,
        "id": section.id,
        "title": section.title,
        "sentences": section.sentences,
        "warnings": section.warnings,
        "tables": [_table(table) for table in section.tables],
        "charts": [_chart(chart) for chart in section.charts],
    }


def _table(table: ReportTable) -> dict[str, Any]:
    return {
        "id": table.id,
        "caption": table.caption,
        "columns": [{"name": column.name, "numeric": column.numeric} for column in table.columns],
        "rows": [[_cell(cell) for cell in row] for row in table.rows],
        "notes": table.notes,
        "shown": table.shown,
    }


def _cell(cell: Cell) -> dict[str, Any]:
    value = {} if cell.value is None else {"value": cell.value}
    mark = {"mark": cell.mark} if cell.mark else {}
    return {"text": cell.text, **value, **_run(cell.link), **mark}


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "id": chart.id,
        "title": chart.title,
        "alt": chart.alt,
        "captions": chart.captions,
        "digest": _digest(finite(chart.plot)),
    }


def _run(link: Link | None) -> dict[str, str]:
    return {"run": link.run_id} if link else {}
