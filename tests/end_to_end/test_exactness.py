"""The same sweep file gives the same trials and the same numbers, however it is run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from sweeps.launch import prepare_data, run_sweep
from sweeps.record import StudyRecord
from sweeps.spec import load_spec
from sweeps.stores import Stores
from tracking.events import EpochReported, RunEnded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sweeps.record import RecordedTrial
    from tracking.events import Event

FILE = """\
name: small
data: {{source: iris}}
train: {{hidden: [6], patience: 2}}
search:
  learning_rate: {search}
  batch_size: [16, 32]
  epochs: {epochs}
sampler: {sampler}
pruner: {pruner}
repeats: {repeats}
generation: 4
budget: {{trials: 12}}
"""
RANGES = {"search": "{low: 1.0e-3, high: 1.0, log: true}", "epochs": "{low: 2, high: 4}"}
LEVELS = {"search": "[0.001, 0.01, 0.1]", "epochs": "[2, 4]"}
SAMPLERS = {
    "random": "random",
    "grid": "grid",
    "qmc": "qmc",
    "tpe": "{name: tpe, n_startup_trials: 4}",
    "cmaes": "{name: cmaes, n_startup_trials: 2, popsize: 4}",
    "nsga2": "{name: nsga2, population_size: 4}",
    "gp": "{name: gp, n_startup_trials: 9}",
}
PRUNERS = {
    "none": "none",
    "median": "{name: median, n_startup_trials: 2}",
    "hyperband": "{name: hyperband, reduction_factor: 2}",
    "halving": "{name: halving, reduction_factor: 2}",
}
PAIRS = [
    *[(sampler, "none") for sampler in SAMPLERS],
    *[(sampler, "hyperband") for sampler in SAMPLERS if sampler != "nsga2"],
    ("nsga2", "halving"),
    ("tpe", "median"),
    ("tpe", "halving"),
    ("cmaes", "median"),
]


@dataclass
class Events:
    """A recorder that keeps what it is told."""

    events: list[Event] = field(default_factory=list)

    def record(self, event: Event) -> None:
        self.events.append(event)

    def deliver(self) -> None:
        return

    def numbers(self) -> dict[str, Any]:
        """Every metric of every run by epoch, and how it ended: all but times."""
        found: dict[str, Any] = {}
        for event in self.events:
            if isinstance(event, EpochReported):
                found[f"{event.id} {event.epoch}"] = dict(event.metrics)
            if isinstance(event, RunEnded):
                end = {k: v for k, v in event.metrics.items() if k != "train_seconds"}
                found[event.id] = (event.state, event.epoch, event.message, end)
        return found


@pytest.fixture
def play(folder: Path, empty_study: Path) -> Callable[..., tuple[list[RecordedTrial], Any]]:
    """Run a sweep file in a study of its own, interrupted at every so many `ticks` of its clock."""
    n_studies = iter(range(1000))

    def run(text: str, lanes: int, ticks: int | None = None) -> tuple[list[RecordedTrial], Any]:
        path = folder / "sweep.yaml"
        path.write_text(text)
        spec = load_spec(path)
        stores = Stores(folder / str(next(n_studies)))
        stores.create()
        (stores.folder / "fairtrial.db").write_bytes(empty_study.read_bytes())
        recorder = Events()
        for session in range(100):
            looks = iter(range((ticks or 10_000) * (session + 1), -1, -1))
            outcome = run_sweep(
                spec,
                prepare_data(spec),
                stores=stores,
                recorder=recorder,
                lanes=lanes,
                should_stop=lambda looks=looks: next(looks) == 0,
            )
            if outcome.state == "done":
                break
        assert (session > 0) == (ticks is not None)
        record = StudyRecord.open(stores, spec.name, spec.objective.direction, {}, "")
        return record.trials(), (recorder.numbers(), outcome.best)

    return run


@pytest.mark.parametrize(("sampler", "pruner"), PAIRS, ids=map("-".join, PAIRS))
def test_lanes_and_interruptions_change_nothing(
    play: Callable[..., Any], sampler: str, pruner: str
) -> None:
    """Numbers, parameters, states, values and every metric: on 1 lane, on 64 and interrupted at
    every third tick, and for TPE also on 3 lanes and interrupted at each tick."""
    text = FILE.format(
        sampler=SAMPLERS[sampler],
        pruner=PRUNERS[pruner],
        repeats=2 if pruner == "median" else 1,
        **(LEVELS if sampler == "grid" else RANGES),
    )
    expected = play(text, lanes=1)
    trials, _ = expected
    assert [trial.number for trial in trials] == list(range(12))
    states = {trial.state for trial in trials}
    assert states == ({"COMPLETE"} if pruner == "none" else {"COMPLETE", "PRUNED"})
    assert play(text, lanes=64, ticks=3) == expected
    if sampler == "tpe":
        assert play(text, lanes=3, ticks=1) == expected
