"""Means and their intervals, independent of the order of the values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def mean_interval(
    values: Sequence[float], level: float = 0.95
) -> tuple[float, float | None, float | None]:
    """The mean and its two-sided Student t interval.

    Args:
        values: at least one, finite; independent draws from a roughly normal distribution.
        level: the share of such intervals that cover the true mean, 0 < level < 1.
    Returns: (mean, low, high); low and high are None for a single value, which says nothing
        about its spread.
    Raises: ValueError for no values.
    Source: Student 1908, The probable error of a mean; as scipy.stats.t.interval.
    """
    n = len(values)
    if n == 0:
        raise ValueError("a mean needs at least one value")
    mean = math.fsum(values) / n
    if n == 1:
        return mean, None, None
    from scipy import stats

    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    half = float(stats.t.ppf((1 + level) / 2, n - 1)) * math.sqrt(variance / n)
    return mean, mean - half, mean + half
