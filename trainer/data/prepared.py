"""Prepared data: the arrays a run trains on, what was done to get them, and their digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from trainer.hyperparameters import Task


@dataclass(frozen=True)
class Part:
    """One of train, validation and test.

    Attributes:
        inputs: [N, F] float32, scaled.
        targets: [N] int64 class indices, or [N, 1] float32 scaled regression targets.
    """

    inputs: NDArray[np.float32]
    targets: NDArray[Any]


@dataclass(frozen=True)
class PreparedData:
    """One split of one data set, ready to train on.

    Attributes:
        task: 'classification' or 'regression'.
        outputs: outputs of a model for it: classes, or 1.
        shape: of one example: (F,), or (channels, height, width) for images, whose product is F.
        target_mean, target_scale: regression targets are (y - mean) / scale.
        summary: what preparation did, as JSON types: rows in, duplicates, missing per column,
            classes and counts, shapes of the splits.
        preprocessing: how a raw row becomes an input, as JSON types: enough to repeat it.
    """

    train: Part
    validation: Part
    test: Part
    task: Task
    outputs: int
    shape: tuple[int, ...]
    target_mean: float
    target_scale: float
    summary: Mapping[str, Any]
    preprocessing: Mapping[str, Any]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over every byte of the prepared arrays, their shapes and types (hex)."""
        import numpy as np

        sha = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            for array in (part.inputs, part.targets):
                sha.update(json.dumps([array.dtype.str, list(array.shape)]).encode())
                sha.update(np.ascontiguousarray(array).data)
        sha.update(
            json.dumps([self.task, self.outputs, self.target_mean, self.target_scale]).encode()
        )
        return sha.hexdigest()
