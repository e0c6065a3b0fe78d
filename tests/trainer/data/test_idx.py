from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np
import pytest
from picture_files import IDX_IMAGES, IDX_LABELS, idx, write_idx, zip_all

from trainer.data.apply import apply_preprocessing
from trainer.data.loading import load_raw
from trainer.data.preparation import prepare
from trainer.data.request import DataRequest
from trainer.data.summary import summary_lines

if TYPE_CHECKING:
    from pathlib import Path

    from trainer.data.raw import RawTable


def same(table: RawTable, images: np.ndarray, labels: np.ndarray) -> bool:
    """Whether a table holds just these pictures, in this order, as bytes."""
    pixels = table.inputs.to_numpy()
    assert pixels.dtype == np.uint8
    return bool((pixels.reshape(images.shape) == images).all() and (table.target == labels).all())


@pytest.mark.parametrize("form", ["plain", "gzip"])
@pytest.mark.parametrize("name", ["", "emnist-letters-"])
def test_a_published_set_is_read_pixel_by_pixel(tmp_path: Path, name: str, form: str) -> None:
    """Train and test files, gzip or not, come out pooled, train first, as they were written."""
    images, labels = write_idx(tmp_path / "set", name=name)
    if form == "gzip":
        zip_all(tmp_path / "set")
    (tmp_path / "set" / "emnist-letters-mapping.txt").write_text("1 65 97\n")
    (tmp_path / "set" / ".DS_Store").write_bytes(b"\0")
    table = load_raw(DataRequest("set", folder=tmp_path))
    assert same(table, images, labels)
    assert table.shape == (1, 5, 4)
    assert table.pooled == {"train": 60, "t10k": 30}


def test_the_same_pictures_give_the_same_bytes_in_idx_and_npz(tmp_path: Path) -> None:
    """An IDX set and an NPZ file of the same pictures have one digest."""
    images, labels = write_idx(tmp_path / "set")
    np.savez(tmp_path / "t.npz", X=images, y=labels)
    digests = {prepare(DataRequest(s, folder=tmp_path), 3).digest for s in ("set", "t.npz")}
    assert len(digests) == 1


def test_the_content_tells_gzip_and_the_plain_file_comes_first(tmp_path: Path) -> None:
    """A gzipped file without .gz is read; of both side by side (torchvision's), the plain one."""
    images, labels = write_idx(tmp_path / "set")
    file = tmp_path / "set" / "train-images-idx3-ubyte"
    file.write_bytes(gzip.compress(file.read_bytes()))
    (tmp_path / "set" / "t10k-images-idx3-ubyte.gz").write_bytes(b"not read")
    assert same(load_raw(DataRequest("set", folder=tmp_path)), images, labels)


def test_a_training_set_alone_is_enough(tmp_path: Path) -> None:
    """Without the t10k files, and with a dot in its names, the train files are the data."""
    images, labels = write_idx(tmp_path / "set")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "train-images.idx3-ubyte").write_bytes(idx(IDX_IMAGES, images))
    (tmp_path / "own" / "train-labels.idx1-ubyte").write_bytes(idx(IDX_LABELS, labels))
    assert same(load_raw(DataRequest("own", folder=tmp_path)), images, labels)


def test_more_than_twenty_labels_are_classes_all_the_same(tmp_path: Path) -> None:
    """EMNIST's 26 letters are classes, even if no objective says so."""
    write_idx(tmp_path / "set", n=120, classes=26)
    data = prepare(DataRequest("set", folder=tmp_path, validation=0.2, test=0.2), 0)
    assert (data.task, data.outputs) == ("classification", 26)
    assert data.preprocessing["classes"] == list(range(26))


def test_the_summary_says_what_was_pooled(tmp_path: Path) -> None:
    """The first line names the published parts and their rows; so does the summary."""
    write_idx(tmp_path / "set")
    data = prepare(DataRequest("set", folder=tmp_path), 0)
    assert data.summary["pooled"] == {"train": 60, "t10k": 30}
    assert summary_lines(data)[0] == (
        "data: set, 90 rows (pooled: train 60 and t10k 30), 20 inputs (1 x 5 x 4), 3 classes"
    )


def test_a_prediction_repeats_what_preparation_did(tmp_path: Path) -> None:
    """Raw pictures put through the preprocessing are the prepared inputs, bit for bit."""
    images, labels = write_idx(tmp_path / "set")
    data = prepare(DataRequest("set", folder=tmp_path), 0)
    names = [column["name"] for column in data.preprocessing["columns"]]
    flat = images.reshape(len(images), -1)
    inputs = apply_preprocessing(
        data.preprocessing, {name: flat[:, i] for i, name in enumerate(names)}
    )
    assert data.preprocessing["shape"] == [1, 5, 4]
    parts = (data.train, data.validation, data.test)
    prepared = {
        (row.tobytes(), int(label))
        for part in parts
        for row, label in zip(part.inputs, part.targets, strict=True)
    }
    assert prepared == {
        (row.tobytes(), int(label)) for row, label in zip(inputs, labels, strict=True)
    }
