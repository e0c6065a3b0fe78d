"""A report read back from its report.json: all its words and tables, its charts without drawing.

Enough to deliver it again; what it looks like lies beside it in its files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracking.reports.model import (
    Alert,
    Cell,
    Chart,
    Column,
    Link,
    Report,
    ReportTable,
    Section,
)
from tracking.reports.seen import seen_from_json

if TYPE_CHECKING:
    from collections.abc import Mapping


def restored_report(held: Mapping[str, Any], dashboard: str) -> Report:
    """The report that a report.json holds.

    Args:
        held: from `read_report_json`.
        dashboard: MLflow's address now.
    """
    seen = [seen_from_json(sweep) for sweep in held["sweeps"]]
    links = {run: Link(sweep.link.experiment_id, run) for sweep in seen for run in sweep.run_ids}
    links |= {sweep.link.run_id: sweep.link for sweep in seen}
    return Report(
        title=held["title"],
        sections=[_section(section, links) for section in held["sections"]],
        seen=seen,
        metrics=held["metrics"],
        alerts=[
            Alert(
                alert["text"],
                alert["sweep"],
                alert["metric"],
                alert["value"],
                links.get(alert.get("run", "")),
            )
            for alert in held["alerts"]
        ],
        warnings=held["warnings"],
        dashboard=dashboard,
        versions=held["versions"],
    )


def _section(held: Mapping[str, Any], links: Mapping[str, Link]) -> Section:
    return Section(
        name=held["name"],
        id=held["id"],
        title=held["title"],
        sentences=held["sentences"],
        warnings=held["warnings"],
        tables=[_table(table, links) for table in held["tables"]],
        charts=[
            Chart(chart["id"], chart["title"], {}, chart["alt"], chart["captions"])
            for chart in held["charts"]
        ],
    )


def _table(held: Mapping[str, Any], links: Mapping[str, Link]) -> ReportTable:
    return ReportTable(
        id=held["id"],
        caption=held["caption"],
        columns=[Column(column["name"], column["numeric"]) for column in held["columns"]],
        rows=[[_cell(cell, links) for cell in row] for row in held["rows"]],
        notes=held["notes"],
        shown=held["shown"],
    )


def _cell(held: Mapping[str, Any], links: Mapping[str, Link]) -> Cell:
    link = links.get(held.get("run", ""))
    return Cell(held["text"], held.get("value"), link, held.get("mark", ""))
