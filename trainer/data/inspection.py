"""What a table is like, before anybody has said how it is to be trained on. Nothing is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trainer.data.cleaning import clean
from trainer.data.columns import read_inputs
from trainer.data.loading import load_raw
from trainer.data.raw import RawTable, listed
from trainer.data.splitting import PARTS
from trainer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from trainer.data.cleaning import CleanTable
    from trainer.data.request import DataRequest, Missing
    from trainer.data.target import Label
    from trainer.hyperparameters import Task

FEW_ROWS = 10
"""Fewer present values than this can't be relied on; fewer rows say nothing about an id."""
DROPPED_SHARE = 0.05
"""Up to this share of the rows may be dropped for a missing value; beyond, values are imputed."""

_SAME = 0.999999  # a correlation that rounding alone keeps from 1
_ID_NAME = re.compile(r"(^|[^a-z])(id|key|index|row|no|nr|number|uuid|guid)$", re.IGNORECASE)
_FEW_VALUES = 50


@dataclass(frozen=True)
class TableFacts:
    """A table, looked at.

    Attributes:
        inputs: kind by name: 'number', or 'text' with its number of categories.
        ignored: why a column had better be no input, by name.
        suspects: inputs that tell the target exactly.
        missing: entries that lack, by input.
        strategy: what to do about them.
        rows: left after `strategy`, without duplicates; `n_in` were there.
        classes: rows of each class that has enough of them to be split, the most frequent first.
        rare: the same of the others.
        mean, spread: of a target that is a number.
        shape: of an image.
    """

    target: str
    task: Task
    n_in: int
    rows: int
    inputs: Mapping[str, str]
    ignored: Mapping[str, str]
    suspects: Sequence[str]
    missing: Mapping[str, int]
    incomplete: int
    missing_target: int
    duplicates: int
    strategy: Missing
    classes: Mapping[Label, int]
    rare: Mapping[Label, int]
    mean: float = 0.0
    spread: float = 0.0
    shape: tuple[int, ...] | None = None


def column_names(path: Path) -> list[str]:
    """The columns of a CSV, TSV or Parquet file; none of anything else.

    Raises: DataError if a text file is not UTF-8, or can't be read as a table.
    """
    import csv

    if path.suffix.lower() == ".parquet":
        import pandas as pd

        try:
            return [str(name) for name in pd.read_parquet(path).columns]
        except (ValueError, OSError) as error:
            raise DataError(f"{path.name} cannot be read as Parquet: {error}") from error
    separator = {".csv": ",", ".tsv": "\t"}.get(path.suffix.lower())
    if separator is None:
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter=separator)
            return next((row for row in rows if any(field.strip() for field in row)), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path.name} cannot be read as UTF-8 text: {error}") from error


def inspect(request: DataRequest) -> TableFacts:
    """Look at a source.

    Raises: DataError, as loading and cleaning do: for no such target, naming the nearest; for a
        target that is neither classes nor numbers; and where no column can be an input.
    """
    raw = load_raw(request)
    ignored = {} if raw.shape else _ignored(raw)
    kept = [str(name) for name in raw.inputs if str(name) not in ignored]
    if not kept:
        name, why = next(iter(ignored.items()))
        raise DataError(f"{raw.name} has no column that can be an input: '{name}' {why}")
    raw = replace(raw, inputs=raw.inputs[kept])
    dropping = replace(request, missing="drop", ignore=None)
    imputing = replace(dropping, missing="median")
    full = clean(raw, imputing)
    strategy: Missing = "drop"
    table = full
    n_incomplete = int(read_inputs(raw).isna().any(axis=1).sum())
    if n_incomplete > DROPPED_SHARE * len(raw.inputs):
        strategy = "median"
    elif n_incomplete:
        table = clean(raw, dropping)
    classes, rare = _classes(table)
    if rare.keys() != _classes(full)[1].keys():
        strategy, table = "median", full
        classes, rare = _classes(full)
    n_rare = sum(rare.values())
    return TableFacts(
        target=str(raw.target.name),
        task=table.task,
        n_in=len(raw.inputs),
        rows=len(table.target) - n_rare,
        inputs={name: _kind(table, name) for name in kept},
        ignored=ignored,
        suspects=[] if raw.shape else [name for name in kept if _tells(table, name)],
        missing=table.counts["missing"],
        incomplete=n_incomplete,
        missing_target=table.counts["missing_target"],
        duplicates=table.counts["duplicates"],
        strategy=strategy,
        classes=classes,
        rare=rare,
        mean=float(table.target.mean()) if table.task == "regression" else 0.0,
        spread=float(table.target.std()) if table.task == "regression" else 0.0,
        shape=raw.shape,
    )


