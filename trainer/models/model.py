"""What the training loop asks of a model, be it ours or a module of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor, nn

    from trainer.hyperparameters import Hyperparameters
    from trainer.models.layers import Pass
    from trainer.models.layout import Layout
    from trainer.runs import RunId


class Model(Protocol):
    """K models of one shape, each lane with its own weights.

    Attributes:
        layout: of one lane's row; parameters are named as those of the module that `module` gives.
        faults: what went wrong inside a user's module, by run; a lane that has one gives NaN.
    """

    layout: Layout
    faults: dict[RunId, str]

    @property
    def dropout_units(self) -> Sequence[int]:
        """Units by layer that takes its masks from us."""

    @property
    def users(self) -> bool:
        """Whether it is a user's: it draws and fails by itself, so a `Pass` names its lanes."""

    def settle(self, examples: Tensor) -> None:
        """Look at examples [N, F] once before training; raises UserModuleError if it can't run."""

    def at_once(self, batch: int) -> int | None:
        """How many lanes to send through together with so many examples each; None for any."""

    def begin(self, hyperparameters: Hyperparameters, seed: int) -> dict[str, Tensor]:
        """One lane's row by name, before training."""

    def forward(self, weights: dict[str, Tensor], inputs: Tensor, lanes: Pass) -> Tensor:
        """The outputs [K, outputs, B] of every lane.

        Args:
            weights: views [K, ...] by name.
            inputs: [K, B, F]; a lane's rows are examples.
        """

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

    def trained(self, frozen: int) -> slice:
        """The columns of a row that are trained when so many first layers are frozen.

        Raises: HyperparameterError when nothing would be left.
        """

    def head(self) -> tuple[str, ...]:
        """The names of the last layer's parameters: what a new task replaces."""

    def module(self, hyperparameters: Hyperparameters, weights: Mapping[str, Tensor]) -> nn.Module:
        """One lane as a torch module with its weights, on rows of inputs [B, F].

        Raises: CheckpointError, if the weights are of another shape.
        """
