"""A stacked model: layers in a row, K lanes deep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from trainer.errors import CheckpointError, HyperparameterError
from trainer.models.initialization import initialize
from trainer.models.layers import Drop
from trainer.models.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from trainer.hyperparameters import Hyperparameters
    from trainer.models.layers import Layer, Pass
    from trainer.runs import RunId


class StackedModel:
    """See Model: layers of our own; parameters are named as in a torch.nn.Sequential."""

    users = False

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = tuple(layers)
        self.layout = Layout([p for layer in layers for p in layer.parameters])
        self._learning = [k for k, layer in enumerate(layers) if layer.parameters]
        self.dropout_units = tuple(layer.units for layer in layers if isinstance(layer, Drop))
        self.faults: dict[RunId, str] = {}

    def settle(self, examples: Tensor) -> None:
        """See Model; there is nothing to find out."""

    def at_once(self, batch: int) -> int | None:  # noqa: ARG002 - see Model
        """See Model."""
        return None

    def begin(self, hyperparameters: Hyperparameters, seed: int) -> dict[str, Tensor]:
        """See Model."""
        h = hyperparameters
        return initialize(self.layout, h.initialization, h.activation, seed)

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

    def module(
        self, hyperparameters: Hyperparameters, weights: Mapping[str, Tensor]
    ) -> nn.Sequential:
        """See Model; of torch.nn's own layers."""
        dtype = next(iter(weights.values())).dtype if weights else torch.float32
        with torch.device("meta"):
            module = nn.Sequential(*(layer.module(hyperparameters) for layer in self._layers))
        try:
            module.to(dtype).load_state_dict(
                {k: v.clone() for k, v in weights.items()}, assign=True
            )
        except RuntimeError as error:
            raise CheckpointError(f"the weights are not of this configuration: {error}") from error
        return module
