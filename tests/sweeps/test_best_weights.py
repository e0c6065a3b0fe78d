"""The best run's weights are there at the end, whatever became of the file they were kept in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from sweeps.best import BestKeeper
from sweeps.engines.in_process import InProcessEngine
from sweeps.launch import prepare_data
from sweeps.record import RecordedTrial
from sweeps.runs import RunFactory
from sweeps.spec import load_spec
from sweeps.trials import Ending, ReplayedTrial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sweeps.trials import LiveTrial

FILE = """\
name: small
data: {source: iris}
train: {hidden: [4], epochs: 2}
search: {learning_rate: [0.1, 0.01]}
sampler: grid
repeats: 3
"""
PATH = Path("checkpoints/small.safetensors")
PARAMS = {"learning_rate": 0.1}


@pytest.fixture
def keeper(folder: Path) -> Callable[[], tuple[BestKeeper, LiveTrial]]:
    """A keeper as at the start of a session, and trial 0 trained to its end."""
    path = folder / "sweep.yaml"
    path.write_text(FILE)
    spec = load_spec(path)
    splits = prepare_data(spec)
    runs = RunFactory.of(spec, splits)

    def make() -> tuple[BestKeeper, LiveTrial]:
        trial = runs.trial(0, PARAMS)
        engine = InProcessEngine(splits, 3)
        start = trial.runs
        while trial.training:
            trial.tick({result.id: result for result in engine.advance(start, [])})
            start = []
        return BestKeeper(spec, runs, splits, PATH), trial

    return make


def same(one: Mapping[str, torch.Tensor], two: Mapping[str, torch.Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def spoil_nothing() -> None:
    return


def spoil_by_another_run() -> None:
    from trainer.checkpoints import load_weights, save_weights

    weights, about = load_weights(PATH)
    noise = {name: torch.zeros_like(tensor) for name, tensor in weights.items()}
    save_weights(PATH, noise, {**about, "fingerprint": "of another"})


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_nothing,
        spoil_by_another_run,
        PATH.unlink,
        lambda: PATH.write_bytes(PATH.read_bytes()[:-7]),
        lambda: PATH.write_bytes(b""),
    ],
    ids=["kept", "another run's", "lost", "torn", "empty"],
)
def test_the_weights_are_those_of_the_best_run(
    keeper: Callable[[], tuple[BestKeeper, LiveTrial]], spoil: Callable[[], object]
) -> None:
    """From the disk, or trained again to the same bits; then they are on the disk again."""
    first, trial = keeper()
    first.take(trial, Ending("COMPLETE", 0.5))
    best = max(trial.runs, key=lambda run: trial.latest[run.id])
    spoil()
    second, unsaved = keeper()
    recorded = RecordedTrial(0, PARAMS, "COMPLETE", 0.5, unsaved.ticks, {}, "")
    second.take(ReplayedTrial(recorded), Ending("COMPLETE", 0.5))
    for _ in range(2):
        run, weights = second.weights()
        assert run.id == best.id
        assert same(weights, trial.ends[best.id].weights)
    assert PATH.exists()


def test_only_a_complete_trial_can_be_best(
    keeper: Callable[[], tuple[BestKeeper, LiveTrial]],
) -> None:
    """A failed trial, a pruned one and a worse one change nothing; the earlier of equals wins."""
    best, trial = keeper()
    for ending in (Ending("FAIL"), Ending("PRUNED", 1.0)):
        best.take(trial, ending)
        assert best.best is None
    best.take(trial, Ending("COMPLETE", 0.5))
    trial.number = 1
    for value in (0.4, 0.5):
        best.take(trial, Ending("COMPLETE", value))
        assert best.best is not None
        assert best.best.trial == 0
    trial.number = 0
    best.take(trial, Ending("COMPLETE", 0.6))
    assert best.best.value == 0.6
