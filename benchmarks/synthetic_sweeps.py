"""Sweeps that nobody trained, put into MLflow's own tables in bulk: material for `report.py`.

Half of them are grids with repeats, half random searches; each run has a curve, twenty params and
ten tags, as real ones do.
"""

from __future__ import annotations

import json
import random
import sqlite3
import uuid
from contextlib import closing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EPOCHS = 10
REPEATS = 5
START_MS = 1_790_000_000_000
_DAY_MS = 86_400_000
_FIXED = {
    "model": "mlp", "hidden": "[64]", "loss": "cross_entropy", "label_smoothing": "0.0",
    "optimizer": "adam", "momentum": "0.0", "schedule": "constant", "batch_size": "32",
    "epochs": str(EPOCHS), "patience": "null", "min_delta": "0.0", "l1": "0.0", "l2": "0.0",
    "weight_decay": "0.0", "gradient_clip": "null", "augmentation": "[]",
    "initialization": "kaiming",
}  # fmt: skip
_ACTIVATIONS = ["relu", "tanh", "sigmoid", "gelu"]
_RATES = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1]
_GRID = {"learning_rate": _RATES, "activation": _ACTIVATIONS}
_SEARCH = {
    "learning_rate": {"low": 1e-4, "high": 0.1, "log": True},
    "activation": _ACTIVATIONS,
    "dropout": {"low": 0.0, "high": 0.5},
}


