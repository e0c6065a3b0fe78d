from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from trainer.data.apply import apply_preprocessing
from trainer.data.cleaning import clean
from trainer.data.loading import load_raw
from trainer.data.preparation import prepare
from trainer.data.request import DataRequest, Missing
from trainer.data.splitting import split_rows

if TYPE_CHECKING:
    from pathlib import Path

PARTS = ("train", "validation", "test")


@pytest.mark.parametrize(
    ("scale", "scaler"), [("standard", StandardScaler), ("minmax", MinMaxScaler)]
)
@pytest.mark.parametrize("source", ["digits", "wine", "diabetes"])
def test_the_scale_is_fitted_on_the_training_part_alone(
    source: str, scale: str, scaler: type[StandardScaler | MinMaxScaler]
) -> None:
    """Every part is what scikit-learn's scaler, fitted on the raw training rows, makes of it."""
    request = DataRequest(source, scale=scale)  # type: ignore[arg-type]
    raw = load_raw(request)
    split = split_rows(clean(raw, request), request, 9)
    numbers = raw.inputs.to_numpy(dtype=np.float64)
    fitted = scaler().fit(numbers[split.train])
    data = prepare(request, 9)
    for name in PARTS:
        expected = fitted.transform(numbers[getattr(split, name)])
        np.testing.assert_allclose(getattr(data, name).inputs, expected, rtol=1e-6, atol=1e-6)


def test_other_parts_do_not_move_the_scale(tmp_path: Path) -> None:
    """A huge value in a test row leaves every training input as it was, bit for bit."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"x": rng.normal(size=80), "y": np.resize([0, 1], 80)})
    frame.to_csv(tmp_path / "t.csv", index=False)
    request = DataRequest("t.csv", folder=tmp_path, target="y")
    before = prepare(request, 0)
    split = split_rows(clean(load_raw(request), request), request, 0)
    frame.loc[split.test[0], "x"] = 1e6
    frame.to_csv(tmp_path / "t.csv", index=False)
    after = prepare(request, 0)
    assert after.train.inputs.tobytes() == before.train.inputs.tobytes()
    assert after.test.inputs.max() > 1e5


@pytest.mark.parametrize("missing", ["mean", "median", "most_frequent"])
def test_missing_numbers_are_imputed_as_scikit_learn_does(tmp_path: Path, missing: Missing) -> None:
    """Imputed and scaled inputs equal SimpleImputer and StandardScaler fitted on train."""
    rng = np.random.default_rng(5)
    numbers = rng.integers(0, 9, (90, 4)).astype(np.float64)
    numbers[rng.random((90, 4)) < 0.15] = np.nan
    np.savez(tmp_path / "t.npz", X=numbers, y=np.resize([0, 1, 2], 90))
    request = DataRequest("t.npz", folder=tmp_path, missing=missing, duplicates="keep")
    split = split_rows(clean(load_raw(request), request), request, 2)
    imputer = SimpleImputer(strategy=missing).fit(numbers[split.train])
    scaler = StandardScaler().fit(imputer.transform(numbers[split.train]))
    data = prepare(request, 2)
    for name in PARTS:
        expected = scaler.transform(imputer.transform(numbers[getattr(split, name)]))
        np.testing.assert_array_equal(getattr(data, name).inputs, expected.astype(np.float32))
    assert data.summary["missing"] == {
        f"x{i}": int(n) for i, n in enumerate(np.isnan(numbers).sum(axis=0))
    }


def test_rows_with_gaps_are_dropped_and_counted(tmp_path: Path, measured: pd.DataFrame) -> None:
    """missing: drop leaves the complete rows; a row without target goes whatever is asked."""
    measured.loc[[1, 2], "width"] = np.nan
    measured.loc[[2, 3], "city"] = None
    measured.loc[[10], "kind"] = None
    measured.to_csv(tmp_path / "t.csv", index=False)
    dropped = prepare(DataRequest("t.csv", folder=tmp_path, target="kind"), 0).summary
    assert dropped["missing"] == {"width": 2, "city": 2}
    assert (dropped["missing_target"], dropped["incomplete"], dropped["rows"]) == (1, 3, 56)
    imputed = prepare(DataRequest("t.csv", folder=tmp_path, target="kind", missing="mean"), 0)
    assert (imputed.summary["incomplete"], imputed.summary["rows"]) == (0, 59)


def test_categories_are_encoded_as_scikit_learn_does(
    tmp_path: Path, measured: pd.DataFrame
) -> None:
    """Text is one-hot with the training part's categories; one it lacks is all zeros."""
    measured["city"] = measured["city"].where(measured.index != 33, "Oslo")
    measured.to_csv(tmp_path / "t.csv", index=False)
    request = DataRequest("t.csv", folder=tmp_path, target="kind", scale="none")
    lacking = 0
    for seed in range(6):
        split = split_rows(clean(load_raw(request), request), request, seed)
        city = measured[["city"]].to_numpy(dtype=object)
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        encoder.fit(city[split.train])
        data = prepare(request, seed)
        slots = data.preprocessing["columns"][2]["categories"]
        seen = [2 + i for i, slot in enumerate(slots) if slot is not None]
        unseen = [2 + i for i, slot in enumerate(slots) if slot is None]
        lacking += len(unseen)
        for name in PARTS:
            inputs = getattr(data, name).inputs
            expected = encoder.transform(city[getattr(split, name)])
            np.testing.assert_array_equal(inputs[:, seen], expected)
            assert not inputs[:, unseen].any()
    assert lacking  # in some split Oslo stands outside the training part


