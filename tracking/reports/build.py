"""From a report file and MLflow to a report: what it says, section by section, in order.

What it looks like, and where it is kept and sent, is for others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tracking.pages import level_text
from tracking.reports import alerts
from tracking.reports.finishing import distinct_ids, printable
from tracking.reports.material import Content, Material, Subject, mean_of, metrics_of, subject_of
from tracking.reports.model import Report, Section
from tracking.reports.sections import (
    changes,
    comparison,
    cost,
    curves,
    failures,
    importance,
    leaderboard,
    provenance,
    trend,
    verdict,
    versus,
)
from tracking.reports.seen import read_again, what_is_over
from tracking.reports.selection import select
from tracking.reports.spec import SECTIONS, SectionSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tracking.catalog.records import KeptReport
    from tracking.reading import SweepRecord
    from tracking.reports.model import SectionName, SeenSweep
    from tracking.reports.spec import ReportSpec
    from tracking.store import Store


@dataclass(frozen=True)
class Chapter:
    """How one kind of section is called and written."""

    title: str
    write: Callable[[Material, SectionSpec], Content | str]


CONTENTS: dict[SectionName, Chapter] = {
    "verdict": Chapter("Verdict", verdict.write),
    "changes": Chapter("What changed", changes.write),
    "leaderboard": Chapter("Leaderboard", leaderboard.write),
    "comparison": Chapter("Comparison by factor", comparison.write),
    "versus": Chapter("Sweep against sweep", versus.write),
    "trend": Chapter("Trend of the best", trend.write),
    "importance": Chapter("Importance of the factors", importance.write),
    "curves": Chapter("Learning curves", curves.write),
    "failures": Chapter("Failures", failures.write),
    "cost": Chapter("Cost", cost.write),
    "provenance": Chapter("Provenance", provenance.write),
}


def build_report(
    store: Store,
    spec: ReportSpec,
    *,
    last: KeptReport | None,
    against: KeptReport | None = None,
    frozen: Sequence[SeenSweep] | None = None,
    dashboard: str = "",
) -> Report:
    """The report that a file describes, of what MLflow has now, or of just what was frozen.

    Args:
        last: the report before: `since: last` and alerts of drops count from it.
        against: adds a section on what changed since that report.
        frozen: what an earlier report saw: this one is made from just those runs, and is equal to
            it if `last` and `against` are what they were then.
        dashboard: MLflow's address, for links.
    Raises: ReportError when no sweep is found, or what was frozen is gone or changed; TableError
        when no run has the metric; TrackingUnavailable.
    """
    records, warnings = _read(store, spec, last, frozen)
    material, more = _material(store, spec, records, against)
    rang, unwatched = alerts.fired(spec.alerts, material.subjects, material.baseline, last)
    return Report(
        title=spec.title,
        sections=_sections(material, _asked(spec, against)),
        seen=sorted((subject.seen for subject in material.subjects), key=lambda seen: seen.name),
        metrics=[level_text(metric) for metric in material.metrics],
        alerts=rang,
        warnings=[level_text(text) for text in (*warnings, *more, *unwatched)],
        dashboard=dashboard,
    )


def _read(
    store: Store,
    spec: ReportSpec,
    last: KeptReport | None,
    frozen: Sequence[SeenSweep] | None,
) -> tuple[list[tuple[SweepRecord, SeenSweep]], tuple[str, ...]]:
    """The sweeps, in the order of the file, and warnings of names that fit none."""
    if frozen is None:
        chosen = select(store, spec, last)
        return [what_is_over(record) for record in chosen.records], chosen.warnings
    again = read_again(store, frozen)
    chosen = select(store, spec, last, {name: record for name, (record, _) in again.items()})
    return [again[record.name] for record in chosen.records], chosen.warnings


def _material(
    store: Store,
    spec: ReportSpec,
    records: Sequence[tuple[SweepRecord, SeenSweep]],
    against: KeptReport | None,
) -> tuple[Material, list[str]]:
    metrics, warnings = metrics_of(spec, [record for record, _ in records])
    subjects = tuple(subject_of(record, seen, spec.metrics) for record, seen in records)
    material = Material(
        store=store,
        spec=spec,
        subjects=subjects,
        metrics=metrics,
        baseline=next((s for s in subjects if s.name == spec.baseline), None),
        against=against,
    )
    told = tuple(_with_findings(material, subject) for subject in subjects)
    baseline = next((s for s in told if s.name == spec.baseline), None)
    return replace(material, subjects=told, baseline=baseline), warnings


def _with_findings(material: Material, subject: Subject) -> Subject:
    """The sweep with what the next report is set against among its facts."""
    metrics = [*material.metrics, *(rule.metric for rule in material.spec.alerts)]
    facts = {
        **subject.seen.facts,
        "best": {
            metric: mean_of(values)
            for metric in dict.fromkeys(metrics)
            if (values := subject.values(metric))
        },
        "trial": subject.best[0].trial if subject.best else None,
        "findings": verdict.findings(material, subject),
    }
    return replace(subject, seen=replace(subject.seen, facts=facts))


def _asked(spec: ReportSpec, against: KeptReport | None) -> list[SectionSpec]:
    """The sections in their order; what changed stands after the verdict, or first."""
    asked = list(spec.sections or [SectionSpec(name) for name in SECTIONS])
    if against is not None:
        first = 1 if asked[0].name == "verdict" else 0
        asked.insert(first, SectionSpec("changes"))
    return asked


def _sections(material: Material, asked: Sequence[SectionSpec]) -> list[Section]:
    """Each section that can be filled; one that was asked for by name also if it can't."""
    found: list[Section] = []
    for spec in asked:
        chapter = CONTENTS[spec.name]
        content = chapter.write(material, spec)
        if isinstance(content, str):
            if not material.spec.sections:
                continue
            content = Content(sentences=[content])
        n_before = sum(section.name == spec.name for section in found)
        section = Section(
            name=spec.name,
            id=f"{spec.name}-{n_before + 1}" if n_before else spec.name,
            title=chapter.title,
            sentences=content.sentences,
            warnings=content.warnings,
            tables=content.tables,
            charts=content.charts,
        )
        found.append(printable(section))
    return distinct_ids(found)
