"""Comparison: the metric of each sweep by each factor it searched, with statistics and a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.layout import TWO
from tracking.levels import canonical, settings
from tracking.pages import level_text, number
from tracking.reports import cells, charts
from tracking.reports.material import Content
from tracking.reports.model import Cell, Chart, ReportTable
from tracking.statistics import ALPHA

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Literal

    from tracking.reports.material import Material, Subject
    from tracking.reports.model import Link
    from tracking.reports.spec import SectionSpec
    from tracking.tables import Row, Table

MAX_SHOWN = 40  # tables on the page; all are among the CSV files
_MAX_CELLS = 60  # of a grid on the page


def write(material: Material, asked: SectionSpec) -> Content | str:
    """The section, or why there is none."""
    found = list(_tables(material, asked))
    if not found:
        by = f" by {' and '.join(asked.by)}" if asked.by else ""
        return f"No sweep has finished runs to compare{by}."
    tables: list[ReportTable] = []
    drawn: list[Chart] = []
    sentences = []
    for n, (subject, table) in enumerate(found):
        shown = n < MAX_SHOWN
        tables += _report_tables(subject, table, shown=shown)
        if shown:
            drawn.append(_chart(subject, table))
        if shown and table.verdict is not None:
            told = f"{subject.name}, by {', '.join(table.by)}: {table.verdict.sentence}."
            sentences.append(told)
    if len(found) > MAX_SHOWN:
        sentences.append(
            f"{len(found) - MAX_SHOWN} more comparisons are not on this page; their numbers are "
            "in the report's folder, under tables/, and in report.json. To see one here, name "
            "fewer sweeps, or a factor: comparison: {by: ...}."
        )
    return Content(sentences, _warnings(found), tables, drawn)


def _tables(material: Material, asked: SectionSpec) -> Iterator[tuple[Subject, Table]]:
    for subject in material.subjects:
        metric = asked.metric or subject.metric
        if not metric:
            continue
        factors = [asked.by] if asked.by else [(name,) for name in material.varied(subject)]
        for by in factors:
            table = material.table(subject, by, metric)
            if table is not None and (len(table.rows) > 1 or asked.by):
                yield subject, table


def _warnings(found: Sequence[tuple[Subject, Table]]) -> list[str]:
    """Which tables are observed; why stands below each."""
    observed = list(dict.fromkeys(s.name for s, table in found if not table.controlled))
    if not observed:
        return []
    n = sum(not table.controlled for _, table in found)
    told = (
        f"{n} of {cells.many(len(found), 'table')} {'is' if n == 1 else 'are'} observed, not "
        f"controlled ({cells.listed(observed)}): rows differ in more than the factor, as stands "
        "below each, so nothing in them is tested."
    )
    return [told]


def _report_tables(subject: Subject, table: Table, *, shown: bool) -> Iterator[ReportTable]:
    if len(table.by) != TWO:
        yield _levels(subject, table, shown=shown)
        return
    if shown and len(table.rows) <= _MAX_CELLS:
        yield _grid(subject, table)
        yield _levels(subject, table, shown=False)
    else:
        yield _levels(subject, table, shown=shown)


def _levels(subject: Subject, table: Table, *, shown: bool) -> ReportTable:
    """One line a level."""
    tested = any(row.against_best is not None for row in table.rows)
    more = ["difference", "± 95% difference", "p", "chance to beat it"] if tested else []
    numbers = [table.metric, "± 95%", "runs", "best run", *more]
    grid = [] if len(table.by) != TWO or shown else ["levels"]
    return ReportTable(
        id=cells.slug("comparison", subject.name, *table.by, *grid),
        caption=_caption(subject, table),
        columns=cells.columns(*table.by, *numbers, numbers=numbers),
        rows=[_row(subject, table, row, tested=tested) for row in table.rows],
        notes=_notes(table),
        shown=shown,
    )


def _row(subject: Subject, table: Table, row: Row, *, tested: bool) -> list[Cell]:
    half = None if row.ci_high is None else row.ci_high - row.mean
    found = [
        *(cells.words(part) for part in row.level),
        cells.measured(row.mean, mark=_mark(table, row)),
        cells.half(half),
        cells.count(row.n),
        cells.measured(row.best, _best_of(subject, table, row)),
    ]
    if not tested:
        return found
    other = row.against_best
    if other is None:
        return [*found, *[Cell("")] * 4]
    spread = None if other.high is None else other.high - other.difference
    chance = Cell(f"{other.chance:.0%}", other.chance)
    return [
        *found,
        cells.signed(other.difference),
        cells.half(spread),
        cells.p_cell(row.p_value),
        chance,
    ]


def _best_of(subject: Subject, table: Table, row: Row) -> Link | None:
    """The run that measured the best of a level."""
    found = [
        run
        for run in subject.record.runs
        if run.finished and run.metrics.get(table.metric) == row.best
    ]
    # Of runs with the very same number, one of this level; a bin of values has no such setting.
    level = [canonical(part) for part in row.level]
    here = [r for r in found if [canonical(settings(r).get(name)) for name in table.by] == level]
    return next((subject.link_of(run) for run in (*here, *found)), None)


def _mark(table: Table, row: Row) -> Literal["", "best", "worse"]:
    """The best, where it was judged, and those that are shown to be worse."""
    if table.best is None or not table.sense.judged:
        return ""
    if row.against_best is None:
        return "best"
    return "worse" if row.p_value is not None and row.p_value <= ALPHA else ""


def _grid(subject: Subject, table: Table) -> ReportTable:
    """Rows of the first factor, columns of the second."""
    first, second = table.by
    by_first: dict[str, dict[str, Row]] = {}
    for row in table.rows:
        by_first.setdefault(canonical(row.level[0]), {})[canonical(row.level[1])] = row
    headings = [f"{second} {level_text(level)}" for level in table.across]
    rows = [
        [
            cells.words(next(iter(found.values())).level[0]),
            *(_grid_cell(subject, table, found.get(canonical(level))) for level in table.across),
        ]
        for found in by_first.values()
    ]
    return ReportTable(
        id=cells.slug("comparison", subject.name, *table.by),
        caption=f"{_caption(subject, table)}: mean ± half of its 95% interval",
        columns=cells.columns(first, *headings, numbers=headings),
        rows=rows,
        notes=_notes(table),
    )


def _grid_cell(subject: Subject, table: Table, row: Row | None) -> Cell:
    if row is None:
        return Cell("")
    half = "" if row.ci_high is None else f" ± {number(row.ci_high - row.mean)}"
    link = _best_of(subject, table, row)
    return Cell(f"{number(row.mean)}{half}", row.mean, link, _mark(table, row))


def _caption(subject: Subject, table: Table) -> str:
    kind = "controlled" if table.controlled else "observed"
    return f"{subject.name}: {table.metric} by {' and '.join(table.by)} ({kind})"


def _notes(table: Table) -> list[str]:
    parts = (table, *table.marginals)
    method = [text for part in parts if part.verdict for text in part.verdict.method]
    alone = [
        f"By {part.by[0]}: {part.verdict.sentence}." for part in table.marginals if part.verdict
    ]
    return list(dict.fromkeys([*alone, *table.notes, *method]))


def _chart(subject: Subject, table: Table) -> Chart:
    if len(table.by) == TWO:
        return _chart_of_two(subject, table)
    names = [level_text(row.level[0]) for row in table.rows]
    keys = charts.labels(names)
    points = [
        (key, row.mean, None if row.ci_high is None else row.ci_high - row.mean)
        for key, row in zip(keys, table.rows, strict=True)
    ]
    best = [_mark(table, row) == "best" for row in table.rows]
    groups = {"best": [], "other": []}  # type: dict[str, list[tuple[str, float, float | None]]]
    for point, is_best in zip(points, best, strict=True):
        groups["best" if is_best else "other"].append(point)
    data = [
        charts.interval_bars("best mean" if colour == "best" else "mean", colour, found, "mean")
        for colour, found in groups.items()
        if found
    ]
    return Chart(
        id=cells.slug("chart", "comparison", subject.name, *table.by),
        title=_caption(subject, table),
        plot=charts.plot(
            data,
            x=charts.numbers(table.metric),
            y=charts.categories(names, title=table.by[0]),
            height=charts.height_of(len(names)),
        ),
        alt=_alt(table, [(name, row) for name, row in zip(names, table.rows, strict=True)]),
    )


def _chart_of_two(subject: Subject, table: Table) -> Chart:
    """One row a level of the first factor, a colour a level of the second."""
    names = list(dict.fromkeys(level_text(row.level[0]) for row in table.rows))
    data = []
    for level in table.across:
        rows = [row for row in table.rows if canonical(row.level[1]) == canonical(level)]
        points = [
            (
                charts.labels([level_text(row.level[0])])[0],
                row.mean,
                None if row.ci_high is None else row.ci_high - row.mean,
            )
            for row in rows
        ]
        bars = charts.interval_bars(f"{table.by[1]} {level_text(level)}", "", points, "mean")
        data.append({**bars, "marker": {"size": 9}})
    named = [(", ".join(map(level_text, row.level)), row) for row in table.rows]
    return Chart(
        id=cells.slug("chart", "comparison", subject.name, *table.by),
        title=_caption(subject, table),
        plot=charts.plot(
            data,
            x=charts.numbers(table.metric),
            y=charts.categories(names, title=table.by[0]),
            height=charts.height_of(len(names)),
        ),
        alt=_alt(table, named),
    )


def _alt(table: Table, named: Sequence[tuple[str, Row]]) -> str:
    """From where to where the means reach."""
    low = min(named, key=lambda pair: pair[1].mean)
    high = max(named, key=lambda pair: pair[1].mean)
    return (
        f"Means of {table.metric} with 95% intervals at {cells.many(len(named), 'level')} of "
        f"{' and '.join(table.by)}: from {number(low[1].mean)} at {low[0]} "
        f"to {number(high[1].mean)} at {high[0]}."
    )
