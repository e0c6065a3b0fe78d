from __future__ import annotations

import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tracking.errors import TrackingUnavailable
from tracking.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

OPEN = "import sys; from tracking.store import open_store; open_store(sys.argv[1])"


def test_four_processes_open_a_fresh_file_at_once(tmp_path: Path) -> None:
    """All succeed, say nothing, and leave a database that opens again, with a write-ahead log."""
    uri = f"sqlite:///{tmp_path / 'new' / 'mlflow.db'}"
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", OPEN, uri],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(4)
    ]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, outputs
    assert outputs == [""] * 4
    assert open_store(uri).client.search_experiments()
    assert (tmp_path / "new" / "mlflow.db").read_bytes()[18] == 2  # SQLite: 2 is WAL


def test_default_uri(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a URI the store is MLFLOW_TRACKING_URI, and without that, mlflow.db here."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert open_store().uri == f"sqlite:///{database}"
    elsewhere = tmp_path / "elsewhere.db"
    database.rename(elsewhere)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{elsewhere}")
    assert open_store().uri == f"sqlite:///{elsewhere}"


def test_nobody_listens() -> None:
    """A server that isn't there is one sentence within ten seconds, without the password."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begin = time.monotonic()
    with pytest.raises(TrackingUnavailable) as caught:
        open_store(f"http://me:secret@127.0.0.1:{port}")
    assert time.monotonic() - begin < 10
    assert str(caught.value) == (
        f"MLflow at http://127.0.0.1:{port} can't be reached: the connection was refused; "
        "start it or set MLFLOW_TRACKING_URI"
    )


@pytest.mark.parametrize("content", [b"not a database, though it is long enough" * 99])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    """Something else in the database's place is one sentence that names it."""
    path = tmp_path / "mlflow.db"
    path.write_bytes(content)
    with pytest.raises(TrackingUnavailable, match=r"mlflow\.db .*file is not a database") as caught:
        open_store(f"sqlite:///{path}")
    assert "\n" not in str(caught.value)
