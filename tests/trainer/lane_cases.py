"""Small data sets and configurations that the trainer's tests share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import torch

from trainer.data.prepared import Part, PreparedData
from trainer.hyperparameters import Task, resolve
from trainer.lanes import LaneArray
from trainer.runs import EpochResult, RunConfig, RunEnd, RunId, run_id

if TYPE_CHECKING:
    from trainer.datasets import Datasets


SOAK = 40 if os.environ.get("FAIRTRIAL_SOAK") else 1
"""How many times as many examples `make soak` looks at."""


def prepared(
    task: Task = "classification",
    rows: tuple[int, int, int] = (53, 17, 19),
    inputs: int = 7,
    outputs: int = 3,
    seed: int = 0,
) -> PreparedData:
    """A data set with something to learn: targets follow a random linear map of the inputs."""
    draw = np.random.default_rng(seed)
    truth = draw.normal(size=(inputs, outputs))

    def part(n: int) -> Part:
        x = draw.normal(size=(n, inputs)).astype(np.float32)
        y = x @ truth + 0.1 * draw.normal(size=(n, outputs))
        if task == "classification":
            return Part(x, y.argmax(1).astype(np.int64))
        return Part(x, y[:, :1].astype(np.float32))

    train, validation, test = (part(n) for n in rows)
    columns = outputs if task == "classification" else 1
    return PreparedData(train, validation, test, task, columns, (inputs,), 0.0, 2.0, {}, {})


def config(
    index: int = 0, seed: int = 0, task: Task = "classification", **values: object
) -> RunConfig:
    return RunConfig(run_id(index, 0), resolve(values, task), seed)


def train_all(
    data: Datasets, runs: list[RunConfig]
) -> tuple[dict[RunId, list[EpochResult]], dict[RunId, RunEnd]]:
    """Every run to its end in one array."""
    array = LaneArray(data, runs)
    results: dict[RunId, list[EpochResult]] = {run.id: [] for run in runs}
    ends: dict[RunId, RunEnd] = {}
    while len(array):
        for result in array.advance():
            results[result.id].append(result)
            if result.end:
                ends[result.id] = result.end
    return results, ends


def same_run(
    one: tuple[list[EpochResult], RunEnd], other: tuple[list[EpochResult], RunEnd]
) -> None:
    """Assert that two trainings of one run agree in every bit that is not a time."""
    for a, b in zip(one[0], other[0], strict=True):
        np.testing.assert_equal(dict(a.metrics), dict(b.metrics))
    left = {k: v for k, v in one[1].metrics.items() if k != "train_seconds"}
    right = {k: v for k, v in other[1].metrics.items() if k != "train_seconds"}
    np.testing.assert_equal(left, right)
    assert (one[1].reason, one[1].message) == (other[1].reason, other[1].message)
    assert one[1].weights.keys() == other[1].weights.keys()
    for name, weights in one[1].weights.items():
        assert torch.equal(weights, other[1].weights[name]), name
