"""Which rows are for training, validation and test: drawn by scikit-learn, classes stratified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainer.errors import DataError
from trainer.streams import seed_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trainer.data.cleaning import CleanTable
    from trainer.data.request import DataRequest

PARTS = 3


@dataclass(frozen=True)
class Split:
    """Row indices into a clean table; no row stands in two parts."""

    train: NDArray[Any]
    validation: NDArray[Any]
    test: NDArray[Any]


def split_rows(table: CleanTable, request: DataRequest, seed: int) -> Split:
    """A random split with the shares of the request; its sizes do not depend on the seed.

    Each share is rounded to whole rows and is at least one; the rest is for training, of
    which `request.train_rows` are kept.

    Raises: DataError, naming the class and its count, if the rows are too few.
    """
    import numpy as np
    from sklearn.utils import resample

    n = len(table.target)
    n_test, n_validation = max(1, round(n * request.test)), max(1, round(n * request.validation))
    sizes = {"train": n - n_test - n_validation, "validation": n_validation, "test": n_test}
    _check_sizes(table, sizes)
    rest, test = _drawn(table, np.arange(n), n_test, seed_for(seed, "test part"))
    train, validation = _drawn(table, rest, n_validation, seed_for(seed, "validation part"))
    if request.train_rows is not None and request.train_rows < len(train):
        train = resample(
            train,
            replace=False,
            n_samples=request.train_rows,
            stratify=table.target[train] if table.labels else None,
            random_state=_folded(seed_for(seed, "training rows")),
        )
    _check_train(table, train)
    return Split(train, validation, test)


def _folded(seed: int) -> int:
    """32 bits of a 63-bit seed: as many as scikit-learn takes."""
    return (seed ^ seed >> 32) & 0xFFFFFFFF


def _drawn(
    table: CleanTable, rows: NDArray[Any], n_out: int, seed: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    import numpy as np
    from sklearn.model_selection import train_test_split

    labels = table.target[rows] if table.labels else None
    if labels is not None:
        counts = np.bincount(labels, minlength=len(table.labels))
        if counts.min() < 2:  # noqa: PLR2004 - one for each side
            raise _too_few(table, int(counts.argmin()))
    stay, out = train_test_split(rows, test_size=n_out, stratify=labels, random_state=_folded(seed))
    return stay, out


def _check_sizes(table: CleanTable, sizes: dict[str, int]) -> None:
    import numpy as np

    n = len(table.target)
    if table.labels:
        counts = np.bincount(table.target)
        if counts.min() < PARTS:
            raise _too_few(table, int(counts.argmin()))
    least = max(1, len(table.labels))
    for part, size in sizes.items():
        if size < least:
            needed = f"{least} classes need one each" if table.labels else "it needs one"
            raise DataError(
                f"{table.raw.name}: {n} rows leave {size} for {part}, and {needed}; add rows or "
                "change data.validation and data.test"
            )


def _check_train(table: CleanTable, train: NDArray[Any]) -> None:
    import numpy as np

    counts = np.bincount(table.target[train], minlength=len(table.labels)) if table.labels else ()
    for index, count in enumerate(counts):
        if count == 0:
            raise DataError(
                f"{table.raw.name}: none of the {len(train)} training rows is of class "
                f"'{table.labels[index]}'; raise data.train_rows, add rows of it, or leave it "
                "out with data.classes"
            )


def _too_few(table: CleanTable, index: int) -> DataError:
    count = int((table.target == index).sum())
    return DataError(
        f"{table.raw.name}: class '{table.labels[index]}' has {count} "
        f"{'row' if count == 1 else 'rows'}, too few for train, validation and test; add rows "
        "of it, or leave it out with data.classes"
    )
