"""One epoch of training for all lanes of an array, and measuring them on a part of the data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch

from trainer.augmentation import Augmenter
from trainer.dropout import DropoutMasks
from trainer.lane import column
from trainer.losses import LOSSES
from trainer.metrics import MetricSums
from trainer.models.layers import Pass, Segment, Step
from trainer.streams import generator_for, seed_for
from trainer.update import LaneUpdate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from trainer.datasets import Datasets, PartName
    from trainer.lane import Lane
    from trainer.models.model import Model
    from trainer.optimizers import State

# Constants, not settings: how work is cut must not depend on the number of lanes.
_CHUNK_STEPS = 16
_CHUNK_ROWS = 1024
_LEAST_ROWS = 32
_BLOCK = 2**19  # numbers of a cnn's largest layer to compute together: what a cache holds


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
        self, model: Model, data: Datasets, lanes: Sequence[Lane], weights: Tensor
    ) -> None:
        """Args: weights: [K, P]."""
        first = lanes[0].config.hyperparameters
        self._model, self._data, self._lanes, self._weights = model, data, lanes, weights
        self._batch = first.batch_size
        self._frozen = first.freeze
        self._loss = LOSSES[first.loss]
        self._gradient = torch.zeros_like(weights)
        self._blocks = _blocks(model, data, lanes, self._batch, weights)
        self._into = [model.layout.views(self._gradient[block.lanes]) for block in self._blocks]
        dtype = weights.dtype
        self._augmenter = Augmenter(data, lanes) if first.augmentation else None
        self._smoothing = column(
            lanes, lambda lane: lane.config.hyperparameters.label_smoothing, dtype, 3
        )
        self._update = LaneUpdate(
            model.layout, lanes, weights, self._gradient, model.trained(first.freeze)
        )
        self._n_done = 0

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
            for step, inputs in enumerate(self._inputs(rows, batch)):
                here = slice(step * batch, (step + 1) * batch)
                step_masks = [mask[step] for mask in drawn]
                outputs[:, :, here] = self._step(inputs, targets[..., here], step_masks, state)
            losses = self._loss.per_example(outputs, targets, self._smoothing)
            sums.add(outputs, losses, hits, dense)
        return sums.by_lane("train")

    def _step(
        self, inputs: Tensor, targets: Tensor, masks: Sequence[Tensor], state: State
    ) -> Tensor:
        """One update of every lane from inputs [K, B, F]; returns the outputs [K, C, B]."""
        outputs = []
        for block, into in zip(self._blocks, self._into, strict=True):
            here = block.lanes
            settings = self._pass(block, masks)
            outputs.append(self._model.forward(block.weights, inputs[here], settings))
            d_outputs = self._loss.gradient(outputs[-1], targets[here], self._smoothing[here])
            self._model.backward(block.weights, d_outputs, into, frozen=self._frozen)
        self._update.apply(state)
        self._n_done += 1
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs)

    def _pass(self, block: _Block, masks: Sequence[Tensor]) -> Pass:
        """What the lanes of a block differ in during the step that comes next."""
        steps = _steps(self._model, self._lanes[block.lanes], "module", self._n_done)
        return Pass(block.segments, [mask[block.lanes] for mask in masks], steps, training=True)

    def _inputs(self, rows: Tensor, batch: int) -> Iterator[Tensor]:
        """The inputs [K, B, F] of each step on rows [K, steps * B], augmented if that is asked."""
        table = self._data.parts["train"].inputs
        if self._augmenter is None:
            for step_rows in torch.split(rows, batch, 1):
                yield _gather(table, step_rows)
            return
        for many in torch.split(rows, self._augmenter.steps(batch) * batch, 1):
            images, places = self._augmenter.draw(table, many)
            for step_places in torch.split(places, batch, 1):
                yield _gather(images, step_places)

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
    model: Model, data: Datasets, lanes: Sequence[Lane], weights: Tensor, part_name: PartName
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
    n_rows = _rows_at_once(_largest_layer(lanes, data), part.size)
    if model.users:  # of which we know that a batch of it fits
        n_rows = max(_LEAST_ROWS, lanes[0].config.hyperparameters.batch_size)
    blocks = _blocks(model, data, lanes, n_rows, weights)
    sums = MetricSums(data, part_name, splits)
    for start in range(0, part.size, n_rows):
        rows = torch.arange(start, min(start + n_rows, part.size)) + splits[:, None] * part.size
        parts = [
            model.forward(
                b.weights,
                _gather(part.inputs, rows[b.lanes]),
                Pass(b.segments, steps=_steps(model, lanes[b.lanes], f"module {part_name}", start)),
            )
            for b in blocks
        ]
        outputs = torch.cat(parts)
        dense = _gather(part.dense, rows).transpose(1, 2)
        labels = None if part.labels is None else part.labels[rows]
        targets = dense if loss.dense or labels is None else labels
        sums.add(outputs, loss.per_example(outputs, targets, smoothing), labels, dense)
    return sums.by_lane(part_name)


class _Block(NamedTuple):
    """Neighbouring lanes that go through the model together."""

    lanes: slice
    segments: Sequence[Segment]
    weights: dict[str, Tensor]


def _blocks(
    model: Model, data: Datasets, lanes: Sequence[Lane], batch: int, weights: Tensor
) -> list[_Block]:
    """All lanes together, but of a cnn only so many as the cache holds: a lane does not notice."""
    largest = _largest_layer(lanes, data)
    size = max(1, _BLOCK // (largest * batch)) if largest else model.at_once(batch) or len(lanes)
    places = [slice(start, start + size) for start in range(0, len(lanes), size)]
    return [_Block(p, segments_of(lanes[p]), model.layout.views(weights[p])) for p in places]


def _largest_layer(lanes: Sequence[Lane], data: Datasets) -> int:
    """Numbers per example after a cnn's first convolution; 0 for other models."""
    h = lanes[0].config.hyperparameters
    return math.prod(data.shape[1:]) * h.channels[0] if h.model == "cnn" and h.channels else 0


def _rows_at_once(largest_layer: int, size: int) -> int:
    """How many rows to measure at once; like all cuts, whatever the lanes."""
    fitting = max(_LEAST_ROWS, _BLOCK // largest_layer) if largest_layer else _CHUNK_ROWS
    return min(fitting, _CHUNK_ROWS, size)


def _steps(model: Model, lanes: Sequence[Lane], purpose: str, index: int) -> list[Step]:
    """For a user's module: each lane's name, and the seed of what it draws in one pass."""
    if not model.users:
        return []
    runs = [(lane.config, lane.epoch + 1) for lane in lanes]
    return [Step(run.id, seed_for(run.seed, purpose, epoch, index)) for run, epoch in runs]


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
