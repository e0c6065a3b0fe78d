"""A run as anyone would write it in plain PyTorch: torch.nn, torch.optim, autograd, a loop.

Only what is random comes from the trainer: initial weights, batch orders and dropout masks.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from trainer.dropout import DropoutMasks
from trainer.models.build import build_model
from trainer.models.initialization import initialize
from trainer.streams import generator_for
from trainer.training import _chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from trainer.data.prepared import Part, PreparedData
    from trainer.hyperparameters import Hyperparameters
    from trainer.runs import RunConfig

ACTIVATIONS = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "leaky_relu": nn.LeakyReLU,
}


@dataclass(frozen=True)
class Reference:
    """What the plain loop found: losses by epoch, weights named as the trainer names them."""

    train_losses: list[float]
    validation_losses: list[float]
    weights: dict[str, Tensor]
    steps: int


class MaskedLayers(nn.Module):
    """nn.Linear layers with activations, and masks in the place of nn.Dropout."""

    def __init__(self, hyperparameters: Hyperparameters, inputs: int, outputs: int) -> None:
        super().__init__()
        widths = [inputs, *hyperparameters.hidden, outputs]
        pairs = itertools.pairwise(widths)
        self.linears = nn.ModuleList(nn.Linear(*pair) for pair in pairs)
        self.activation = ACTIVATIONS[hyperparameters.activation]()

    def forward(self, x: Tensor, masks: list[Tensor]) -> Tensor:
        for index, linear in enumerate(self.linears):
            if index:
                x = self.activation(x)
                x = x * masks[index - 1] if masks else x
            x = linear(x)
        return x

    def named(self) -> dict[str, Tensor]:
        """As in nn.Sequential(Linear, activation, Dropout, Linear, ...)."""
        return {
            f"{3 * place}.{kind}": parameter
            for place, linear in enumerate(self.linears)
            for kind, parameter in linear.named_parameters()
        }


def loss_of(h: Hyperparameters, outputs: Tensor, targets: Tensor) -> Tensor:
    """The loss by torch.nn.functional; for classes, targets are indices."""
    if h.loss == "cross_entropy":
        return functional.cross_entropy(outputs, targets, label_smoothing=h.label_smoothing)
    if targets.dtype == torch.int64:
        targets = functional.one_hot(targets, outputs.shape[1]).to(outputs.dtype)
    function = {
        "mse": functional.mse_loss,
        "mae": functional.l1_loss,
        "huber": functional.huber_loss,
    }[h.loss]
    return function(outputs, targets)


def optimizer_of(h: Hyperparameters, module: nn.Module) -> torch.optim.Optimizer:
    settings = {"lr": h.learning_rate, "weight_decay": h.weight_decay}
    match h.optimizer:
        case "sgd":
            return torch.optim.SGD(module.parameters(), momentum=h.momentum, **settings)
        case "adam":
            return torch.optim.Adam(module.parameters(), **settings)
        case "adamw":
            return torch.optim.AdamW(module.parameters(), **settings)
        case _:
            return torch.optim.RMSprop(module.parameters(), momentum=h.momentum, **settings)


def scheduler_of(
    h: Hyperparameters, optimizer: torch.optim.Optimizer
) -> torch.optim.lr_scheduler.LRScheduler:
    match h.schedule:
        case "cosine":
            return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=h.epochs)
        case "step":
            return torch.optim.lr_scheduler.StepLR(optimizer, -(-h.epochs // 3), gamma=0.1)
        case _:
            return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1)


def train_plainly(data: PreparedData, run: RunConfig, dtype: torch.dtype) -> Reference:
    """The whole run, without early stopping."""
    h = run.hyperparameters
    inputs = data.train.inputs.shape[1]
    module = MaskedLayers(h, inputs, data.outputs).to(dtype)
    start = initialize(
        build_model(h, (inputs,), data.outputs).layout, h.initialization, h.activation, run.seed
    )
    with torch.no_grad():
        for name, parameter in module.named().items():
            parameter.copy_(start[name])
    optimizer = optimizer_of(h, module)
    scheduler = scheduler_of(h, optimizer)
    x, y = tensors(data.train, dtype)
    train_losses, validation_losses, steps = [], [], 0
    for epoch in range(1, h.epochs + 1):
        total = 0.0
        for rows, masks in _batches(run, epoch, len(x), dtype):
            optimizer.zero_grad()
            loss = loss_of(h, module(x[rows], masks), y[rows])
            penalty = torch.zeros((), dtype=dtype)
            for linear in module.linears:
                penalty = penalty + h.l1 * linear.weight.abs().sum()
                penalty = penalty + h.l2 * linear.weight.square().sum()
            (loss + penalty).backward()
            if h.gradient_clip is not None:
                nn.utils.clip_grad_norm_(module.parameters(), h.gradient_clip)
            optimizer.step()
            total += loss.item() * len(rows)
            steps += 1
        scheduler.step()
        train_losses.append(total / len(x))
        with torch.no_grad():
            validation_x, validation_y = tensors(data.validation, dtype)
            validation = loss_of(h, module(validation_x, []), validation_y)
        validation_losses.append(validation.item())
    return Reference(
        train_losses,
        validation_losses,
        {name: parameter.detach() for name, parameter in module.named().items()},
        steps,
    )


def tensors(part: Part, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Inputs [N, F], and targets: indices [N], or numbers [N, 1]."""
    targets = torch.from_numpy(part.targets)
    return (
        torch.from_numpy(part.inputs).to(dtype),
        targets if targets.dtype == torch.int64 else targets.to(dtype),
    )


def _batches(
    run: RunConfig, epoch: int, size: int, dtype: torch.dtype
) -> Iterator[tuple[Tensor, list[Tensor]]]:
    """The rows of each batch, and its dropout masks [batch, units] by hidden layer."""
    h = run.hyperparameters
    order = torch.from_numpy(generator_for(run.seed, "order", epoch).permutation(size))
    drawn = DropoutMasks([h.dropout], [run.seed], [epoch], h.hidden, dtype)
    for start, steps, batch in _chunks(size, h.batch_size):
        masks = drawn.draw(steps, batch) if drawn.any else []
        for step in range(steps):
            first = start + step * batch
            yield order[first : first + batch], [mask[step, 0].T for mask in masks]
