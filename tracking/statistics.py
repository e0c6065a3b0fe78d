"""Means, their intervals and paired t-tests, to the bit independent of the order of the values.

Tests that count instead of assuming a normal distribution are in `resampling`.
"""

from __future__ import annotations

import bisect
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ALPHA = 0.05  # the significance level of every verdict
POWER = 0.8  # the chance to see a difference that 'enough pairs' stands for
MAX_PAIRS = 1000  # where looking for enough pairs ends


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

    half = float(stats.t.ppf((1 + level) / 2, n - 1)) * _standard_error(values, mean)
    return mean, mean - half, mean + half


def paired_p(differences: Sequence[float]) -> float | None:
    """The two-sided p-value of the paired t-test that the mean difference is zero.

    Args:
        differences: one per independent pair, freed of rounding noise (see `pairs.differences`).
    Returns: None for fewer than two pairs or differences without any spread: the test says nothing.
    Source: Student 1908; as scipy.stats.ttest_rel, but summed exactly, so in any order.
    """
    n = len(differences)
    if n <= 1 or len(set(differences)) == 1:
        return None
    from scipy import stats

    mean = math.fsum(differences) / n
    error = _standard_error(differences, mean)
    return min(1.0, 2 * float(stats.t.sf(abs(mean) / error, n - 1))) if error else None


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """The p-values corrected for how many they are: the chance of any false alarm stays at most p.

    Args:
        p_values: of one family of tests; None stands for a test that could not be made.
    Returns: in the same order, each at least the raw one, at most 1; None stays None.
    Source: Holm 1979, A simple sequentially rejective multiple test procedure.
    """
    known = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, i) in enumerate(known):
        highest = max(highest, min(1.0, p * (len(known) - rank)))
        corrected[i] = highest
    return corrected


def pairs_needed(differences: Sequence[float], alpha: float = ALPHA) -> int | None:
    """How many pairs would do, if their mean difference and spread stay as those seen.

    Args:
        differences: at least two, with some spread.
        alpha: the level of this one test, 0 < alpha < 1; smaller where several share one.
    Returns: the least number with a power of at least POWER; None for more than MAX_PAIRS.
    Source: Cohen 1988, Statistical power analysis, chapter 2, with the noncentral t distribution.
    """
    n = len(differences)
    mean = math.fsum(differences) / n
    effect = abs(mean) / (_standard_error(differences, mean) * math.sqrt(n))
    counts = range(2, MAX_PAIRS + 1)
    found = bisect.bisect_left(counts, POWER, key=lambda n: power(effect, n, alpha))
    return counts[found] if found < len(counts) else None


def power(effect: float, n_pairs: int, alpha: float = ALPHA) -> float:
    """The chance that a two-sided paired t-test sees a difference.

    Args:
        effect: true mean difference over the standard deviation of the differences, >= 0.
        n_pairs: at least 2.
        alpha: the level of the test, 0 < alpha < 1.
    Source: as pairs_needed.
    """
    from scipy import stats

    freedom = n_pairs - 1
    shift = effect * math.sqrt(n_pairs)
    edge = float(stats.t.ppf(1 - alpha / 2, freedom))
    below = float(stats.nct.cdf(-edge, freedom, shift))
    # Far in its tail scipy's lower part is NaN where it should be next to nothing.
    return float(stats.nct.sf(edge, freedom, shift)) + (0.0 if math.isnan(below) else below)


def _standard_error(values: Sequence[float], mean: float) -> float:
    """Of the mean of at least two values; scaled so that no square is too small for a float."""
    n = len(values)
    _, exponent = math.frexp(max(abs(value - mean) for value in values))
    variance = math.fsum(math.ldexp(value - mean, -exponent) ** 2 for value in values) / (n - 1)
    return math.ldexp(math.sqrt(variance / n), exponent)
