"""The catalog's database: old ones stay readable, faults are sentences, opening is quick."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sweeps.errors import RecordError
from sweeps.record import summaries
from sweeps.stores import Stores
from tracking.catalog.address import shown_address, with_driver
from tracking.catalog.database import open_catalog
from tracking.catalog.jobs import Jobs
from tracking.catalog.records import Owner
from tracking.catalog.reports import KeptReports
from tracking.catalog.schedules import Schedules
from tracking.catalog.schema import REVISION
from tracking.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable

FROZEN = Path(__file__).with_name("version_0001.sql")
THEN = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
OPEN = """
import sys
from tracking.catalog.database import open_catalog
open_catalog(sys.argv[1])
print("alembic" in sys.modules)
"""
KILLED = """
import itertools, os, signal, sys
import sqlalchemy
from tracking.catalog.database import open_catalog
counter = itertools.count(1)
def count(*_):
    if next(counter) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", count)
sqlalchemy.event.listen(sqlalchemy.Engine, "commit", count)
open_catalog(sys.argv[1])
"""
WITHOUT_PSYCOPG = """
import sys
sys.modules["psycopg"] = None
from tracking.catalog.database import open_catalog
from tracking.errors import CatalogError
try:
    open_catalog("postgresql://me:secret@127.0.0.1/x")
except CatalogError as error:
    print(error)
"""


def run(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A Python of its own."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *words],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_catalog_of_version_0001_opens(tmp_path: Path) -> None:
    """What the first version wrote is read by this one, and goes on being written."""
    path = tmp_path / "fairtrial.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(FROZEN.read_text())
    catalog = open_catalog(f"sqlite:///{path}")
    jobs, schedules, reports = Jobs(catalog), Schedules(catalog), KeptReports(catalog)
    running, failed, queued = jobs.list()
    assert (running.name, running.state, running.priority) == ("digits", "running", 3)
    assert running.options == {"overrides": ["train.epochs=5"], "trials": 20}
    assert (running.owner, running.heartbeat) == (Owner("build-3", 4711, "4711-a"), THEN)
    assert (failed.schedule, failed.late, failed.attempts) == ("weekly", True, 1)
    assert (failed.message, failed.due) == (
        "no sweep matches", datetime(2026, 11, 23, 6, tzinfo=UTC)
    )  # fmt: skip
    assert (queued.name, queued.created) == ("iris", THEN)
    (weekly,) = schedules.list()
    assert (weekly.cron, weekly.timezone) == ("0 7 * * 1", "Europe/Berlin")
    assert (weekly.last_due, weekly.last_state) == (weekly.next_due, "queued")
    last = reports.last("Digits, week by week")
    assert last is not None
    assert (last.id, last.made, last.mlflow_run, last.late) == (1, THEN, "5af0", True)
    assert last.deliveries == {"FAIRTRIAL_MAIL_URL": "sent"}
    assert last.details["alerts"] == ["a"]
    assert reports.get(2).error == "no sweep matches"
    assert jobs.submit("sweep", "wine", "/w.yaml", now=THEN).id == 4
    assert jobs.finish(running.id, Owner("build-3", 4711, "4711-a"), now=THEN)


def test_the_newest_migration_is_the_schemas() -> None:
    """A version that is written down, and the files of the migrations, say the same."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from tracking.catalog import migrations

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [REVISION]


def test_a_process_killed_while_it_makes_the_tables(tmp_path: Path) -> None:
    """Whenever it dies, the next one finds an empty database or a whole one, and opens it."""
    url = f"sqlite:///{tmp_path / 'fairtrial.db'}"
    for kill_at in (4, 9, 14):
        killed = run(KILLED, url, str(kill_at))
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        with closing(sqlite3.connect(tmp_path / "fairtrial.db")) as database:
            assert database.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    assert run(KILLED, url, "-1").returncode == 0
    assert Jobs(open_catalog(url)).list() == []


def test_opening_one_that_is_current_is_quick(tmp_path: Path) -> None:
    """Alembic is imported when there is something to migrate, and not otherwise."""
    url = f"sqlite:///{tmp_path / 'fairtrial.db'}"
    assert [run(OPEN, url).stdout for _ in range(2)] == ["True\n", "False\n"]


