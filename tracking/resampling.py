"""What pairs say by counting alone, without assuming a distribution. Exact: nothing is drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

MAX_FLIPPED = 36  # pairs: two tables of 2^18 sums
_SAME = 1e-9  # sums of a share of this difference are equal but for rounding


def sign_flip_p(differences: Sequence[float]) -> float | None:
    """The exact two-sided permutation p-value of paired values: every sign may be flipped.

    Of n pairs it can't be less than 2 / 2^n. The sums of both halves of the pairs are listed and
    matched, which takes 2^(n/2) steps in place of 2^n.

    Args:
        differences: one per independent pair; at least one.
    Returns: the share of the 2^n sign flips whose mean is as far from zero; None for more than
        MAX_FLIPPED pairs.
    Source: Fisher 1935, The design of experiments, section 21; as scipy.stats.permutation_test
        with permutation_type='samples'.
    """
    import numpy as np

    n = len(differences)
    if n > MAX_FLIPPED:
        return None
    ordered = sorted(differences)
    slack = _SAME * math.fsum(map(abs, ordered))
    seen = abs(math.fsum(ordered)) - slack
    if seen <= 0:
        return 1.0
    left, right = _signed_sums(ordered[: n // 2]), np.sort(_signed_sums(ordered[n // 2 :]))
    below = int(np.searchsorted(right, seen - left).sum())
    return min(1.0, float(2 * (2**n - below) / 2**n))


def least_p(n_pairs: int) -> float:
    """The least p-value that flipping the signs of so many pairs can give."""
    return float(2 / 2**n_pairs)


def chance_to_win(differences: Sequence[float]) -> tuple[float, float | None, float | None]:
    """The chance that a fresh pair's difference is above zero, ties counted half.

    The 95% interval is the percentile bootstrap's, from the distribution that infinitely many
    resamples would have. Where all pairs agree a resample can't differ, so its interval would be a
    point: Clopper and Pearson's stands in its place.

    Args:
        differences: one per independent pair; at least one.
    Returns: (chance, low, high); low and high are None for one pair, or where all are ties.
    Source: Bouthillier et al. 2021, Accounting for variance in machine learning benchmarks,
        section 4 and appendix C.5; Clopper and Pearson 1934.
    """
    n = len(differences)
    n_won = sum(d > 0 for d in differences)
    n_lost = sum(d < 0 for d in differences)
    chance = (n_won + (n - n_won - n_lost) / 2) / n
    if n == 1 or n_won == n_lost == 0:
        return chance, None, None
    edge = 0.025 ** (1 / n)
    if n_won == n:
        return chance, edge, 1.0
    if n_lost == n:
        return chance, 0.0, 1 - edge
    low, high = _bootstrap_interval(n_won, n_lost, n)
    return chance, low, high


def _signed_sums(values: Sequence[float]) -> NDArray[np.float64]:
    """[2^n], the sum of the values under each choice of their signs."""
    import numpy as np

    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums - value, sums + value])
    return sums


def _bootstrap_interval(n_won: int, n_lost: int, n: int) -> tuple[float, float]:
    """The 2.5% and 97.5% points of the mean of n draws from wins (1), ties (1/2), losses (0)."""
    import numpy as np

    one = np.array([n_lost, n - n_won - n_lost, n_won]) / n  # of 0, 1, 2 halves
    halves = np.ones(1)
    for _ in range(n):
        halves = np.convolve(halves, one)
    below = np.cumsum(halves)
    low, high = (int(np.searchsorted(below, share)) for share in (0.025, 0.975))
    return low / (2 * n), high / (2 * n)
