from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tracking.statistics import mean_interval

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
