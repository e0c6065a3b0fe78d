"""Losses of stacked outputs, per example, with their gradients written out.

Values and gradients agree with torch.nn.functional (reduction='mean'); for classes, mse, mae
and huber compare the raw outputs with the one-hot target (Hui and Belkin 2021).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


class Loss(NamedTuple):
    """One loss over outputs [K, C, B].

    Attributes:
        dense: targets are [K, C, B] numbers; otherwise [K, B] class indices.
        per_example: (outputs, targets, smoothing [K, 1, 1]) -> [K, B].
        gradient: (outputs, targets, smoothing) -> [K, C, B], of the mean over B.
    """

    dense: bool
    per_example: Callable[[Tensor, Tensor, Tensor], Tensor]
    gradient: Callable[[Tensor, Tensor, Tensor], Tensor]


def _cross_entropy(outputs: Tensor, targets: Tensor, smoothing: Tensor) -> Tensor:
    log_p = torch.log_softmax(outputs, 1)
    hit = -log_p.gather(1, targets.unsqueeze(1)).squeeze(1)
    spread = -log_p.mean(1)
    share = smoothing.squeeze(2)
    return hit * (1 - share) + spread * share


def _cross_entropy_gradient(outputs: Tensor, targets: Tensor, smoothing: Tensor) -> Tensor:
    _, classes, batch = outputs.shape
    gradient = torch.softmax(outputs, 1).sub_(smoothing / classes)
    index = targets.unsqueeze(1)
    gradient.scatter_add_(1, index, (smoothing - 1).expand(index.shape))
    return gradient.div_(batch)


def _squared(outputs: Tensor, targets: Tensor, _smoothing: Tensor) -> Tensor:
    return (outputs - targets).square_().mean(1)


def _squared_gradient(outputs: Tensor, targets: Tensor, _smoothing: Tensor) -> Tensor:
    return (outputs - targets).mul_(2 / outputs[0].numel())


def _absolute(outputs: Tensor, targets: Tensor, _smoothing: Tensor) -> Tensor:
    return (outputs - targets).abs_().mean(1)


def _absolute_gradient(outputs: Tensor, targets: Tensor, _smoothing: Tensor) -> Tensor:
    return (outputs - targets).sign_().mul_(1 / outputs[0].numel())


def _huber(outputs: Tensor, targets: Tensor, _smoothing: Tensor) -> Tensor:
    distance = (outputs - targets).abs_()
    near = distance.clamp(max=1)
    return (distance - near * 0.5).mul_(near).mean(1)


def _huber_gradient(outputs: Tensor, targets: Tensor, _smoothing: Tensor) -> Tensor:
    return (outputs - targets).clamp_(-1, 1).mul_(1 / outputs[0].numel())


LOSSES: dict[str, Loss] = {
    "cross_entropy": Loss(False, _cross_entropy, _cross_entropy_gradient),
    "mse": Loss(True, _squared, _squared_gradient),
    "mae": Loss(True, _absolute, _absolute_gradient),
    "huber": Loss(True, _huber, _huber_gradient),
}
