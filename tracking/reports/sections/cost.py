"""Cost: seconds of training by sweep and by how runs ended, and what share brought nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tracking.reports import cells
from tracking.reports.material import Content
from tracking.reports.model import Cell, ReportTable

if TYPE_CHECKING:
    from tracking.reading import RunRecord
    from tracking.reports.material import Material, Subject
    from tracking.reports.spec import SectionSpec

_SECONDS = "train_seconds"
_STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}


def write(material: Material, asked: SectionSpec) -> Content | str:  # noqa: ARG001 - as all sections
    """The section, or why there is none."""
    spent = {subject.name: _spent(subject) for subject in material.subjects}
    total = {state: math.fsum(of[state] for of in spent.values()) for state in _STATES}
    everything = math.fsum(total.values())
    if not everything:
        return "No run has recorded its seconds of training."
    estimated = any(_lacking(subject) for subject in material.subjects)
    sentence = (
        f"{cells.seconds_text(everything)} of training in all: "
        f"{total['COMPLETE'] / everything:.0%} in runs that are complete, "
        f"{total['PRUNED'] / everything:.0%} in pruned ones, "
        f"{total['FAIL'] / everything:.0%} in failed ones, which is wasted."
    )
    notes = ["A run's seconds are its share of the time of all runs trained beside it."]
    if estimated:
        notes.append(
            "Pruned runs record no seconds; theirs are estimated from how long they were in "
            "flight, at the rate of the complete runs of their sweep."
        )
    rows = [_row(subject, spent[subject.name]) for subject in material.subjects]
    if len(rows) > 1:
        rows.append(_line(cells.words("all"), total))
    headings = [f"{word} (s)" for word in _STATES.values()]
    numbers = [*headings, "in all (s)", "wasted"]
    return Content(
        [sentence],
        tables=[
            ReportTable(
                id="cost-seconds",
                caption="Seconds of training, by how the runs ended",
                columns=cells.columns("sweep", *numbers, numbers=numbers),
                rows=rows,
                notes=notes,
            )
        ],
    )


def _spent(subject: Subject) -> dict[str, float]:
    """Seconds by state."""
    rate = _rate(subject)
    found: dict[str, list[float]] = {state: [] for state in _STATES}
    for run in subject.record.runs:
        found[run.state].append(run.metrics.get(_SECONDS, rate * _in_flight_s(run)))
    return {state: math.fsum(seconds) for state, seconds in found.items()}


def _rate(subject: Subject) -> float:
    """Seconds of training per second in flight, of the runs that recorded both."""
    runs = [run for run in subject.record.runs if _SECONDS in run.metrics]
    in_flight = math.fsum(_in_flight_s(run) for run in runs)
    return math.fsum(run.metrics[_SECONDS] for run in runs) / in_flight if in_flight > 0 else 0.0


def _in_flight_s(run: RunRecord) -> float:
    return max(0, (run.ended_ms or run.started_ms) - run.started_ms) / 1000


def _lacking(subject: Subject) -> bool:
    return any(_SECONDS not in run.metrics for run in subject.record.runs)


def _row(subject: Subject, spent: dict[str, float]) -> list[Cell]:
    return _line(cells.words(subject.name, subject.link), spent)


def _line(first: Cell, spent: dict[str, float]) -> list[Cell]:
    total = math.fsum(spent.values())
    share = spent["FAIL"] / total if total else 0.0
    wasted = Cell(f"{share:.0%}", share, mark="warning" if share > 0 else "")
    return [first, *(_seconds(spent[state]) for state in _STATES), _seconds(total), wasted]


def _seconds(value: float) -> Cell:
    return Cell(f"{value:,.1f}", value)