def _ignored(raw: RawTable) -> dict[str, str]:
    """Why a column had better be no input; if that leaves none, what can be read at all stays."""
    refused: dict[str, str] = {}
    poor: dict[str, str] = {}
    for name in map(str, raw.inputs):
        try:
            values = read_inputs(replace(raw, inputs=raw.inputs[[name]]))[name]
        except DataError as error:
            refused[name] = _reason(str(error), name)
            continue
        if why := _why_poor(name, values):
            poor[name] = why
    if len(refused) + len(poor) == raw.inputs.shape[1]:
        return refused
    return {
        name: {**refused, **poor}[name]
        for name in map(str, raw.inputs)
        if name in refused or name in poor
    }


def _reason(sentence: str, name: str) -> str:
    return sentence.partition(f"column '{name}' ")[2].partition("; ")[0] or sentence


def _why_poor(name: str, values: pd.Series[Any]) -> str:
    present = values.dropna()
    n, distinct = len(values), len(present.unique())
    if distinct == 1 and len(present) == n:
        return "is the same in every row"
    if len(present) < min(FEW_ROWS, n / 2):
        return f"has a value in {len(present)} of {n} rows only"
    if len(present) < n or distinct < n or n < FEW_ROWS:
        return ""
    if values.dtype == object:
        return "is another text in every row, as an id is"
    if (values % 1 == 0).all() and (_ID_NAME.search(name) or (values.diff().iloc[1:] == 1).all()):
        return "numbers the rows, as an id does"
    return ""


def _kind(table: CleanTable, name: str) -> str:
    if name in table.categories:
        return f"text, {len(table.categories[name])} categories"
    return "number"


def _tells(table: CleanTable, name: str) -> bool:
    """Whether each value of an input goes with one class, or is the number in other units."""
    import numpy as np
    import pandas as pd

    values = table.inputs[name]
    if len(values) < 2 * FEW_ROWS:
        return False
    if table.task == "regression":
        if name in table.categories or values.isna().any() or values.nunique() < FEW_ROWS:
            return False
        return abs(float(np.corrcoef(values.astype(float), table.target)[0, 1])) > _SAME
    n_values = len(set(values.dropna()))
    if not 1 < n_values <= min(_FEW_VALUES, len(values) / FEW_ROWS):
        return False
    per_value = pd.Series(table.target).groupby(values.to_numpy()).nunique()
    return bool(per_value.max() == 1)


def _classes(table: CleanTable) -> tuple[dict[Label, int], dict[Label, int]]:
    """The classes that can be split into three parts of some rows each, and those too rare."""
    import numpy as np

    if table.task == "regression":
        return {}, {}
    counts = np.bincount(table.target, minlength=len(table.labels)).tolist()
    ordered = sorted(zip(table.labels, counts, strict=True), key=lambda item: -item[1])
    enough = [item for item in ordered if item[1] >= PARTS]
    while enough and sum(n for _, n in enough) < PARTS * len(enough):
        enough.pop()
    if len(enough) < 2:  # noqa: PLR2004 - telling apart takes two
        shown = listed([f"'{label}' {n}" for label, n in ordered], PARTS)
        raise DataError(
            f"{table.raw.name}: target '{table.raw.target.name}' has {len(ordered)} different "
            f"values in {len(table.target)} rows ({shown}), and no two of them {PARTS} rows each; "
            "take a column of few classes, or of numbers, or add rows"
        )
    return dict(enough), dict(ordered[len(enough) :])
