from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from trainer.data.preparation import prepare
from trainer.data.request import DataRequest
from trainer.errors import DataError, UserModuleError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("source", "target", "sentence"),
    [
        (
            "none.csv",
            "y",
            (
                "none.csv is not there (looked for {folder}/none.csv); "
                "a path is taken from the sweep file's folder"
            ),
        ),
        (
            "folder",
            None,
            (
                "folder is empty; what a data folder is known by: IDX files "
                "(train-images-idx3-ubyte, gzip or not), CIFAR-10's binary files "
                "(data_batch_1.bin), or a folder of images for each class; put one of these there"
            ),
        ),
        ("digit", None, "no data source 'digit'; did you mean 'digits'?"),
        (
            "t.xlsx",
            "y",
            (
                "no data source 't.xlsx'; take a file ending in .csv, .tsv, .parquet, .npz, a "
                "folder of images, a bundled set (digits, breast_cancer, wine, iris, diabetes) or "
                "package.module:function"
            ),
        ),
        (
            "iris",
            "species",
            (
                "data.target is 'species', but the bundled data set iris has its own target; "
                "leave data.target out"
            ),
        ),
        ("bad.npz", None, "bad.npz cannot be read as NPZ; write it again with numpy.savez"),
        ("one.npz", None, "one.npz is a single array; save both with numpy.savez"),
        ("math:pi", None, "'math:pi' is a float; name a function"),
        (
            "os:getcwd",
            None,
            (
                "'os:getcwd' returned a str; return a pair (inputs, targets) of arrays, "
                "or a data frame with the target column"
            ),
        ),
        (
            "faulty_factory:make",
            None,
            "'faulty_factory:make' raised KeyError: 'gone'; it is called without arguments",
        ),
        (
            "faulty_factory:gone",
            None,
            "'faulty_factory:gone': module faulty_factory has no 'gone'",
        ),
    ],
)
def test_a_source_that_cannot_be_read_ends_with_one_sentence(
    tmp_path: Path, source: str, target: str | None, sentence: str
) -> None:
    """A source that is absent, unknown, damaged or no function is told with the next move."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04 cut off")
    with (tmp_path / "one.npz").open("wb") as file:
        np.save(file, np.eye(3))
    (tmp_path / "faulty_factory.py").write_text("def make():\n    return {}['gone']\n")
    with pytest.raises((DataError, UserModuleError)) as caught:
        prepare(DataRequest(source, folder=tmp_path, target=target), 0)
    assert str(caught.value) == sentence.format(folder=tmp_path)


def test_a_damaged_parquet_file_is_called_so(tmp_path: Path) -> None:
    """Bytes that are no Parquet end with a sentence, not with an Arrow traceback."""
    (tmp_path / "t.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(
        DataError, match=r"^t\.parquet cannot be read as Parquet: .*; write it again"
    ):
        prepare(DataRequest("t.parquet", folder=tmp_path, target="y"), 0)