def test_regression_targets_are_standardised_on_train() -> None:
    """Targets are (y - mean) / scale of the training part; with scale none they are y itself."""
    data = prepare(DataRequest("diabetes"), 1)
    assert data.train.targets.mean() == pytest.approx(0, abs=1e-6)
    assert data.train.targets.std() == pytest.approx(1, rel=1e-6)
    plain = prepare(DataRequest("diabetes", scale="none"), 1)
    assert (plain.target_mean, plain.target_scale) == (0.0, 1.0)
    np.testing.assert_allclose(
        data.test.targets * data.target_scale + data.target_mean, plain.test.targets, rtol=1e-5
    )


def test_preprocessing_is_enough_to_repeat_it(tmp_path: Path, measured: pd.DataFrame) -> None:
    """After a trip through JSON it turns raw rows into the prepared inputs, bit for bit."""
    measured.loc[measured.index[::7], "width"] = np.nan
    measured.loc[measured.index[::11], "city"] = None
    measured.to_csv(tmp_path / "t.csv", index=False)
    request = DataRequest("t.csv", folder=tmp_path, target="kind", missing="median")
    data = prepare(request, 0)
    split = split_rows(clean(load_raw(request), request), request, 0)
    told = json.loads(json.dumps(data.preprocessing, allow_nan=False))
    for name in PARTS:
        rows = measured.iloc[getattr(split, name)]
        raw = {column: rows[column].to_numpy() for column in ("width", "count", "city")}
        inputs = apply_preprocessing(told, raw)
        assert inputs.tobytes() == getattr(data, name).inputs.tobytes()
        kinds = [told["classes"][index] for index in getattr(data, name).targets]
        assert kinds == rows["kind"].tolist()


def test_what_cannot_be_imputed_is_refused() -> None:
    """A missing entry in a column that was complete in training names that column."""
    data = prepare(DataRequest("iris"), 0)
    names = [column["name"] for column in data.preprocessing["columns"]]
    raw = {name: [1.0, 2.0] for name in names} | {"petal width (cm)": [1.0, np.nan]}
    with pytest.raises(ValueError, match=r"column 'petal width \(cm\)' has a missing entry"):
        apply_preprocessing(data.preprocessing, raw)


def test_a_constant_column_is_zero(tmp_path: Path) -> None:
    """A column without spread is centred, not divided by zero."""
    np.savez(tmp_path / "t.npz", X=np.full((20, 1), 7.0), y=np.resize([0, 1], 20))
    for scale in ("standard", "minmax"):
        request = DataRequest("t.npz", folder=tmp_path, scale=scale, duplicates="keep")
        assert not prepare(request, 0).train.inputs.any()


def test_a_table_of_text_alone_is_encoded(tmp_path: Path) -> None:
    """Without any number there is nothing to scale, and every input is 0 or 1."""
    frame = pd.DataFrame({"a": np.resize(["u", "v", "w"], 30), "b": np.resize(["p", "q"], 30)})
    frame.assign(y=np.resize([1, 2], 30)).to_csv(tmp_path / "t.csv", index=False)
    request = DataRequest("t.csv", folder=tmp_path, target="y", missing="mean", duplicates="keep")
    data = prepare(request, 0)
    assert data.shape == (5,)
    assert set(np.unique(data.train.inputs)) == {0.0, 1.0}
    assert (data.train.inputs.sum(axis=1) == 2).all()
