"""The last touch on sections: text that no terminal or page obeys, and ids that are distinct."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tracking.pages import level_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracking.reports.model import Chart, ReportTable, Section


def printable(section: Section) -> Section:
    """The same on single lines without control or reordering characters; nothing is escaped.

    Cells are made printable where they are made, and so is what stands in a plot.
    """
    return replace(
        section,
        sentences=_texts(section.sentences),
        warnings=_texts(section.warnings),
        tables=[_table(table) for table in section.tables],
        charts=[_chart(chart) for chart in section.charts],
    )


def distinct_ids(sections: Sequence[Section]) -> list[Section]:
    """Tables and charts with ids of their own: of equal ones the later get a number."""
    taken: set[str] = {section.id for section in sections}

    def own(name: str) -> str:
        found, n = name, 2
        while found in taken:
            found, n = f"{name}-{n}", n + 1
        taken.add(found)
        return found

    return [
        replace(
            section,
            tables=[replace(table, id=own(table.id)) for table in section.tables],
            charts=[replace(chart, id=own(chart.id)) for chart in section.charts],
        )
        for section in sections
    ]


def _table(table: ReportTable) -> ReportTable:
    columns = [replace(column, name=level_text(column.name)) for column in table.columns]
    return replace(
        table, caption=level_text(table.caption), notes=_texts(table.notes), columns=columns
    )


def _chart(chart: Chart) -> Chart:
    return replace(
        chart,
        title=level_text(chart.title),
        alt=level_text(chart.alt),
        captions=_texts(chart.captions),
    )


def _texts(texts: Sequence[str]) -> list[str]:
    return [level_text(text) for text in texts]
