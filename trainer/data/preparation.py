"""From a request to the arrays that are trained on: load, clean, split, then fit on train alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainer.data.apply import apply_preprocessing
from trainer.data.cleaning import CleanTable, clean
from trainer.data.fitting import fit_preprocessing
from trainer.data.loading import load_raw
from trainer.data.prepared import Part, PreparedData
from trainer.data.splitting import split_rows
from trainer.data.summary import summary_of
from trainer.errors import DataError
from trainer.streams import seed_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from trainer.data.request import DataRequest


def prepare(request: DataRequest, split_seed: int) -> PreparedData:
    """One split of the data that a sweep file asks for.

    Args:
        split_seed: which split; the same seed gives the same bytes in every process.
    Raises: DataError or UserModuleError, one sentence naming source, column and places.
    """
    return _prepared(clean(load_raw(request), request), request, split_seed)


def prepare_splits(request: DataRequest, seed: int, n_splits: int) -> tuple[PreparedData, ...]:
    """Several splits of the same rows, all of the same shapes; loaded and cleaned once.

    Split i is the one of `prepare` with `seed_for(seed, "split", i)`, however many there are.

    Raises: DataError or UserModuleError, as `prepare` does.
    """
    table = clean(load_raw(request), request)
    splits = tuple(_prepared(table, request, seed_for(seed, "split", i)) for i in range(n_splits))
    # Lanes of one array train on different splits, so their arrays must stack.
    assert len({str(_shapes(split)) for split in splits}) <= 1
    return splits


def _prepared(table: CleanTable, request: DataRequest, split_seed: int) -> PreparedData:
    split = split_rows(table, request, split_seed)
    preprocessing = fit_preprocessing(table, request, split.train)
    parts = {
        name: Part(_inputs(table, preprocessing, rows), _targets(table, preprocessing, rows))
        for name, rows in vars(split).items()
    }
    return PreparedData(
        **parts,
        task=table.task,
        outputs=len(table.labels) or 1,
        shape=tuple(preprocessing["shape"]),
        target_mean=preprocessing["target_mean"],
        target_scale=preprocessing["target_scale"],
        summary=summary_of(table, request, split, inputs=len(preprocessing["offset"])),
        preprocessing=preprocessing,
    )


def _inputs(
    table: CleanTable, preprocessing: Mapping[str, Any], rows: NDArray[Any]
) -> NDArray[Any]:
    import numpy as np

    part = table.inputs.iloc[rows]
    raw = {name: part[name].to_numpy() for name in part.columns}
    inputs = apply_preprocessing(preprocessing, raw)
    wrong = np.argwhere(~np.isfinite(inputs))
    if len(wrong):
        row, position = wrong[0]
        name = _column_of(preprocessing, int(position))
        raise DataError(
            f"{table.raw.name}: column '{name}' holds {raw[name][row]:g} "
            f"{table.raw.where(table.rows[rows[[row]]])}, which is too large once it is scaled "
            "to the training rows; correct it or rescale the column"
        )
    return inputs


def _column_of(preprocessing: Mapping[str, Any], position: int) -> str:
    names: list[str] = [
        column["name"]
        for column in preprocessing["columns"]
        for _ in column.get("categories", (None,))
    ]
    return names[position]


def _targets(
    table: CleanTable, preprocessing: Mapping[str, Any], rows: NDArray[Any]
) -> NDArray[Any]:
    import numpy as np

    values: NDArray[Any] = table.target[rows]
    if table.task == "classification":
        return values
    with np.errstate(over="ignore"):
        scaled = (values - preprocessing["target_mean"]) / preprocessing["target_scale"]
        targets: NDArray[np.float32] = scaled.astype(np.float32)[:, None]
    wrong = np.flatnonzero(~np.isfinite(targets))
    if len(wrong):
        row = rows[wrong[0]]
        raise DataError(
            f"{table.raw.name}: target '{table.raw.target.name}' holds {table.target[row]:g} "
            f"{table.raw.where([table.rows[row]])}, which is too large once it is scaled to the "
            "training rows; correct it or rescale the column"
        )
    return targets


def _shapes(data: PreparedData) -> list[tuple[int, ...]]:
    parts = (data.train, data.validation, data.test)
    return [array.shape for part in parts for array in (part.inputs, part.targets)]
