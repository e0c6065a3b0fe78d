"""What the operating system tells the service: to stop, and that a worker has ended."""

from __future__ import annotations

import os
import select
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_STOP = (signal.SIGTERM, signal.SIGINT)


class Signals:
    """Counts the requests to stop; `wait` returns as soon as a signal comes.

    Attributes:
        asked: how often it was told to stop.
    """

    def __init__(self) -> None:
        self.asked = 0
        self._read, self._write = os.pipe()
        for end in (self._read, self._write):
            os.set_blocking(end, False)

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Listen within; in the main thread."""
        before = {number: signal.signal(number, self._ask) for number in _STOP}
        # A handler, though there is nothing to do: without one no wake-up is written.
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        woken = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(woken)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(self._read)
            os.close(self._write)

    def wait(self, seconds: float) -> None:
        """Until a signal comes, at most so long."""
        select.select([self._read], [], [], max(0.0, seconds))
        with suppress(BlockingIOError):
            os.read(self._read, 4096)

    def _ask(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked += 1
