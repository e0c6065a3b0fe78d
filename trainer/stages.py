"""The numbers of a run's stages that are on no record: computed again, since a run is reproducible.

The array and the epoch trainer that train every run take one step here, and are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from trainer.data.prepared import Part
from trainer.datasets import Datasets
from trainer.export import export_module
from trainer.lanes import LaneArray
from trainer.losses import LOSSES
from trainer.models.build import build_model
from trainer.models.layers import Pass
from trainer.training import EpochTrainer, measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from torch import Tensor

    from trainer.data.prepared import PreparedData
    from trainer.hyperparameters import Hyperparameters
    from trainer.models.stacked import StackedModel
    from trainer.optimizers import State
    from trainer.pretrained import Pretrained
    from trainer.runs import RunConfig

_MOST_ROWS = 2048  # that the loss at the start is measured on; a tenth of a second


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
        loss_rows: training rows that the initial loss is the mean over, without dropout.
        expected_loss: of a model that answers zero throughout, over the same rows.
        first_loss: of the first batch, with its dropout.
        gradient_norm: of all parameters.
        weight_norm, update_norm: of all parameters before the first step, and of that step.
        steps_per_epoch: optimizer updates.
    """

    n_rows: tuple[int, int, int]
    inputs: tuple[int, ...]
    layers: tuple[LayerNumbers, ...]
    loss_rows: int
    initial_loss: float
    expected_loss: float
    first_loss: float
    gradient_norm: float
    weight_norm: float
    update_norm: float
    steps_per_epoch: int

    @property
    def n_parameters(self) -> int:
        """Of all layers."""
        return sum(layer.n_parameters for layer in self.layers)


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
        model = build_model(h, data.shape, data.outputs)
        weights = array.tensors["weights"]
        start = {name: view[0].clone() for name, view in model.layout.views(weights).items()}
        initial = measure(model, few, array.lanes, weights, "train")[0]["train/loss"]
        step = _first_step(model, Datasets([data]), array)
        return Stages(
            n_rows=(len(data.train.inputs), len(data.validation.inputs), len(data.test.inputs)),
            inputs=tuple(step.inputs.shape),
            layers=_layers(h, data, start, step),
            loss_rows=few.parts["train"].size,
            initial_loss=initial,
            expected_loss=_loss_of_zero(few, h),
            first_loss=step.loss,
            gradient_norm=_norm(step.gradient.values()),
            weight_norm=_norm(start.values()),
            update_norm=step.update_norm,
            steps_per_epoch=-(-len(data.train.inputs) // h.batch_size),
        )


@dataclass
class _Step(Exception):  # noqa: N818 - ends an epoch after its first step, which it holds
    inputs: Tensor
    loss: float
    gradient: dict[str, Tensor]
    update_norm: float


class _Watched(EpochTrainer):
    """Raises its first step."""

    def _step(
        self, inputs: Tensor, targets: Tensor, masks: Sequence[Tensor], state: State
    ) -> Tensor:
        outputs = self._model.forward(self._views, inputs, Pass(self._segments, masks))
        loss = self._loss.per_example(outputs, targets, self._smoothing).mean().item()
        d_outputs = self._loss.gradient(outputs, targets, self._smoothing)
        self._model.backward(self._views, d_outputs, self._gradient_views, frozen=self._frozen)
        gradient = {name: view[0].clone() for name, view in self._gradient_views.items()}
        before = self._weights.clone()
        super()._step(inputs, targets, masks, state)
        update = torch.linalg.vector_norm(self._weights - before).item()
        raise _Step(inputs[0], loss, gradient, update)


def _first_step(model: StackedModel, data: Datasets, array: LaneArray) -> _Step:
    weights = array.tensors["weights"]
    state = {name: tensor for name, tensor in array.tensors.items() if name != "weights"}
    try:
        _Watched(model, data, array.lanes, weights).run(state)
    except _Step as step:
        return step
    raise AssertionError("an epoch has a step")


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


def _layers(
    h: Hyperparameters, data: PreparedData, start: Mapping[str, Tensor], step: _Step
) -> tuple[LayerNumbers, ...]:
    found = []
    x = step.inputs
    for name, layer in export_module(h, start, data.shape, data.outputs).named_children():
        x = layer(x)
        own = [f"{name}.{parameter}" for parameter, _ in layer.named_parameters()]
        found.append(
            LayerNumbers(
                kind=type(layer).__name__,
                shape=tuple(x.shape),
                spread=x.std().item() if x.numel() > 1 else 0.0,
                n_parameters=sum(start[parameter].numel() for parameter in own),
                gradient_norm=_norm(step.gradient[parameter] for parameter in own),
            )
        )
    return tuple(found)


def _norm(tensors: Iterable[Tensor]) -> float:
    flat = [tensor.flatten() for tensor in tensors]
    return torch.linalg.vector_norm(torch.cat(flat)).item() if flat else 0.0
