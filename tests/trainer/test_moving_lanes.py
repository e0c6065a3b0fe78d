"""Lanes that move between arrays, at any time, and lanes on different splits of the data."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lane_cases import SOAK, config, prepared, same_run, train_all

from trainer.datasets import Datasets
from trainer.lanes import LaneArray

if TYPE_CHECKING:
    from trainer.hyperparameters import Task
    from trainer.runs import EpochResult, RunConfig, RunEnd, RunId

DATA = Datasets([prepared(seed=0), prepared(seed=1)])
LANES: tuple[dict[str, object], ...] = (
    {"epochs": 4, "activation": "tanh", "dropout": 0.3},
    {"epochs": 7, "patience": 2, "learning_rate": 0.1},
    {"epochs": 3, "momentum": 0.9, "schedule": "cosine"},
    {"epochs": 6, "activation": "gelu", "weight_decay": 0.1, "schedule": "step"},
    {"epochs": 5, "activation": "sigmoid", "gradient_clip": 0.1, "l1": 1e-3},
    {"epochs": 2, "label_smoothing": 0.2, "dropout": 0.5, "learning_rate": 1e30},
)


@cache
def runs_of(optimizer: str) -> list[RunConfig]:
    return [
        dataclasses.replace(
            config(k, k % 3, hidden=[6, 3], batch_size=20, optimizer=optimizer, **lane), split=k % 2
        )
        for k, lane in enumerate(LANES)
    ]


@cache
def alone(optimizer: str) -> dict[RunId, tuple[list[EpochResult], RunEnd]]:
    found = {}
    for run in runs_of(optimizer):
        results, ends = train_all(DATA, [run])
        found[run.id] = results[run.id], ends[run.id]
    return found


class Arrays:
    """Some arrays, what their lanes reported, and the moves a controller may make."""

    def __init__(self, optimizer: str) -> None:
        self.waiting = list(runs_of(optimizer))
        self.arrays: list[LaneArray] = []
        self.results: dict[RunId, list[EpochResult]] = {run.id: [] for run in self.waiting}

    def move(self, kind: str, one: int, other: int) -> None:
        self.arrays = [array for array in self.arrays if len(array)]
        n = len(self.arrays)
        if kind == "start" and self.waiting:
            size = 1 + other % len(self.waiting)
            self.arrays.append(LaneArray(DATA, self.waiting[:size]))
            del self.waiting[:size]
        elif kind == "advance" and n:
            self.advance(self.arrays[one % n])
        elif kind == "split" and n:
            array = self.arrays[one % n]
            self.arrays.append(array.split(other % (len(array) + 1)))
        elif kind == "join" and n > 1:
            joining = self.arrays.pop(one % n)
            self.arrays[other % (n - 1)].join(joining)
        elif kind == "drop" and n:
            array = self.arrays[one % n]
            array.drop({array.lanes[other % len(array)].config.id})

    def advance(self, array: LaneArray) -> None:
        for result in array.advance():
            self.results[result.id].append(result)


@settings(max_examples=50 * SOAK, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    optimizer=st.sampled_from(["sgd", "adam", "adamw", "rmsprop"]),
    moves=st.lists(
        st.tuples(
            st.sampled_from(["start", "start", "advance", "advance", "split", "join", "drop"]),
            st.integers(0, 9),
            st.integers(0, 9),
        ),
        max_size=20,
    ),
)
def test_a_run_does_not_notice_being_moved(
    optimizer: str, moves: list[tuple[str, int, int]]
) -> None:
    """However arrays are started, joined, split and thinned out, each run is as if alone."""
    arrays = Arrays(optimizer)
    for move in moves:
        arrays.move(*move)
    left = {lane.config.id for array in arrays.arrays for lane in array.lanes}
    for array in arrays.arrays:
        while len(array):
            arrays.advance(array)
    for name, (results, end) in alone(optimizer).items():
        found = arrays.results[name]
        if found and found[-1].end:
            same_run((found, found[-1].end), (results, end))
        else:
            assert name not in left
            for here, there in zip(found, results, strict=False):
                assert (here.epoch, here.metrics) == (there.epoch, there.metrics)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_split_beside_others_equals_that_split_alone(task: Task) -> None:
    """A lane on split i of several has the bits of the same lane with that split as its only."""
    splits = [
        dataclasses.replace(prepared(task, seed=seed), target_scale=1.0 + seed) for seed in range(3)
    ]
    runs = [
        dataclasses.replace(config(k, k % 2, task, epochs=3, patience=1), split=k % 3)
        for k in range(6)
    ]
    results, ends = train_all(Datasets(splits), runs)
    for run in runs:
        single = dataclasses.replace(run, split=0)
        other = train_all(Datasets([splits[run.split]]), [single])
        same_run((results[run.id], ends[run.id]), (other[0][run.id], other[1][run.id]))
    assert len({ends[run.id].metrics["test/loss"] for run in runs}) == 6
