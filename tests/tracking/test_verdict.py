from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.metrics import Sense
from tracking.pairs import against_best
from tracking.verdict import Verdict, p_text, verdict

ACCURACY = Sense(rises=True, judged=True, unit="point", scale=100)
LOSS = Sense(rises=False, judged=True)
EPOCHS = Sense(rises=False, judged=False, unit="epoch")


def judged(levels: dict[str, list[float]], sense: Sense, *, cells: bool = False) -> Verdict:
    """The verdict on levels that are given by their value at each seed, the best first."""
    units = {name: {str(i): x for i, x in enumerate(xs)} for name, xs in levels.items()}
    best = next(iter(levels))
    return verdict(best, against_best(units, best, rises=sense.rises), sense, cells=cells)


def test_best_near_and_worse() -> None:
    """One sentence names the best, what is not told apart, and what is worse by how much."""
    levels = {
        "0.01": [0.97, 0.98, 0.96, 0.97, 0.98],
        "0.1": [0.93, 0.95, 0.93, 0.94, 0.94],
        "0.001": [0.96, 0.985, 0.955, 0.97, 0.96],
    }
    found = judged(levels, ACCURACY)
    assert found.sentence == (
        "0.01 is best; "
        "0.001 is not distinguishable from it (p = 0.24, 5 pairs; about 27 would do); "
        "0.1 is worse by 3.4 points (p < 0.001)"
    )
    test = "Paired t-test over 5 shared seeds, Holm's correction over the levels"
    assert found.method == (
        f"{test}, significance level 0.05.",
        "'Would do': 80% power at the difference and spread seen.",
    )


def test_nothing_shown() -> None:
    """Where no level is shown to be worse, none is called best."""
    sentence = judged({"relu": [0.9, 0.8], "tanh": [0.8, 0.85]}, ACCURACY).sentence
    assert sentence.startswith(
        "no level is shown to be best: relu has the highest mean; "
        "tanh is not distinguishable from it (p = 0.8, 2 pairs; about "
    )


def test_losses_and_counts() -> None:
    """A larger loss is worse; more epochs are neither better nor worse, only higher."""
    assert judged({"a": [0.1, 0.2, 0.1], "b": [1.1, 1.21, 1.1]}, LOSS).sentence == (
        "a is best; b is worse by 1 (p < 0.001)"
    )
    assert judged({"a": [5.0, 6.0, 5.0], "b": [9.0, 10.0, 9.1]}, EPOCHS).sentence == (
        "a is lowest; b is higher by 4 epochs (p < 0.001)"
    )


def test_one_seed() -> None:
    """A single seed has no verdict, and the reader is told what to do."""
    assert judged({"a": [0.9], "b": [0.8]}, ACCURACY) == Verdict(
        "a has the highest mean, but one seed shows no spread, so there is no verdict: "
        "set repeats to 5 or more"
    )
    assert judged({"a": [0.1], "b": [0.8]}, LOSS).sentence.startswith("a has the lowest mean")


def test_equal_levels() -> None:
    """Levels that never differ are called equal, not indistinguishable."""
    assert judged({"a": [0.9, 0.8], "b": [0.9, 0.8]}, ACCURACY) == Verdict(
        "the levels are equal in each of 2 pairs"
    )
    sentence = judged({"a": [0.9, 0.8], "b": [0.9, 0.8], "c": [0.5, 0.41]}, ACCURACY).sentence
    assert (
        sentence
        == "a is best; b is equal to it in every pair; c is worse by 39.5 points (p = 0.0081)"
    )


@pytest.mark.parametrize(
    ("n_pairs", "head", "why"),
    [
        (3, "no level is shown to be best: a has", "too few pairs"),
        (6, "a is best", "sign-flip test: p = 0.031"),
    ],
)
def test_the_same_difference_in_every_pair(n_pairs: int, head: str, why: str) -> None:
    """Without spread the t-test is silent, so sign flips decide, if there are pairs enough."""
    levels = {"a": [0.5 + 0.01 * i for i in range(n_pairs)]}
    levels["b"] = [x - 0.01 for x in levels["a"]]
    sentence = judged(levels, ACCURACY).sentence
    assert sentence.startswith(head)
    assert sentence.endswith(
        f"b is worse by 1 point in each of {n_pairs} pairs (no spread for a t-test; {why})"
    )


def test_hopeless_and_many() -> None:
    """No number of pairs shows a mean difference of zero; of many levels the near are named."""
    assert "(p = 1, 2 pairs; not even 1000 would do)" in (
        judged({"a": [0.9, 0.8], "b": [0.8, 0.9]}, ACCURACY).sentence
    )
    levels = {f"l{i}": [0.9 - i / 100, 0.9 - i / 101, 0.9 - i / 99] for i in range(10)}
    found = judged(levels, ACCURACY)
    assert found.sentence.startswith("l0 is best; l1 is worse by 1 point (p")
    assert found.sentence.endswith("; 3 more are worse")
    assert "weak evidence" in found.method[-1]


def test_cells_are_counted() -> None:
    """The cells of two factors are too many to name: how many are worse, how many are not."""
    levels = {"a": [0.9, 0.91, 0.9], "b": [0.5, 0.52, 0.5], "c": [0.9, 0.9, 0.9]}
    found = judged(levels, ACCURACY, cells=True)
    assert found.sentence == (
        "a is best; 1 of the 2 others is worse; 1 other is not distinguishable from it"
    )
    assert "Would do" not in " ".join(found.method)


@pytest.mark.parametrize(
    ("difference", "told"),
    [
        (0.00321, "0.0032"),
        (9.96, "10"),
        (20.04, "20"),
        (123.4, "123"),
        (12345.6, "12346"),
        (1e-7, "1e-07"),
    ],
)
def test_amounts(difference: float, told: str) -> None:
    """As many digits as a reader needs, and no more."""
    levels = {"a": [0.0] * 3, "b": [difference * x for x in (1.0001, 1.0, 0.9999)]}
    assert f"b is worse by {told} (p < 0.001)" in judged(levels, LOSS).sentence


@given(st.floats(1e-12, 1.0))
def test_a_shown_p_never_crosses_the_level(p: float) -> None:
    """What reads as at most 0.05 is, and what reads as more is more."""
    text = p_text(p)
    assert (float(text.removeprefix("<")) <= 0.05) == (p <= 0.05)
