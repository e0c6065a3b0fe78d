"""Trend: the best so far, by the time that trials ended, within each sweep and across them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tracking.pages import number
from tracking.reports import cells, charts
from tracking.reports.material import Content, mean_of
from tracking.reports.model import Cell, Chart, ReportTable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tracking.reading import RunRecord
    from tracking.reports.material import Material, Subject
    from tracking.reports.spec import SectionSpec

MAX_LINES = 8
_ACROSS = "best of all so far"


@dataclass(frozen=True)
class Step:
    """A trial that became the best of its sweep.

    Attributes:
        ended_ms: when its last run ended.
        value: its mean of the metric that is drawn.
    """

    ended_ms: int
    value: float
    runs: tuple[RunRecord, ...]


def write(material: Material, asked: SectionSpec) -> Content | str:  # noqa: ARG001 - as all sections
    """The section, or why there is none."""
    tables, drawn = [], []
    for metric, subjects in material.groups():
        found = [(subject, steps_of(subject, metric)) for subject in subjects]
        found = [(subject, steps) for subject, steps in found if steps]
        if found:
            tables.append(_table(metric, found))
            drawn.append(_chart(metric, found))
    if not tables:
        return "No trial has finished yet, so there is no trend."
    return Content(tables=tables, charts=drawn)


def steps_of(subject: Subject, metric: str) -> list[Step]:
    """The trials that were the best of their sweep when they ended, in that order.

    As everywhere, the best is picked by the sweep's objective; what is told is the metric.
    """
    objective = subject.record.objective["metric"]
    sign = -1 if subject.record.objective.get("direction") == "minimize" else 1
    n_repeats = 1 + max((run.repeat for run in subject.record.runs), default=0)
    trials: dict[int, list[RunRecord]] = {}
    for run in subject.record.runs:
        if run.finished and objective in run.metrics and metric in run.metrics:
            trials.setdefault(run.trial, []).append(run)
    ended = sorted(
        (max(run.ended_ms or 0 for run in runs), trial)
        for trial, runs in trials.items()
        if len(runs) == n_repeats
    )
    steps: list[Step] = []
    best = None
    for ended_ms, trial in ended:
        score = sign * mean_of([run.metrics[objective] for run in trials[trial]])
        if best is None or score > best:
            best = score
            value = mean_of([run.metrics[metric] for run in trials[trial]])
            steps.append(Step(ended_ms, value, tuple(trials[trial])))
    return steps


def _table(metric: str, found: Sequence[tuple[Subject, list[Step]]]) -> ReportTable:
    rows = []
    for subject, steps in found:
        last = steps[-1]
        ends = [run.ended_ms for run in subject.record.runs if run.ended_ms]
        half = cells.mean_and_half([run.metrics[metric] for run in last.runs])[1]
        rows.append(
            [
                cells.words(subject.name, subject.link),
                _day(min(ends)),
                _day(max(ends)),
                cells.measured(steps[0].value),
                cells.measured(last.value, subject.link_of(last.runs[0])),
                cells.half(half),
                _day(last.ended_ms),
                cells.count(len(steps)),
            ]
        )
    first, best = f"first {metric}", f"best {metric}"
    headings = ["sweep", "first run ended", "last run ended", first, best, "± 95%", "best since"]
    return ReportTable(
        id=cells.slug("trend", metric),
        caption=f"How {metric} of the best trial came about; times in UTC",
        columns=cells.columns(*headings, "improvements", numbers=[first, best, "improvements"]),
        rows=rows,
    )


def _chart(metric: str, found: Sequence[tuple[Subject, list[Step]]]) -> Chart:
    sense = cells.sense(found[0][0], metric)
    shown = found[:MAX_LINES]
    across = _across([step for _, steps in found for step in steps], rises=sense.rises)
    data = [_line(subject.name, steps, last_ms=_last_ms(subject)) for subject, steps in shown]
    if len(found) > 1:
        end = max(_last_ms(subject) for subject, _ in found)
        line = {"width": 3, "color": "best"}
        data.append({**_line(_ACROSS, across, last_ms=end), "line": {**line, "shape": "hv"}})
    left = len(found) - len(shown)
    first, last = across[0], across[-1]
    return Chart(
        id=cells.slug("chart", "trend", metric),
        title=f"Best {metric} so far",
        plot=charts.plot(data, x=charts.dates("UTC"), y=charts.numbers(metric)),
        alt=(
            f"The best {metric} so far over all sweeps went from {number(first.value)} on "
            f"{_time(first.ended_ms)} to {number(last.value)} on {_time(last.ended_ms)}."
        ),
        captions=[f"Lines of the {len(shown)} best sweeps; {left} more stand in the table."]
        if left
        else [],
    )


def _across(steps: Sequence[Step], *, rises: bool) -> list[Step]:
    """The steps that were the best of all sweeps."""
    found: list[Step] = []
    for step in sorted(steps, key=lambda step: (step.ended_ms, step.value)):
        if not found or (step.value > found[-1].value if rises else step.value < found[-1].value):
            found.append(step)
    return found


def _line(name: str, steps: Sequence[Step], *, last_ms: int) -> dict[str, Any]:
    """Steps, the last one drawn on to when the sweep's last run ended."""
    points = [(_time(step.ended_ms), step.value) for step in steps]
    if last_ms > steps[-1].ended_ms:
        points.append((_time(last_ms), steps[-1].value))
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": charts.labels([name])[0],
        "x": [time for time, _ in points],
        "y": [value for _, value in points],
        "line": {"shape": "hv", "width": 2},
        "marker": {"size": 6},
        "hovertemplate": f"%{{x}}: %{{y:.4f}}<extra>{charts.labels([name])[0]}</extra>",
    }


def _last_ms(subject: Subject) -> int:
    return max(run.ended_ms or 0 for run in subject.record.runs)


def _day(ms: int) -> Cell:
    return Cell(_time(ms)[:-3])


def _time(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
