from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tracking.statistics import holm, mean_interval, paired_p, pairs_needed, power

if TYPE_CHECKING:
    import random

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30)


@given(VALUES, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_interval_is_scipys(values: list[float], level: float) -> None:
    """Mean and bounds agree with scipy.stats.t.interval on numpy's mean and standard error."""
    mean, low, high = mean_interval(values, level)
    assert mean == pytest.approx(np.mean(values), abs=1e-6)
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    if error > 1e-6:
        expected = stats.t.interval(level, len(values) - 1, np.mean(values), error)
        assert (low, high) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(VALUES, st.randoms())
def test_order_changes_no_bit(values: list[float], shuffler: random.Random) -> None:
    """Runs finish in any order; the table must not show it."""
    shuffled = shuffler.sample(values, len(values))
    assert mean_interval(shuffled) == mean_interval(values)


def test_coverage() -> None:
    """Of 95% intervals from 5 normal values, 95% cover the true mean (4000 draws: +- 1.1%)."""
    draws = np.random.default_rng(0).normal(3.0, 2.0, size=(4000, 5))
    covered = sum(low <= 3.0 <= high for _, low, high in map(mean_interval, draws.tolist()))
    assert covered / 4000 == pytest.approx(0.95, abs=0.011)


def test_one_value_has_no_interval() -> None:
    """A single run says nothing about spread; no value is a mistake."""
    assert mean_interval([0.7]) == (0.7, None, None)
    with pytest.raises(ValueError, match="at least one value"):
        mean_interval([])


@given(VALUES)
def test_paired_test_is_scipys(differences: list[float]) -> None:
    """The p-value agrees with scipy.stats.ttest_rel of two levels that differ by these."""
    p = paired_p(differences)
    if np.std(differences, ddof=1) > 1e-6 * (1 + np.abs(differences).max()):
        test = stats.ttest_rel(differences, np.zeros(len(differences)))
        assert p == pytest.approx(test.pvalue, rel=1e-6, abs=1e-12)
        interval = test.confidence_interval(0.95)
        assert mean_interval(differences)[1:] == pytest.approx(
            (interval.low, interval.high), rel=1e-6, abs=1e-6
        )


def test_no_spread_no_test() -> None:
    """One pair, or pairs of one and the same difference, have no p-value."""
    assert paired_p([0.1]) is None
    assert paired_p([0.1, 0.1, 0.1]) is None
    assert paired_p([0.0, 0.0]) is None


def test_coverage_of_a_paired_difference() -> None:
    """Of 95% intervals of a difference, 95% cover the true one, though seeds move both levels;
    where there is none, 5% of p-values are below 0.05 (4000 draws: +- 1.1%)."""
    draw = np.random.default_rng(1)
    shared = draw.normal(0.9, 0.05, size=(4000, 1, 5))
    first, second = (shared + draw.normal(0, 0.01, size=(4000, 2, 5))).transpose(1, 0, 2)
    differences = (first - second).tolist()
    covered = sum(low <= 0.0 <= high for _, low, high in map(mean_interval, differences))
    assert covered / 4000 == pytest.approx(0.95, abs=0.011)
    alarms = sum(p < 0.05 for p in map(paired_p, differences) if p is not None)
    assert alarms / 4000 == pytest.approx(0.05, abs=0.011)


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=12))
def test_holm_is_monotone(p_values: list[float | None]) -> None:
    """Corrected values keep the order, are at least the raw ones and at most their number times."""
    corrected = holm(p_values)
    known = sorted(
        (p, q) for p, q in zip(p_values, corrected, strict=True) if p is not None and q is not None
    )
    assert [q is None for q in corrected] == [p is None for p in p_values]
    assert [q for _, q in known] == sorted(q for _, q in known)
    assert all(p <= q <= min(1.0, p * len(known) + 1e-12) for p, q in known)


def test_holm_by_hand() -> None:
    """0.01, 0.03 and 0.04 of three tests become 3 * 0.01, 2 * 0.03 and, not less than it, 0.06."""
    assert holm([0.04, 0.01, None, 0.03]) == pytest.approx([0.06, 0.03, None, 0.06])


@pytest.mark.parametrize(("effect", "n"), [(0.0, 5), (0.5, 8), (1.5, 6), (0.3, 60)])
def test_power_is_what_simulation_finds(effect: float, n: int) -> None:
    """So often the test sees the difference in 6000 draws, to +- 1.7% (2.6 standard errors)."""
    draws = np.random.default_rng(0).normal(effect, 1.0, size=(6000, n))
    seen = stats.ttest_1samp(draws, 0.0, axis=1).pvalue < 0.05
    assert power(effect, n) == pytest.approx(np.mean(seen), abs=0.017)


@pytest.mark.parametrize(
    ("alpha", "differences"),
    [
        (0.05, [0.3, 1.0, -0.5, 0.7]),
        (0.01, [5.0, 6.0, 5.5]),
        (0.025, [0.1, -0.4, 0.5, -0.1, 0.3]),
    ],
)
def test_pairs_needed_is_the_least(alpha: float, differences: list[float]) -> None:
    """So many pairs have 80% power at the effect seen, and one fewer has not."""
    n = pairs_needed(differences, alpha)
    assert n is not None
    effect = abs(np.mean(differences)) / np.std(differences, ddof=1)
    assert power(effect, n, alpha) >= 0.8
    assert n == 2 or power(effect, n - 1, alpha) < 0.8


def test_too_many_pairs() -> None:
    """What more than a thousand pairs would not show has no number."""
    assert pairs_needed([1.0, -1.0]) is None
    assert pairs_needed([1.0, -1.0, 0.001]) is None


def test_power_far_from_zero_is_one() -> None:
    """Where scipy's noncentral t gives NaN, an effect that can't be missed is not missed."""
    assert power(80.0, 2) == pytest.approx(1.0, abs=1e-2)
    assert pairs_needed([1.0, 1.0001, 1.0]) == 2
