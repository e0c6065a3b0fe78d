from __future__ import annotations

from typing import Any

import pytest

from tracking.metrics import rises, sense_of
from tracking.tables import compare

OBJECTIVE = {"metric": "validation/accuracy", "direction": "maximize"}


@pytest.mark.parametrize(
    ("metric", "up"),
    [
        ("test/accuracy", True),
        ("test/r2", True),
        ("test/loss", False),
        ("test/rmse", False),
        ("validation/mae", False),
        ("gap", False),
        ("train_seconds", False),
        ("epochs_run", False),
        ("test/of-their-own", True),
    ],
)
def test_sense_of_a_metric(sweep_of: Any, metric: str, up: bool) -> None:  # noqa: FBT001
    """Best is the largest of what should be large, and the least of what should be small."""
    assert rises(metric, {"metric": "validation/loss", "direction": "minimize"}) is up
    rows = [{"learning_rate": 0.1, "test/loss": x, metric: x, "seed": x} for x in (3.0, 1.0)]
    table = compare([sweep_of(rows, {})], ["learning_rate"], metric)
    assert table.rows[0].best == (3.0 if up else 1.0)


def test_direction_of_the_objective_decides_what_is_unknown() -> None:
    """A metric of the user's own has the sense that the sweep file gives it."""
    objective = {"metric": "validation/own", "direction": "minimize"}
    assert not rises("test/own", objective)


@pytest.mark.parametrize(
    ("metric", "first", "behind", "unit"),
    [
        ("test/accuracy", "best", "worse", "point"),
        ("test/loss", "best", "worse", ""),
        ("test/r2", "best", "worse", ""),
        ("epochs_run", "lowest", "higher", "epoch"),
        ("train_seconds", "lowest", "higher", "second"),
        ("gap", "lowest", "higher", "point"),
    ],
)
def test_words_of_a_metric(sweep_of: Any, metric: str, first: str, behind: str, unit: str) -> None:
    """Only what can be better or worse is called so, and differences are told in their unit."""
    runs = sweep_of([{"learning_rate": 0.1, "test/accuracy": 0.9}], {}).runs
    sense = sense_of(metric, OBJECTIVE, runs)
    assert (sense.first, sense.behind, sense.unit) == (first, behind, unit)
    assert sense.scale == (100 if unit == "point" else 1)


def test_the_gap_of_a_regression_is_a_plain_number(sweep_of: Any) -> None:
    """A gap between two values of r2 is no percentage."""
    runs = sweep_of([{"learning_rate": 0.1, "test/r2": 0.9, "gap": 0.1}], {}).runs
    assert sense_of("gap", OBJECTIVE, runs).unit == ""
