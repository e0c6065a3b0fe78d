"""Named initializations, each parameter from its own stream.

Weights as in torch.nn.init under the same name, biases zero; 'default' is what
torch.nn.Linear does (weights and biases uniform in +-1/sqrt(inputs)).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn

from trainer.streams import seed_for

if TYPE_CHECKING:
    from torch import Tensor

    from trainer.models.layout import Layout

_GAINS = {"relu": "relu", "leaky_relu": "leaky_relu", "gelu": "relu", "tanh": "tanh"}


def initialize(layout: Layout, scheme: str, activation: str, seed: int) -> dict[str, Tensor]:
    """The parameters of one lane before training.

    Args:
        scheme: the hyperparameter `initialization`.
        activation: decides the gain of the kaiming schemes (gelu counts as relu).
        seed: of the run; parameter i is drawn from stream (seed, 'initialization', i).
    Returns: name -> float32 tensor of the parameter's shape.
    """
    values = {}
    inputs = 1
    for index, parameter in enumerate(layout.parameters):
        generator = torch.Generator().manual_seed(seed_for(seed, "initialization", index))
        tensor = torch.zeros(parameter.shape)
        if parameter.kind == "weight":
            inputs = math.prod(parameter.shape[1:])
            _fill_weight(tensor, scheme, activation, inputs, generator)
        elif scheme == "default":
            nn.init.uniform_(tensor, -1 / math.sqrt(inputs), 1 / math.sqrt(inputs), generator)
        values[parameter.name] = tensor
    return values


def _fill_weight(
    tensor: Tensor, scheme: str, activation: str, inputs: int, generator: torch.Generator
) -> None:
    gain = _GAINS.get(activation, "linear")
    match scheme:
        case "default":
            bound = 1 / math.sqrt(inputs)
            nn.init.uniform_(tensor, -bound, bound, generator)
        case "xavier_uniform":
            nn.init.xavier_uniform_(tensor, generator=generator)
        case "xavier_normal":
            nn.init.xavier_normal_(tensor, generator=generator)
        case "kaiming_uniform":
            nn.init.kaiming_uniform_(tensor, nonlinearity=gain, generator=generator)  # type: ignore[arg-type]
        case "kaiming_normal":
            nn.init.kaiming_normal_(tensor, nonlinearity=gain, generator=generator)  # type: ignore[arg-type]
        case "orthogonal":
            nn.init.orthogonal_(tensor, generator=generator)
        case _:
            raise AssertionError(scheme)
