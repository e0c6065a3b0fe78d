"""The multilayer perceptron in stacked form, forward and backward written out.

Tensors are feature-major, [K, units, B]: products, softmax and sums then run along B, which is
several times faster than along a handful of classes (docs/decisions/0002-feature-major.md).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import torch

from trainer.models.activations import ACTIVATIONS
from trainer.models.layout import Layout, Parameter
from trainer.products import product, product_into

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


class Segment(NamedTuple):
    """Neighbouring lanes [start, stop) that share an activation."""

    activation: str
    start: int
    stop: int


class _Layer(NamedTuple):
    """What a hidden layer keeps for the backward pass, each [K, units, B]."""

    inputs: Tensor
    before: Tensor
    after: Tensor
    mask: Tensor | None


def mlp_layout(inputs: int, hidden: Sequence[int], outputs: int) -> Layout:
    """Linear layers named and shaped as in torch.nn: '0.weight' [units, inputs], '0.bias'."""
    widths = [inputs, *hidden, outputs]
    parameters = []
    for index, (before, after) in enumerate(pairwise(widths)):
        parameters.append(Parameter(f"{index}.weight", (after, before), "weight"))
        parameters.append(Parameter(f"{index}.bias", (after,), "bias"))
    return Layout(parameters)


class StackedMLP:
    """K multilayer perceptrons of one shape, each lane with its own weights and activation."""

    def __init__(self, inputs: int, hidden: Sequence[int], outputs: int) -> None:
        self.layout = mlp_layout(inputs, hidden, outputs)
        self.hidden = tuple(hidden)
        self._layers: list[_Layer] = []

    def forward(
        self,
        weights: dict[str, Tensor],
        inputs: Tensor,
        segments: Sequence[Segment],
        masks: Sequence[Tensor | None] = (),
        *,
        keep: bool = False,
    ) -> Tensor:
        """The outputs of every lane.

        Args:
            weights: views [K, ...] by name.
            inputs: [K, B, F]; a lane's rows are examples.
            segments: cover all K lanes in order.
            masks: per hidden layer [K, units, B], what dropout multiplies by, or None.
            keep: keep what `backward` needs.
        Returns: [K, outputs, B].
        """
        self._layers.clear()
        x = inputs.transpose(1, 2)
        for index in range(len(self.hidden)):
            before = product(weights[f"{index}.weight"], x, weights[f"{index}.bias"].unsqueeze(2))
            after = _activate(before, segments)
            mask = masks[index] if masks else None
            if keep:
                self._layers.append(_Layer(x, before, after, mask))
            x = after if mask is None else after * mask
        last = len(self.hidden)
        if keep:
            self._layers.append(_Layer(x, x, x, None))
        return product(weights[f"{last}.weight"], x, weights[f"{last}.bias"].unsqueeze(2))

    def backward(
        self,
        weights: dict[str, Tensor],
        gradient: Tensor,
        into: dict[str, Tensor],
        segments: Sequence[Segment],
    ) -> None:
        """Write the gradient of every parameter to `into`, after a `forward` that kept.

        Args:
            gradient: [K, outputs, B], of the loss by the outputs.
            into: views [K, ...] by name; overwritten.
        """
        for index in reversed(range(len(self._layers))):
            x = self._layers[index].inputs
            product_into(into[f"{index}.weight"], gradient, x.transpose(1, 2))
            torch.sum(gradient, 2, out=into[f"{index}.bias"])
            if index:
                layer = self._layers[index - 1]
                gradient = product(weights[f"{index}.weight"].transpose(1, 2), gradient)
                if layer.mask is not None:
                    gradient.mul_(layer.mask)
                gradient = _activate_backward(gradient, layer, segments)


def _activate(before: Tensor, segments: Sequence[Segment]) -> Tensor:
    if len(segments) == 1:
        return ACTIVATIONS[segments[0].activation].forward(before)
    parts = [ACTIVATIONS[s.activation].forward(before[s.start : s.stop]) for s in segments]
    return torch.cat(parts)


def _activate_backward(gradient: Tensor, layer: _Layer, segments: Sequence[Segment]) -> Tensor:
    parts = [
        ACTIVATIONS[s.activation].backward(
            gradient[s.start : s.stop],
            layer.before[s.start : s.stop],
            layer.after[s.start : s.stop],
        )
        for s in segments
    ]
    return parts[0] if len(parts) == 1 else torch.cat(parts)
