"""How a running sweep looks, in a terminal and in a file."""

from __future__ import annotations

import contextlib
import os
import pty
import sys
from typing import TYPE_CHECKING

from cli.display import LiveDisplay, PlainDisplay, display
from sweeps.progress import Best, Progress
from sweeps.words import progress_line

if TYPE_CHECKING:
    import pytest

COUNTS = {"COMPLETE": 5, "PRUNED": 2, "FAIL": 1, "RUNNING": 4}
BEST = Best(3, 0.98765, {"learning_rate": 0.0031234, "hidden": (64, 32)})
PROGRESS = Progress(COUNTS, 20, 4.0, 2.0, 75.4, BEST)


def test_a_line_says_where_a_sweep_stands() -> None:
    """How many of how many, their states, the speed, the best with its settings, what is left."""
    assert progress_line(PROGRESS, "validation/accuracy") == (
        "8/20 trials, 4 running, 2 pruned, 1 failed, 2.0 trials/s, best validation/accuracy 0.9877 "
        "(trial 3: learning_rate 0.003123, hidden [64, 32]), about 1 min 15 s left"
    )
    unbounded = Progress(COUNTS, None, 4.0, 2.0, None, None)
    assert progress_line(unbounded, "x") == "8 trials, 4 running, 2 pruned, 1 failed, 2.0 trials/s"


def read_to_the_end(terminal: int) -> str:
    """What was written to a terminal whose other end is closed."""
    said = b""
    with os.fdopen(terminal, "rb", buffering=0) as ours, contextlib.suppress(OSError):
        while some := ours.read(65536):
            said += some
    return said.decode()


def test_a_terminal_gets_a_live_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where stderr is a terminal the block shows the same, failures stay above it."""
    ours, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with os.fdopen(theirs, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        shown = display("digits", "validation/accuracy")
        assert isinstance(shown, LiveDisplay)
        with shown:
            shown.ticked(PROGRESS)
            shown.trial_ended(7, "FAIL", None, "run 7.0: [it] broke")
            shown.trial_ended(8, "COMPLETE", 0.5, "")
    said = read_to_the_end(ours)
    for words in (
        "digits", "8/20 trials", "2 pruned", "1 failed", "2.0 trials/s", "0.9877", "trial 3",
        "hidden [64, 32]", "about 1 min 15 s left", "trial 7 failed: run 7.0: [it] broke",
    ):  # fmt: skip
        assert words in said
    assert "trial 8" not in said


def test_a_file_gets_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Elsewhere a failure is a line at once, and the state one now and then, not each tick."""
    shown = display("digits", "validation/accuracy")
    assert isinstance(shown, PlainDisplay)
    with shown:
        shown.ticked(PROGRESS)
        shown.trial_ended(7, "FAIL", None, "run 7.0: it broke")
        shown._said -= 6.0
        shown.ticked(PROGRESS)
        shown.ticked(PROGRESS)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "trial 7 failed: run 7.0: it broke"
    assert second == f"digits: {progress_line(PROGRESS, 'validation/accuracy')}"
