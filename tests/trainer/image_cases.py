"""Small images with something to learn, for the trainer's tests."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from trainer.data.prepared import Part, PreparedData

if TYPE_CHECKING:
    from trainer.hyperparameters import Task


def images(
    shape: tuple[int, int, int] = (1, 8, 8),
    task: Task = "classification",
    rows: tuple[int, int, int] = (37, 11, 13),
    seed: int = 0,
    *,
    scaled: bool = True,
) -> PreparedData:
    """Pixels 0 to 16, each scaled by numbers of its own; two rows of each part are black and
    white, so that every pixel has the whole range.
    """
    draw = np.random.default_rng(seed)
    size = math.prod(shape)
    offset, scale = draw.uniform(2, 14, size), draw.uniform(1, 8, size)
    if not scaled:
        offset, scale = np.zeros(size), np.ones(size)
    truth = draw.normal(size=(size, 3))

    def part(n: int) -> Part:
        raw = draw.integers(0, 17, (n, size)).astype(np.float64)
        raw[:2] = [[0.0], [16.0]]
        y = (raw - 8) @ truth
        inputs = ((raw - offset) / scale).astype(np.float32)
        if task == "classification":
            return Part(inputs, y.argmax(1).astype(np.int64))
        return Part(inputs, (y[:, :1] / 100).astype(np.float32))

    parts = (part(n) for n in rows)
    preprocessing = {"offset": offset.tolist(), "scale": scale.tolist()}
    columns = 3 if task == "classification" else 1
    return PreparedData(*parts, task, columns, shape, 0.0, 2.0, {}, preprocessing)
