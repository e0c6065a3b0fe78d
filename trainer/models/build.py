"""The stacked model that a configuration names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trainer.errors import HyperparameterError
from trainer.hyperparameters import PRETRAINED, is_reference
from trainer.models.convolution import Convolve, Image, Pool
from trainer.models.factory import find_factory
from trainer.models.layers import Activate, Dense, Drop
from trainer.models.stacked import StackedModel
from trainer.models.transformer import find_transformer
from trainer.models.user import UserModel

if TYPE_CHECKING:
    from pathlib import Path

    from trainer.hyperparameters import Hyperparameters
    from trainer.models.layers import Layer
    from trainer.models.model import Model

_IMAGE_DIMENSIONS = 3


def build_model(
    h: Hyperparameters, shape: tuple[int, ...], outputs: int, folder: Path | None = None
) -> Model:
    """A model for lanes that agree in `array_key()`.

    Args:
        shape: of one example: (F,), or (channels, height, width) for images.
        outputs: classes, or 1.
        folder: where a module of the user's is looked for; by default the current one.
    Raises: HyperparameterError for a model this version does not have, or that does not fit;
        UserModuleError for a user's that can't be found or made.
    """
    if h.model == "mlp":
        return StackedModel(_perceptron(h, [], math.prod(shape), outputs))
    if h.model == "cnn":
        return StackedModel(_convolutional(h, shape, outputs))
    if h.model == PRETRAINED:
        if h.pretrained_from is None:
            raise HyperparameterError(
                "model: pretrained needs pretrained_from: a folder that save_pretrained wrote, or "
                "a name on the Hugging Face hub"
            )
        return UserModel(find_transformer(h.pretrained_from, folder), h, shape, outputs)
    if is_reference(h.model):
        return UserModel(find_factory(h.model, folder), h, shape, outputs)
    raise HyperparameterError(
        f"model: there is no '{h.model}'; take mlp, cnn or package.module:factory"
    )


def _perceptron(h: Hyperparameters, before: list[Layer], inputs: int, outputs: int) -> list[Layer]:
    layers = before
    for place, units in enumerate(h.hidden):
        layers += [Dense(str(len(layers)), inputs, units), Activate(), Drop(place, units)]
        inputs = units
    return [*layers, Dense(str(len(layers)), inputs, outputs)]


def _convolutional(h: Hyperparameters, shape: tuple[int, ...], outputs: int) -> list[Layer]:
    if len(shape) != _IMAGE_DIMENSIONS:
        raise HyperparameterError("model: cnn needs images, and this data has none; take mlp")
    image = (shape[0], shape[1], shape[2])
    layers: list[Layer] = [Image(image)]
    for channels in h.channels:
        convolution = Convolve(str(len(layers)), image, channels, h.kernel)
        image = convolution.shape
        layers += [convolution, Activate()]
        if h.pooling != "none":
            pool = Pool(image, h.pooling)
            image = pool.shape
            layers.append(pool)
            if 0 in image:
                raise HyperparameterError(
                    f"channels: {len(h.channels)} layers of pooling leave nothing of "
                    f"{shape[1]} x {shape[2]} images; take fewer, or pooling: none"
                )
    return _perceptron(h, [*layers, Image(None)], math.prod(image), outputs)
