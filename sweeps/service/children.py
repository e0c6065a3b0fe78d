"""Workers as the service sees them: processes it starts, asks to stop, and hears the end of."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweeps.service.outcome import Outcome, read_outcome

if TYPE_CHECKING:
    from pathlib import Path

    from sweeps.stores import Stores
    from tracking.catalog.records import Job

_MOST_BYTES = 1 << 16  # what a pipe holds: more than an outcome ever has


@dataclass
class Child:
    """One worker.

    Attributes:
        log: what it says goes there.
        began: by time.monotonic().
        lost: the job is another service's by now; how it ends is none of our business.
        outcome: once it has ended.
    """

    job: Job
    process: subprocess.Popen[bytes]
    log: Path
    began: float = field(default_factory=time.monotonic)
    asked: bool = False
    lost: bool = False
    outcome: Outcome | None = None

    def poll(self) -> Outcome | None:
        """How it ended, or None while it runs."""
        if self.outcome is None and self.process.poll() is not None:
            self.outcome = self._ended()
        return self.outcome

    def ask_to_stop(self) -> None:
        """Let it end after its tick."""
        if not self.asked:
            self.asked = True
            self.process.terminate()  # it alone: what it started may be needed for the tick

    def kill(self) -> None:
        """End it and all it started at once; what it has on record carries on later."""
        self.asked = True
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _ended(self) -> Outcome:
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        told = self.process.stdout.read(_MOST_BYTES) or b""
        self.process.stdout.close()
        outcome = read_outcome(told.decode(errors="replace"))
        if outcome is not None:
            return outcome
        if self.asked:
            return Outcome("interrupted")
        code = self.process.returncode
        how = f"code {code}" if code >= 0 else f"signal {_name_of(-code)}"
        return Outcome("retry", f"its process ended with {how}; what it said is in {self.log}")


def start_child(job: Job, stores: Stores, *, lanes: int | None, dashboard: str) -> Child:
    """A worker for a job that was claimed, in the folder of the stores.

    Raises: OSError when there is no room for one more process or its log.
    """
    log = stores.folder / "logs" / f"job-{job.id}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    # -P: no module of the user's in this folder that is named like ours takes our place.
    words = [sys.executable, "-P", "-m", "sweeps.service.worker", str(job.id)]
    words += ["--parent", str(os.getpid()), f"--dashboard={dashboard}"]
    words += [] if lanes is None else ["--lanes", str(lanes)]
    with log.open("ab") as said:
        process = subprocess.Popen(  # noqa: S603 - our own words
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=stores.folder.parent,
            start_new_session=True,  # Ctrl-C is for the service, which asks its workers
        )
    return Child(job, process, log)


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
