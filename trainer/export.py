"""A trained run as plain PyTorch: a module, and a folder that predicts without Fairtrial."""

from __future__ import annotations

import inspect
import json
from importlib import resources
from typing import TYPE_CHECKING

import torch
import yaml

from trainer.checkpoints import save_weights, write_whole
from trainer.data import apply
from trainer.errors import CheckpointError
from trainer.models.build import build_model

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor, nn

    from trainer.data.prepared import PreparedData
    from trainer.hyperparameters import Hyperparameters


def export_module(
    hyperparameters: Hyperparameters,
    weights: Mapping[str, Tensor],
    shape: tuple[int, ...],
    outputs: int,
) -> nn.Sequential:
    """The model of a finished run, of torch.nn's own layers and in eval mode.

    Its outputs agree with the lane's to rounding: nn.Linear adds up in another order.

    Args:
        weights: `RunEnd.weights`.
        shape: of one example; the module takes rows of as many numbers.
        outputs: classes, or 1.
    Raises: HyperparameterError, for a model this version does not have; CheckpointError, if
        the weights are of another shape.
    """
    dtype = next(iter(weights.values())).dtype if weights else torch.float32
    with torch.device("meta"):
        module = build_model(hyperparameters, shape, outputs).module(hyperparameters).to(dtype)
    try:
        module.load_state_dict({k: v.clone() for k, v in weights.items()}, assign=True)
    except RuntimeError as error:
        raise CheckpointError(f"the weights are not of this configuration: {error}") from error
    return module.eval()


def write_export(
    folder: Path,
    hyperparameters: Hyperparameters,
    weights: Mapping[str, Tensor],
    data: PreparedData,
    about: Mapping[str, str],
) -> None:
    """Write config.yaml, weights.safetensors, preprocessing.json and predict.py to a folder.

    Args:
        folder: made if it is not there; files of these names are replaced.
        weights: `RunEnd.weights`.
        data: what the run was trained on.
        about: where the run comes from, such as its sweep and trial: a comment in config.yaml.
    Raises: HyperparameterError or CheckpointError, as `export_module` does.
    """
    module = export_module(hyperparameters, weights, data.shape, data.outputs)
    header = "".join(f"# {key}: {' '.join(value.split())}\n" for key, value in about.items())
    config = yaml.safe_dump(hyperparameters.flat(), sort_keys=False)
    preprocessing = {**data.preprocessing, "task": data.task, "outputs": data.outputs}
    metadata = {
        "layers": json.dumps([type(layer).__name__ for layer in module]),
        "loss": hyperparameters.loss,
    }
    write_whole(folder / "config.yaml", f"{header}{config}".encode())
    save_weights(folder / "weights.safetensors", module.state_dict(), metadata)
    write_whole(folder / "preprocessing.json", json.dumps(preprocessing, indent=1).encode())
    write_whole(folder / "predict.py", _predict_script().encode())


def _predict_script() -> str:
    """The template, with the very functions that prepared the data in the place of their import."""
    template = resources.files("trainer").joinpath("predict_template.py").read_text("utf-8")
    line = "from trainer.data.apply import apply_preprocessing\n"
    main = 'if __name__ == "__main__":'
    assert template.count(line) == template.count(main) == 1
    functions = inspect.getsource(apply.apply_preprocessing), inspect.getsource(apply._encoded)  # noqa: SLF001 - copied, not called
    return template.replace(f"\n{line}", "").replace(main, "\n\n".join([*functions, main]))
