"""Levels of a number that was sampled from a range: a few bins in place of many values."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_LEVELS = 10  # so many distinct values still make a table
N_BINS = 4
_MAX_DIGITS = 17  # of a float; more tell nothing


@dataclass(frozen=True)
class Bins:
    """Spans of numbers, each with a name.

    Attributes:
        starts: the least value of each bin but the first, which takes all below too; increasing.
    """

    starts: tuple[float, ...]
    labels: tuple[str, ...]

    def label(self, value: float) -> str:
        """The name of the bin that the value is in."""
        return self.labels[max(bisect.bisect_right(self.starts, value) - 1, 0)]


def make_bins(values: Sequence[Any], ranges: Sequence[Mapping[str, Any]]) -> Bins | None:
    """The bins of a factor, or None when the values themselves are the levels.

    Bins of a logarithmic range have equal widths in the logarithm between the range's own ends;
    those of a linear range hold equally many distinct values, and are named by the least and the
    greatest of them.

    Args:
        values: of all runs that count.
        ranges: as in the sweep files ({low, high, log}); none when it was not sampled from one.
    """
    distinct = sorted(set(values)) if all(is_number(value) for value in values) else []
    if not ranges or len(distinct) <= MAX_LEVELS:
        return None
    if all(r.get("log") for r in ranges) and distinct[0] > 0:
        low = math.log(min(*(float(r["low"]) for r in ranges), distinct[0]))
        high = math.log(max(*(float(r["high"]) for r in ranges), distinct[-1]))
        edges = [math.exp(low + (high - low) * i / N_BINS) for i in range(N_BINS + 1)]
        spans = list(pairwise(edges))
    else:
        cuts = [round(len(distinct) * i / N_BINS) for i in range(N_BINS + 1)]
        spans = [(distinct[a], distinct[b - 1]) for a, b in pairwise(cuts)]
    return Bins(tuple(low for low, _ in spans), tuple(_labels(spans)))


def _labels(spans: Sequence[tuple[float, float]]) -> list[str]:
    """Such as '0.0001 to 0.00056', with as few digits as tell the bins apart."""
    for digits in range(2, _MAX_DIGITS):
        labels = [f"{_shown(low, digits)} to {_shown(high, digits)}" for low, high in spans]
        starts = {text.split(" to ")[0] for text in labels}
        if len(starts) == len(labels):
            return labels
    return [f"{low!r} to {high!r}" for low, high in spans]


def _shown(value: float, digits: int) -> str:
    if isinstance(value, int):
        return str(value)
    text = f"{value:.{digits}g}"
    return f"{value:.0f}" if "e+" in text else text


def is_number(value: object) -> bool:
    """Whether it is a number, which True is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)
