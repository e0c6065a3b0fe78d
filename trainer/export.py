"""A trained run as plain PyTorch: a module, and a folder that predicts without Fairtrial."""

from __future__ import annotations

import inspect
import io
import json
import logging
import warnings
from contextlib import contextmanager
from importlib import resources
from typing import TYPE_CHECKING

import torch
import yaml

from trainer.checkpoints import save_weights, write_whole
from trainer.data import apply
from trainer.hyperparameters import OURS
from trainer.models.build import build_model
from trainer.models.factory import raised

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from torch import Tensor, nn

    from trainer.data.prepared import PreparedData
    from trainer.hyperparameters import Hyperparameters

_MADE_WITH = {
    "Linear": ("in_features", "out_features"),
    "Conv2d": ("in_channels", "out_channels", "kernel_size", "padding"),
    "Unflatten": ("dim", "unflattened_size"),
    "MaxPool2d": ("kernel_size",),
    "AvgPool2d": ("kernel_size",),
    "Dropout": ("p",),
}


def export_module(
    hyperparameters: Hyperparameters,
    weights: Mapping[str, Tensor],
    shape: tuple[int, ...],
    outputs: int,
    folder: Path | None = None,
) -> nn.Module:
    """The model of a finished run, in eval mode: torch.nn's own layers, or the user's module.

    Its outputs agree with the lane's to rounding: nn.Linear adds up in another order.

    Args:
        weights: `RunEnd.weights`.
        shape: of one example; the module takes rows of as many numbers.
        outputs: classes, or 1.
        folder: where a user's module is looked for; by default the current one.
    Raises: HyperparameterError, for a model this version does not have; CheckpointError, if
        the weights are of another shape; UserModuleError, for a module that can't be made.
    """
    return (
        build_model(hyperparameters, shape, outputs, folder).module(hyperparameters, weights).eval()
    )


def write_export(
    folder: Path,
    hyperparameters: Hyperparameters,
    weights: Mapping[str, Tensor],
    data: PreparedData,
    about: Mapping[str, str],
    *,
    users_folder: Path | None = None,
) -> None:
    """Write config.yaml, weights.safetensors, preprocessing.json and predict.py to a folder.

    A user's module goes with them as model.pt2, a graph that needs its code no more; where
    torch.export can't take it there is no predict.py, and config.yaml says so.

    Args:
        folder: made if it is not there; files of these names are replaced.
        weights: `RunEnd.weights`.
        data: what the run was trained on.
        about: where the run comes from, such as its sweep and trial: a comment in config.yaml.
        users_folder: where a user's module is looked for; by default the current one.
    Raises: HyperparameterError or CheckpointError, as `export_module` does.
    """
    h = hyperparameters
    module = export_module(h, weights, data.shape, data.outputs, users_folder)
    about, metadata, problem = dict(about), {"loss": h.loss}, ""
    if data.preprocessing.get("tokens"):
        problem = "texts are read by the model's own tokenizer, which is not in this folder"
    elif h.model not in OURS:
        problem = _write_graph(folder / "model.pt2", module, data)
        problem = problem and f"torch.export can't take {h.model}: {problem}"
    else:
        metadata["layers"] = json.dumps([_described(layer) for layer in module.children()])
    if problem:
        about["no predict.py"] = problem
    header = "".join(f"# {key}: {' '.join(value.split())}\n" for key, value in about.items())
    config = yaml.safe_dump(h.flat(), sort_keys=False)
    preprocessing = {**data.preprocessing, "task": data.task, "outputs": data.outputs}
    write_whole(folder / "config.yaml", f"{header}{config}".encode())
    save_weights(folder / "weights.safetensors", weights, metadata)
    write_whole(folder / "preprocessing.json", json.dumps(preprocessing, indent=1).encode())
    script = folder / "predict.py"
    if problem:
        script.unlink(missing_ok=True)
    else:
        write_whole(script, _predict_script().encode())


def _described(layer: nn.Module) -> list[Any]:
    """A layer as JSON: its name in torch.nn, and what to make it with."""
    name = type(layer).__name__
    return [name, {key: getattr(layer, key) for key in _MADE_WITH.get(name, ())}]


def _write_graph(path: Path, module: nn.Module, data: PreparedData) -> str:
    """Write what torch.export makes of a module; returns why there is nothing to write, or ''."""
    example = torch.from_numpy(data.validation.inputs[:2]).repeat(2, 1)[:2]
    example = example.to(next(module.parameters()).dtype)
    path.unlink(missing_ok=True)
    try:
        with _quiet():
            rows = torch.export.Dim("rows")
            program = torch.export.export(module, (example,), dynamic_shapes=({0: rows},))
            content = io.BytesIO()
            torch.export.save(program, content)
    except Exception as error:  # noqa: BLE001 - whatever a user's module does to it
        return raised(error)
    write_whole(path, content.getvalue())
    return ""


@contextmanager
def _quiet() -> Iterator[None]:
    """No words from torch.export about how it works inside."""
    logger = logging.getLogger("torch.export")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)


def _predict_script() -> str:
    """The template, with the very functions that prepared the data in the place of their import."""
    template = resources.files("trainer").joinpath("predict_template.py").read_text("utf-8")
    line = "from trainer.data.apply import apply_preprocessing\n"
    main = 'if __name__ == "__main__":'
    assert template.count(line) == template.count(main) == 1
    functions = inspect.getsource(apply.apply_preprocessing), inspect.getsource(apply._encoded)  # noqa: SLF001 - copied, not called
    return template.replace(f"\n{line}", "").replace(main, "\n\n".join([*functions, main]))
