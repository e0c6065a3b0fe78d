"""The numbers of a run's stages that are on no record: computed again, since a run is reproducible.

The array and the epoch trainer that train every run take one step here, and are looked at.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import torch

from trainer.data.prepared import Part
from trainer.datasets import Datasets
from trainer.lanes import LaneArray
from trainer.losses import LOSSES
from trainer.training import EpochTrainer, measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import Tensor, nn

    from trainer.data.prepared import PreparedData
    from trainer.hyperparameters import Hyperparameters
    from trainer.models.layers import Pass
    from trainer.models.model import Model
    from trainer.pretrained import Pretrained
    from trainer.runs import RunConfig

_MOST_ROWS = 2048  # that the loss at the start is measured on; a tenth of a second
_WEIGHTS = "weights"


@dataclass(frozen=True)
class LayerNumbers:
    """One layer at the first step.

    Attributes:
        kind: the torch.nn class.
        shape: of what it gives for a batch, [B, ...].
        spread: standard deviation of that, without dropout.
        n_parameters: its weights and biases.
        gradient_norm: of the loss by its parameters, before penalties and clipping.
    """

    kind: str
    shape: tuple[int, ...]
    spread: float
    n_parameters: int
    gradient_norm: float


@dataclass(frozen=True)
class Stages:
    """What a run did at its stages.

    Attributes:
        n_rows: of train, validation and test.
        inputs: the first batch, [B, F].
        n_parameters: of all layers, frozen ones too.
        loss_rows: training rows that the initial loss is the mean over, without dropout.
        expected_loss: of a model that answers zero throughout, over the same rows.
        gradient_norm: of all parameters.
        weight_norm, update_norm: of all parameters before the first step, and of that step.
        steps_per_epoch: optimizer updates.
    """

    n_rows: tuple[int, int, int]
    inputs: tuple[int, ...]
    layers: tuple[LayerNumbers, ...]
    n_parameters: int
    loss_rows: int
    initial_loss: float
    expected_loss: float
    gradient_norm: float
    weight_norm: float
    update_norm: float
    steps_per_epoch: int


def stages_of(
    run: RunConfig, data: PreparedData, pretrained: Mapping[str, Pretrained] | None = None
) -> Stages:
    """Initialize a run as it was, measure it, and take its first step.

    Args:
        data: the split it trains on.
        pretrained: what its `pretrained_from` names, if it has one.
    Raises: HyperparameterError, as `LaneArray` does.
    """
    run = replace(run, split=0)
    h = run.hyperparameters
    with torch.inference_mode():
        few = Datasets([_few_rows(data)])
        array = LaneArray(few, [run], pretrained)
        weights = array.tensors[_WEIGHTS]
        start = {name: view[0].clone() for name, view in array.model.layout.views(weights).items()}
        module = array.model.module(h, start).eval()
        initial = measure(array.model, few, array.lanes, weights, "train")[0]["train/loss"]
        step = _first_step(Datasets([data]), array)
        after = {name: view[0] for name, view in array.model.layout.views(weights).items()}
        learned = [name for name, _ in module.named_parameters()]
        return Stages(
            n_rows=(len(data.train.inputs), len(data.validation.inputs), len(data.test.inputs)),
            inputs=tuple(step.inputs.shape),
            layers=_layers(module, step),
            n_parameters=sum(start[name].numel() for name in learned),
            loss_rows=few.parts["train"].size,
            initial_loss=initial,
            expected_loss=_loss_of_zero(few, h),
            gradient_norm=_norm(step.gradient[name] for name in learned),
            weight_norm=_norm(start[name] for name in learned),
            update_norm=_norm(after[name] - start[name] for name in learned),
            steps_per_epoch=-(-len(data.train.inputs) // h.batch_size),
        )


class _FirstStepTaken(Exception):  # noqa: N818 - ends an epoch, no error
    pass


class _Watched:
    """A model that keeps what its first step was given and gave, and refuses a second one."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._began = False
        self.inputs = torch.empty(0)
        self.gradient: dict[str, Tensor] = {}

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else a model has
        return getattr(self._model, name)

    def forward(self, weights: dict[str, Tensor], inputs: Tensor, lanes: Pass) -> Tensor:
        """See Model."""
        if self._began:
            raise _FirstStepTaken
        self._began, self.inputs = True, inputs[0].clone()
        return self._model.forward(weights, inputs, lanes)

    def backward(
        self,
        weights: dict[str, Tensor],
        gradient: Tensor,
        into: dict[str, Tensor],
        *,
        frozen: int = 0,
    ) -> None:
        """See Model."""
        self._model.backward(weights, gradient, into, frozen=frozen)
        self.gradient = {name: view[0].clone() for name, view in into.items()}


def _first_step(data: Datasets, array: LaneArray) -> _Watched:
    """Take the first step of an array of one lane; its weights change."""
    watched = _Watched(array.model)
    state = {name: tensor for name, tensor in array.tensors.items() if name != _WEIGHTS}
    trainer = EpochTrainer(cast("Model", watched), data, array.lanes, array.tensors[_WEIGHTS])
    with suppress(_FirstStepTaken):  # not raised where an epoch is one step
        trainer.run(state)
    return watched


def _few_rows(data: PreparedData) -> PreparedData:
    train = Part(data.train.inputs[:_MOST_ROWS], data.train.targets[:_MOST_ROWS])
    return replace(data, train=train)


def _loss_of_zero(data: Datasets, h: Hyperparameters) -> float:
    loss, part = LOSSES[h.loss], data.parts["train"]
    zeros = torch.zeros(1, data.outputs, part.size)
    dense = loss.dense or part.labels is None
    targets = part.dense.T[None] if dense or part.labels is None else part.labels[None]
    smoothing = torch.full((1, 1, 1), h.label_smoothing)
    return loss.per_example(zeros, targets, smoothing).mean().item()


def _layers(module: nn.Module, step: _Watched) -> tuple[LayerNumbers, ...]:
    """Every innermost module, in the order in which the first batch goes through."""
    found: list[LayerNumbers] = []

    def look(name: str, layer: nn.Module, output: object) -> None:
        if not isinstance(output, torch.Tensor):
            return
        own = [f"{name}.{parameter}" for parameter, _ in layer.named_parameters()]
        found.append(
            LayerNumbers(
                kind=type(layer).__name__,
                shape=tuple(output.shape),
                spread=output.std().item() if output.numel() > 1 else 0.0,
                n_parameters=sum(parameter.numel() for parameter in layer.parameters()),
                gradient_norm=_norm(step.gradient[name] for name in own),
            )
        )

    for name, layer in module.named_modules():
        if name and not any(layer.children()):
            layer.register_forward_hook(lambda layer, _, y, name=name: look(name, layer, y))
    module(step.inputs)
    return tuple(found)


def _norm(tensors: Iterable[Tensor]) -> float:
    flat = [tensor.flatten() for tensor in tensors]
    return torch.linalg.vector_norm(torch.cat(flat)).item() if flat else 0.0
