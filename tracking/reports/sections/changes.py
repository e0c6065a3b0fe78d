"""Changes: what is otherwise than in an earlier report: sweeps, runs, verdicts, places, numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.reports import cells
from tracking.reports.before import read_earlier
from tracking.reports.material import Content
from tracking.reports.model import Cell, ReportTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tracking.reports.before import Earlier
    from tracking.reports.material import Material, Subject
    from tracking.reports.spec import SectionSpec

_MAX_TOLD = 8  # changed verdicts, in sentences


def write(material: Material, asked: SectionSpec) -> Content | str:  # noqa: ARG001 - as all sections
    """The section, or why there is none.

    Raises: ReportError when the earlier report's file can't be read.
    """
    if material.against is None:
        return "There is no earlier report to set this one against."
    earlier = read_earlier(material.against)
    sentences = [*_sweeps(material, earlier), *_verdicts(material, earlier)]
    changed = [subject for subject in material.subjects if _has_changed(subject, earlier)]
    both = [subject for subject in changed if subject.name in earlier.sweeps]
    if both:
        sentences.append(f"Other runs than then: {cells.listed([s.name for s in both], limit=8)}.")
    if not sentences:
        return Content([f"Nothing changed since {earlier.name}."])
    return Content(
        sentences=[f"Since {earlier.name}:", *sentences],
        warnings=list(_other_data(material, earlier)),
        tables=[_table(material, metric, found, earlier) for metric, found in material.groups()],
    )


def _sweeps(material: Material, earlier: Earlier) -> Iterator[str]:
    now = [subject.name for subject in material.subjects]
    new = [name for name in now if name not in earlier.sweeps]
    gone = [name for name in earlier.sweeps if name not in now]
    if new:
        yield f"New: {cells.listed(new, limit=8)}."
    if gone:
        yield f"In it, but not in this one: {cells.listed(gone, limit=8)}."


def _has_changed(subject: Subject, earlier: Earlier) -> bool:
    before = earlier.sweeps.get(subject.name)
    return before is None or before.digest != subject.seen.digest


def _verdicts(material: Material, earlier: Earlier) -> list[str]:
    """The findings that read otherwise, each as it was and as it is."""
    found: list[str] = []
    for subject in material.subjects:
        before = earlier.sweeps.get(subject.name)
        if before is None:
            continue
        then: Mapping[str, str] = before.facts.get("findings", {})
        now: Mapping[str, str] = subject.seen.facts["findings"]
        found += [
            f"{subject.name}, by {factor}: was “{then.get(factor, 'no verdict')}”, "
            f"is “{now.get(factor, 'no verdict')}”."
            for factor in dict.fromkeys([*now, *then])
            if then.get(factor) != now.get(factor)
        ]
    more = len(found) - _MAX_TOLD
    return [*found[:_MAX_TOLD], *([f"{more} more verdicts changed."] if more > 0 else [])]


def _other_data(material: Material, earlier: Earlier) -> Iterator[str]:
    for subject in material.subjects:
        before = earlier.sweeps.get(subject.name)
        if before is not None and before.data_digest != subject.record.data_digest:
            yield f"{subject.name} was trained on other data than then; its numbers don't compare."


def _table(
    material: Material, metric: str, subjects: Sequence[Subject], earlier: Earlier
) -> ReportTable:
    """Runs, place and best of every sweep, then and now."""
    places = _places(subjects, metric, earlier)
    rows = []
    for rank, subject in enumerate(subjects, 1):
        before = earlier.sweeps.get(subject.name)
        then = earlier.best(subject.name, metric)
        mean, _ = cells.mean_and_half(subject.values(metric))
        now_ids = set(subject.seen.run_ids)
        added = len(now_ids - set(before.run_ids)) if before else len(now_ids)
        gone = len(set(before.run_ids) - now_ids) if before else 0
        rows.append(
            [
                cells.words(subject.name, subject.link),
                cells.words("" if before else "new"),
                Cell(f"+{added}" if added else "0", added),
                Cell(f"-{gone}" if gone else "0", gone, mark="warning" if gone else ""),
                _place(places.get(subject.name), rank),
                cells.measured(then),
                cells.measured(mean, subject.best_link),
                cells.signed(None if then is None or mean is None else mean - then),
            ]
        )
    numbers = ["runs added", "runs gone", f"{metric} then", f"{metric} now", "difference"]
    headings = ["sweep", "", *numbers[:2], "place", *numbers[2:]]
    return ReportTable(
        id=cells.slug("changes", metric),
        caption=f"What changed since {material.against and earlier.name}, by {metric}",
        columns=cells.columns(*headings, numbers=numbers),
        rows=rows,
        notes=["Of the best trial of each sweep; whether a difference is real, see Versus."],
    )


def _places(subjects: Sequence[Subject], metric: str, earlier: Earlier) -> dict[str, int]:
    """The places that the sweeps had among those of the earlier report."""
    found = {name: earlier.best(name, metric) for name in earlier.sweeps}
    sign = -1 if cells.sense(subjects[0], metric).rises else 1
    known = sorted((sign * value, name) for name, value in found.items() if value is not None)
    return {name: place for place, (_, name) in enumerate(known, 1)}


def _place(then: int | None, now: int) -> Cell:
    return Cell(f"{now}" if then in {None, now} else f"{then} → {now}")
