"""A stacked model: layers in a row, K lanes deep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from trainer.errors import HyperparameterError
from trainer.models.layers import Drop
from trainer.models.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from trainer.hyperparameters import Hyperparameters
    from trainer.models.layers import Layer, Pass


class StackedModel:
    """K models of one shape, each lane with its own weights and activation.

    Parameters are named as those of the torch.nn.Sequential that `module` gives.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = tuple(layers)
        self.layout = Layout([p for layer in layers for p in layer.parameters])
        self._learning = [k for k, layer in enumerate(layers) if layer.parameters]
        self.dropout_units = tuple(layer.units for layer in layers if isinstance(layer, Drop))

    def forward(self, weights: dict[str, Tensor], inputs: Tensor, lanes: Pass) -> Tensor:
        """The outputs of every lane.

        Args:
            weights: views [K, ...] by name.
            inputs: [K, B, F]; a lane's rows are examples.
        Returns: [K, outputs, B].
        """
        x = inputs.transpose(1, 2)
        for layer in self._layers:
            x = layer.forward(weights, x, lanes)
        return x

    def backward(
        self,
        weights: dict[str, Tensor],
        gradient: Tensor,
        into: dict[str, Tensor],
        *,
        frozen: int = 0,
    ) -> None:
        """Write the gradient of every parameter to `into`, after a `forward`.

        Args:
            gradient: [K, outputs, B], of the loss by the outputs.
            into: views [K, ...] by name; overwritten, but for frozen layers.
            frozen: so many first layers with parameters are not trained.
        """
        first = self._learning[frozen]
        for k in reversed(range(first, len(self._layers))):
            gradient = self._layers[k].backward(weights, gradient, into, first=k == first)

    def trained(self, frozen: int) -> slice:
        """The columns of a row that are trained when so many first layers are frozen.

        Raises: HyperparameterError when nothing would be left.
        """
        if frozen >= len(self._learning):
            raise HyperparameterError(
                f"freeze: {frozen} would leave nothing to train of {len(self._learning)} layers; "
                f"take at most {len(self._learning) - 1}"
            )
        return slice(self.layout.start(self._layers[self._learning[frozen]].parameters[0]), None)

    def head(self) -> tuple[str, ...]:
        """The names of the last layer's parameters: what a new task replaces."""
        return tuple(p.name for p in self._layers[self._learning[-1]].parameters)

    def module(self, hyperparameters: Hyperparameters) -> nn.Sequential:
        """One lane as plain torch.nn layers; its rows of inputs are [B, F]."""
        return nn.Sequential(*(layer.module(hyperparameters) for layer in self._layers))