def test_it_keeps_a_write_ahead_log(tmp_path: Path) -> None:
    """Readers such as `fairtrial schedule list` don't wait for the service's writes."""
    catalog = open_catalog(f"sqlite:///{tmp_path / 'fairtrial.db'}")
    jobs = Jobs(catalog)
    with catalog.writing():
        assert jobs.list() == []
    assert (tmp_path / "fairtrial.db").read_bytes()[18] == 2  # SQLite: 2 is WAL


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", r"of FAIRTRIAL_DATABASE_URL has no address that can be read; write it as"),
        ("postgresql://me:secret@h:port/x", "of FAIRTRIAL_DATABASE_URL has no address"),
        ("postgresql://me:p@secret@h/x", "with %40 for an @ in the password"),
        ("postgresql://me:secret@127.0.0.1:1/x", r"127\.0\.0\.1:1/x can't be used: .*refused"),
        ("postgres://me:secret@127.0.0.1:1/x?sslpassword=secret", "can't be used: .*refused"),
        ("postgresql://me:secret@127.0.0.1:1/x?nonsense=1&password=secret", "invalid .* option"),
        ("mysql://me:secret@h/x", "names mysql; the catalog is kept in SQLite or PostgreSQL"),
        ("http://me:secret@h/", "names http; the catalog"),
        ("sqlite://", "is no file of SQLite's, so nothing would be kept"),
        ("sqlite:////proc/no/such.db", r"such\.db can't be made: No such file"),
    ],
)
def test_an_address_that_leads_nowhere(
    url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence without the password that says what is wrong, of catalog and study alike."""
    with pytest.raises(CatalogError, match=said) as caught:
        open_catalog(url)
    monkeypatch.setenv("FAIRTRIAL_DATABASE_URL", url)
    with pytest.raises(RecordError) as of_study:
        summaries(Stores(tmp_path))
    for error in (caught, of_study):
        assert "\n" not in str(error.value)
        assert "secret" not in str(error.value)


def test_the_driver_is_not_there() -> None:
    """Without psycopg the sentence names the command that installs it."""
    said = run(WITHOUT_PSYCOPG).stdout
    assert said.endswith("install it with: pip install 'fairtrial[postgres]'\n")
    assert "secret" not in said


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://h/x", "postgresql+psycopg://h/x"),
        ("postgres://h/x", "postgresql+psycopg://h/x"),
        ("postgresql+psycopg2://h/x", "postgresql+psycopg2://h/x"),
        ("sqlite:////x.db", "sqlite:////x.db"),
    ],
)
def test_a_plain_address_gets_our_driver(given: str, used: str) -> None:
    """Addresses as servers hand them out work; one that names a driver keeps it."""
    assert with_driver(given) == used
    assert shown_address(used) == used


@pytest.mark.parametrize("content", [b"not a database, though it is long enough" * 99])
def test_something_else_in_its_place(tmp_path: Path, content: bytes) -> None:
    """A file that is no database is a sentence that names it."""
    path = tmp_path / "fairtrial.db"
    path.write_bytes(content)
    with pytest.raises(CatalogError, match=r"fairtrial\.db can't be used: file is not a database"):
        open_catalog(f"sqlite:///{path}")
    assert path.read_bytes() == content


def test_a_database_that_breaks_while_it_is_open(tmp_path: Path) -> None:
    """Whatever is asked of it then, the error is ours and names the database."""
    path = tmp_path / "fairtrial.db"
    catalog = open_catalog(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as database:
        for table in ("jobs", "schedules", "reports"):
            database.execute(f"DROP TABLE fairtrial_{table}")
    jobs, schedules, reports = Jobs(catalog), Schedules(catalog), KeptReports(catalog)
    me = Owner("here", os.getpid(), "a")
    uses: list[Callable[[], object]] = [
        jobs.list,
        jobs.counts,
        lambda: jobs.get(1),
        lambda: jobs.claim(me, now=THEN),
        lambda: jobs.heartbeat(1, me, now=THEN),
        lambda: jobs.recover(now=THEN, is_alive=lambda _: None, stale_after_s=1),
        schedules.list,
        lambda: schedules.get("weekly"),
        lambda: schedules.add("weekly", "report", "/r", "0 7 * * 1", "UTC", now=THEN),
        reports.list,
        lambda: reports.begin("k", "T", file="/r", file_text="", now=THEN),
    ]
    for use in uses:
        with pytest.raises(CatalogError, match=r"fairtrial\.db can't be used: no such table"):
            use()
