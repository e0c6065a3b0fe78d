from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

from trainer.data.cleaning import clean
from trainer.data.loading import load_raw
from trainer.data.preparation import prepare
from trainer.data.raw import RawTable
from trainer.data.request import DataRequest
from trainer.data.splitting import split_rows

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("columns", [1, 63, 64, 65, 129, 200])
@pytest.mark.parametrize("dtype", ["float64", "uint8"])
def test_columns_fitted_in_blocks_are_fitted_as_a_whole(
    tmp_path: Path, columns: int, dtype: str
) -> None:
    """Offset and scale are, bit for bit, those of StandardScaler on all columns at once."""
    rng = np.random.default_rng(columns)
    numbers = rng.integers(0, 256, (300, columns)).astype(dtype)
    if dtype == "float64":
        numbers += rng.normal(size=numbers.shape)
    np.savez(tmp_path / "t.npz", X=numbers, y=np.resize([0, 1], 300))
    request = DataRequest("t.npz", folder=tmp_path, duplicates="keep")
    split = split_rows(clean(load_raw(request), request), request, 0)
    fitted = StandardScaler().fit(numbers[split.train].astype(np.float64))
    preprocessing = prepare(request, 0).preprocessing
    assert preprocessing["offset"] == fitted.mean_.tolist()
    assert preprocessing["scale"] == fitted.scale_.tolist()


@pytest.mark.parametrize("dtype", ["uint8", "int64", "uint64"])
@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_duplicates_of_whole_numbers_are_those_that_pandas_finds(dtype: str, kind: str) -> None:
    """Of few different rows and targets, the first of each is kept, as pandas keeps it."""
    rng = np.random.default_rng(8)
    inputs = pd.DataFrame(rng.integers(0, 3, (400, 4)).astype(dtype))
    target = pd.Series(rng.integers(0, 2, 400) + (0 if kind == "classes" else 0.5), name="y")
    table = clean(RawTable("t", inputs, target), DataRequest("t"))
    expected = np.flatnonzero(~inputs.assign(y=target).duplicated())
    assert table.rows.tolist() == expected.tolist()
    assert table.counts["duplicates"] == 400 - len(expected)
