"""A fresh MLflow store for each test, and sweeps to record in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from tracking.events import EpochReported, RunEnded, RunStarted, SweepEnded, SweepStarted
from tracking.reading import RunRecord, SweepRecord
from tracking.recorder import MlflowRecorder
from tracking.store import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tracking.events import Event, State

UNGROUPED = ("gap", "train_seconds", "epochs_run")


@pytest.fixture
def database(migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of this test's own, in its current folder."""
    monkeypatch.chdir(tmp_path)  # artifacts go to ./mlruns
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(migrated)) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
    return path


@pytest.fixture
def store(database: Path) -> Store:
    return open_store(f"sqlite:///{database}")


@dataclass(frozen=True)
class Script:
    """Events of one sweep."""

    started: SweepStarted

    def run(
        self,
        trial: int,
        repeat: int = 0,
        *,
        epochs: Sequence[int] = (1, 2, 3),
        state: State | None = "COMPLETE",
        end: dict[str, float] | None = None,
        message: str = "",
        **hyperparameters: Any,
    ) -> list[Event]:
        """One run from its start to its end, or without an end when `state` is None."""
        settings = {"learning_rate": 0.1, "activation": "relu", "hidden": [64], "patience": None}
        started = RunStarted(
            id=f"{trial}.{repeat}",
            trial=trial,
            repeat=repeat,
            hyperparameters={**settings, **hyperparameters},
            seed=1000 + repeat,
            fingerprint=f"{trial}-{repeat}-{sorted(hyperparameters.items())}",
            time_ms=1_000_000,
        )
        reports = [
            EpochReported(
                id=started.id,
                epoch=epoch,
                metrics={"train/loss": 1 / epoch, "validation/accuracy": 1 - 0.5 / epoch},
                time_ms=1_000_000 + 1000 * epoch,
            )
            for epoch in epochs
        ]
        if state is None:
            return [started, *reports]
        last = max(epochs, default=0)
        metrics = {"test/accuracy": 0.8, "epochs_run": float(last)} if end is None else end
        time_ms = 1_000_000 + 1000 * last  # as the last epoch: only the order tells them apart
        ended = RunEnded(started.id, state, last, time_ms, metrics, message)
        return [started, *reports, ended]

    def end(self, state: Any = "done", factors: tuple[str, ...] = ("learning_rate",)) -> SweepEnded:
        return SweepEnded(state, factors, "Three trials were trained.", time_ms=2_000_000)


@pytest.fixture
def script() -> Script:
    return Script(
        SweepStarted(
            sweep="digits-search",
            definition="name: digits-search\n",
            search={
                "learning_rate": {"low": 1e-4, "high": 0.1, "log": True},
                "activation": ["relu", "tanh"],
            },
            objective={"metric": "validation/accuracy", "direction": "maximize"},
            data_source="digits",
            data_digest="ab" * 32,
            data_summary={"rows": 1797},
            data_preprocessing={"scale": "standard"},
            sampler="tpe",
            pruner="none",
            time_ms=1_000_000,
        )
    )


@pytest.fixture
def play(store: Store) -> Callable[..., MlflowRecorder]:
    """Record events with a new recorder, which writes runs in flight only when told to."""

    def record(*events: Event, deliver: bool = True) -> MlflowRecorder:
        recorder = MlflowRecorder(store, interval_s=3600)
        for event in events:
            recorder.record(event)
        if deliver:
            recorder.deliver()
        return recorder

    return record


@pytest.fixture
def sweep_of() -> Callable[..., SweepRecord]:
    """A sweep record from rows of settings and a metric, without any store."""

    def build(rows: Sequence[dict[str, Any]], search: dict[str, Any], **fields: Any) -> SweepRecord:
        runs = []
        for i, given in enumerate(rows):
            row = dict(given)
            metrics = {k: row.pop(k) for k in list(row) if "/" in k or k in UNGROUPED}
            state = row.pop("state", "COMPLETE")
            status = {"COMPLETE": "FINISHED", "PRUNED": "KILLED", "FAIL": "FAILED"}
            runs.append(
                RunRecord(
                    mlflow_id=f"{i:032d}",
                    trial=row.pop("trial", i),
                    repeat=row.pop("repeat", 0),
                    seed=row.pop("seed", 0),
                    state=state,
                    status=status.get(state, "RUNNING"),
                    fingerprint=str(i),
                    params=row,
                    metrics=metrics,
                )
            )
        record = SweepRecord(
            name="digits",
            parent_id="p",
            status="FINISHED",
            search=search,
            objective={"metric": "validation/accuracy", "direction": "maximize"},
            sampler="random",
            pruner="none",
            data_digest="ab" * 32,
            runs=tuple(runs),
        )
        return replace(record, **fields)

    return build
