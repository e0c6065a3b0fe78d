"""Leaderboard: the best trial of each sweep, picked by its objective, ranked by the metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.metrics import caution
from tracking.reports import cells
from tracking.reports.material import Content, mean_of
from tracking.reports.model import ReportTable
from tracking.reports.sameness import ground_warnings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracking.reports.material import Material, Subject
    from tracking.reports.model import Cell
    from tracking.reports.spec import SectionSpec


def write(material: Material, asked: SectionSpec) -> Content | str:  # noqa: ARG001 - as all sections
    """The section, or why there is none."""
    groups = list(material.groups())
    if not groups:
        return "No sweep has a trial that finished yet, so there is no best one."
    tables = [_table(material, metric, subjects) for metric, subjects in groups]
    behind = [subject.name for subject in material.subjects if not subject.metric]
    return Content(
        sentences=[f"Without a finished trial yet: {cells.listed(behind)}."] if behind else [],
        warnings=ground_warnings(material.subjects),
        tables=tables,
    )


def _table(material: Material, metric: str, subjects: Sequence[Subject]) -> ReportTable:
    others = [m for m in material.metrics if m != metric and any(s.values(m) for s in subjects)]
    shown = [metric, *others]
    best = {name: _best_of(name, subjects) for name in shown}
    measured = [part for name in shown for part in (name, f"± 95% {name}")]
    headings = ["rank", "sweep", *measured, "runs", "trial", "settings"]
    return ReportTable(
        id=cells.slug("leaderboard", metric),
        caption=f"The best trial of each sweep, ranked by {metric}",
        columns=cells.columns(*headings, numbers=["rank", *measured, "runs", "trial"]),
        rows=[_row(rank, subject, shown, best) for rank, subject in enumerate(subjects, 1)],
        notes=_notes(metric, subjects, shown),
    )


def _row(
    rank: int, subject: Subject, metrics: Sequence[str], best: dict[str, float | None]
) -> list[Cell]:
    row = [cells.count(rank), cells.words(subject.name, subject.link)]
    for metric in metrics:
        mean, half = cells.mean_and_half(subject.values(metric))
        is_best = mean is not None and mean == best[metric]
        row += [
            cells.measured(mean, subject.best_link, "best" if is_best else ""),
            cells.half(half),
        ]
    trial = subject.best[0].trial
    return [
        *row,
        cells.count(len(subject.best)),
        cells.count(trial),
        cells.words(cells.settings_text(subject)),
    ]


def _best_of(metric: str, subjects: Sequence[Subject]) -> float | None:
    """The best mean; None where no value is better than another, or there is but one."""
    found = [(s, mean_of(s.values(metric))) for s in subjects if s.values(metric)]
    sense = cells.sense(found[0][0], metric) if found else None
    if len(found) < 2 or sense is None or not sense.judged:  # noqa: PLR2004 - one is no best
        return None
    means = [mean for _, mean in found]
    return max(means) if sense.rises else min(means)


def _notes(metric: str, subjects: Sequence[Subject], shown: Sequence[str]) -> list[str]:
    objectives = list(dict.fromkeys(s.record.objective["metric"] for s in subjects))
    picked = f"The best trial of a sweep is picked by {cells.listed(objectives)}"
    by_other = f", so that {metric} is measured, not picked" if metric not in objectives else ""
    biased = (
        f"; {metric} is what it was picked by, so it is a little too good"
        if metric in objectives
        else ""
    )
    meaning = "A trial's value is the mean over its runs; ± is half of its 95% interval over seeds"
    notes = [f"{picked}{by_other}{biased}. {meaning}, empty for a single run."]
    return [*notes, *(note for name in shown for note in caution(name))]
