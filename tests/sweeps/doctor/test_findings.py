"""What `doctor` finds, each thing really out of order, and what it says to do."""

from __future__ import annotations

import os
import socket
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from sweeps.doctor.environment import environment_checks
from sweeps.doctor.machine import machine_checks
from sweeps.doctor.stores import mlflow_server, store_checks
from tracking.catalog.database import open_catalog
from tracking.catalog.looking import journal_of, look_at
from tracking.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweeps.doctor.check import Check


def only(checks: Iterator[Check], state: str) -> list[Check]:
    return [check for check in checks if check.state == state]


def test_a_port_that_is_taken_is_told_with_its_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    """By which process, and what to type instead; a free one is fine."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        monkeypatch.setattr("sweeps.doctor.machine.PORTS", {port: ("it", "it --port 1")})
        (taken,) = only(machine_checks(), "note")
        assert f"is taken by process {os.getpid()} (" in taken.found
        assert taken.fix == "stop that, or use: it --port 1"
    assert only(machine_checks(), "bad") == []
    assert only(machine_checks(), "note") == []


@pytest.mark.parametrize(
    ("environment", "state", "found", "fix"),
    [
        ({}, "ok", "nothing set", ""),
        ({"FAIRTRIAL_MAIL_URL": "x"}, "ok", "nothing set", ""),
        ({"FAIRTRIAL_DATABSE_URL": "x"}, "note", "nothing reads it", "FAIRTRIAL_DATABASE_URL?"),
        ({"FAIRTRAIL_DATABASE_URL": "x"}, "note", "nothing reads it", "FAIRTRIAL_DATABASE_URL?"),
        ({"MLFLOW_TRACKING_URL": "x"}, "note", "nothing reads it", "MLFLOW_TRACKING_URI?"),
        ({"MLFLOW_TRACKING_URI": "http://"}, "bad", "names no host", "http://host:5000"),
        ({"MLFLOW_TRACKING_URI": "http://[x"}, "bad", "no address", "http://host:5000"),
        ({"MLFLOW_TRACKING_URI": "htp://me:secret@h"}, "note", "htp:", "http://host:5000"),
        (
            {"MLFLOW_TRACKING_URI": "http://h", "MLFLOW_TRACKING_PASSWORD": "secret"},
            "note", "plain text", "https",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else None,
)  # fmt: skip
def test_settings_that_can_not_be_meant(
    environment: dict[str, str], state: str, found: str, fix: str
) -> None:
    """A name that nobody reads with the nearest one; an address that is none; never a secret."""
    (check,) = environment_checks(environment)
    assert check.state == state
    assert found in check.found
    assert fix in check.fix
    assert "secret" not in check.found + check.fix


def test_what_a_killed_process_left(project: Path) -> None:
    """A sweep that was killed, half a report and a slow journal are told; nothing is changed."""
    running = project / ".fairtrial" / "running"
    running.mkdir()
    (running / "digits.pid").write_text("1\n")
    (project / ".fairtrial" / "reports" / ".part-0001").mkdir(parents=True)
    with closing(sqlite3.connect(project / "mlflow.db")) as database:
        database.execute("PRAGMA journal_mode=DELETE")
    notes = only(store_checks(), "note")
    assert [check.name for check in notes] == ["journal", "left over", "left over"]
    assert "delete journal" in notes[0].found
    assert "digits" in notes[1].found
    assert ".part-0001" in notes[2].found
    assert all(check.fix for check in notes)
    assert journal_of(project / "mlflow.db") == "delete"
    assert only(store_checks(), "bad") == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.usefixtures("folder")
def test_a_folder_of_somebody_elses() -> None:
    """What may not be written to is named with the command that mends it."""
    Path("mlruns").mkdir(mode=0o500)
    (closed,) = only(store_checks(), "bad")
    assert "mlruns" in closed.found
    assert "chown" in closed.fix


def test_a_catalog_is_looked_at_and_not_made(project: Path) -> None:
    """Its version where there is one; no table, no journal and no file comes of looking."""
    database = project / ".fairtrial" / "fairtrial.db"
    url = f"sqlite:///{database}"
    assert look_at(url).version == ""
    open_catalog(url).close()
    assert look_at(url).version
    with pytest.raises(CatalogError, match="unable to open"):
        look_at(f"sqlite:///{project / 'none.db'}")
    assert not (project / "none.db").exists()


@pytest.mark.usefixtures("folder")
def test_the_databases_clock_is_compared(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real PostgreSQL on this machine has its clock, and the catalog's version is told."""
    looked = look_at(postgres_url)
    assert looked.version == ""
    assert looked.ahead_s is not None
    assert abs(looked.ahead_s) < 1
    open_catalog(postgres_url).close()
    monkeypatch.setenv("FAIRTRIAL_DATABASE_URL", postgres_url)
    checks = {check.name: check for check in store_checks()}
    assert checks["catalog"].found.startswith(f"version {look_at(postgres_url).version}, Postgre")
    assert "the database agrees" in checks["clock"].found


class Late(BaseHTTPRequestHandler):
    """A server whose clock is an hour behind."""

    def do_GET(self) -> None:
        self.send_response_only(200)
        self.send_header("Date", format_datetime(datetime.now(UTC) - timedelta(hours=1), True))
        self.end_headers()
        self.wfile.write(b"2.9.1")

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def late_server() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Late)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_servers_clock_and_version_are_compared(late_server: str) -> None:
    """An hour is an hour, whatever the network took; another version is worth knowing."""
    clocks: dict[str, float] = {}
    (version,) = mlflow_server(late_server, clocks)
    assert version.state == "note"
    assert "version 2.9.1, here 3." in version.found
    (ahead,) = clocks.values()
    assert ahead == pytest.approx(-3600, abs=1.5)
    assert list(mlflow_server("http://127.0.0.1:1", {})) == []
