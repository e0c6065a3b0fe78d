"""Where a sweep keeps what is not MLflow's: the folder `.fairtrial` and the study's database."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.errors import RecordError, SweepHeld

if TYPE_CHECKING:
    from collections.abc import Iterator

DATABASE_VARIABLE = "FAIRTRIAL_DATABASE_URL"

_HOLD_S = 0.5


@dataclass(frozen=True)
class Stores:
    """The places of one project folder.

    Attributes:
        folder: `.fairtrial` in the current folder unless told otherwise.
    """

    folder: Path

    @classmethod
    def here(cls) -> Stores:
        """Those of the current folder."""
        return cls(Path(".fairtrial").absolute())

    @property
    def database_url(self) -> str:
        """Of study and catalog: FAIRTRIAL_DATABASE_URL, else SQLite in the folder."""
        return os.environ.get(DATABASE_VARIABLE) or f"sqlite:///{self.folder / 'fairtrial.db'}"

    def exists(self) -> bool:
        """Whether anything was ever recorded here."""
        local = self.folder / "fairtrial.db"
        return bool(os.environ.get(DATABASE_VARIABLE)) or local.exists()

    def create(self) -> None:
        """Make the folder.

        Raises: RecordError when it can't be written to.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not os.access(self.folder, os.W_OK):
                raise PermissionError(13, "no permission to write")
        except OSError as error:
            raise RecordError(
                f"{self.folder} can't be written to ({error.strerror}); "
                "run from a folder of your own"
            ) from error

    def checkpoint(self, sweep: str) -> Path:
        """Of the best run so far of a sweep."""
        return self.folder / "checkpoints" / f"{sweep}.safetensors"

    @contextmanager
    def lock(self, name: str, wait_s: float = 60) -> Iterator[None]:
        """Hold a lock of this folder while something must not be done twice at once.

        Raises: RecordError when another process holds it for longer than `wait_s`.
        """
        import filelock

        self.create()
        try:
            with filelock.FileLock(self.folder / f"{name}.lock", timeout=wait_s):
                yield
        except filelock.Timeout as error:
            raise RecordError(
                f"{self.folder} has been locked by another fairtrial for {wait_s:g} s; "
                "wait for it to end and try again"
            ) from error

    @contextmanager
    def hold(self, sweep: str) -> Iterator[None]:
        """Be the one process that runs a sweep.

        Raises: SweepHeld, naming the process that does.
        """
        import filelock

        self.create()
        (self.folder / "running").mkdir(exist_ok=True)
        owner = self._owner(sweep)
        # Not at once: `is_running` takes the lock for a moment, and the owner writes its number.
        lock = filelock.FileLock(owner.with_suffix(".lock"), timeout=_HOLD_S)
        try:
            lock.acquire()
        except filelock.Timeout:
            try:
                held_by = owner.read_text(encoding="utf-8").strip()
            except FileNotFoundError:
                held_by = "?"
            raise SweepHeld(
                f"sweep '{sweep}' is being run by process {held_by}; stop it there with Ctrl-C "
                "(or kill -INT), or wait for it"
            ) from None
        try:
            owner.write_text(f"{os.getpid()}\n", encoding="utf-8")
            yield
        finally:
            owner.unlink(missing_ok=True)
            lock.release()

    def is_running(self, sweep: str) -> bool:
        """Whether some process runs this sweep now."""
        import filelock

        owner = self._owner(sweep)
        if not owner.exists():
            return False
        lock = filelock.FileLock(owner.with_suffix(".lock"), timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout:
            return True
        lock.release()
        return False

    def _owner(self, sweep: str) -> Path:
        return self.folder / "running" / f"{sweep}.pid"
