"""Which factors mattered is told only where there is something to tell, and warns of nothing."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from sweeps.importance import LEAST_TRIALS, importance_of
from sweeps.record import RecordedTrial
from sweeps.spec import load_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sweeps.spec import SweepSpec

SEARCH = """\
search:
  learning_rate: {low: 1.0e-4, high: 1.0, log: true}
  dropout: {low: 0.0, high: 0.5}
  hidden: [[4], [8, 8]]
budget: {trials: 60}
"""


@pytest.fixture
def spec(folder: Path) -> Callable[[str], SweepSpec]:
    def load(rest: str) -> SweepSpec:
        (folder / "sweep.yaml").write_text(f"name: small\ndata: {{source: iris}}\n{rest}")
        return load_spec(folder / "sweep.yaml")

    return load


def trials(n: int, value: Callable[[dict[str, Any]], float]) -> list[RecordedTrial]:
    draw = random.Random(0)  # noqa: S311 - no secret
    found = []
    for number in range(n):
        params = {
            "learning_rate": 10 ** draw.uniform(-4, 0),
            "dropout": draw.uniform(0, 0.5),
            "hidden": draw.choice(["[4]", "[8, 8]"]),
        }
        found.append(RecordedTrial(number, params, "COMPLETE", value(params), 1, {}, ""))
    return found


def test_the_factor_that_decides_has_the_largest_share(spec: Callable[[str], SweepSpec]) -> None:
    """Shares sum to 1; a value that follows one factor alone gives it most."""
    found = importance_of(spec(SEARCH), trials(100, lambda p: -abs(p["dropout"] - 0.25)))
    assert sum(found.values()) == pytest.approx(1)
    assert set(found) == {"learning_rate", "dropout", "hidden"}
    assert max(found, key=found.__getitem__) == "dropout"
    assert found["dropout"] > 0.5


def test_nothing_is_told_where_nothing_is_known(spec: Callable[[str], SweepSpec]) -> None:
    """Of few trials, of trials all alike, of a grid and of a single factor."""
    search = spec(SEARCH)
    few = trials(LEAST_TRIALS - 1, lambda p: p["dropout"])
    assert importance_of(search, few) == {}
    assert importance_of(search, []) == {}
    assert importance_of(search, trials(40, lambda _: 0.5)) == {}
    many = trials(40, lambda p: p["dropout"])
    grid = "search: {learning_rate: [0.1, 0.01], batch_size: [16, 32]}\nsampler: grid\n"
    assert importance_of(spec(grid), many) == {}
    single = "search: {dropout: {low: 0.0, high: 0.5}}\nbudget: {trials: 40}\n"
    assert importance_of(spec(single), many) == {}


def test_trials_that_did_not_complete_do_not_count(spec: Callable[[str], SweepSpec]) -> None:
    """Pruned and failed trials change nothing."""
    whole = trials(60, lambda p: p["dropout"])
    others = [
        RecordedTrial(60, whole[0].params, "PRUNED", 1.0, 1, {}, ""),
        RecordedTrial(61, whole[1].params, "FAIL", None, 1, {}, "broke"),
    ]
    assert importance_of(spec(SEARCH), whole + others) == importance_of(spec(SEARCH), whole)
