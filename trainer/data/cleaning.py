"""Which rows of a raw table are trained on: none without a target, of another class, or twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainer.data.columns import read_inputs
from trainer.data.raw import RawTable, listed
from trainer.data.target import Label, Target, read_target
from trainer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from trainer.data.request import DataRequest
    from trainer.hyperparameters import Task

WHOLE_NUMBERS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
DIGEST_BYTES = 32


@dataclass(frozen=True)
class CleanTable:
    """The rows that are left, N of them.

    Attributes:
        raw: where they come from; `rows` are their indices in it.
        inputs: [N, columns], numbers or text; missing entries only if they are imputed.
        target: [N] indices into `labels`, or [N] float64.
        labels: the classes in sorted order; empty for regression.
        categories: of each text column, sorted.
        counts: what was found and dropped, as JSON types.
    """

    raw: RawTable
    rows: NDArray[Any]
    inputs: pd.DataFrame
    target: NDArray[Any]
    task: Task
    labels: tuple[Label, ...]
    categories: Mapping[str, Sequence[str]]
    counts: Mapping[str, Any]


def clean(raw: RawTable, request: DataRequest) -> CleanTable:
    """Rows dropped as the request says, in this order: no target, other classes, missing, twice.

    Raises: DataError, naming column and places, for tables that cannot be trained on.
    """
    import numpy as np

    if raw.inputs.empty:
        raise DataError(f"{raw.name} has no rows; add some")
    inputs = read_inputs(raw)
    target = read_target(raw, request.task)
    missing = inputs.isna()
    per_column = {str(name): int(n) for name, n in missing.sum().items() if n}
    counts = {"rows_in": len(inputs), "missing": per_column}
    kept = ~target.missing
    counts["missing_target"] = int(target.missing.sum())
    other = kept & ~_wanted(raw, target, request)
    counts["other_classes"] = int(other.sum())
    kept &= ~other
    incomplete = kept & missing.any(axis=1).to_numpy() & (request.missing == "drop")
    counts["incomplete"] = int(incomplete.sum())
    kept &= ~incomplete
    rows = np.flatnonzero(kept)
    again = _repeated(inputs, target, rows)
    counts["duplicates"] = int(again.sum())
    if request.duplicates == "drop":
        rows = rows[~again]
    _check_left(raw, target, rows, counts, request)
    left = inputs.iloc[rows].reset_index(drop=True)
    values, labels = _encoded(target, rows)
    _check_varied(raw, target, labels, values)
    texts = [name for name, dtype in left.dtypes.items() if dtype == "object"]
    categories = {str(name): sorted(set(left[name].dropna())) for name in texts}
    return CleanTable(raw, rows, left, values, target.task, labels, categories, counts)


def _repeated(inputs: pd.DataFrame, target: Target, rows: NDArray[Any]) -> NDArray[Any]:
    """For each of the rows whether an earlier one has the same inputs and the same target."""
    import numpy as np

    types = set(inputs.dtypes)
    if len(types) > 1 or next(iter(types)) not in WHOLE_NUMBERS:
        frame = inputs.iloc[rows].assign(**{_unused(inputs): target.entries[rows]})
        return frame.duplicated().to_numpy()
    # Equal whole numbers are equal bytes; pandas would hold 64 bits for each pixel.
    numbers = inputs.to_numpy()
    again = np.zeros(len(rows), dtype=bool)
    seen = set()
    for place, row in enumerate(rows):
        digest = hashlib.blake2b(numbers[row].tobytes(), digest_size=DIGEST_BYTES).digest()
        again[place] = (found := (digest, target.entries[row])) in seen
        seen.add(found)
    return again


def _unused(inputs: pd.DataFrame) -> str:
    return "target" + "_" * max(len(str(name)) for name in inputs.columns)


def _wanted(raw: RawTable, target: Target, request: DataRequest) -> NDArray[Any]:
    import numpy as np

    if request.classes is None:
        return np.ones(len(target.entries), dtype=bool)
    if target.task == "regression":
        raise DataError(
            f"data.classes names classes, but target '{target.name}' of {raw.name} is a number "
            "to predict; leave data.classes out"
        )
    there = sorted(set(target.entries[~target.missing]))
    for label in request.classes:
        if str(label) not in map(str, there):
            raise DataError(
                f"{raw.name}: target '{target.name}' has no class '{label}'; "
                f"its classes are {listed(there, 20)}"
            )
    wanted = {str(label) for label in request.classes}
    return np.array([str(label) in wanted for label in target.entries], dtype=bool)


def _check_left(
    raw: RawTable,
    target: Target,
    rows: NDArray[Any],
    counts: Mapping[str, Any],
    request: DataRequest,
) -> None:
    if len(rows):
        return
    worst = max(counts["missing"].items(), key=lambda item: item[1], default=None)
    advice = (
        f"column '{worst[0]}' lacks {worst[1]} values: delete it, or impute with data.missing"
        if worst and counts["incomplete"]
        else "add rows"
    )
    raise DataError(
        f"{raw.name} has no rows left of {counts['rows_in']}: {counts['missing_target']} without "
        f"target '{target.name}', {counts['other_classes']} of other classes, "
        f"{counts['incomplete']} with missing values (missing: {request.missing}); {advice}"
    )


def _encoded(target: Target, rows: NDArray[Any]) -> tuple[NDArray[Any], tuple[Label, ...]]:
    import numpy as np

    values = target.entries[rows]
    if target.task == "regression":
        return values.astype(np.float64), ()
    labels = sorted(set(values))
    index = {label: i for i, label in enumerate(labels)}
    return np.array([index[label] for label in values], dtype=np.int64), tuple(labels)


def _check_varied(
    raw: RawTable, target: Target, labels: Sequence[Label], values: NDArray[Any]
) -> None:
    if len(labels) == 1:
        raise DataError(
            f"{raw.name}: target '{target.name}' has one class only ('{labels[0]}', "
            f"{len(values)} rows); two are needed to tell apart"
        )
    if not labels and (values == values[0]).all():
        raise DataError(
            f"{raw.name}: target '{target.name}' is {values[0]:g} in every row; there is "
            "nothing to predict"
        )
