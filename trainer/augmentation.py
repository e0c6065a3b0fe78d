"""Random changes of training images by kornia: rotation, crop and flip, in one warp.

An image is changed in the units it was read in and scaled again; what it leaves uncovered is
zero there, which is black. No pixel leaves the range it has in the training part: scaled to that,
a stroke shifted to where there never was one would be a hundred deviations off. Only what is
trained on is changed, never what is measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from trainer.errors import HyperparameterError
from trainer.streams import generator_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from trainer.datasets import Datasets
    from trainer.hyperparameters import Hyperparameters
    from trainer.lane import Lane

_AT_ONCE = 2**18  # numbers: what is warped together stays in the cache
_IMAGE_DIMENSIONS = 3
_PADDING_SHARE = 8  # of the shorter side, where crop_padding is null


class _Variant(NamedTuple):
    """What decides the images of a lane; lanes that agree in it share them.

    Attributes:
        degrees, padding, probability: 0 for what is not asked for.
    """

    seed: int
    epoch: int
    split: int
    degrees: float
    padding: int
    probability: float


def check_augmentation(hyperparameters: Hyperparameters, shape: tuple[int, ...]) -> None:
    """Raises HyperparameterError if there is something to augment and examples are no images."""
    if hyperparameters.augmentation and len(shape) != _IMAGE_DIMENSIONS:
        asked = ", ".join(hyperparameters.augmentation)
        raise HyperparameterError(
            f"augmentation: '{asked}' needs images, and this data has none; write none"
        )


class Augmenter:
    """The augmented inputs of one epoch for K lanes.

    Every example takes four numbers from its lane's stream, whatever is asked for, so neither
    the number of lanes nor one kind of change alters what another kind does.
    """

    def __init__(self, data: Datasets, lanes: Sequence[Lane]) -> None:
        """Raises: HyperparameterError if the data has no images."""
        check_augmentation(lanes[0].config.hyperparameters, data.shape)
        self._data = data
        variants = [_variant_of(lane, data.shape) for lane in lanes]
        self._first_lane = {variant: k for k, variant in reversed(list(enumerate(variants)))}
        self._streams = {v: generator_for(v.seed, "augmentation", v.epoch) for v in variants}
        index = {variant: place for place, variant in enumerate(self._streams)}
        self._place = torch.tensor([index[variant] for variant in variants])

    def steps(self, batch: int) -> int:
        """How many steps to augment at once: as many as fit the cache, whatever the lanes."""
        return max(1, _AT_ONCE // (batch * self._data.parts["train"].inputs.shape[1]))

    def draw(self, inputs: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The images of the next examples.

        Args:
            inputs: [M, F], scaled.
            rows: [K, R], the rows that each lane trains on next.
        Returns: a table [D * R, F] of scaled images, and which of its rows [K, R] are a lane's.
        """
        images = [
            self._augmented(inputs[rows[self._first_lane[variant]]], variant)
            for variant in self._streams
        ]
        n_rows = rows.shape[1]
        return torch.cat(images), self._place[:, None] * n_rows + torch.arange(n_rows)

    def _augmented(self, inputs: Tensor, variant: _Variant) -> Tensor:
        """Inputs [R, F] of one split, changed; a call's shapes do not depend on other lanes."""
        from kornia.geometry.transform import warp_affine

        offset, scale = (part[variant.split] for part in self._data.scaling)
        shape = self._data.shape
        images = torch.addcmul(offset, inputs, scale).view(-1, *shape)
        moves = _moves(variant, self._streams[variant].random((len(inputs), 4)), shape)
        by_image = torch.from_numpy(moves).to(inputs.dtype)
        warped = warp_affine(images, by_image, (shape[1], shape[2]), align_corners=True)
        low, high = (part[variant.split] for part in self._data.ranges)
        return warped.flatten(1).sub_(offset).div_(scale).clamp_(low, high)


def _variant_of(lane: Lane, shape: tuple[int, ...]) -> _Variant:
    h = lane.config.hyperparameters
    padding = h.crop_padding or max(1, min(shape[1:]) // _PADDING_SHARE)
    return _Variant(
        lane.config.seed,
        lane.epoch + 1,
        lane.config.split,
        h.rotation_degrees if "rotation" in h.augmentation else 0.0,
        padding if "crop" in h.augmentation else 0,
        h.flip_probability if "flip" in h.augmentation else 0.0,
    )


def _moves(
    variant: _Variant,
    numbers: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    shape: Sequence[int],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Where each pixel of an image goes: flipped, turned about the middle, then shifted.

    Args:
        numbers: [R, 4], uniform in [0, 1).
    Returns: [R, 2, 3], affine from (x, y, 1) to (x, y), in pixels.
    """
    angle = np.radians(variant.degrees) * (2 * numbers[:, 0] - 1)
    shifts = np.floor(numbers[:, 1:3] * (2 * variant.padding + 1)) - variant.padding
    side = np.where(numbers[:, 3] < variant.probability, -1.0, 1.0)
    cosine, sine = np.cos(angle), np.sin(angle)
    x, y = (shape[2] - 1) / 2, (shape[1] - 1) / 2
    rows = [
        [cosine * side, sine, x - cosine * side * x - sine * y + shifts[:, 0]],
        [-sine * side, cosine, y + sine * side * x - cosine * y + shifts[:, 1]],
    ]
    return np.moveaxis(np.array(rows), 2, 0)
