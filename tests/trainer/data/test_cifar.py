from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from picture_files import CIFAR, CIFAR_NAMES, write_cifar

from trainer.data.loading import load_raw
from trainer.data.preparation import prepare
from trainer.data.request import DataRequest
from trainer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_the_binary_files_are_read_pixel_by_pixel(tmp_path: Path) -> None:
    """Five training batches and the test batch come out in order, red, green and blue planes."""
    records = write_cifar(tmp_path / "cifar")
    (tmp_path / "cifar" / "readme.html").write_text("<html>")
    table = load_raw(DataRequest("cifar", folder=tmp_path))
    assert (table.inputs.to_numpy() == records[:, 1:]).all()
    assert (table.target == records[:, 0]).all()
    assert table.shape == (3, 32, 32)
    assert table.pooled == {"train": 50, "test": 10}
    data = prepare(DataRequest("cifar", folder=tmp_path, validation=0.2, test=0.2), 0)
    assert (data.shape, data.outputs) == ((3, 32, 32), 10)
    assert data.preprocessing["classes"] == list(range(10))


def test_classes_have_the_names_of_the_names_file(tmp_path: Path) -> None:
    """With batches.meta.txt a class is called airplane, not 0, and can be asked for by name."""
    records = write_cifar(tmp_path / "cifar")
    (tmp_path / "cifar" / "batches.meta.txt").write_text("\n".join([*CIFAR_NAMES, "", ""]))
    table = load_raw(DataRequest("cifar", folder=tmp_path))
    assert table.target.tolist() == [CIFAR_NAMES[label] for label in records[:, 0]]
    request = DataRequest(
        "cifar", folder=tmp_path, validation=0.2, test=0.2, classes=("ship", "cat")
    )
    assert prepare(request, 0).preprocessing["classes"] == ["cat", "ship"]


def changed(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """What makes another content of a file of the set."""

    def do(folder: Path) -> None:
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return do


AGAIN = "download CIFAR-10's binary version again"
WRONG: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut off": (
        changed(CIFAR[1], lambda content: content[:-1]),
        f"cifar/{CIFAR[1]} ends inside record 10, at byte 30729 (a record is 3073 bytes); {AGAIN}",
    ),
    "empty": (
        changed(CIFAR[5], lambda _: b""),
        f"cifar/{CIFAR[5]} is empty; {AGAIN}",
    ),
    "label of ten": (
        changed(CIFAR[2], lambda content: content[:6146] + b"\x0a" + content[6147:]),
        (
            f"cifar/{CIFAR[2]}: record 3, at byte 6146, has the label 10, and CIFAR-10's labels "
            "are 0 to 9; download its binary version again"
        ),
    ),
    "two files missing": (
        lambda folder: [(folder / CIFAR[i]).unlink() for i in (0, 5)] and None,
        (
            "cifar lacks data_batch_1.bin and test_batch.bin, and CIFAR-10 is six files; "
            "unpack it again"
        ),
    ),
    "nine names": (
        lambda folder: (
            (folder / "batches.meta.txt").write_text("\n".join(CIFAR_NAMES[1:])) and None
        ),
        (
            "cifar/batches.meta.txt names 9 classes in 9 lines, and CIFAR-10 has 10, one a line; "
            "correct it, or remove it to have numbers"
        ),
    ),
    "a name twice": (
        lambda folder: (
            (folder / "batches.meta.txt").write_text("\n".join([*CIFAR_NAMES[1:], "ship"])) and None
        ),
        (
            "cifar/batches.meta.txt names 9 classes in 10 lines, and CIFAR-10 has 10, one a line; "
            "correct it, or remove it to have numbers"
        ),
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_cifar_folder_ends_with_one_sentence(tmp_path: Path, case: str) -> None:
    """A batch that is missing or damaged is named, with record and byte and the way out."""
    change, sentence = WRONG[case]
    write_cifar(tmp_path / "cifar")
    change(tmp_path / "cifar")
    with pytest.raises(DataError) as caught:
        prepare(DataRequest("cifar", folder=tmp_path), 0)
    assert str(caught.value) == sentence


def test_all_pixels_are_kept_as_bytes_until_they_are_scaled(tmp_path: Path) -> None:
    """The raw table of pictures takes one byte a pixel."""
    records = write_cifar(tmp_path / "cifar")
    table = load_raw(DataRequest("cifar", folder=tmp_path))
    assert set(table.inputs.dtypes) == {np.dtype("uint8")}
    assert table.inputs.memory_usage(index=False).sum() == records[:, 1:].nbytes
