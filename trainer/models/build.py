"""The stacked model that a configuration names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainer.errors import HyperparameterError
from trainer.models.mlp import StackedMLP

if TYPE_CHECKING:
    from trainer.hyperparameters import Hyperparameters


def build_model(hyperparameters: Hyperparameters, inputs: int, outputs: int) -> StackedMLP:
    """A stacked model for lanes of this shape.

    Args:
        inputs: numbers per example.
        outputs: classes, or 1.
    Raises: HyperparameterError for a model this version does not have.
    """
    if hyperparameters.model != "mlp":
        raise HyperparameterError(f"model: '{hyperparameters.model}' is not built yet; take mlp")
    return StackedMLP(inputs, hyperparameters.hidden, outputs)
