"""A sweep killed at any moment, again and again, ends as if nothing had happened."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from sweeps.launch import prepare_data, run_sweep
from sweeps.record import StudyRecord
from sweeps.spec import load_spec
from sweeps.stores import Stores
from tracking.recorder import MlflowRecorder
from tracking.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sweeps.record import RecordedTrial
    from tests.conftest import Kept

FILE = """\
name: killed
data: {source: iris}
train: {hidden: [4]}
search:
  learning_rate: [0.003, 0.03, 0.3, 1.0e+30]
  epochs: {low: 2, high: 4}
sampler: {name: tpe, n_startup_trials: 3}
pruner: {name: median, n_startup_trials: 1}
repeats: 2
generation: 3
budget: {trials: 9}
"""
MOST_SESSIONS = 30
SPARED = 150  # statements of the first session, and by how many more of each that follows

SLOW_TO_IMPORT = [
    "mlflow.pytorch",
    "mlflow.store.tracking.sqlalchemy_store",
    "optuna.storages._rdb.storage",
    "scipy.stats",
    "sklearn.datasets",
    "sklearn.model_selection",
    "sweeps.launch",
    "torch.export._trace",
    "tracking.models",
]


def session(folder: Path, kill_at: int | None) -> None:
    """Run the sweep in this process, which is killed before a statement or a file's renaming."""
    import sqlalchemy

    os.chdir(folder)
    counter = itertools.count(1)

    def count(*_: object) -> None:
        if next(counter) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", count)
    sqlalchemy.event.listen(sqlalchemy.Engine, "commit", count)
    sys.addaudithook(lambda event, _: count() if event == "os.rename" else None)
    spec = load_spec(folder / "sweep.yaml")
    recorder = MlflowRecorder(open_store(), interval_s=0)
    run_sweep(spec, prepare_data(spec), stores=Stores.here(), recorder=recorder, lanes=4)


@pytest.fixture(scope="module")
def start() -> Callable[[Path, int | None], int | None]:
    """Run `session` in a process of its own; returns its exit code."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(SLOW_TO_IMPORT)

    def run(folder: Path, kill_at: int | None) -> int | None:
        process = context.Process(target=session, args=(folder, kill_at))
        process.start()
        process.join()
        return process.exitcode

    return run


def trials(folder: Path) -> list[RecordedTrial]:
    return StudyRecord.open(Stores(folder / ".fairtrial"), "killed", "maximize", {}, "").trials()


def test_a_sweep_killed_at_any_statement_carries_on_to_the_same_end(
    project: Path, fill: Callable, start: Callable, kept: Callable
) -> None:
    """SIGKILL before a statement of the study or MLflow, or before a checkpoint's renaming, in
    session after session: trials, metrics and table are those of a sweep left alone, each run is
    there once, and its status tells how it ended."""
    other = fill(project / "alone")
    for place in (project, other):
        (place / "sweep.yaml").write_text(FILE)
    assert start(other, None) == 0
    codes: list[int | None] = []
    while 0 not in codes and len(codes) < MOST_SESSIONS:
        codes.append(start(project, SPARED * (len(codes) + 1)))
    assert set(codes[:-1]) == {-signal.SIGKILL}
    assert len(codes) > 5
    assert codes[-1] == 0
    assert trials(project) == trials(other)
    found: Kept = kept(project, "killed", "learning_rate")
    assert found == kept(other, "killed", "learning_rate")
    assert (found.status, found.state) == ("FINISHED", "done")
    assert sorted(found.runs) == [(n, repeat) for n in range(9) for repeat in range(2)]
    statuses = {(status, state) for status, state, *_ in found.runs.values()}
    assert statuses == {("FINISHED", "COMPLETE"), ("KILLED", "PRUNED"), ("FAILED", "FAIL")}
