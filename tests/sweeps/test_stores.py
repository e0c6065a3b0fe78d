"""One process runs a sweep, and whoever comes second is told which."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from threading import Timer
from typing import TYPE_CHECKING

import filelock
import pytest

from sweeps.errors import RecordError, SweepHeld
from sweeps.stores import Stores

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLD = """
import sys
from pathlib import Path
from sweeps.stores import Stores
with Stores(Path(sys.argv[1])).hold("digits"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def stores(folder: Path) -> Stores:
    return Stores(folder / ".fairtrial")


@pytest.fixture
def holder(stores: Stores) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the sweep 'digits'."""
    words = [sys.executable, "-c", HOLD, str(stores.folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_sweep_is_held_by_one_process(stores: Stores, holder: subprocess.Popen[str]) -> None:
    """The second is told the number of the first; other sweeps are free."""
    assert stores.is_running("digits")
    with pytest.raises(SweepHeld, match=f"'digits' is being run by process {holder.pid}; "):
        stores.hold("digits").__enter__()
    with stores.hold("iris"):
        assert stores.is_running("iris")
    assert not stores.is_running("iris")


def test_who_was_killed_holds_nothing(stores: Stores, holder: subprocess.Popen[str]) -> None:
    """SIGKILL leaves a file with a number in it, and the sweep is free all the same."""
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert not stores.is_running("digits")
    with stores.hold("digits"):
        said = (stores.folder / "running" / "digits.pid").read_text()
        assert int(said) == os.getpid()


def test_a_look_does_not_turn_a_start_away(stores: Stores) -> None:
    """Whoever asks for the state takes the lock for a moment; a start waits that long."""
    with stores.hold("digits"):
        pass
    glance = filelock.FileLock(stores.folder / "running" / "digits.lock", thread_local=False)
    glance.acquire()
    Timer(0.1, glance.release).start()
    with stores.hold("digits"):
        assert not glance.is_locked


def test_a_folder_that_can_not_be_is_one_sentence(stores: Stores) -> None:
    """A file in the folder's place is named, with the reason."""
    stores.folder.write_text("")
    with pytest.raises(RecordError, match=r"\.fairtrial can't be written to \(File exists\)"):
        stores.create()


def test_a_long_lock_is_one_sentence(stores: Stores) -> None:
    """A database locked for too long says so, not for ever."""
    with (
        stores.lock("database"),
        pytest.raises(RecordError, match=r"locked by another fairtrial for 0\.05 s"),
        stores.lock("database", wait_s=0.05),
    ):
        pass


def test_the_database_is_where_the_environment_says(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAIRTRIAL_DATABASE_URL beats the file in the folder; set to nothing it is not set."""
    local = f"sqlite:///{stores.folder / 'fairtrial.db'}"
    assert stores.database_url == local
    monkeypatch.setenv("FAIRTRIAL_DATABASE_URL", "postgresql://h/d")
    assert stores.database_url == "postgresql://h/d"
    monkeypatch.setenv("FAIRTRIAL_DATABASE_URL", "")
    assert stores.database_url == local
