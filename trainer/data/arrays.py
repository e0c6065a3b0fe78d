"""Arrays of inputs and targets, from an NPZ file or a factory; three or four axes are images."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from trainer.data.raw import RawTable, listed
from trainer.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from trainer.data.request import DataRequest

PAIRS = (("X", "y"), ("x", "y"), ("inputs", "targets"), ("data", "target"))
UNREADABLE = (ValueError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What NumPy and zipfile raise for files that are damaged, encrypted or something else."""
CHANNELS = (1, 3, 4)


def load_npz(path: Path, request: DataRequest) -> RawTable:
    """The arrays in an NPZ file, under one of the pairs of names in `PAIRS`; nothing pickled.

    Raises: DataError, if it is no NPZ file, holds no such pair or arrays of objects, or as
        `table_from_arrays` does.
    """
    import numpy as np

    try:
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise DataError(f"{request.source} is a single array; save both with numpy.savez")
            for x, y in PAIRS:
                if x in archive and y in archive:
                    return table_from_arrays(archive[x], archive[y], request)
            there = listed(archive.files, 20) if archive.files else "none"
    except UNREADABLE as error:
        if "allow_pickle" in str(error) and zipfile.is_zipfile(path):
            raise DataError(
                f"{request.source} holds an array of Python objects, which is not loaded; "
                "save numbers or text (array.astype(...))"
            ) from error
        raise DataError(
            f"{request.source} cannot be read as NPZ; write it again with numpy.savez"
        ) from error
    pairs = ", ".join(f"{x} and {y}" for x, y in PAIRS)
    raise DataError(
        f"{request.source} needs two arrays named {pairs}; the arrays in it are: {there}"
    )


def table_from_arrays(
    inputs: NDArray[Any], targets: NDArray[Any], request: DataRequest
) -> RawTable:
    """Inputs and targets as a table whose columns are named x0, x1, ...

    Args:
        inputs: [N, F], or images [N, H, W] or [N, C, H, W].
        targets: [N] or [N, 1].
    Raises: DataError, if the shapes do not fit, or if a target column was named.
    """
    import pandas as pd

    name = request.source
    if request.target is not None:
        raise DataError(
            f"data.target is '{request.target}', but {name} holds arrays without column names; "
            "leave data.target out"
        )
    shape = _image_shape(inputs, name)
    if targets.ndim == 2 and targets.shape[1] == 1:  # noqa: PLR2004 - two axes, [N, 1]
        targets = targets[:, 0]
    if targets.ndim != 1:
        raise DataError(
            f"{name}: targets have the shape {targets.shape}; give one value per row, [N] "
            "(one-hot classes: targets.argmax(axis=1))"
        )
    if len(inputs) != len(targets):
        raise DataError(
            f"{name}: {len(inputs)} rows of inputs and {len(targets)} targets; give one each"
        )
    flat = inputs.reshape(len(inputs), -1) if inputs.size else inputs.reshape(len(inputs), 0)
    if flat.shape[1] == 0 and len(flat):
        raise DataError(f"{name}: inputs have the shape {inputs.shape}, no column; add some")
    frame = pd.DataFrame(flat, columns=[f"x{i}" for i in range(flat.shape[1])])
    return RawTable(name=name, inputs=frame, target=pd.Series(targets, name="target"), shape=shape)


def _image_shape(inputs: NDArray[Any], name: str) -> tuple[int, ...] | None:
    if inputs.ndim == 2:  # noqa: PLR2004 - a plain table
        return None
    if inputs.ndim == 3:  # noqa: PLR2004 - [N, H, W]
        shape: tuple[int, ...] = (1, *inputs.shape[1:])
    elif inputs.ndim == 4:  # noqa: PLR2004 - [N, C, H, W]
        shape = inputs.shape[1:]
    else:
        advice = "; reshape(-1, 1) makes one column of it" if inputs.ndim == 1 else ""
        raise DataError(
            f"{name}: inputs have the shape {inputs.shape}; give [N, F], or images [N, H, W] "
            f"or [N, C, H, W]{advice}"
        )
    if shape[-1] in CHANNELS and shape[0] not in CHANNELS:
        raise DataError(
            f"{name}: inputs of the shape {inputs.shape} have their channels last; "
            "turn them with inputs.transpose(0, 3, 1, 2)"
        )
    if not _is_number(inputs.dtype):
        raise DataError(f"{name}: images hold {inputs.dtype} values; give numbers")
    return shape


def _is_number(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "biuf"
