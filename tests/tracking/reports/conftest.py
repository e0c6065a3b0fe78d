"""Four recorded sweeps, made once and copied for each test, and a way to record more."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tracking.catalog.records import KeptReport
from tracking.events import EpochReported, RunEnded, RunStarted, SweepEnded, SweepStarted
from tracking.recorder import MlflowRecorder
from tracking.reports.build import build_report
from tracking.reports.json_format import write_json
from tracking.reports.spec import parse_report
from tracking.store import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tracking.events import Event
    from tracking.reports.model import Report, Section

START_MS = 1_790_000_000_000
HOUR_MS = 3_600_000
GRID = {"learning_rate": [0.01, 0.1]}
SEARCH = {
    "learning_rate": {"low": 0.001, "high": 1.0, "log": True},
    "activation": ["relu", "tanh"],
}


@dataclass(frozen=True)
class Runs:
    """What a sweep's runs measure: per trial its settings and the values by repeat.

    Attributes:
        values: test/accuracy of each repeat; of validation 0.01 more. A word ends a run otherwise:
            'FAIL: why', 'PRUNED', or 'RUNNING'.
    """

    settings: Mapping[str, Any]
    values: Sequence[float | str]


def events(
    name: str,
    trials: Sequence[Runs],
    *,
    search: Mapping[str, Any] = GRID,
    start_ms: int = START_MS,
    end: str = "done",
    importance: Mapping[str, float] | None = None,
    **fields: Any,
) -> Iterator[Event]:
    """All that is told of one sweep, from its start to its end."""
    started: dict[str, Any] = {
        "sampler": "grid",
        "pruner": "none",
        "objective": {"metric": "validation/accuracy", "direction": "maximize"},
        "data_source": "digits",
        "data_digest": "ab" * 32,
        "data_summary": {"rows": 100, "splits": {"train": {"shape": [70, 64]}}},
        "versions": {"trainer": "1", "device": "cpu", "torch": "2.13.0"},
    }
    yield SweepStarted(
        sweep=name,
        definition=f"name: {name}\n",
        search=dict(search),
        data_preprocessing={},
        time_ms=start_ms,
        **(started | fields),
    )
    fixed = {"hidden": [64], "activation": "relu", "patience": None}
    for trial, runs in enumerate(trials):
        for repeat, value in enumerate(runs.values):
            at = start_ms + HOUR_MS * (1 + trial) + 1000 * repeat
            known = {**fixed, **runs.settings}
            yield from _run((trial, repeat), known, value, at=at, start_ms=start_ms)
    if end:
        at = start_ms + HOUR_MS * (len(trials) + 1)
        yield SweepEnded(end, (), "Told by a test.", at, importance or {})  # type: ignore[arg-type]


def _run(
    which: tuple[int, int],
    settings: Mapping[str, Any],
    value: float | str,
    *,
    at: int,
    start_ms: int,
) -> Iterator[Event]:
    (trial, repeat), run_id = which, f"{which[0]}.{which[1]}"
    seed = 1000 + repeat
    yield RunStarted(run_id, trial, repeat, settings, seed, f"{run_id} {settings}", start_ms)
    score = value if isinstance(value, float) else 0.5
    for epoch in (1, 2):
        metrics = {"train/loss": 1 / epoch, "validation/accuracy": score + 0.01 * (epoch - 1)}
        yield EpochReported(run_id, epoch, metrics, at - 10 + epoch)
    if isinstance(value, float):
        metrics = {"test/accuracy": value, "test/loss": 1 - value, "train_seconds": 2.0}
        yield RunEnded(run_id, "COMPLETE", 2, at, metrics)
    elif value != "RUNNING":
        state, _, message = value.partition(": ")
        metrics = {"train_seconds": 1.0} if state == "FAIL" else {}
        yield RunEnded(run_id, state, 2, at, metrics, message)  # type: ignore[arg-type]


def put(store: Store, told: Iterator[Event]) -> None:
    recorder = MlflowRecorder(store, interval_s=3600)
    for event in told:
        recorder.record(event)
    recorder.deliver()


def spread(mean: float, step: float = 0.001) -> list[float]:
    """Four repeats around a mean, the same pattern for every configuration."""
    return [mean - 3 * step, mean - step, mean + step, mean + 3 * step]


def near(mean: float) -> list[float]:
    """The same mean with another pattern, so that paired differences have a spread."""
    return [mean - 0.0028, mean - 0.0012, mean + 0.0013, mean + 0.0027]


@pytest.fixture(scope="session")
def four_sweeps(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two grids that are alike but for the activation, a search, and a grid on other data."""
    folder = tmp_path_factory.mktemp("four")
    path = folder / "mlflow.db"
    _copy(migrated, path)
    store = open_store(f"sqlite:///{path}")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        relu, tanh = {"activation": "relu"}, {"activation": "tanh"}
        low, high = {"learning_rate": 0.01}, {"learning_rate": 0.1}
        grid = [Runs(relu | low, spread(0.90)), Runs(relu | high, near(0.95))]
        put(store, events("grid-relu", grid))
        grid = [Runs(tanh | low, near(0.80)), Runs(tanh | high, spread(0.85))]
        put(store, events("grid-tanh", grid, start_ms=START_MS + 24 * HOUR_MS))
        search = [
            Runs({"learning_rate": 0.002, **relu}, [0.70]),
            Runs({"learning_rate": 0.05, **tanh}, [0.97]),
            Runs({"learning_rate": 0.9, **relu}, ["FAIL: the loss became NaN in epoch 2"]),
            Runs({"learning_rate": 0.8, **tanh}, ["FAIL: the loss became NaN in epoch 1"]),
            Runs({"learning_rate": 0.003, **relu}, ["PRUNED"]),
            Runs({"learning_rate": 0.004, **relu}, ["RUNNING"]),
        ]
        told = events(
            "search",
            search,
            search=SEARCH,
            start_ms=START_MS + 48 * HOUR_MS,
            sampler="random",
            importance={"learning_rate": 0.75, "activation": 0.25},
        )
        put(store, told)
        put(
            store,
            events(
                "other-data",
                [Runs(relu | low, spread(0.99)), Runs(relu | high, near(0.98))],
                start_ms=START_MS + 72 * HOUR_MS,
                data_source="iris",
                data_digest="cd" * 32,
            ),
        )
    return path


