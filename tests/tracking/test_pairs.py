from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.pairs import against_best, best_of, differences, seed_means

if TYPE_CHECKING:
    import random

LOSSES = {"a": {"1": 0.1, "2": 0.2, "3": 0.15}, "b": {"1": 0.3, "2": 0.3, "3": 0.4}}


def accuracies(*n_right: int) -> dict[str, float]:
    """Seed -> accuracy on 270 images."""
    return {str(seed): n / 270 for seed, n in enumerate(n_right)}


def test_a_seed_is_one_pair() -> None:
    """Runs that share their seed are averaged first: four runs of two seeds are two values."""
    assert seed_means([("7", 0.5), ("2", 0.9), ("7", 0.7), ("2", 0.8)]) == pytest.approx(
        {"2": 0.85, "7": 0.6}
    )


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(-1, 1)), min_size=1), st.randoms())
def test_order_of_runs_changes_no_bit(
    runs: list[tuple[str, float]], shuffler: random.Random
) -> None:
    """Means per seed do not depend on the order in which runs finished."""
    assert seed_means(shuffler.sample(runs, len(runs))) == seed_means(runs)


@given(st.lists(st.integers(0, 240), min_size=2, max_size=8), st.integers(0, 30))
def test_rounding_is_no_spread(counts: list[int], more: int) -> None:
    """The same number of images more at every seed is one and the same difference, or none."""
    level, best = accuracies(*(c + more for c in counts)), accuracies(*counts)
    found = differences(level, best)
    assert len(set(found)) == 1
    assert found[0] == pytest.approx(more / 270)
    assert (found[0] == 0) == (more == 0)


def test_the_best_is_the_best_mean() -> None:
    """Most of what should be large, least of what should be small; of equals the first."""
    assert best_of(LOSSES, rises=False) == "a"
    assert best_of(LOSSES, rises=True) == "b"
    equal = {"x": accuracies(1, 2, 6), "y": accuracies(3, 3, 3), "z": accuracies(0, 4, 5)}
    assert best_of(equal, rises=True) == "x"
    assert best_of(dict(reversed(equal.items())), rises=True) == "z"


def test_chance_is_that_of_being_better() -> None:
    """A level that loses less in every pair beats the other, its differences being negative."""
    found = against_best(LOSSES, "b", rises=False)["a"]
    assert found.difference == pytest.approx(np.mean([-0.2, -0.1, -0.25]))
    assert found.chance == 1.0
    assert against_best(LOSSES, "a", rises=False)["b"].chance == 0.0


def test_nothing_is_tested_without_spread() -> None:
    """One pair, equal pairs and pairs of one difference have no t-test and no interval."""
    levels = {"best": accuracies(9, 8, 7), "less": accuracies(8, 7, 6), "same": accuracies(9, 8, 7)}
    found = against_best(levels, "best", rises=True)
    for name, difference in (("less", -1 / 270), ("same", 0.0)):
        other = found[name]
        assert other.difference == pytest.approx(difference)
        assert (other.low, other.high, other.p, other.p_holm, other.pairs_needed) == (None,) * 5
    one = against_best({"a": {"1": 0.1}, "b": {"1": 0.3}}, "b", rises=True)["a"]
    assert (one.n_pairs, one.difference, one.p, one.low) == (1, pytest.approx(-0.2), None, None)


@pytest.mark.parametrize(
    ("n_pairs", "n_levels", "shown"),
    [(5, 2, False), (6, 2, True), (6, 3, False), (7, 3, True)],
)
def test_sign_flips_are_shown_where_they_could_decide(
    n_pairs: int,
    n_levels: int,
    shown: bool,  # noqa: FBT001
) -> None:
    """The exact p is there only if its least value, corrected for the levels, is below 0.05."""
    draw = np.random.default_rng(0)
    levels = {
        f"l{i}": {str(seed): float(draw.random()) for seed in range(n_pairs)}
        for i in range(n_levels)
    }
    best = best_of(levels, rises=True)
    for other in against_best(levels, best, rises=True).values():
        assert (other.permutation_p is not None) is shown
        assert (other.permutation_p_holm is not None) is shown


def test_pairs_beat_no_pairs() -> None:
    """Seeds that move all levels alike do not hide a small difference between them."""
    draw = np.random.default_rng(3)
    shared = draw.normal(0.9, 0.05, 10)
    levels = {
        name: {str(seed): float(x) for seed, x in enumerate(shared + draw.normal(shift, 0.002, 10))}
        for name, shift in (("low", -0.01), ("high", 0.0))
    }
    found = against_best(levels, "high", rises=True)["low"]
    assert found.p is not None
    assert found.p < 1e-4
    assert found.low is not None
    assert found.high is not None
    assert found.low < -0.01 < found.high < 0
