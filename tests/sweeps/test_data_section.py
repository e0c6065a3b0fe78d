from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sweeps.launch import prepare_data
from sweeps.spec import load_spec
from trainer.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = """\
name: pets
data: {source: pets}
search: {learning_rate: [0.01, 0.1]}
sampler: grid
"""


@pytest.mark.parametrize(
    ("written", "size"), [("32", (32, 32)), ("[24, 32]", (24, 32)), ("null", None)]
)
def test_a_folder_is_taken_with_a_size_and_for_its_classes(
    tmp_path: Path, written: str, size: tuple[int, int] | None
) -> None:
    """One number is height and width, two are height, then width; a folder holds classes."""
    (tmp_path / "pets").mkdir()
    (tmp_path / "sweep.yaml").write_text(FOLDER)
    spec = load_spec(tmp_path / "sweep.yaml", [f"data.image_size={written}"])
    assert spec.data.source == "pets"
    assert spec.data.image_size == size
    assert spec.data.task == "classification"


def test_the_size_defines_results_and_its_absence_changes_no_definition(tmp_path: Path) -> None:
    """A sweep without the key is the one it was before there was the key; with it, another."""
    (tmp_path / "pets").mkdir()
    (tmp_path / "sweep.yaml").write_text(FOLDER)
    assert "data.image_size" not in load_spec(tmp_path / "sweep.yaml").definition()
    resized = load_spec(tmp_path / "sweep.yaml", ["data.image_size=[24, 32]"])
    assert resized.definition()["data.image_size"] == [24, 32]


TABLE = """\
name: table
data: {source: t.csv, target: b}
search: {learning_rate: [0.01, 0.1]}
sampler: grid
"""


def test_ignored_columns_are_no_inputs_and_define_results(tmp_path: Path) -> None:
    """They are not read at all, a date among them; without the key the definition is as it was."""
    rows = [f"2026-01-{i % 28 + 1:02},{i},{i % 7},{i % 2}" for i in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["day,id,a,b", *rows]))
    (tmp_path / "sweep.yaml").write_text(TABLE)
    assert "data.ignore" not in load_spec(tmp_path / "sweep.yaml").definition()
    spec = load_spec(tmp_path / "sweep.yaml", ["data.ignore=[day, id, day]"])
    assert spec.definition()["data.ignore"] == ["day", "id"]
    (data,) = prepare_data(spec)
    assert [column["name"] for column in data.preprocessing["columns"]] == ["a"]


@pytest.mark.parametrize(
    ("ignored", "sentence"),
    [
        ("[dai]", "data.ignore: t.csv has no column 'dai'; did you mean 'day'?"),
        ("[b]", "t.csv: column 'b' is the target and stands in data.ignore; remove it from one"),
        ("[day, a]", "t.csv has no column besides the target 'b' and those of data.ignore; add"),
    ],
)
def test_what_can_not_be_ignored(tmp_path: Path, ignored: str, sentence: str) -> None:
    """A column there is not, the target, or all there is: one sentence each."""
    (tmp_path / "t.csv").write_text("day,a,b\n" + "".join(f"x,{i},{i % 2}\n" for i in range(20)))
    (tmp_path / "sweep.yaml").write_text(TABLE)
    with pytest.raises(DataError) as caught:
        prepare_data(load_spec(tmp_path / "sweep.yaml", [f"data.ignore={ignored}"]))
    assert str(caught.value).startswith(sentence)
