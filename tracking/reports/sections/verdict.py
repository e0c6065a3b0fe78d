"""Verdict: the report in sentences, for one who reads nothing else; true, short, with its doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.reports import cells
from tracking.reports.material import Content
from tracking.reports.sections.failures import failed_runs, reasons
from tracking.reports.setting_against import best_against, corrected, evidence, judged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tracking.reports.material import Material, Subject
    from tracking.reports.setting_against import Against
    from tracking.reports.spec import SectionSpec

MAX_FINDINGS = 8
_MAX_CHANGES = 5
_NOTHING = ("no level is shown", "the levels are equal", "no verdict")  # as verdicts begin


def write(material: Material, asked: SectionSpec) -> Content | str:  # noqa: ARG001 - as all sections
    """The section; there is always one."""
    if not material.subjects:
        return Content(["No run has ended since the last report, so there is nothing new to say."])
    sentences: list[str] = []
    for metric, subjects in material.groups():
        sentences += _best(metric, subjects)
        sentences += _against_baseline(material, metric, subjects)
    if not sentences:
        sentences.append("No sweep has a trial that finished yet, so nothing can be said.")
    return Content([*sentences, *_findings(material), *_unsound(material)])


def findings(material: Material, subject: Subject) -> dict[str, str]:
    """The verdict on each factor of a sweep whose table is controlled, by its first metric."""
    found = {}
    for factor in material.varied(subject) if subject.metric else ():
        table = material.table(subject, [factor], subject.metric)
        if table is not None and table.verdict is not None:
            found[factor] = table.verdict.sentence
    return found


def _best(metric: str, subjects: Sequence[Subject]) -> Iterator[str]:
    first, *others = subjects
    values = first.values(metric)
    settings = cells.settings_text(first)
    extreme = cells.sense(first, metric).first.capitalize()
    of = f"95% interval over {len(values)} runs" if len(values) > 1 else "a single run"
    told = (
        f"{extreme} {metric}: {cells.told(values)} ({of}), by {first.name}, "
        f"trial {first.best[0].trial}{f': {settings}' if settings else ''}."
    )
    if others:
        against = best_against(first, others[0], metric)
        told += f" Next is {others[0].name} with {cells.told(others[0].values(metric))}: "
        told += f"{_ahead(against, first, metric)}."
    yield told


def _ahead(against: Against, first: Subject, metric: str) -> str:
    """Whether the lead of the first is real."""
    if against.p is None:
        return f"the lead is {against.why_not.replace(':', ',', 1)}"
    if not against.is_real:
        return f"the lead may be chance ({evidence(against)})"
    return f"the lead is real, {judged(against, cells.sense(first, metric))}"


def _against_baseline(
    material: Material, metric: str, subjects: Sequence[Subject]
) -> Iterator[str]:
    """How many sweeps are better than the baseline, and the biggest changes."""
    baseline = material.baseline
    if baseline is None or not baseline.values(metric):
        return
    others = [subject for subject in subjects if subject.name != baseline.name]
    found = corrected({s.name: best_against(s, baseline, metric) for s in others})
    if not found:
        return
    sense = cells.sense(baseline, metric)
    real = {name: one for name, one in found.items() if one.is_real and one.difference}
    n_up = sum((one.difference or 0.0) > 0 for one in real.values())
    n_ahead = n_up if sense.rises else len(real) - n_up
    n_tested = sum(one.p is not None for one in found.values())
    words = ("better", "worse") if sense.judged else ("ahead", "behind")
    counts = dict(zip(words, (n_ahead, len(real) - n_ahead), strict=True))
    counts |= {"not distinguishable": n_tested - len(real)}
    counts |= {"not judged": len(found) - n_tested} if n_tested < len(found) else {}
    yield (
        f"Against the baseline {baseline.name} ({metric} {cells.told(baseline.values(metric))}), "
        f"of {cells.many(len(found), 'sweep')}: "
        f"{', '.join(f'{n} {word}' for word, n in counts.items())}."
    )
    biggest = sorted(real, key=lambda name: (-abs(real[name].difference or 0.0), name))
    told = [f"{name} is {judged(real[name], sense)}" for name in biggest[:_MAX_CHANGES]]
    if told:
        yield f"The biggest changes: {'; '.join(told)}."
    why = list(dict.fromkeys(one.why_not for one in found.values() if one.p is None))
    if why and not told:
        yield f"Why not: {'; '.join(why[:_MAX_CHANGES])}."


def _findings(material: Material) -> Iterator[str]:
    """What the sweeps' own comparisons showed: those that tell something first."""
    found = [
        (subject.name, factor, sentence)
        for subject in material.subjects
        for factor, sentence in findings(material, subject).items()
    ]
    telling = [one for one in found if not one[2].startswith(_NOTHING)]
    silent = len(found) - len(telling)
    for name, factor, sentence in telling[:MAX_FINDINGS]:
        yield f"{name}, by {factor}: {sentence}."
    if len(telling) > MAX_FINDINGS:
        yield f"{len(telling) - MAX_FINDINGS} more such findings stand below, under Comparison."
    if silent:
        yield (
            f"{cells.many(silent, 'controlled comparison')} "
            f"{'shows' if silent == 1 else 'show'} no difference that can't be chance."
        )
    yield from _unjudged(material, {name for name, _, _ in found})


def _unjudged(material: Material, judged_sweeps: set[str]) -> Iterator[str]:
    """The sweeps that show no causes, and why."""
    others = [s for s in material.subjects if s.metric and s.factors]
    others = [s for s in others if s.name not in judged_sweeps and material.varied(s)]
    gaps = [s.name for s in others if s.record.sampler == "grid"]
    if gaps:
        yield (
            f"{cells.many(len(gaps), 'grid')} {'has' if len(gaps) == 1 else 'have'} gaps where "
            f"runs are missing ({cells.listed(gaps)}): no verdict on single factors."
        )
    searches = [s.name for s in others if s.record.sampler != "grid"]
    if searches:
        yield (
            f"{cells.many(len(searches), 'sweep')} moved several settings at once "
            f"({cells.listed(searches)}): such a search finds good settings, but does not show "
            "which of them made the difference."
        )


def _unsound(material: Material) -> Iterator[str]:
    """What part of the work did not end well."""
    n_runs = sum(len(subject.record.runs) for subject in material.subjects)
    failed = failed_runs(material.subjects)
    if failed:
        n_reasons = len(reasons(failed))
        yield (
            f"{len(failed):,} of {cells.many(n_runs, 'run')} failed, for "
            f"{cells.many(n_reasons, 'reason')}."
        )
    going = [s.name for s in material.subjects if s.seen.facts["in_flight"]]
    if going:
        yield f"Not over yet, so not counted: runs of {cells.listed(going)}."