@pytest.fixture
def filled(four_sweeps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store of this test's own with the four sweeps in it."""
    monkeypatch.chdir(tmp_path)
    _copy(four_sweeps, tmp_path / "mlflow.db")
    return open_store(f"sqlite:///{tmp_path / 'mlflow.db'}")


@pytest.fixture
def add(filled: Store) -> Callable[..., None]:
    """Record another sweep, or more of one that is there: add(name, [Runs, ...], **fields)."""

    def record(name: str, trials: Sequence[tuple[Mapping[str, Any], Any]], **fields: Any) -> None:
        put(filled, events(name, [Runs(*trial) for trial in trials], **fields))

    return record


@pytest.fixture
def made(filled: Store, tmp_path: Path) -> Callable[..., Report]:
    """Build the report of a file's text."""

    def build(text: str = 'sweeps: ["*"]', **options: Any) -> Report:
        spec = parse_report(f"title: Week by week\n{text}\n", tmp_path / "report.yaml")
        return build_report(filled, spec, **({"last": None} | options))

    return build


@pytest.fixture
def keep(tmp_path: Path) -> Callable[..., KeptReport]:
    """Keep a report as the catalog does: its report.json in a folder, and a record of it."""

    def kept(report: Report, *, number: int = 12, at_ms: int = START_MS) -> KeptReport:
        folder = tmp_path / "kept" / str(number)
        folder.mkdir(parents=True)
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
        (folder / "report.json").write_text(write_json(report, at), encoding="utf-8")
        return KeptReport(number, "key", report.title, at, "done", str(folder), "report.yaml", "")

    return kept


@pytest.fixture
def part() -> Callable[[Report, str], Section]:
    """One section of a report."""
    return lambda report, name: next(s for s in report.sections if s.id == name)


def _copy(source: Path, path: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(path)) as new:
        old.backup(new)
