"""What a report says, whatever it is written in: sections of sentences, tables and charts.

The sections are filled elsewhere, and page, Markdown, CSV and JSON are written elsewhere; nothing
in here knows MLflow, HTML or escapes anything. Any text may come from a user and be hostile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SectionName = Literal[
    "verdict",
    "leaderboard",
    "comparison",
    "versus",
    "trend",
    "importance",
    "curves",
    "failures",
    "cost",
    "provenance",
    "changes",
]


@dataclass(frozen=True)
class Link:
    """Where something is in MLflow; pages make an address of it when they know the dashboard's."""

    experiment_id: str
    run_id: str

    def address(self, dashboard: str) -> str:
        """The page of the run, such as 'http://127.0.0.1:5000/#/experiments/3/runs/5af…'."""
        return f"{dashboard.rstrip('/')}/#/experiments/{self.experiment_id}/runs/{self.run_id}"


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: as people read it.
        value: what stands behind it, unrounded: for CSV, JSON and sorting; None: the text itself.
        link: the run it was measured by, or whose best it is.
        mark: how it is set off: 'best' of its column, 'worse' (significantly), 'warning' or ''.
    """

    text: str
    value: float | int | str | None = None
    link: Link | None = None
    mark: Literal["", "best", "worse", "warning"] = ""


@dataclass(frozen=True)
class Column:
    """A column's heading, and whether numbers stand below it (then it is aligned right)."""

    name: str
    numeric: bool = False


@dataclass(frozen=True)
class ReportTable:
    """Cells under a header.

    Attributes:
        id: unique in the report, of [a-z0-9-]: names the CSV file, such as 'leaderboard'.
        caption: one line, what it shows.
        notes: below it.
        shown: False: only among the CSV files and in JSON, to keep the page short.
    """

    id: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    shown: bool = True


@dataclass(frozen=True)
class Chart:
    """A Plotly figure, and the same in words for those who don't see it.

    Attributes:
        id: unique among charts, of [a-z0-9-]; 'chart-x' stands below the table 'x'.
        plot: {'data': [...], 'layout': {...}} of JSON types: titles and axes, but neither colours
            of ground and text nor fonts: those are the page's, for two themes. Traces take their
            colour by order from the page's palette unless `marker.color` or `line.color` is
            'best', 'other' or 'baseline', which the page replaces with its own. Users' text in
            it went through `figures.plain`, since Plotly reads tags and entities in any text.
        alt: one or two sentences that say what is to be seen.
    """

    id: str
    title: str
    plot: Mapping[str, Any]
    alt: str
    captions: Sequence[str] = ()


@dataclass(frozen=True)
class Section:
    """One part of a report.

    Attributes:
        sentences: first on the page, before tables and charts.
        warnings: what keeps a reader from believing it, in sentences.
    """

    name: SectionName
    id: str
    title: str
    sentences: Sequence[str] = ()
    warnings: Sequence[str] = ()
    tables: Sequence[ReportTable] = ()
    charts: Sequence[Chart] = ()


@dataclass(frozen=True)
class Alert:
    """An alert of the report file that fired."""

    text: str
    sweep: str
    metric: str
    value: float
    link: Link | None = None


@dataclass(frozen=True)
class SeenSweep:
    """What a report saw of a sweep: enough to say later whether it is still there, unchanged.

    Attributes:
        digest: SHA-256 over the runs that were read: ids, states, settings and metrics.
        run_ids: MLflow's ids of those runs, sorted.
        data_digest: of the prepared data.
        facts: JSON types that the next report is set against, and this one is made again from:
            what may change in a sweep though its runs don't (see `seen`).
    """

    name: str
    digest: str
    data_digest: str
    link: Link
    run_ids: Sequence[str] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """A whole report; equal for equal data, whenever it is made.

    Attributes:
        title: as in the report file.
        alerts: those that fired; they stand first.
        warnings: about the report as a whole, such as sweeps that were named and are not there.
        metrics: in the order of the file.
        seen: the sweeps it rests on, by name.
        dashboard: MLflow's address, or '' when none is known.
    """

    title: str
    sections: Sequence[Section]
    seen: Sequence[SeenSweep]
    metrics: Sequence[str]
    alerts: Sequence[Alert] = ()
    warnings: Sequence[str] = ()
    dashboard: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
