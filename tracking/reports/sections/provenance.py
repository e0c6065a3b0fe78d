"""Provenance: what each sweep's numbers rest on, and where sweeps stand on other ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.reports import cells
from tracking.reports.material import Content
from tracking.reports.model import ReportTable
from tracking.reports.sameness import ground_warnings

if TYPE_CHECKING:
    from tracking.reports.material import Material, Subject
    from tracking.reports.model import Cell
    from tracking.reports.spec import AlertRule, SectionSpec

_DIGEST = 12  # characters that are shown; the whole is the cell's value
_DIGESTS = (
    "The digest of a sweep is over all of its runs that this report read, with their settings and "
    "numbers; that of data over the prepared rows, as they were split."
)
_LEFT_OUT = "not on record"


def write(material: Material, asked: SectionSpec) -> Content | str:  # noqa: ARG001 - as all sections
    """The section; there is always one."""
    headings = ["sweep", "runs", "sampler", "pruner", "objective", "data", "rows", "data digest"]
    versions = ["trainer", "device", "torch"]
    table = ReportTable(
        id="provenance-sweeps",
        caption="What the numbers rest on",
        columns=cells.columns(*headings, *versions, "sweep digest", numbers=["runs"]),
        rows=[_row(subject, versions) for subject in material.subjects],
        notes=[_DIGESTS],
    )
    return Content(
        sentences=_watched(material),
        warnings=ground_warnings(material.subjects),
        tables=[table] if material.subjects else [],
    )


def _row(subject: Subject, versions: list[str]) -> list[Cell]:
    record, facts = subject.record, subject.seen.facts
    objective = f"{record.objective.get('direction', 'maximize')} {record.objective['metric']}"
    rows = ", ".join(f"{part} {n}" for part, n in facts["rows"].items())
    return [
        cells.words(subject.name, subject.link),
        cells.count(len(record.runs)),
        cells.words(record.sampler),
        cells.words(record.pruner),
        cells.words(objective),
        cells.words(facts["source"] or _LEFT_OUT),
        cells.words(rows or _LEFT_OUT),
        _digest(record.data_digest),
        *(cells.words(_version(subject, name)) for name in versions),
        _digest(subject.seen.digest),
    ]


def _version(subject: Subject, name: str) -> str:
    found = [str(versions.get(name, "")) for versions in subject.seen.facts["versions"]]
    return ", then ".join(dict.fromkeys(filter(None, found))) or _LEFT_OUT


def _digest(text: str) -> Cell:
    return cells.coded(text, text[:_DIGEST])


def _watched(material: Material) -> list[str]:
    """The rules of alerts, in the same words whether they fired or not."""
    rules = [_rule(rule) for rule in material.spec.alerts]
    if not rules:
        return []
    drops = any(rule.limit == "drops_by" for rule in material.spec.alerts)
    since = (
        " A drop counts from the report before, where that has the sweep, else from the baseline."
        if drops
        else ""
    )
    return [f"Watched for alerts: {'; '.join(rules)}.{since}"]


def _rule(rule: AlertRule) -> str:
    of = f" of {rule.sweep}" if rule.sweep else ""
    words = {"drops_by": "getting worse by more than", "below": "below", "above": "above"}
    return f"{rule.metric}{of} {words[rule.limit]} {rule.value:g}"