def fill(database: Path, n_sweeps: int, n_runs: int, seed: int = 0) -> None:
    """Add sweeps to an MLflow database that has its tables.

    Args:
        n_runs: of all sweeps together.
    """
    draw = random.Random(seed)  # noqa: S311 - no secret
    with closing(sqlite3.connect(database)) as connection:
        for n in range(n_sweeps):
            _sweep(connection, n, n_runs // n_sweeps, draw)
        connection.commit()


def _sweep(connection: sqlite3.Connection, n: int, n_runs: int, draw: random.Random) -> None:
    grid = n % 2 == 0
    name = f"{'grid' if grid else 'search'}-{n:02d}"
    cursor = connection.execute(
        "INSERT INTO experiments (name, artifact_location, lifecycle_stage) "
        "VALUES (?, ?, 'active')",
        (name, f"mlruns/{name}"),
    )
    experiment = cursor.lastrowid
    began = START_MS + n * _DAY_MS
    parent = _id(draw)
    search = _GRID if grid else _SEARCH
    importance = {} if grid else {"learning_rate": 0.6, "dropout": 0.3, "activation": 0.1}
    tags = {
        "fairtrial.kind": "sweep", "fairtrial.sweep": name, "fairtrial.state": "done",
        "fairtrial.sampler": "grid" if grid else "random", "fairtrial.pruner": "none",
        "fairtrial.data_digest": "ab" * 32, "fairtrial.data_source": "digits",
        "fairtrial.data_rows": '{"all": 1797, "train": 1257, "validation": 270, "test": 270}',
        "fairtrial.search": json.dumps(search),
        "fairtrial.objective": '{"metric": "validation/accuracy", "direction": "maximize"}',
        "fairtrial.importance": json.dumps(importance),
        "fairtrial.versions": '[{"trainer": "1", "device": "cpu", "torch": "2.13.0"}]',
    }  # fmt: skip
    _insert_run(
        connection,
        parent,
        name=name,
        experiment=experiment,
        began=began,
        ended=began + _DAY_MS // 24,
        status="FINISHED",
    )
    _insert_pairs(connection, "tags", parent, tags)
    for trial, params in enumerate(_trials(grid, n_runs // REPEATS, draw)):
        level = 0.9 + 0.01 * _ACTIVATIONS.index(params["activation"]) + 0.0005 * n
        for repeat in range(REPEATS):
            _run(
                connection,
                experiment=experiment,
                parent=parent,
                sweep=name,
                trial=trial,
                repeat=repeat,
                params=params,
                level=level,
                began=began,
                draw=draw,
            )


def _trials(grid: bool, n: int, draw: random.Random) -> Iterator[dict[str, Any]]:  # noqa: FBT001
    if grid:
        pairs = [(rate, activation) for rate in _RATES for activation in _ACTIVATIONS]
        for rate, activation in pairs[:n]:
            yield {"learning_rate": rate, "activation": activation, "dropout": 0.0}
        return
    for _ in range(n):
        yield {
            "learning_rate": 10 ** draw.uniform(-4, -1),
            "activation": draw.choice(_ACTIVATIONS),
            "dropout": draw.uniform(0, 0.5),
        }


def _run(
    connection: sqlite3.Connection,
    *,
    experiment: int | None,
    parent: str,
    sweep: str,
    trial: int,
    repeat: int,
    params: dict[str, Any],
    level: float,
    began: int,
    draw: random.Random,
) -> None:
    state, status = draw.choices(
        [("COMPLETE", "FINISHED"), ("FAIL", "FAILED")], weights=[0.99, 0.01]
    )[0]
    run, ended = _id(draw), began + 20_000 * trial + 4_000 * repeat
    _insert_run(
        connection,
        run,
        name=f"#{trial} s{repeat}",
        experiment=experiment,
        began=began,
        ended=ended,
        status=status,
    )
    tags = {
        "mlflow.parentRunId": parent, "fairtrial.kind": "run", "fairtrial.sweep": sweep,
        "fairtrial.run": f"{trial}.{repeat}", "fairtrial.trial": str(trial),
        "fairtrial.repeat": str(repeat), "fairtrial.fingerprint": run * 2, "optuna.state": state,
        "mlflow.user": "bench", "mlflow.source.name": "fairtrial",
    }  # fmt: skip
    if state == "FAIL":
        tags["fairtrial.message"] = f"the training loss became NaN in epoch {trial % 9 + 1}"
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in params.items()}
    _insert_pairs(connection, "tags", run, tags)
    _insert_pairs(connection, "params", run, {**_FIXED, **texts, "seed": str(1000 + repeat)})
    points = []
    for epoch in range(1, EPOCHS + 1):
        score = level * (1 - 0.5 ** (epoch + 1)) + draw.gauss(0, 0.004)
        points += [
            ("train/loss", 1 / epoch, epoch), ("validation/loss", 1.1 / epoch, epoch),
            ("train/accuracy", score + 0.01, epoch), ("validation/accuracy", score, epoch),
        ]  # fmt: skip
    if state == "COMPLETE":
        points += [("test/accuracy", points[-1][1] - 0.002, EPOCHS), ("test/loss", 0.12, EPOCHS)]
        points += [("epochs_run", float(EPOCHS), EPOCHS)]
    points += [("train_seconds", 1.0 + draw.random(), EPOCHS)]
    connection.executemany(
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?,?,?,?,?,0)",
        [(key, value, ended, run, step) for key, value, step in points],
    )
    latest = {key: (value, step) for key, value, step in points}
    connection.executemany(
        "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) "
        "VALUES (?,?,?,?,0,?)",
        [(key, value, ended, step, run) for key, (value, step) in latest.items()],
    )


def _insert_run(
    connection: sqlite3.Connection,
    run: str,
    *,
    name: str,
    experiment: int | None,
    began: int,
    ended: int,
    status: str,
) -> None:
    connection.execute(
        "INSERT INTO runs (run_uuid, name, source_type, status, start_time, end_time, "
        "lifecycle_stage, artifact_uri, experiment_id, user_id) "
        "VALUES (?, ?, 'UNKNOWN', ?, ?, ?, 'active', ?, ?, 'bench')",
        (run, name, status, began, ended, f"mlruns/{run}", experiment),
    )


def _insert_pairs(
    connection: sqlite3.Connection, table: str, run: str, pairs: dict[str, str]
) -> None:
    connection.executemany(
        f"INSERT INTO {table} (key, value, run_uuid) VALUES (?, ?, ?)",  # noqa: S608 - our words
        [(key, value, run) for key, value in pairs.items()],
    )


def _id(draw: random.Random) -> str:
    return uuid.UUID(int=draw.getrandbits(128)).hex
