from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from trainer.data.preparation import prepare
from trainer.data.request import DataRequest
from trainer.data.summary import summary_lines

if TYPE_CHECKING:
    from pathlib import Path


def test_a_table_in_five_lines(tmp_path: Path, measured: pd.DataFrame) -> None:
    """The lines say what came in, what was dropped, the classes, the split and the digest."""
    measured.loc[[5, 6], "count"] = np.nan
    measured.loc[[7], "kind"] = None
    pd.concat([measured, measured.iloc[:1]]).to_csv(tmp_path / "t.csv", index=False)
    data = prepare(DataRequest("t.csv", folder=tmp_path, target="kind", train_rows=30), 0)
    cleaned = "1 row without target dropped; 1 duplicate dropped; missing: count 2; 2 rows dropped"
    split = "train 30, validation 9, test 9 (9 training rows left out)"
    assert summary_lines(data) == [
        "data: t.csv, 61 rows, 5 inputs, 3 classes",
        f"cleaned: {cleaned}",
        "classes: a: 19, b: 19 and c: 19",
        f"split: {split}; standard scale fitted on train",
        f"digest: {data.digest}",
    ]
    assert json.loads(json.dumps(data.summary, allow_nan=False)) == data.summary


def test_images_numbers_and_imputed_values_are_named() -> None:
    """An image shows its shape, a quantity is called one, and no scale is called none."""
    assert summary_lines(prepare(DataRequest("digits"), 0))[0] == (
        "data: digits, 1797 rows, 64 inputs (1 x 8 x 8), 10 classes"
    )
    lines = summary_lines(prepare(DataRequest("diabetes", scale="none"), 0))
    assert lines[:3] == [
        "data: diabetes, 442 rows, 10 inputs, a number to predict",
        "cleaned: 0 duplicates dropped; nothing missing",
        "split: train 310, validation 66, test 66; not scaled",
    ]


def test_a_part_without_a_class_is_pointed_out(tmp_path: Path) -> None:
    """A class too rare for the test part is named: its metrics say nothing about it."""
    labels = ["rare"] * 3 + ["often"] * 97
    pd.DataFrame({"x": range(100), "y": labels}).to_csv(tmp_path / "t.csv", index=False)
    request = DataRequest("t.csv", folder=tmp_path, target="y", validation=0.02, test=0.02)
    assert summary_lines(prepare(request, 0))[2] == (
        "classes: often: 97 and rare: 3 (rare has no row in validation and rare has no row in test)"
    )
