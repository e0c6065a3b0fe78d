"""What the target means: classes, or a number to predict; and whether the objective fits it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainer.data.columns import mostly_numbers, read_values, refuse_entries
from trainer.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trainer.data.raw import RawTable
    from trainer.hyperparameters import Task

FEW_LABELS = 20
"""Whole numbers are classes if there are at most so many different ones, else quantities."""

Label = bool | int | str


@dataclass(frozen=True)
class Target:
    """The target of every row of a raw table.

    Attributes:
        missing: [N], true where there is none.
        entries: [N] labels (object), or [N] numbers with NaN where missing.
    """

    name: str
    task: Task
    missing: NDArray[Any]
    entries: NDArray[Any]


def read_target(table: RawTable, task: Task | None) -> Target:
    """The target column as labels or as numbers.

    Args:
        task: what the objective implies, or None: then the column's type decides.
    Raises: DataError, if the task cannot be measured on it, or naming entries that are
        infinite, too large, or text among numbers.
    """
    import numpy as np

    name = str(table.target.name)
    label = f"target '{name}'"
    missing = table.target.isna().to_numpy()
    if missing.all():
        raise DataError(f"{table.name}: {label} has no value in any row; fill it in")
    values = read_values(table, table.target, label)
    if values.dtype == object:
        wrong = None if table.target.dtype == "category" else mostly_numbers(values)
        if wrong is not None and task != "classification":
            refuse_entries(table, values, label, wrong)
        found: Task = "classification"
    elif _is_bool(table.target, values, missing):
        found, values = "classification", _labels(values, missing, bool)
    elif (fractions := _fractions(values, missing)).any():
        if task == "classification":
            row = int(np.flatnonzero(fractions)[0])
            raise DataError(
                f"{table.name}: {label} holds continuous numbers (such as {values[row]:g} "
                f"{table.where([row])}), so accuracy cannot be measured on it; take an "
                "objective for numbers, such as validation/rmse, or another target"
            )
        found = "regression"
    else:
        few = table.labelled or len(np.unique(values[~missing])) <= FEW_LABELS
        found = "classification" if few else "regression"
        if not table.labelled:
            found = task or found
        if found == "classification":
            values = _labels(values, missing, int)
    if task == "regression" and found == "classification":
        row = int(np.flatnonzero(~missing)[0])
        raise DataError(
            f"{table.name}: {label} holds classes (such as '{values[row]}' "
            f"{table.where([row])}), so rmse, mae and r2 cannot be measured on it; take an "
            "objective for classes, such as validation/accuracy, or another target"
        )
    return Target(name, found, missing, values)


def _fractions(values: NDArray[Any], missing: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    present = np.where(missing, 0, values)
    return np.asarray(np.floor(present) != present)


def _is_bool(series: Any, values: NDArray[Any], missing: NDArray[Any]) -> bool:  # noqa: ANN401 - a pandas series of any type
    import pandas as pd

    present = series[~missing]
    objects = series.dtype == object and all(isinstance(value, bool) for value in present)
    return values.dtype == bool or pd.api.types.is_bool_dtype(series) or objects


def _labels(values: NDArray[Any], missing: NDArray[Any], kind: type[Label]) -> NDArray[Any]:
    import numpy as np

    labels = np.empty(len(values), dtype=object)
    labels[~missing] = [kind(value) for value in values[~missing]]
    return labels
