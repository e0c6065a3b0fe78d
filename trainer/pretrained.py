"""Weights to begin with: those of another model, wherever they fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainer.errors import HyperparameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from torch import Tensor

    from trainer.models.model import Model


@dataclass(frozen=True)
class Pretrained:
    """What `pretrained_from` was found to name.

    Attributes:
        reference: as in the sweep file.
        weights: by name, as in the torch.nn.Sequential they were exported from.
        digest: SHA-256 of the weights' file (hex).
        classes: the labels its outputs stand for, or None for regression.
    """

    reference: str
    weights: Mapping[str, Tensor]
    digest: str
    classes: Sequence[Any] | None = None


def begin_with(
    model: Model,
    fresh: dict[str, Tensor],
    pretrained: Pretrained,
    classes: Sequence[Any] | None,
) -> dict[str, Tensor]:
    """The parameters of a lane at its start: pretrained ones, but a fresh head for other classes.

    Args:
        fresh: the initialization of every parameter by name.
        classes: the labels of the data it is to learn.
    Raises: HyperparameterError naming the first parameter that does not fit.
    """
    same_task = pretrained.classes == classes
    begin = dict(fresh)
    for name, tensor in fresh.items():
        if name in model.head() and not same_task:
            continue
        found = pretrained.weights.get(name)
        if found is not None and found.shape == tensor.shape:
            begin[name] = found.to(tensor.dtype)
        else:
            there = "missing" if found is None else f"{list(found.shape)}"
            raise HyperparameterError(
                f"pretrained_from: {name} is {list(tensor.shape)} here and {there} in "
                f"'{pretrained.reference}'; take the same model and layers"
            )
    return begin
