"""Activations and their derivatives, by operations whose bits do not depend on position.

torch.sigmoid and torch.nn.functional.gelu treat the tail of a buffer by another routine than
its middle, so a lane's bits would depend on its place; these are built from exp and erf, which
do not (docs/decisions/0001-bits.md). Values agree with torch.nn.functional to rounding.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


class Activation(NamedTuple):
    """`forward(z)` and `backward(gradient, z, output)`, both elementwise; `module` is the twin."""

    forward: Callable[[Tensor], Tensor]
    backward: Callable[[Tensor, Tensor, Tensor], Tensor]
    module: type[nn.Module]


_LEAK = 0.01  # the default of torch.nn.LeakyReLU


def _sigmoid(z: Tensor) -> Tensor:
    return torch.neg(z).exp_().add_(1).reciprocal_()


def _gelu(z: Tensor) -> Tensor:
    return _normal_cdf(z).mul_(z)


def _gelu_backward(gradient: Tensor, z: Tensor, _output: Tensor) -> Tensor:
    density = (z * z).mul_(-0.5).exp_().mul_(1 / math.sqrt(2 * math.pi))
    return density.mul_(z).add_(_normal_cdf(z)).mul_(gradient)


def _normal_cdf(z: Tensor) -> Tensor:
    return (z * math.sqrt(0.5)).erf_().add_(1).mul_(0.5)


ACTIVATIONS: dict[str, Activation] = {
    "relu": Activation(
        torch.relu,
        lambda gradient, z, _output: torch.ops.aten.threshold_backward(gradient, z, 0),
        nn.ReLU,
    ),
    "leaky_relu": Activation(
        lambda z: torch.ops.aten.leaky_relu(z, _LEAK),
        lambda gradient, z, _output: torch.ops.aten.leaky_relu_backward(gradient, z, _LEAK, False),
        nn.LeakyReLU,
    ),
    "tanh": Activation(
        torch.tanh,
        lambda gradient, _z, output: torch.ops.aten.tanh_backward(gradient, output),
        nn.Tanh,
    ),
    "sigmoid": Activation(
        _sigmoid,
        lambda gradient, _z, output: torch.ops.aten.sigmoid_backward(gradient, output),
        nn.Sigmoid,
    ),
    "gelu": Activation(_gelu, _gelu_backward, nn.GELU),
}
