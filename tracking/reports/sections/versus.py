"""Versus: the sweeps side by side, their best trials and the factors that several searched.

Differences from the baseline are paired by seed; what was trained on other ground is not judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.errors import TableError
from tracking.layout import Layout
from tracking.levels import SEED, axes, canonical, settings
from tracking.reports import cells, charts
from tracking.reports.material import Content
from tracking.reports.model import Cell, Chart, ReportTable
from tracking.reports.sameness import differences_of_ground, ground_warnings
from tracking.reports.setting_against import (
    Against,
    best_against,
    corrected,
    judged,
    runs_against,
)
from tracking.statistics import mean_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tracking.reading import RunRecord
    from tracking.reports.material import Material, Subject
    from tracking.reports.spec import SectionSpec

MAX_SWEEPS = 8  # side by side in a factor's table on the page
MAX_SHOWN = 6  # tables of factors on the page
_MAX_DRAWN = 20  # sweeps in the chart of best trials
_TWO = 2

Runs = dict[str, dict[str, list["RunRecord"]]]  # level -> sweep -> runs


def write(material: Material, asked: SectionSpec) -> Content | str:
    """The section, or why there is none."""
    groups = [(m, found) for m, found in material.groups() if len(found) >= _TWO]
    if asked.metric:
        found = [s for s in material.subjects if s.values(asked.metric)]
        groups = [(asked.metric, found)] if len(found) >= _TWO else []
    if not groups:
        return "There are no two sweeps with finished trials and the same metric to set together."
    tables: list[ReportTable] = []
    drawn: list[Chart] = []
    for metric, subjects in groups:
        if not asked.by:
            tables.append(_best_trials(material, metric, subjects))
            drawn.append(_chart(material, metric, subjects))
        for factor in asked.by or _shared(material, subjects):
            n_shown = sum(table.id.startswith("versus-by") for table in tables)
            table = _by_factor(material, metric, factor, subjects, shown=n_shown < MAX_SHOWN)
            tables += [table] if table else []
    if not tables:
        return f"No two sweeps have {' or '.join(asked.by)}, so there is nothing to set together."
    named = material.baseline
    return Content(
        sentences=[
            f"Differences are from {named.name}, the baseline, paired by seed; p-values are "
            "corrected for how many differences a table has."
            if named
            else "The report file names no baseline, so no differences are told."
        ],
        warnings=ground_warnings([s for _, subjects in groups for s in subjects]),
        tables=tables,
        charts=drawn,
    )


def _best_trials(material: Material, metric: str, subjects: Sequence[Subject]) -> ReportTable:
    baseline = _baseline_of(material, metric)
    found: dict[str, Against] = {}
    if baseline:
        others = [s for s in subjects if s.name != baseline.name]
        found = corrected({s.name: best_against(s, baseline, metric) for s in others})
    rows = []
    for subject in subjects:
        mean, half = cells.mean_and_half(subject.values(metric))
        is_baseline = baseline is not None and subject.name == baseline.name
        rows.append(
            [
                cells.words(subject.name, subject.link),
                cells.measured(mean, subject.best_link),
                cells.half(half),
                cells.count(len(subject.values(metric))),
                *_compared(found.get(subject.name), subject, metric, is_baseline=is_baseline),
            ]
        )
    numbers = [metric, "± 95%", "runs", "difference", "± 95% difference", "p"]
    return ReportTable(
        id=cells.slug("versus", metric),
        caption=f"The best trials side by side, by {metric}",
        columns=cells.columns("sweep", *numbers, "verdict", numbers=numbers),
        rows=rows,
    )


def _compared(
    one: Against | None, subject: Subject, metric: str, *, is_baseline: bool
) -> list[Cell]:
    """Difference, its interval, p and the verdict in words."""
    if one is None:
        return [Cell(""), Cell(""), Cell(""), Cell("baseline" if is_baseline else "")]
    sense = cells.sense(subject, metric)
    is_worse = one.is_real and sense.judged and ((one.difference or 0) > 0) != sense.rises
    told = Cell(judged(one, sense), mark="worse" if is_worse else "")
    return [cells.signed(one.difference), cells.half(one.half), cells.p_cell(one.p), told]


def _baseline_of(material: Material, metric: str) -> Subject | None:
    found = material.baseline
    return found if found is not None and found.values(metric) else None


def _shared(material: Material, subjects: Sequence[Subject]) -> list[str]:
    """The factors that at least two of the sweeps searched, in the order they are met."""
    varied = [name for subject in subjects for name in material.varied(subject)]
    return [name for name in dict.fromkeys(varied) if varied.count(name) >= _TWO]


def _by_factor(
    material: Material, metric: str, factor: str, subjects: Sequence[Subject], *, shown: bool
) -> ReportTable | None:
    """One line a level and sweep; on the page only if the sweeps are few."""
    having = [s for s in subjects if factor in material.varied(s) or s is material.baseline]
    if len(having) < _TWO:
        return None
    by_level = _runs_by_level(having, factor, metric)
    if by_level is None:
        return None
    levels, runs = by_level
    baseline = _baseline_of(material, metric)
    against = _against(material, runs, having, baseline, metric) if baseline else {}
    rows = []
    for level in levels:
        for subject in having:
            found = runs[level].get(subject.name, [])
            if found:
                one = against.get((level, subject.name))
                is_baseline = baseline is not None and subject.name == baseline.name
                rows.append(_line(level, subject, found, metric, one, is_baseline=is_baseline))
    numbers = [metric, "± 95%", "runs", "difference", "± 95% difference", "p"]
    return ReportTable(
        id=cells.slug("versus-by", factor, metric),
        caption=f"{metric} by {factor}, {cells.many(len(having), 'sweep')} side by side",
        columns=cells.columns(factor, "sweep", *numbers, "verdict", numbers=numbers),
        rows=rows,
        notes=_notes(material, having, factor),
        shown=shown and len(having) <= MAX_SWEEPS,
    )


def _line(
    level: str,
    subject: Subject,
    runs: Sequence[RunRecord],
    metric: str,
    one: Against | None,
    *,
    is_baseline: bool,
) -> list[Cell]:
    mean, _, high = mean_interval([run.metrics[metric] for run in runs])
    return [
        cells.words(level),
        cells.words(subject.name, subject.link),
        cells.measured(mean),
        cells.half(None if high is None else high - mean),
        cells.count(len(runs)),
        *_compared(one, subject, metric, is_baseline=is_baseline),
    ]


def _runs_by_level(
    subjects: Sequence[Subject], factor: str, metric: str
) -> tuple[list[str], Runs] | None:
    """The finished runs by level, in the order of a table, and by sweep."""
    records = [subject.record for subject in subjects]
    counted = [
        (record.name, run)
        for record in records
        for run in record.runs
        if run.finished and metric in run.metrics
    ]
    try:
        layout = Layout(axes([factor], records, [run for _, run in counted]), ("all",))
    except TableError:
        return None
    levels = {}
    runs: Runs = {}
    for sweep, run in counted:
        level = layout.level("all", run)
        name = layout.name(level)
        levels[name] = layout.key(level)
        runs.setdefault(name, {}).setdefault(sweep, []).append(run)
    return sorted(levels, key=lambda name: (levels[name], name)), runs


def _against(
    material: Material,
    runs: Runs,
    subjects: Sequence[Subject],
    baseline: Subject,
    metric: str,
) -> Mapping[tuple[str, str], Against]:
    """Each level of each sweep minus the same level of the baseline."""
    found: dict[str, Against] = {}
    keys: dict[str, tuple[str, str]] = {}
    for subject in subjects:
        if subject.name == baseline.name:
            continue
        ground = differences_of_ground(subject, baseline)
        varied = _varied_in(material, subject, baseline)
        for level, by_sweep in runs.items():
            mine, its = by_sweep.get(subject.name), by_sweep.get(baseline.name)
            if mine is None or its is None:
                continue
            key = canonical([level, subject.name])
            keys[key] = level, subject.name
            if ground:
                found[key] = Against(None, why_not=f"not judged: {', '.join(ground)}")
            elif _spread(mine, varied) != _spread(its, varied):
                found[key] = Against(None, why_not="not judged: other settings moved too")
            else:
                found[key] = runs_against(mine, its, metric)
    return {keys[key]: one for key, one in corrected(found).items()}


def _varied_in(material: Material, one: Subject, other: Subject) -> list[str]:
    """The settings that vary within either sweep, seeds included.

    What is constant in each may differ: that is what sets the sweeps apart.
    """
    levels = (material.levels(one), material.levels(other))
    names = dict.fromkeys(name for found in levels for name in found)
    return [name for name in names if any(len(found.get(name, ())) > 1 for found in levels)]


def _spread(runs: Sequence[RunRecord], names: Sequence[str]) -> list[str]:
    """Which settings were trained how often: equal where a difference of means is fair."""
    found = [settings(run) for run in runs]
    return sorted(canonical([one.get(name) for name in names]) for one in found)


def _notes(material: Material, subjects: Sequence[Subject], factor: str) -> list[str]:
    """What else sets the sweeps apart."""
    of_sweep = [material.levels(subject) for subject in subjects]
    names = dict.fromkeys(name for found in of_sweep for name in found)
    apart = [
        name
        for name in names
        if name not in {factor, SEED} and len({found.get(name) for found in of_sweep}) > 1
    ]
    if not apart:
        return []
    return [f"Beside the factor the sweeps differ in {cells.listed(apart, limit=8)}."]


def _chart(material: Material, metric: str, subjects: Sequence[Subject]) -> Chart:
    drawn = subjects[:_MAX_DRAWN]
    baseline = _baseline_of(material, metric)
    if baseline and baseline not in drawn and baseline in subjects:
        drawn = [*drawn[:-1], baseline]
    sense = cells.sense(subjects[0], metric)
    groups: dict[str, list[tuple[str, float, float | None]]] = {}
    for rank, subject in enumerate(drawn):
        mean, half = cells.mean_and_half(subject.values(metric))
        colour = "best" if rank == 0 and sense.judged else "other"
        if baseline and subject.name == baseline.name:
            colour = "baseline"
        if mean is not None:
            groups.setdefault(colour, []).append((charts.labels([subject.name])[0], mean, half))
    names = {"best": "best", "other": "mean", "baseline": "baseline"}
    low, high = (cells.told(s.values(metric)) for s in (drawn[-1], drawn[0]))
    left = len(subjects) - len(drawn)
    return Chart(
        id=cells.slug("chart", "versus", metric),
        title=f"The best trial of each sweep, by {metric}",
        plot=charts.plot(
            [charts.interval_bars(names[c], c, points, "mean") for c, points in groups.items()],
            x=charts.numbers(metric),
            y=charts.categories([subject.name for subject in drawn]),
            height=charts.height_of(len(drawn)),
        ),
        alt=(
            f"Means of {metric} of the best trial of {cells.many(len(drawn), 'sweep')} with 95% "
            f"intervals, from {high} ({drawn[0].name}) to {low} ({drawn[-1].name})."
        ),
        captions=[f"{left} more sweeps stand in the table."] if left else [],
    )
