from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from trainer.data.raw import RawTable
from trainer.data.target import read_target

if TYPE_CHECKING:
    from trainer.hyperparameters import Task


@pytest.mark.parametrize(
    ("values", "asked", "task"),
    [
        (["a", "b", "a"], None, "classification"),
        ([True, False, None], None, "classification"),
        ([1, 2, 3], None, "classification"),
        ([1.0, 2.0, np.nan], None, "classification"),
        ([1, 2, 3], "regression", "regression"),
        (range(20), None, "classification"),
        (range(21), None, "regression"),
        (range(21), "classification", "classification"),
        ([0.5, 1.0, 2.0], None, "regression"),
        (["1", "2", "3", "x"], "classification", "classification"),
        (pd.Categorical([1, 2, 1]), None, "classification"),
    ],
)
def test_the_objective_or_else_the_type_decides_the_task(
    values: Any, asked: Task | None, task: Task
) -> None:
    """Text and booleans are classes, fractions are numbers, few whole numbers are classes."""
    target = pd.Series(values, name="y")
    table = RawTable("t", pd.DataFrame({"x": range(len(target))}), target)
    assert read_target(table, asked).task == task


def test_labels_keep_their_type() -> None:
    """Whole numbers stay whole even beside gaps, booleans stay booleans."""

    def labels(values: list[Any]) -> list[Any]:
        table = RawTable("t", pd.DataFrame({"x": values}), pd.Series(values, name="y"))
        return [label for label in read_target(table, None).entries if label is not None]

    assert [type(label) for label in labels([1.0, 2.0, None])] == [int, int]
    assert [type(label) for label in labels([True, False, None])] == [bool, bool]
    assert labels(["b", "a", None]) == ["b", "a"]
