from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tracking.resampling import MAX_FLIPPED, chance_to_win, least_p, sign_flip_p

if TYPE_CHECKING:
    import random

# Differences of accuracies on 270 images: many sums tie, and only up to rounding.
COUNTS = st.lists(st.integers(-20, 20), min_size=2, max_size=9)


@settings(max_examples=40)
@given(COUNTS)
def test_sign_flips_are_scipys(counts: list[int]) -> None:
    """The p-value is that of scipy.stats.permutation_test over all sign flips, ties and all."""
    found = sign_flip_p([(243 + count) / 270 - 243 / 270 for count in counts])
    flipped = stats.permutation_test(
        (np.array(counts, dtype=float),), np.sum, permutation_type="samples", n_resamples=np.inf
    )
    assert found == pytest.approx(flipped.pvalue, abs=1e-12)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=12), st.randoms())
def test_sign_flips_have_a_floor(values: list[float], shuffler: random.Random) -> None:
    """It is at least 2 / 2^n, at most 1, and the same for every order and for flipped signs."""
    p = sign_flip_p(values)
    assert p is not None
    assert min(1.0, least_p(len(values))) <= p <= 1
    assert sign_flip_p(shuffler.sample(values, len(values))) == p
    assert sign_flip_p([-value for value in values]) == p


def test_all_signs_alike_reach_the_floor() -> None:
    """Pairs that all agree have the least p-value there is, also at the greatest number."""
    for n in (1, 2, 7, 20, MAX_FLIPPED):
        assert sign_flip_p([0.1 * (i + 1) for i in range(n)]) == least_p(n)
    assert sign_flip_p([1.0] * (MAX_FLIPPED + 1)) is None


@pytest.mark.parametrize(
    "differences", [[1, 1, -1, 0, 2], [1] * 9 + [-1], [0.5, -0.5] * 8, [0, 0, 3, 1, 2, -1]]
)
def test_interval_is_the_bootstraps(differences: list[float]) -> None:
    """The exact percentile interval is the one that scipy.stats.bootstrap draws near to."""
    chance, low, high = chance_to_win(differences)
    wins = (np.sign(differences) + 1) / 2
    assert chance == pytest.approx(wins.mean())
    drawn = stats.bootstrap(
        (wins,), np.mean, method="percentile", n_resamples=20_000, rng=np.random.default_rng(0)
    ).confidence_interval
    step = 0.5 / len(wins)  # where a quantile falls on an edge, draws may land beside it
    assert (low, high) == pytest.approx((drawn.low, drawn.high), abs=step + 1e-9)


@pytest.mark.parametrize("n", [2, 5, 30])
def test_pairs_that_agree_are_not_certainty(n: int) -> None:
    """When all pairs are won or lost, the interval is Clopper and Pearson's, not a point."""
    exact = stats.binomtest(n, n).proportion_ci(0.95, "exact")
    assert chance_to_win([0.1] * n) == pytest.approx((1.0, exact.low, 1.0))
    assert chance_to_win([-0.1] * n) == pytest.approx((0.0, 0.0, 1 - exact.low))


def test_chance_without_an_interval() -> None:
    """One pair, or nothing but ties, says nothing about a fresh pair's spread."""
    assert chance_to_win([0.3]) == (1.0, None, None)
    assert chance_to_win([0.0] * 5) == (0.5, None, None)


def test_coverage_of_the_chance() -> None:
    """Of intervals from 20 pairs, nearly 95% cover the true chance of 0.7 (2000 draws)."""
    won = np.random.default_rng(0).random((2000, 20)) < 0.7
    intervals = {n: chance_to_win([1.0] * n + [-1.0] * (20 - n)) for n in range(21)}
    hits = [intervals[int(n)] for n in won.sum(1)]
    covered = np.mean([low <= 0.7 <= high for _, low, high in hits if low is not None and high])
    assert 0.9 < covered < 0.99
