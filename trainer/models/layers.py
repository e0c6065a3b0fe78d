"""Layers in stacked form, forward and backward written out, each the twin of a torch.nn module.

Tensors are feature-major, [K, units, B]: products, softmax and sums then run along B, which is
several times faster than along a handful of classes (docs/decisions/0002-feature-major.md).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn

from trainer.models.activations import ACTIVATIONS
from trainer.models.layout import Parameter
from trainer.products import product, product_into

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from trainer.hyperparameters import Hyperparameters
    from trainer.runs import RunId


class Segment(NamedTuple):
    """Neighbouring lanes [start, stop) that share an activation."""

    activation: str
    start: int
    stop: int


class Step(NamedTuple):
    """Whose pass it is, and what seeds the random numbers that a user's module draws in it."""

    run: RunId
    seed: int


class Pass(NamedTuple):
    """What lanes differ in during one pass.

    Attributes:
        segments: cover all K lanes in order.
        masks: by dropout layer [K, units, B], what dropout multiplies by; empty for none.
        steps: by lane, where the model is a user's.
        training: whether a `backward` follows.
    """

    segments: Sequence[Segment]
    masks: Sequence[Tensor] = ()
    steps: Sequence[Step] = ()
    training: bool = False


class Layer(ABC):
    """One layer of every lane.

    `forward` keeps what `backward` needs; `backward` writes the gradients of its parameters and
    gives the gradient of its input.
    """

    parameters: Sequence[Parameter] = ()

    @abstractmethod
    def forward(self, weights: dict[str, Tensor], x: Tensor, lanes: Pass) -> Tensor:
        """[K, units in, B] to [K, units out, B]."""

    @abstractmethod
    def backward(
        self, weights: dict[str, Tensor], gradient: Tensor, into: dict[str, Tensor], *, first: bool
    ) -> Tensor:
        """The gradient by the input, from that by the output; not needed of the first layer."""

    @abstractmethod
    def module(self, hyperparameters: Hyperparameters) -> nn.Module:
        """Its twin for one lane, with parameters of the same names and shapes."""


class Dense(Layer):
    """torch.nn.Linear."""

    def __init__(self, name: str, inputs: int, outputs: int) -> None:
        self._inputs, self._outputs = inputs, outputs
        self._weight, self._bias = f"{name}.weight", f"{name}.bias"
        self.parameters = (
            Parameter(self._weight, (outputs, inputs), "weight"),
            Parameter(self._bias, (outputs,), "bias"),
        )

    def forward(self, weights: dict[str, Tensor], x: Tensor, lanes: Pass) -> Tensor:
        """See Layer."""
        self._x = x
        return product(weights[self._weight], x, weights[self._bias].unsqueeze(2))

    def backward(
        self, weights: dict[str, Tensor], gradient: Tensor, into: dict[str, Tensor], *, first: bool
    ) -> Tensor:
        """See Layer."""
        product_into(into[self._weight], gradient, self._x.transpose(1, 2))
        torch.sum(gradient, 2, out=into[self._bias])
        return gradient if first else product(weights[self._weight].transpose(1, 2), gradient)

    def module(self, hyperparameters: Hyperparameters) -> nn.Module:
        """See Layer."""
        return nn.Linear(self._inputs, self._outputs)


class Activate(Layer):
    """The activation, which lanes may differ in."""

    def forward(self, weights: dict[str, Tensor], x: Tensor, lanes: Pass) -> Tensor:
        """See Layer."""
        parts = [ACTIVATIONS[s.activation].forward(x[s.start : s.stop]) for s in lanes.segments]
        y = parts[0] if len(parts) == 1 else torch.cat(parts)
        self._x, self._y, self._segments = x, y, lanes.segments
        return y

    def backward(
        self,
        weights: dict[str, Tensor],
        gradient: Tensor,
        into: dict[str, Tensor],
        *,
        first: bool,
    ) -> Tensor:
        """See Layer."""
        parts = [
            ACTIVATIONS[s.activation].backward(
                gradient[s.start : s.stop], self._x[s.start : s.stop], self._y[s.start : s.stop]
            )
            for s in self._segments
        ]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def module(self, hyperparameters: Hyperparameters) -> nn.Module:
        """See Layer."""
        return ACTIVATIONS[hyperparameters.activation].module()


class Drop(Layer):
    """torch.nn.Dropout, which lanes may differ in; identity where there are no masks."""

    def __init__(self, place: int, units: int) -> None:
        """Args: place: of its mask in `Pass.masks`."""
        self._place, self.units = place, units
        self._mask: Tensor | None = None

    def forward(self, weights: dict[str, Tensor], x: Tensor, lanes: Pass) -> Tensor:
        """See Layer."""
        self._mask = lanes.masks[self._place] if lanes.masks else None
        return x if self._mask is None else x * self._mask

    def backward(
        self,
        weights: dict[str, Tensor],
        gradient: Tensor,
        into: dict[str, Tensor],
        *,
        first: bool,
    ) -> Tensor:
        """See Layer."""
        return gradient if self._mask is None else gradient * self._mask

    def module(self, hyperparameters: Hyperparameters) -> nn.Module:
        """See Layer."""
        return nn.Dropout(hyperparameters.dropout)
