"""Predictions of a trained model on the rows of a file.

    python predict.py data.csv > predictions.csv

It reads .csv and .tsv files with a header, .npy and .npz files. The model lies beside it, in
weights.safetensors, or model.pt2, and preprocessing.json. It needs torch, safetensors and numpy,
for tables also pandas, and nothing else.
"""

from __future__ import annotations

import csv
import difflib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from safetensors import safe_open
from torch import nn

from trainer.data.apply import apply_preprocessing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

HERE = Path(__file__).resolve().parent
NPZ_NAMES = ("X", "x", "inputs", "data")


class Model(NamedTuple):
    """A trained module, the loss it was trained with, and how a row becomes its input."""

    module: nn.Module
    loss: str
    preprocessing: Mapping[str, Any]


def load(folder: Path | str = HERE) -> Model:
    """The model in a folder that holds weights.safetensors, preprocessing.json, maybe model.pt2."""
    folder = Path(folder)
    preprocessing = json.loads((folder / "preprocessing.json").read_text(encoding="utf-8"))
    with safe_open(folder / "weights.safetensors", framework="pt") as file:
        metadata = file.metadata()
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    if (folder / "model.pt2").exists():
        graph = torch.export.load(folder / "model.pt2").module()
        return Model(graph, metadata["loss"], preprocessing)
    layers = [getattr(nn, name)(**given) for name, given in json.loads(metadata["layers"])]
    module = nn.Sequential(*layers)
    module.load_state_dict(state)
    return Model(module.eval(), metadata["loss"], preprocessing)


def predict(
    rows: Mapping[str, ArrayLike] | NDArray[Any], model: Model | None = None
) -> dict[str, list[Any]]:
    """What the model makes of some rows.

    Args:
        rows: a data frame or columns by name, others than the model's are ignored; or an
            array [N, ...] of as many numbers a row as the model has columns, in their order.
        model: from `load`; by default the one beside this file.
    Returns: 'prediction', by row: a class label, or a number in the target's unit; for
        classes also its 'probability': the softmax for a model trained with cross_entropy,
        else the outputs, which then estimate it themselves, cut to [0, 1] and made to sum to 1.
    Raises: ValueError, one sentence, for rows that do not fit the model.
    """
    model = model or load()
    columns = model.preprocessing["columns"]
    raw = _from_array(rows, columns) if isinstance(rows, np.ndarray) else _from_table(rows, columns)
    inputs = apply_preprocessing(model.preprocessing, raw)
    wrong = np.flatnonzero(~np.isfinite(inputs).all(axis=1))
    if len(wrong):
        raise ValueError(f"row {wrong[0] + 1} holds a number that is infinite or too large")
    with torch.inference_mode():
        outputs = model.module(torch.from_numpy(inputs)).double()
    if model.preprocessing["task"] == "regression":
        scale, mean = model.preprocessing["target_scale"], model.preprocessing["target_mean"]
        return {"prediction": (outputs[:, 0] * scale + mean).tolist()}
    if model.loss == "cross_entropy":
        shares = outputs.softmax(1)
    else:
        positive = outputs.clamp(1e-12, 1)
        shares = positive / positive.sum(1, keepdim=True)
    best = outputs.argmax(1)
    labels = [model.preprocessing["classes"][index] for index in best.tolist()]
    return {"prediction": labels, "probability": shares.gather(1, best[:, None])[:, 0].tolist()}


def read_rows(path: Path, model: Model) -> Any:  # noqa: ANN401 - a data frame or an array
    """The rows of a .csv or .tsv file with a header, or of an .npy or .npz file.

    Raises: ValueError or OSError, for a file that is not of this kind.
    """
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv"):
        import pandas as pd

        separator = "," if suffix == ".csv" else "\t"
        columns = model.preprocessing["columns"]
        texts = {column["name"]: str for column in columns if column["kind"] == "categorical"}
        frame = pd.read_csv(path, sep=separator, encoding="utf-8-sig", dtype=texts)
        if not isinstance(frame.index, pd.RangeIndex):
            raise ValueError(f"{path} has rows with more fields than its header")
        return frame
    if suffix not in (".npy", ".npz"):
        raise ValueError(f"{path} must end in .csv, .tsv, .npy or .npz")
    found = np.load(path, allow_pickle=False)
    if suffix == ".npy":
        return found
    names = [name for name in NPZ_NAMES if name in found]
    if not names:
        raise ValueError(f"{path} has no array named {', '.join(NPZ_NAMES)}")
    return found[names[0]]


def _from_array(rows: NDArray[Any], columns: list[dict[str, Any]]) -> dict[str, ArrayLike]:
    width = int(np.prod(rows.shape[1:]))
    if rows.ndim == 1 or width != len(columns):
        raise ValueError(
            f"the array has the shape {rows.shape}, but the model takes rows of {len(columns)} "
            "columns"
        )
    texts = [column["name"] for column in columns if column["kind"] == "categorical"]
    if texts and rows.dtype.kind in "biuf":
        raise ValueError(f"column '{texts[0]}' is text, but the array holds numbers; give a table")
    flat = rows.reshape(len(rows), width)
    return {column["name"]: flat[:, index] for index, column in enumerate(columns)}


def _from_table(
    rows: Mapping[str, ArrayLike], columns: list[dict[str, Any]]
) -> dict[str, ArrayLike]:
    import pandas as pd

    frame = pd.DataFrame(rows)
    there = [str(name) for name in frame.columns]
    frame.columns = pd.Index(there)
    raw: dict[str, ArrayLike] = {}
    for column in columns:
        name = column["name"]
        if name not in there:
            near = difflib.get_close_matches(name, there, n=1)
            advice = f"did '{near[0]}' mean it?" if near else f"there are: {', '.join(there)}"
            raise ValueError(f"there is no column '{name}', which the model needs; {advice}")
        entries = frame[name].astype(object).where(frame[name].notna(), None)
        if column["kind"] == "categorical":
            raw[name] = entries.to_numpy()
            continue
        numbers = pd.to_numeric(entries, errors="coerce").to_numpy(dtype=np.float64)
        wrong = np.flatnonzero(np.isnan(numbers) & entries.notna().to_numpy())
        if len(wrong):
            raise ValueError(
                f"column '{name}' holds '{entries.iloc[wrong[0]]}' in row {wrong[0] + 1}, "
                "but the model needs numbers"
            )
        raw[name] = numbers
    return raw


def main(arguments: list[str]) -> int:
    """Write the predictions of the file that is named to stdout, as CSV."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write(f"{__doc__}\n")
        return 0 if arguments in (["-h"], ["--help"]) else 2
    model = load()
    try:
        predictions = predict(read_rows(Path(arguments[0]), model), model)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(predictions)
    writer.writerows(zip(*predictions.values(), strict=True))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
