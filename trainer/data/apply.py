"""How a raw row becomes an input: what preparation itself does, and what a prediction repeats.

NumPy alone, so that it can be copied beside an exported model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray


def apply_preprocessing(
    preprocessing: Mapping[str, Any], raw: Mapping[str, ArrayLike]
) -> NDArray[np.float32]:
    """Raw columns imputed, encoded and scaled as the training part taught.

    Args:
        preprocessing: `columns` in order, each {name, kind: numeric, imputed} or
            {name, kind: categorical, imputed, categories}, a category None being an input
            that is always zero; `offset` and `scale`: [F].
        raw: [N] entries per column name; NaN or None is missing.
    Returns: [N, F], (value - offset) / scale; a category that is not listed is all zeros.
        A number that 32 bits cannot hold comes out infinite.
    Raises: ValueError, naming the column, for a missing entry that nothing is imputed for.
    """
    offset, scale = preprocessing["offset"], preprocessing["scale"]
    n_rows = len(np.asarray(raw[preprocessing["columns"][0]["name"]]))
    inputs = np.empty((n_rows, len(offset)), dtype=np.float32)
    position = 0
    for column in preprocessing["columns"]:
        for values in _encoded(column, raw[column["name"]]):
            with np.errstate(over="ignore"):
                inputs[:, position] = (values - offset[position]) / scale[position]
            position += 1
    return inputs


def _encoded(column: Mapping[str, Any], entries: ArrayLike) -> list[NDArray[np.float64]]:
    """One array of numbers for each input that a column becomes."""
    imputed = column["imputed"]
    if column["kind"] == "numeric":
        numbers = np.asarray(entries, dtype=np.float64)
        missing = np.isnan(numbers)
        filled = numbers if imputed is None else np.where(missing, imputed, numbers)
    else:
        values = np.asarray(entries, dtype=object)
        missing = np.array([entry is None or entry != entry for entry in values], dtype=bool)  # noqa: PLR0124 - only NaN differs from itself
        values = np.where(missing, imputed, [str(entry) for entry in values])
    if imputed is None and missing.any():
        raise ValueError(f"column '{column['name']}' has a missing entry and no value to impute")
    if column["kind"] == "numeric":
        return [filled]
    return [
        (values == category).astype(np.float64) if category is not None else np.zeros(len(values))
        for category in column["categories"]
    ]
