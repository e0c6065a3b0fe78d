"""A worker's ear for its service: told to stop, or left alone by it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_PR_SET_PDEATHSIG = 1


class ToldToStop(BaseException):
    """Raised where nothing is half done; no error, so nothing that catches errors stops it."""


class Stop:
    """Whether to stop: at once, or where `put_off`, when it is next asked.

    Args:
        parent: the service's process.
    """

    def __init__(self, parent: int) -> None:
        self._parent = parent
        self._told = False
        self._put_off = False

    def listen(self) -> None:
        """From now on, in this process's main thread.

        Raises: ToldToStop when the service is gone already.
        """
        signal.signal(signal.SIGTERM, self._tell)
        if sys.platform == "linux":  # elsewhere `asked` notices
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if self.asked():
            raise ToldToStop

    def asked(self) -> bool:
        """Whether it was told to stop, or its service is gone."""
        return self._told or os.getppid() != self._parent

    @contextmanager
    def put_off(self) -> Iterator[None]:
        """Only note it within, for `asked`."""
        self._put_off = True
        try:
            if self._told:
                raise ToldToStop
            yield
        finally:
            self._put_off = False

    def _tell(self, _signal: int, _frame: FrameType | None) -> None:
        self._told = True
        if not self._put_off:
            raise ToldToStop
