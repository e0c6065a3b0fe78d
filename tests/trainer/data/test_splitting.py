from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.data.cleaning import clean
from trainer.data.preparation import prepare, prepare_splits
from trainer.data.raw import RawTable
from trainer.data.request import DataRequest
from trainer.data.splitting import split_rows
from trainer.errors import DataError
from trainer.streams import seed_for

if TYPE_CHECKING:
    from pathlib import Path


@settings(max_examples=50, deadline=None)
@given(
    counts=st.lists(st.integers(1, 40), min_size=2, max_size=5),
    validation=st.floats(0.01, 0.6),
    test=st.floats(0.01, 0.38),
    train_rows=st.none() | st.integers(1, 100),
    seed=st.integers(0, 2**63),
)
def test_a_split_is_a_partition_or_a_sentence(
    counts: list[int], validation: float, test: float, train_rows: int | None, seed: int
) -> None:
    """Any shares of any classes: disjoint parts, none empty, all classes trained, or an error."""
    labels = np.repeat(np.arange(len(counts)), counts)
    raw = RawTable("t", pd.DataFrame({"x": np.arange(len(labels))}), pd.Series(labels, name="y"))
    request = DataRequest(
        "t", validation=validation, test=test, train_rows=train_rows, task="classification"
    )
    try:
        split = split_rows(clean(raw, request), request, seed)
    except DataError as error:
        assert str(error).startswith("t: ")  # noqa: PT017 - either outcome is right
        return
    rows = np.concatenate([split.train, split.validation, split.test])
    assert len(set(rows.tolist())) == len(rows)
    assert len(split.test) == max(1, round(len(labels) * test))
    assert len(split.validation) == max(1, round(len(labels) * validation))
    left = len(labels) - len(split.test) - len(split.validation)
    assert len(split.train) == min(left, train_rows or left)
    assert set(labels[split.train]) == set(range(len(counts)))


def test_every_part_has_the_classes_in_the_same_shares() -> None:
    """Parts of 60, 20 and 20 rows of two classes 1:4 hold 12, 4 and 4 of the rarer one."""
    labels = np.repeat([0, 1], [20, 80])
    raw = RawTable("t", pd.DataFrame({"x": np.arange(100)}), pd.Series(labels, name="y"))
    request = DataRequest("t", validation=0.2, test=0.2)
    split = split_rows(clean(raw, request), request, 0)
    assert [np.bincount(labels[rows]).tolist() for rows in vars(split).values()] == [
        [12, 48],
        [4, 16],
        [4, 16],
    ]


def test_no_row_stands_in_two_parts(tmp_path: Path, measured: pd.DataFrame) -> None:
    """With every row three times in the file, no prepared row of train is in test."""
    pd.concat([measured] * 3).to_csv(tmp_path / "t.csv", index=False)
    request = DataRequest("t.csv", folder=tmp_path, target="kind")
    data = prepare(request, 0)
    parts = [
        {row.tobytes() for row in part.inputs} for part in (data.train, data.validation, data.test)
    ]
    assert [len(part) for part in parts] == [42, 9, 9]
    assert len(set.union(*parts)) == 60
    assert data.summary["duplicates"] == 120
    kept = prepare(DataRequest("t.csv", folder=tmp_path, target="kind", duplicates="keep"), 0)
    assert kept.summary["duplicates"] == 120
    assert kept.summary["rows"] == 180


def test_equal_inputs_with_another_target_are_no_duplicates(tmp_path: Path) -> None:
    """Only rows whose inputs and target are both equal are dropped."""
    pd.DataFrame({"x": [1, 1] * 20, "y": ["a", "b"] * 20}).assign(
        z=np.repeat(np.arange(20), 2)
    ).to_csv(tmp_path / "t.csv", index=False)
    data = prepare(DataRequest("t.csv", folder=tmp_path, target="y"), 0)
    assert data.summary["duplicates"] == 0


def test_fewer_training_rows_leave_the_other_parts_as_they_are() -> None:
    """train_rows is a stratified sample of the training part, taken before the scale is fitted."""
    whole = prepare(DataRequest("wine", scale="none"), 4)
    few = prepare(DataRequest("wine", scale="none", train_rows=30), 4)
    assert (few.test.inputs == whole.test.inputs).all()
    assert (few.validation.inputs == whole.validation.inputs).all()
    assert {row.tobytes() for row in few.train.inputs} < {
        row.tobytes() for row in whole.train.inputs
    }
    shares = [np.bincount(data.train.targets) / len(data.train.targets) for data in (few, whole)]
    assert np.abs(shares[0] - shares[1]).max() <= 1 / 30
    scaled = prepare(DataRequest("wine", train_rows=30), 4)
    assert scaled.preprocessing["offset"] == pytest.approx(
        few.train.inputs.astype(np.float64).mean(axis=0), rel=1e-6
    )


def test_many_splits_read_the_data_once(tmp_path: Path) -> None:
    """However many splits are drawn, a source is read a single time."""
    (tmp_path / "counted_source.py").write_text(
        "from pathlib import Path\n"
        "import numpy as np\n"
        "def make():\n"
        "    with (Path(__file__).parent / 'calls').open('a') as file:\n"
        "        file.write('call ')\n"
        "    return np.arange(60.0).reshape(30, 2), np.resize([0, 1], 30)\n"
    )
    splits = prepare_splits(DataRequest("counted_source:make", folder=tmp_path), 0, 4)
    assert len(splits) == 4
    assert (tmp_path / "calls").read_text() == "call "


def test_many_splits_have_one_shape_and_different_rows(tmp_path: Path) -> None:
    """Splits stack even if only some have a category in their training part; each stands alone."""
    cities = ["Bonn"] * 35 + ["Lyon"] * 4 + ["Rome"]
    frame = pd.DataFrame({"x": range(40), "city": cities, "y": np.resize([0, 1], 40)})
    frame.to_csv(tmp_path / "t.csv", index=False)
    request = DataRequest("t.csv", folder=tmp_path, target="y", validation=0.3, test=0.3)
    splits = prepare_splits(request, seed=1, n_splits=8)
    assert {split.train.inputs.shape for split in splits} == {(16, 4)}
    assert {split.test.inputs.shape for split in splits} == {(12, 4)}
    assert len({split.digest for split in splits}) == 8
    assert splits[2].digest == prepare(request, seed_for(1, "split", 2)).digest
    assert [s.digest for s in prepare_splits(request, 1, 3)] == [s.digest for s in splits[:3]]
    slots = {tuple(split.preprocessing["columns"][1]["categories"]) for split in splits}
    assert {("Bonn", "Lyon", "Rome"), ("Bonn", "Lyon", None)} <= slots
