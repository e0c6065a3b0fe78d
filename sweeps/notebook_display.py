"""How a sweep looks while it trains in a notebook or a script: one block, or a line now and then.

The command line has its own display, with rich: cli/display.py.
"""

from __future__ import annotations

import sys
import time
from html import escape
from typing import TYPE_CHECKING, Any

from sweeps.words import progress_line, settings, time_left

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweeps.progress import Progress

_BLOCK_EVERY_S = 0.25
_LINE_EVERY_S = 5.0
_SHOWN_FAILURES = 3


class Board:
    """Where a sweep stands; a notebook draws it as HTML, everything else as one line."""

    def __init__(self, title: str, objective: str) -> None:
        self._title, self._objective = title, objective
        self._progress: Progress | None = None
        self._failures: list[str] = []

    def trial_failed(self, number: int, message: str) -> None:
        """Note that a trial failed."""
        self._failures.append(f"trial {number} failed: {message}")

    def stands(self, progress: Progress) -> None:
        """Note where the sweep stands now."""
        self._progress = progress

    def __repr__(self) -> str:
        if self._progress is None:
            return f"{self._title}: beginning"
        return f"{self._title}: {progress_line(self._progress, self._objective)}"

    def _repr_html_(self) -> str:
        progress = self._progress
        if progress is None:
            return f"<p>{escape(repr(self))}</p>"
        counts = progress.counts
        over = counts["COMPLETE"] + counts["PRUNED"] + counts["FAIL"]
        bar, of = "", ""
        if progress.total is not None:
            bar = f'<progress value="{over}" max="{progress.total}"></progress> '
            of = f"/{progress.total}"
        states = f"{counts['RUNNING']} running, {counts['PRUNED']} pruned, {counts['FAIL']} failed"
        head = f"<b>{escape(self._title)}</b> {bar}{over}{of} trials, {states}"
        lines = [", ".join(filter(None, [head, escape(time_left(progress))]))]
        if progress.best is not None:
            best = f"best {self._objective} {progress.best.value:.4f}, trial {progress.best.trial}"
            lines.append(escape(f"{best}: {settings(progress.best.params)}"))
        lines += [escape(failure) for failure in self._failures[-_SHOWN_FAILURES:]]
        return f"<div>{'<br>'.join(lines)}</div>"


class Watcher:
    """An Observer that shows a Board: drawn anew in a notebook, as lines on stderr elsewhere."""

    def __init__(self, title: str, objective: str) -> None:
        self._board = Board(title, objective)
        self._draw = _drawing(self._board)
        self._every_s = _LINE_EVERY_S if self._draw is None else _BLOCK_EVERY_S
        self._shown = time.monotonic()

    def trial_ended(self, number: int, state: str, value: float | None, message: str) -> None:  # noqa: ARG002 - see Observer
        """See Observer."""
        if state == "FAIL":
            self._board.trial_failed(number, message)
            if self._draw is None:
                _say(f"trial {number} failed: {message}")

    def ticked(self, progress: Progress) -> None:
        """See Observer."""
        self._board.stands(progress)
        if time.monotonic() - self._shown >= self._every_s:
            self.show()

    def show(self) -> None:
        """Show how it stands at this moment."""
        self._shown = time.monotonic()
        if self._draw is None:
            _say(repr(self._board))
        else:
            self._draw()


def _drawing(board: Board) -> Callable[[], None] | None:
    """What draws the board in its place anew; None where no notebook's kernel is at work."""
    ipython = sys.modules.get("IPython")  # a kernel has loaded it; nobody else is made to
    shell: Any = None if ipython is None else ipython.get_ipython()
    if ipython is None or not hasattr(shell, "kernel"):
        return None
    handle = ipython.display.display(board, display_id=True)
    return lambda: handle.update(board)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
