"""The alerts of a report file, held against the best trial of each sweep."""

from __future__ import annotations

from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tracking.errors import ReportError
from tracking.metrics import rises
from tracking.pages import level_text, number
from tracking.reports.before import Earlier, read_earlier
from tracking.reports.material import mean_of
from tracking.reports.model import Alert

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tracking.catalog.records import KeptReport
    from tracking.reports.material import Subject
    from tracking.reports.spec import AlertRule

_NOISE = 1e-9  # a share of the limit: 0.97 - 0.96 is a little more than 0.01


def fired(
    rules: Sequence[AlertRule],
    subjects: Sequence[Subject],
    baseline: Subject | None,
    last: KeptReport | None,
) -> tuple[list[Alert], list[str]]:
    """The alerts that fired, and warnings of those that can't be watched.

    A drop counts from the last report's value of the same sweep; where that has none, from the
    baseline's best; where there is no baseline either, it can't fire.

    Args:
        last: the report before, if there is one.
    """
    earlier, warnings = _earlier(rules, last)
    found: list[Alert] = []
    for rule in rules:
        watched = [s for s in subjects if fnmatchcase(s.name, rule.sweep or "*")]
        measured = [subject for subject in watched if subject.values(rule.metric)]
        if subjects and not measured:
            warnings.append(_unwatched(rule, watched))
        for subject in measured:
            found += _fired(rule, subject, baseline, earlier)
    return found, warnings


def _earlier(
    rules: Sequence[AlertRule], last: KeptReport | None
) -> tuple[Earlier | None, list[str]]:
    if last is None or not any(rule.limit == "drops_by" for rule in rules):
        return None, []
    try:
        return read_earlier(last), []
    except ReportError as error:
        return None, [f"Drops since the last report can't be told: {error}"]


def _fired(
    rule: AlertRule, subject: Subject, baseline: Subject | None, earlier: Earlier | None
) -> Iterator[Alert]:
    value = mean_of(subject.values(rule.metric))
    if rule.limit == "drops_by":
        text = _dropped(rule, subject, value, baseline, earlier)
    elif rule.limit == "below":
        text = f"below {rule.value:g}" if value < rule.value else ""
    else:
        text = f"above {rule.value:g}" if value > rule.value else ""
    if text:
        told = f"{rule.metric} of {subject.name} is {number(value)}, {text}"
        yield Alert(level_text(told), subject.name, rule.metric, value, subject.best_link)


def _dropped(
    rule: AlertRule,
    subject: Subject,
    value: float,
    baseline: Subject | None,
    earlier: Earlier | None,
) -> str:
    """How it got worse by more than the limit, in words; '' if it did not."""
    before = earlier.best(subject.name, rule.metric) if earlier else None
    what = f"in {earlier.name}" if earlier else ""
    if before is None and baseline and baseline.name != subject.name:
        values = baseline.values(rule.metric)
        before = mean_of(values) if values else None
        what = f"of the baseline {baseline.name}"
    if before is None:
        return ""
    up = rises(rule.metric, subject.record.objective)
    worse = before - value if up else value - before
    if worse <= rule.value * (1 + _NOISE):
        return ""
    return (
        f"{number(worse)} {'below' if up else 'above'} the {number(before)} {what}; "
        f"the alert is at {rule.value:g}"
    )


def _unwatched(rule: AlertRule, watched: Sequence[Subject]) -> str:
    if not watched:
        return f"The alert on {rule.metric} watches nothing: no sweep here fits '{rule.sweep}'."
    known = sorted({name for subject in watched for run in subject.best for name in run.metrics})
    near = get_close_matches(rule.metric, known, n=1)
    guess = f" Did you mean '{near[0]}'?" if near else ""
    return f"The alert on {rule.metric} watches nothing: no best trial has measured it.{guess}"
