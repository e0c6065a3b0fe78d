from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sweeps.spec import load_spec

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
