"""One epoch of training for all lanes of an array, and measuring them on a part of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from trainer.dropout import DropoutMasks
from trainer.lane import column
from trainer.losses import LOSSES
from trainer.metrics import MetricSums
from trainer.models.layers import Pass, Segment
from trainer.streams import generator_for
from trainer.update import LaneUpdate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from trainer.datasets import Datasets, PartName
    from trainer.lane import Lane
    from trainer.models.stacked import StackedModel
    from trainer.optimizers import State

# Constants, not settings: how work is cut must not depend on the number of lanes.
_CHUNK_STEPS = 16
_CHUNK_ROWS = 1024


def segments_of(lanes: Sequence[Lane]) -> list[Segment]:
    """Neighbouring lanes with the same activation."""
    segments: list[Segment] = []
    for index, lane in enumerate(lanes):
        activation = lane.config.hyperparameters.activation
        if segments and segments[-1].activation == activation:
            segments[-1] = segments[-1]._replace(stop=index + 1)
        else:
            segments.append(Segment(activation, index, index + 1))
    return segments


def splits_of(lanes: Sequence[Lane]) -> Tensor:
    """[K], the split each lane is on."""
    return torch.tensor([lane.config.split for lane in lanes])


class EpochTrainer:
    """Trains the lanes of one array for one epoch; `weights` and `state` change in place."""

    def __init__(
        self, model: StackedModel, data: Datasets, lanes: Sequence[Lane], weights: Tensor
    ) -> None:
        """Args: weights: [K, P]."""
        first = lanes[0].config.hyperparameters
        self._model, self._data, self._lanes, self._weights = model, data, lanes, weights
        self._batch = first.batch_size
        self._frozen = first.freeze
        self._loss = LOSSES[first.loss]
        self._segments = segments_of(lanes)
        self._views = model.layout.views(weights)
        self._gradient = torch.zeros_like(weights)
        self._gradient_views = model.layout.views(self._gradient)
        dtype = weights.dtype
        self._smoothing = column(
            lanes, lambda lane: lane.config.hyperparameters.label_smoothing, dtype, 3
        )
        self._update = LaneUpdate(
            model.layout, lanes, weights, self._gradient, model.trained(first.freeze)
        )

    def run(self, state: State) -> list[dict[str, float]]:
        """Every step of one epoch, over each lane's own order of the training rows.

        Returns: by lane, 'train/*' over the epoch, measured as it went.
        """
        part = self._data.parts["train"]
        order = self._orders(part.size)  # [K, N], rows of part.inputs
        labels = None if part.labels is None else part.labels[order]
        masks = DropoutMasks(
            [lane.config.hyperparameters.dropout for lane in self._lanes],
            [lane.config.seed for lane in self._lanes],
            [lane.epoch + 1 for lane in self._lanes],
            self._model.dropout_units,
            self._weights.dtype,
        )
        sums = MetricSums(self._data, "train", splits_of(self._lanes))
        for start, steps, batch in _chunks(part.size, self._batch):
            rows = order[:, start : start + steps * batch]
            dense = _gather(part.dense, rows).transpose(1, 2)  # [K, C, steps * batch]
            hits = None if labels is None else labels[:, start : start + steps * batch]
            drawn = masks.draw(steps, batch) if masks.any else []
            outputs = torch.empty(dense.shape, dtype=dense.dtype)
            targets = dense if self._loss.dense or hits is None else hits
            for step in range(steps):
                here = slice(step * batch, (step + 1) * batch)
                inputs = _gather(part.inputs, rows[:, here])
                step_masks = [mask[step] for mask in drawn]
                outputs[:, :, here] = self._step(inputs, targets[..., here], step_masks, state)
            losses = self._loss.per_example(outputs, targets, self._smoothing)
            sums.add(outputs, losses, hits, dense)
        return sums.by_lane("train")

    def _step(
        self, inputs: Tensor, targets: Tensor, masks: Sequence[Tensor], state: State
    ) -> Tensor:
        """One update of every lane from inputs [K, B, F]; returns the outputs [K, C, B]."""
        outputs = self._model.forward(self._views, inputs, Pass(self._segments, masks))
        d_outputs = self._loss.gradient(outputs, targets, self._smoothing)
        self._model.backward(self._views, d_outputs, self._gradient_views, frozen=self._frozen)
        self._update.apply(state)
        return outputs

    def _orders(self, size: int) -> Tensor:
        orders: dict[tuple[int, int], Tensor] = {}  # paired lanes share theirs
        rows = []
        for lane in self._lanes:
            key = (lane.config.seed, lane.epoch + 1)
            if key not in orders:
                orders[key] = torch.from_numpy(
                    generator_for(key[0], "order", key[1]).permutation(size)
                )
            rows.append(orders[key] + lane.config.split * size)
        return torch.stack(rows)


def measure(
    model: StackedModel, data: Datasets, lanes: Sequence[Lane], weights: Tensor, part_name: PartName
) -> list[dict[str, float]]:
    """Each lane's metrics on one part, without dropout.

    Args:
        weights: [K, P].
    Returns: by lane, '<part>/loss' and the rest of `MetricSums.by_lane`.
    """
    part = data.parts[part_name]
    splits = splits_of(lanes)
    loss = LOSSES[lanes[0].config.hyperparameters.loss]
    smoothing = column(
        lanes, lambda lane: lane.config.hyperparameters.label_smoothing, weights.dtype, 3
    )
    views = model.layout.views(weights)
    settings = Pass(segments_of(lanes))
    sums = MetricSums(data, part_name, splits)
    for start in range(0, part.size, _CHUNK_ROWS):
        rows = (
            torch.arange(start, min(start + _CHUNK_ROWS, part.size)) + splits[:, None] * part.size
        )
        outputs = model.forward(views, _gather(part.inputs, rows), settings)
        dense = _gather(part.dense, rows).transpose(1, 2)
        labels = None if part.labels is None else part.labels[rows]
        targets = dense if loss.dense or labels is None else labels
        sums.add(outputs, loss.per_example(outputs, targets, smoothing), labels, dense)
    return sums.by_lane(part_name)


def _gather(table: Tensor, rows: Tensor) -> Tensor:
    """Rows of table [M, F] as [K, B, F]."""
    return table.index_select(0, rows.reshape(-1)).view(*rows.shape, table.shape[1])


def _chunks(size: int, batch: int) -> list[tuple[int, int, int]]:
    """(first row, steps, batch) of each chunk; a last smaller batch is a chunk of its own."""
    full = size // batch
    chunks = [
        (step * batch, min(_CHUNK_STEPS, full - step), batch)
        for step in range(0, full, _CHUNK_STEPS)
    ]
    rest = size - full * batch
    return [*chunks, (full * batch, 1, rest)] if rest else chunks
