"""Cells and words that several sections share: measured numbers, settings, seconds, counts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tracking.levels import canonical
from tracking.metrics import sense_of
from tracking.pages import level_text, number
from tracking.reports.model import Cell, Column
from tracking.statistics import mean_interval
from tracking.verdict import p_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, Literal

    from tracking.metrics import Sense
    from tracking.reports.material import Subject
    from tracking.reports.model import Link

MAX_NAMED = 5  # names in a sentence; the others are counted
_MAX_ID = 60
_MAX_SETTINGS = 160
_MINUTE_S, _HOUR_S = 60, 3600
_NONE = Cell("")


def words(text: object, link: Link | None = None) -> Cell:
    """A cell of words."""
    return Cell(level_text(text), link=link)


def coded(value: str, text: str) -> Cell:
    """A cell that shows only the beginning of its value."""
    return Cell(level_text(text), level_text(value))


def count(n: int, link: Link | None = None) -> Cell:
    """A cell of a whole number."""
    return Cell(str(n), n, link)


def measured(
    value: float | None,
    link: Link | None = None,
    mark: Literal["", "best", "worse", "warning"] = "",
) -> Cell:
    """A cell of a measured number, empty for none."""
    return _NONE if value is None else Cell(number(value), value, link, mark)


def signed(value: float | None) -> Cell:
    """A cell of a difference."""
    if value is None:
        return _NONE
    return Cell(f"{'+' if value > 0 else ''}{number(value)}", value)


def half(value: float | None) -> Cell:
    """A cell of half an interval, empty where nothing is known of the spread."""
    return _NONE if value is None else Cell(f"± {number(value)}", value)


def p_cell(p: float | None) -> Cell:
    """A cell of a p-value, empty where there was no test."""
    return _NONE if p is None else Cell(p_text(p), p)


def mean_and_half(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Of a trial's runs: their mean, and half of its 95% interval; None without spread."""
    if not values:
        return None, None
    mean, _, high = mean_interval(values)
    return mean, None if high is None else high - mean


def told(values: Sequence[float]) -> str:
    """Such as '0.9712 ± 0.0031'."""
    mean, spread = mean_and_half(values)
    if mean is None:
        return "nothing"
    return number(mean) if spread is None else f"{number(mean)} ± {number(spread)}"


def amount(difference: float, sense: Sense) -> str:
    """Such as '3.2 points' or '0.031', without a sign."""
    value = abs(difference) * sense.scale
    text = f"{value:.2g}" if value < 10 else f"{value:.3g}"  # noqa: PLR2004 - two digits
    if value >= 1000:  # noqa: PLR2004 - no power of ten in a sentence
        text = f"{value:.0f}"
    return text if not sense.unit else f"{text} {sense.unit}{'' if text == '1' else 's'}"


def settings_text(subject: Subject) -> str:
    """The searched settings of the best trial, such as 'learning_rate 0.01, activation relu'."""
    if not subject.best:
        return ""
    params = subject.best[0].params
    found = {name: params.get(name, subject.best[0].seed) for name in subject.factors}
    text = ", ".join(f"{name} {_shown(value)}" for name, value in found.items())
    return level_text(text if len(text) <= _MAX_SETTINGS else f"{text[: _MAX_SETTINGS - 1]}…")


def seconds_text(seconds: float) -> str:
    """Such as '0.4 s', '12 min' or '3.1 h'."""
    if seconds < _MINUTE_S:
        return f"{seconds:.3g} s"
    if seconds < _HOUR_S:
        return f"{seconds / _MINUTE_S:.3g} min"
    return f"{seconds / _HOUR_S:,.3g} h" if seconds < 1000 * _HOUR_S else f"{seconds / 3600:,.0f} h"


def seconds_cell(seconds: float) -> Cell:
    """A cell of a time."""
    return Cell(seconds_text(seconds), seconds)


def listed(names: Iterable[str], limit: int = MAX_NAMED) -> str:
    """Such as 'a, b and 3 more'."""
    names = [level_text(name) for name in names]
    if len(names) <= limit:
        return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + "".join(names[-1:])
    return f"{', '.join(names[:limit])} and {len(names) - limit} more"


def many(n: int, one: str, more: str = "") -> str:
    """Such as '1 sweep' or '3 sweeps'."""
    return f"{n:,} {one if n == 1 else more or f'{one}s'}"


def slug(*parts: object) -> str:
    """An id of [a-z0-9-] from any text."""
    text = "-".join(str(part) for part in parts).lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:_MAX_ID].strip("-") or "x"


def columns(*names: str, numbers: Iterable[str] = ()) -> list[Column]:
    """Headings, of which some stand over numbers."""
    numeric = set(numbers)
    return [Column(level_text(name), name in numeric) for name in names]


def sense(subject: Subject, metric: str) -> Sense:
    """How a metric is to be read in a sweep."""
    return sense_of(metric, subject.record.objective, subject.best)


def _shown(value: Any) -> str:  # noqa: ANN401 - of any JSON type
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else canonical(value).replace(",", ", ")
