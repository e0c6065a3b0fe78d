"""Failures: what failed and why, equal reasons together, and how many trials were cut short."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from tracking.reports import cells
from tracking.reports.material import Content
from tracking.reports.model import Cell, ReportTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracking.reading import RunRecord
    from tracking.reports.material import Material, Subject
    from tracking.reports.spec import SectionSpec

MAX_REASONS = 30
_MAX_MESSAGE = 300
_NUMBER = re.compile(r"\d+(\.\d+)?(e[-+]?\d+)?")

Failed = tuple["Subject", "RunRecord"]


def write(material: Material, asked: SectionSpec) -> Content | str:  # noqa: ARG001 - as all sections
    """The section, or why there is none."""
    n_runs = sum(len(subject.record.runs) for subject in material.subjects)
    if not n_runs:
        return "No run is over yet."
    failed = failed_runs(material.subjects)
    n_pruned = sum(run.state == "PRUNED" for s in material.subjects for run in s.record.runs)
    pruned = f" {n_pruned:,} {'was' if n_pruned == 1 else 'were'} pruned." if n_pruned else ""
    if not failed:
        sentence = f"None of {cells.many(n_runs, 'run')} failed.{pruned}"
        return Content([sentence], tables=[_counts(material)])
    groups = reasons(failed)
    sentence = (
        f"{len(failed):,} of {cells.many(n_runs, 'run')} failed, for "
        f"{cells.many(len(groups), 'reason')}.{pruned}"
    )
    tables = [_reasons(groups[:MAX_REASONS])]
    if len(groups) > MAX_REASONS:
        sentence += f" The {MAX_REASONS} most frequent reasons are listed."
    return Content([sentence], tables=[*tables, _counts(material)])


def failed_runs(subjects: Sequence[Subject]) -> list[Failed]:
    """Every run that failed, and its sweep."""
    return [(s, run) for s in subjects for run in s.record.runs if run.state == "FAIL"]


def reasons(failed: Sequence[Failed]) -> list[list[Failed]]:
    """Runs with the same message but for its numbers, the most frequent first."""
    found: dict[str, list[Failed]] = {}
    for subject, run in failed:
        found.setdefault(_NUMBER.sub("#", run.message), []).append((subject, run))
    return sorted(found.values(), key=lambda group: (-len(group), group[0][1].message))


def _reasons(groups: Sequence[Sequence[Failed]]) -> ReportTable:
    rows = []
    for group in groups:
        subject, run = group[0]
        message = run.message or "no message was recorded"
        if len(message) > _MAX_MESSAGE:
            message = f"{message[:_MAX_MESSAGE]}…"
        rows.append(
            [
                cells.words(message, subject.link_of(run)),
                cells.count(len(group)),
                cells.words(cells.listed(dict.fromkeys(s.name for s, _ in group))),
                cells.words(f"trial {run.trial}, repeat {run.repeat}", subject.link_of(run)),
            ]
        )
    return ReportTable(
        id="failure-reasons",
        caption="Why runs failed",
        columns=cells.columns("reason", "runs", "sweeps", "such as", numbers=["runs"]),
        rows=rows,
        notes=["Messages that differ in numbers only stand together, under the first of them."],
    )


def _counts(material: Material) -> ReportTable:
    rows = []
    for subject in material.subjects:
        states = Counter(run.state for run in subject.record.runs)
        failed = Cell(str(states["FAIL"]), states["FAIL"], mark="warning" if states["FAIL"] else "")
        in_flight = subject.seen.facts["in_flight"]
        rows.append(
            [
                cells.words(subject.name, subject.link),
                cells.words(subject.seen.facts["state"] or "not on record"),
                cells.count(states["COMPLETE"]),
                cells.count(states["PRUNED"]),
                failed,
                cells.count(in_flight),
            ]
        )
    numbers = ["complete", "pruned", "failed", "not over"]
    return ReportTable(
        id="run-states",
        caption="How the runs of each sweep ended",
        columns=cells.columns("sweep", "state", *numbers, numbers=numbers),
        rows=rows,
    )
