"""CIFAR-10's binary files: records of a label byte and 3 x 32 x 32 pixels.

Format: www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainer.data.pixels import check_room, table_from_pixels
from trainer.data.raw import listed
from trainer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from trainer.data.raw import RawTable
    from trainer.data.request import DataRequest

TRAIN = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
TEST = "test_batch.bin"
NAMES = "batches.meta.txt"
PYTHON_NAMES = {name.removesuffix(".bin") for name in (*TRAIN, TEST)}
SHAPE = (3, 32, 32)
RECORD_BYTES = 1 + 3 * 32 * 32
N_CLASSES = 10


def is_cifar_name(name: str) -> bool:
    """Whether a file is one of CIFAR-10's six."""
    return name in (*TRAIN, TEST)


def load_cifar(path: Path, names: Sequence[str], request: DataRequest) -> RawTable:
    """CIFAR-10's five training batches and its test batch, pooled.

    They are pooled because splits and resplits are drawn here, by the file's shares, as for all
    data.

    Args:
        names: of what lies in the folder.
    Returns: images as bytes, (3, 32, 32); labels as named in batches.meta.txt, if that is
        there, else 0 to 9.
    Raises: DataError, naming file, record and byte, for a file that is missing or ends inside a
        record, a label above 9, and names that are not ten.
    """
    import numpy as np

    missing = [name for name in (*TRAIN, TEST) if name not in names]
    if missing:
        raise DataError(
            f"{request.source} lacks {listed(missing, 6)}, and CIFAR-10 is six files; "
            "unpack it again"
        )
    classes = _class_names(path, request.source) if NAMES in names else None
    batches = [_read(path, name, request.source) for name in (*TRAIN, TEST)]
    records = np.concatenate(batches)
    labels = records[:, 0]
    counts = {"train": sum(map(len, batches[:-1])), "test": len(batches[-1])}
    pixels = records[:, 1:].reshape(-1, *SHAPE)
    return table_from_pixels(
        pixels, labels if classes is None else classes[labels], request, counts
    )


def _read(path: Path, name: str, source: str) -> NDArray[np.uint8]:
    """The records of a file, [N, 3073]."""
    import numpy as np

    file = f"{source}/{name}"
    n_records, rest = divmod((path / name).stat().st_size, RECORD_BYTES)
    if rest:
        raise DataError(
            f"{file} ends inside record {n_records + 1}, at byte {n_records * RECORD_BYTES + rest} "
            f"(a record is {RECORD_BYTES} bytes); download CIFAR-10's binary version again"
        )
    if not n_records:
        raise DataError(f"{file} is empty; download CIFAR-10's binary version again")
    check_room(file, n_records, SHAPE, "if that is not what it should hold, download it again")
    records = np.fromfile(path / name, dtype=np.uint8).reshape(-1, RECORD_BYTES)
    wrong = np.flatnonzero(records[:, 0] >= N_CLASSES)
    if len(wrong):
        at = int(wrong[0])
        raise DataError(
            f"{file}: record {at + 1}, at byte {at * RECORD_BYTES}, has the label "
            f"{records[at, 0]}, and CIFAR-10's labels are 0 to {N_CLASSES - 1}; download its "
            "binary version again"
        )
    return records


def _class_names(path: Path, source: str) -> NDArray[np.object_]:
    import numpy as np

    text = (path / NAMES).read_text(encoding="utf-8", errors="replace")
    names = [line.strip() for line in text.splitlines() if line.strip()]
    if len(set(names)) != N_CLASSES or len(names) != N_CLASSES:
        raise DataError(
            f"{source}/{NAMES} names {len(set(names))} classes in {len(names)} lines, and CIFAR-10 "
            f"has {N_CLASSES}, one a line; correct it, or remove it to have numbers"
        )
    return np.array(names, dtype=object)
