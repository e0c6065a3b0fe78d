"""What must hold for every engine, whatever holds its lanes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from sweeps.engines.in_process import InProcessEngine
from trainer.data.preparation import prepare_splits
from trainer.data.request import DataRequest
from trainer.hyperparameters import resolve
from trainer.runs import RunConfig, run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sweeps.engines.base import Engine
    from trainer.data.prepared import PreparedData
    from trainer.runs import EpochResult

    Make = Callable[[Sequence[PreparedData]], Engine]

SEED = 7


@pytest.fixture(scope="module")
def splits() -> Sequence[PreparedData]:
    return prepare_splits(DataRequest("iris", Path(), resplit=True), 0, 2)


def run(number: int, **values: Any) -> RunConfig:
    settings = {"hidden": [5], "epochs": 3, "learning_rate": 0.05, "batch_size": 32, **values}
    return RunConfig(run_id(number, 0), resolve(settings, "classification"), SEED)


def mixed() -> list[RunConfig]:
    """Runs of many kinds: some can't share an array, one fails, one is stopped by patience."""
    return [
        run(0),
        run(1, learning_rate=0.001, activation="tanh"),
        run(2, hidden=[7, 3], epochs=1),
        run(3, optimizer="sgd", learning_rate=1e30),
        run(4, dropout=0.4, epochs=5),
        run(5, learning_rate=0.5, patience=1, min_delta=1.0, epochs=5),
        replace(run(6, epochs=2), split=1),
        run(7, batch_size=16, epochs=4),
    ]


def train(engine: Engine, runs: Sequence[RunConfig]) -> dict[str, list[EpochResult]]:
    """The results of each run, until none is held."""
    found: dict[str, list[EpochResult]] = {}
    results = engine.advance(runs, [])
    while results:
        for result in results:
            found.setdefault(result.id, []).append(result)
        results = engine.advance([], [])
    return found


def plain(result: EpochResult) -> tuple[Any, ...]:
    """A result without what the clock had to do with."""
    if result.end is None:
        return result.id, result.epoch, result.metrics
    end = {name: value for name, value in result.end.metrics.items() if name != "train_seconds"}
    return result.id, result.epoch, result.metrics, result.end.reason, result.end.message, end


class EngineContract:
    """Holds for an engine made by the fixture `make`, once a subclass has one."""

    def test_each_held_run_reports_once_an_epoch(self, make: Make, splits: Any) -> None:
        """Every advance brings one result of each run held, its epoch one further."""
        engine = make(splits)
        first, second = mixed()[:4], mixed()[4:]
        epochs: dict[str, int] = {}
        held = set()
        for start in (first, second, [], [], [], []):
            held |= {run.id for run in start}
            results = engine.advance(start, [])
            assert sorted(result.id for result in results) == sorted(held)
            for result in results:
                epochs[result.id] = epochs.get(result.id, 0) + 1
                assert result.epoch == epochs[result.id]
                if result.end:
                    held.remove(result.id)
        assert held == set()
        assert epochs == {"0.0": 3, "1.0": 3, "2.0": 1, "3.0": 1, "4.0": 5, "5.0": 2, "6.0": 2,
                          "7.0": 4}  # fmt: skip

    def test_an_ended_run_says_why(self, make: Make, splits: Any) -> None:
        """The last result has an end; a failure has a sentence, everything else its weights."""
        ends = {name: results[-1].end for name, results in train(make(splits), mixed()).items()}
        reasons = {name: end.reason for name, end in ends.items() if end is not None}
        assert reasons == {**dict.fromkeys(ends, "epochs"), "3.0": "failed", "5.0": "patience"}
        for name, end in ends.items():
            assert end is not None
            assert bool(end.message) == (name == "3.0")
            assert bool(end.weights) == (name != "3.0")
            assert ("test/accuracy" in end.metrics) == (name != "3.0")

    def test_a_stopped_run_is_forgotten(self, make: Make, splits: Any) -> None:
        """It reports no more, its name may be used again, and others take no notice."""
        expected = train(make(splits), mixed())
        engine = make(splits)
        found: dict[str, list[EpochResult]] = {}
        results = engine.advance(mixed(), [])
        again = engine.advance([], [run_id(0, 0), run_id(4, 0)])
        assert {"0.0", "4.0"}.isdisjoint(result.id for result in again)
        last = engine.advance([run(4, dropout=0.4, epochs=5)], [])
        for result in (
            *results,
            *again,
            *last,
            *(r for _ in range(5) for r in engine.advance([], [])),
        ):
            found.setdefault(result.id, []).append(result)
        assert [result.epoch for result in found.pop("0.0")] == [1]
        restarted = found.pop("4.0")[1:]
        assert list(map(plain, restarted)) == list(map(plain, expected["4.0"]))
        for name, results in found.items():
            assert list(map(plain, results)) == list(map(plain, expected[name]))

    def test_nothing_held_is_nothing_reported(self, make: Make, splits: Any) -> None:
        """An idle engine answers at once."""
        engine = make(splits)
        assert engine.advance([], []) == []
        engine.advance([run(0)], [])
        assert engine.advance([], [run_id(0, 0)]) == []

    def test_a_run_is_the_same_in_any_company(self, make: Make, splits: Any) -> None:
        """All bits of metrics and weights are those of the run trained alone, on one lane."""
        together = train(make(splits), mixed())
        for config in mixed():
            (alone,) = train(InProcessEngine(splits, lanes=1), [config]).values()
            beside = together[config.id]
            assert list(map(plain, beside)) == list(map(plain, alone))
            mine, theirs = beside[-1].end, alone[-1].end
            assert mine is not None
            assert theirs is not None
            assert mine.weights.keys() == theirs.weights.keys()
            assert all(
                torch.equal(mine.weights[name], theirs.weights[name]) for name in mine.weights
            )


class TestInProcessEngine(EngineContract):
    """Arrays of lanes in this process, wide and narrow."""

    @pytest.fixture(params=[1, 2, 3, 64], ids="{} lanes".format)
    def make(self, request: pytest.FixtureRequest) -> Make:
        return lambda splits: InProcessEngine(splits, request.param)
