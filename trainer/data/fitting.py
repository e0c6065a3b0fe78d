"""What the training part alone teaches: values to impute, categories, offset and scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from trainer.data.cleaning import CleanTable
    from trainer.data.request import DataRequest, Missing, Scale

COLUMNS_AT_ONCE = 64


def fit_preprocessing(
    table: CleanTable, request: DataRequest, train: NDArray[Any]
) -> dict[str, Any]:
    """How a raw row becomes an input, as JSON types; `trainer.data.apply` carries it out.

    Text columns get one input per category of the whole table, so that every split has the
    same shape; a category that the training part lacks is None, an input that stays zero.
    Text is imputed with the most frequent entry, whatever is asked for numbers.

    Args:
        train: row indices into `table`.
    Returns: columns, offset and scale per input, scaling, shape, task, target, classes
        (labels in the order of their indices, or None), target_mean, target_scale;
        tokens, if the columns are those of texts.
    Raises: DataError, if a column has no value in the training part to impute from.
    """
    scale: Scale = "none" if table.raw.tokens else request.scale
    part = table.inputs.iloc[train]
    imputed = _imputed_values(table, part, request.missing)
    fitted = _fitted(part, [n for n in part.columns if n not in table.categories], imputed, scale)
    columns: list[dict[str, Any]] = []
    scaling: list[tuple[float, float]] = []
    for name in part.columns:
        column: dict[str, Any] = {"name": name, "kind": "numeric", "imputed": imputed[name]}
        if name in table.categories:
            seen = _seen(part[name])
            slots = [text if text in seen else None for text in table.categories[name]]
            column |= {"kind": "categorical", "categories": slots}
        columns.append(column)
        scaling += [(0.0, 1.0)] * len(slots) if name in table.categories else [fitted[name]]
    mean, spread = _target_scaling(table, request, train)
    tokens = {"tokens": True} if table.raw.tokens else {}
    return {
        **tokens,
        "columns": columns,
        "offset": [offset for offset, _ in scaling],
        "scale": [scale for _, scale in scaling],
        "scaling": scale,
        "shape": list(table.raw.shape or (len(scaling),)),
        "task": table.task,
        "target": str(table.raw.target.name),
        "classes": list(table.labels) or None,
        "target_mean": mean,
        "target_scale": spread,
    }


def _imputed_values(
    table: CleanTable, part: pd.DataFrame, missing: Missing
) -> Mapping[str, float | str | None]:
    """What stands in for a missing entry of each column; None if such rows are dropped."""
    from sklearn.impute import SimpleImputer

    if missing == "drop":
        return dict.fromkeys(part.columns)
    for name in part.columns:
        if part[name].isna().all():
            raise DataError(
                f"{table.raw.name}: column '{name}' has no value in the {len(part)} training "
                f"rows, so there is no {missing} to impute; delete it, or add values"
            )
    values: dict[str, float | str | None] = {}
    for text in (False, True):
        names = [name for name in part.columns if (name in table.categories) == text]
        if names:
            imputer = SimpleImputer(
                missing_values=None if text else float("nan"),
                strategy="most_frequent" if text else missing,
            )
            imputer.fit(_contiguous(part[names], "object" if text else "float64"))
            values |= dict(zip(names, imputer.statistics_.tolist(), strict=True))
    return values


def _contiguous(frame: pd.DataFrame, dtype: str) -> NDArray[Any]:
    """Rows one after the other, however the frame is stored: sums must not depend on that."""
    import numpy as np

    return np.ascontiguousarray(frame.to_numpy(dtype=dtype))


def _seen(entries: pd.Series[Any]) -> set[str]:
    from sklearn.preprocessing import OneHotEncoder

    present = entries.dropna().to_numpy(dtype=object)
    return set(OneHotEncoder().fit(present[:, None]).categories_[0])


def _scaling(numbers: NDArray[Any], scale: Scale) -> list[tuple[float, float]]:
    """Offset and scale of each column: an input is (number - offset) / scale."""
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    if scale == "none" or numbers.shape[1] == 0:
        return [(0.0, 1.0)] * numbers.shape[1]
    if scale == "minmax":
        fitted = MinMaxScaler().fit(numbers)
        offsets, scales = fitted.data_min_, 1.0 / fitted.scale_
    else:
        fitted = StandardScaler().fit(numbers)
        offsets, scales = fitted.mean_, fitted.scale_
    return list(zip(offsets.tolist(), scales.tolist(), strict=True))


def _fitted(
    part: pd.DataFrame, names: list[str], imputed: Mapping[str, Any], scale: Scale
) -> dict[str, tuple[float, float]]:
    """Offset and scale of the columns of numbers, some columns at a time: 64 bits a pixel add up.

    Every column is added up row by row whichever stand beside it, so the blocks change no bit.
    They are never of one column out of several: NumPy adds that up in another order.
    """
    import numpy as np

    fitted: dict[str, tuple[float, float]] = {}
    for places in np.array_split(range(len(names)), -(-len(names) // COLUMNS_AT_ONCE) or 1):
        block = [names[int(place)] for place in places]
        filled = _contiguous(part[block], "float64")
        if np.isnan(filled).any():
            filled = np.where(np.isnan(filled), [imputed[name] or 0.0 for name in block], filled)
        fitted |= dict(zip(block, _scaling(filled, scale), strict=True))
    return fitted


def _target_scaling(
    table: CleanTable, request: DataRequest, train: NDArray[Any]
) -> tuple[float, float]:
    if table.task == "classification" or request.scale == "none":
        return 0.0, 1.0
    return _scaling(table.target[train, None], "standard")[0]
