from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from trainer.data.preparation import prepare
from trainer.data.request import DataRequest
from trainer.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

X = np.arange(24.0).reshape(12, 2)
Y = np.resize([0, 1], 12)
PAIRS = "X and y, x and y, inputs and targets, data and target"

WRONG_ARRAYS: list[tuple[dict[str, Any], str]] = [
    ({}, f"t.npz needs two arrays named {PAIRS}; the arrays in it are: none"),
    ({"X": X, "t": Y}, f"t.npz needs two arrays named {PAIRS}; the arrays in it are: X and t"),
    (
        {"X": X.astype(object), "y": Y},
        (
            "t.npz holds an array of Python objects, which is not loaded; "
            "save numbers or text (array.astype(...))"
        ),
    ),
    ({"X": X, "y": Y[:5]}, "t.npz: 12 rows of inputs and 5 targets; give one each"),
    (
        {"X": X[:, 0], "y": Y},
        (
            "t.npz: inputs have the shape (12,); give [N, F], or images [N, H, W] or [N, C, H, W]; "
            "reshape(-1, 1) makes one column of it"
        ),
    ),
    (
        {"X": X, "y": np.eye(2)[Y]},
        (
            "t.npz: targets have the shape (12, 2); give one value per row, [N] "
            "(one-hot classes: targets.argmax(axis=1))"
        ),
    ),
    (
        {"X": np.ones((12, 8, 8, 3)), "y": Y},
        (
            "t.npz: inputs of the shape (12, 8, 8, 3) have their channels last; "
            "turn them with inputs.transpose(0, 3, 1, 2)"
        ),
    ),
    ({"X": X[:, :0], "y": Y}, "t.npz: inputs have the shape (12, 0), no column; add some"),
    ({"X": X[:0], "y": Y[:0]}, "t.npz has no rows; add some"),
    (
        {"X": X.astype(complex), "y": Y},
        "t.npz: column 'x0' holds a complex at index 0; only numbers and text can be read",
    ),
    (
        {"X": np.where(X == 5, np.inf, X), "y": Y},
        (
            "t.npz: column 'x1' is infinite at index 2; "
            "correct it, or leave it empty if the value is missing"
        ),
    ),
]


@pytest.mark.parametrize(("arrays", "sentence"), WRONG_ARRAYS)
def test_wrong_arrays_end_with_one_sentence(
    tmp_path: Path, arrays: dict[str, Any], sentence: str
) -> None:
    """Shapes, names and values that do not fit are told with what would."""
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(DataError) as caught:
        prepare(DataRequest("t.npz", folder=tmp_path), 0)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([dt.date(2024, 1, 1)] * 12, "t.parquet: column 'd' holds dates or times; "),
        (pd.date_range("2024-01-01", periods=12), "t.parquet: column 'd' holds dates or times; "),
        ([[1, 2]] * 12, "t.parquet: column 'd' holds a ndarray at index 0; only numbers and text"),
        ([None] * 12, "t.parquet: column 'd' has no value in any row; delete it"),
    ],
)
def test_parquet_columns_that_are_no_input_are_named(
    tmp_path: Path, values: Any, sentence: str
) -> None:
    """Dates, lists and empty columns are refused by name."""
    pd.DataFrame({"d": values, "y": Y}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError) as caught:
        prepare(DataRequest("t.parquet", folder=tmp_path, target="y"), 0)
    assert str(caught.value).startswith(sentence)
