"""Ctrl-C while a sweep runs: the first asks for an end after this tick, a second is obeyed."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType


@contextmanager
def interruptible(
    signals: Sequence[signal.Signals], asked_first: Callable[[], None] = lambda: None
) -> Iterator[Callable[[], bool]]:
    """Within, whether one of the signals came; only the main thread can listen to them.

    Args:
        asked_first: called when the first comes.
    """
    asked = False

    def ask(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        asked_first()

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = {number: signal.signal(number, ask) for number in signals}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
