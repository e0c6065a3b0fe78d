"""Optimizer updates of all lanes at once, each lane with its own settings.

One file because each is a handful of lines over the flat buffer [K, P]. Every update follows
the torch.optim class of that name (the source of each constant); state is a dict of tensors
with a leading lane dimension, so lanes can be moved between arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

State = dict[str, "Tensor"]

_BETA_1, _BETA_2, _ALPHA, _EPSILON = 0.9, 0.999, 0.99, 1e-8


@dataclass(frozen=True)
class LaneSettings:
    """Per-lane settings of an update, each [K, 1] in the dtype of the parameters.

    Attributes:
        decays: whether any lane has weight decay (else its operations are left out).
        has_momentum: whether any lane has momentum.
    """

    learning_rate: Tensor
    momentum: Tensor
    weight_decay: Tensor
    decays: bool
    has_momentum: bool


def sgd(weights: Tensor, gradient: Tensor, state: State, settings: LaneSettings) -> None:
    """torch.optim.SGD with momentum (no dampening, no Nesterov), in place."""
    if settings.decays:
        gradient.addcmul_(weights, settings.weight_decay)
    if settings.has_momentum:
        gradient = state["momentum"].mul_(settings.momentum).add_(gradient)
    weights.addcmul_(gradient, settings.learning_rate, value=-1)


def adam(weights: Tensor, gradient: Tensor, state: State, settings: LaneSettings) -> None:
    """Kingma and Ba 2015, algorithm 1, with torch.optim.Adam's L2 weight decay, in place."""
    if settings.decays:
        gradient.addcmul_(weights, settings.weight_decay)
    _adam_step(weights, gradient, state, settings)


def adamw(weights: Tensor, gradient: Tensor, state: State, settings: LaneSettings) -> None:
    """Loshchilov and Hutter 2019, algorithm 2, as torch.optim.AdamW, in place."""
    if settings.decays:
        weights.mul_(1 - settings.learning_rate * settings.weight_decay)
    _adam_step(weights, gradient, state, settings)


def rmsprop(weights: Tensor, gradient: Tensor, state: State, settings: LaneSettings) -> None:
    """torch.optim.RMSprop (not centered), in place."""
    if settings.decays:
        gradient.addcmul_(weights, settings.weight_decay)
    square = state["square"].mul_(_ALPHA).addcmul_(gradient, gradient, value=1 - _ALPHA)
    scaled = gradient.div_(square.sqrt().add_(_EPSILON))
    if settings.has_momentum:
        scaled = state["momentum"].mul_(settings.momentum).add_(scaled)
    weights.addcmul_(scaled, settings.learning_rate, value=-1)


def _adam_step(weights: Tensor, gradient: Tensor, state: State, settings: LaneSettings) -> None:
    step = state["step"].add_(1)  # [K, 1] float64: lanes joined at different times
    correction_1 = 1 - _BETA_1**step
    correction_2 = (1 - _BETA_2**step).sqrt_()
    # p -= lr / c1 * m / (sqrt(v) / c2 + eps), multiplied out by c2 to save a pass
    rate = (settings.learning_rate * (correction_2 / correction_1)).to(weights.dtype)
    mean = state["mean"].lerp_(gradient, 1 - _BETA_1)
    square = state["square"].mul_(_BETA_2).addcmul_(gradient, gradient, value=1 - _BETA_2)
    denominator = square.sqrt().add_((correction_2 * _EPSILON).to(weights.dtype))
    weights.addcdiv_(mean * rate, denominator, value=-1)


UPDATES: dict[str, Callable[[Tensor, Tensor, State, LaneSettings], None]] = {
    "sgd": sgd,
    "adam": adam,
    "adamw": adamw,
    "rmsprop": rmsprop,
}

_STATE = {
    "sgd": ("momentum",),
    "adam": ("mean", "square"),
    "adamw": ("mean", "square"),
    "rmsprop": ("square", "momentum"),
}


def new_state(optimizer: str, row_size: int, dtype: torch.dtype) -> State:
    """The state of one lane before its first step: [1, P] zeros by name, and [1, 1] steps."""
    state = {name: torch.zeros(1, row_size, dtype=dtype) for name in _STATE[optimizer]}
    if optimizer in ("adam", "adamw"):
        state["step"] = torch.zeros(1, 1, dtype=torch.float64)
    return state
