"""How an attempt ended, what errors mean, and when the next attempt is."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sweeps.errors import RecordError, SpecError, SweepConflict, SweepHeld
from sweeps.service.outcome import Outcome, outcome_of, read_outcome
from sweeps.service.owners import is_alive, this_process
from sweeps.service.retries import Retries
from tracking.catalog.records import Owner
from tracking.errors import CatalogError, ReportError, TrackingUnavailable, UnknownSweep
from trainer.errors import DataError


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (SpecError("wrong.yaml:1: title: is missing"), "failed"),
        (SweepConflict("is defined otherwise"), "failed"),
        (UnknownSweep("no sweep"), "failed"),
        (DataError("no column"), "failed"),
        (RecordError("locked"), "retry"),
        (TrackingUnavailable("refused"), "retry"),
        (CatalogError("away"), "retry"),
        (ReportError("no sweeps yet"), "retry"),
        (OSError(28, "No space left on device", "x"), "retry"),
        (ZeroDivisionError("ours"), "retry"),
        (SweepHeld("by process 7"), "held"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_what_may_pass_is_tried_again_and_wrong_input_is_not(error: Exception, state: str) -> None:
    """By the kind of error; what it says is kept on one printable line."""
    outcome = outcome_of(error)
    assert outcome.state == state
    assert outcome.message
    assert outcome_of(ReportError("a\n\x1b[31mb\u202e")).message == "a\\n\\x1b[31mb\\u202e"


def test_an_outcome_survives_the_pipe() -> None:
    """As it was; anything else that comes out of the pipe is no outcome."""
    outcome = Outcome("done", "naïve \N{SNOWMAN}", {"COMPLETE": 3})
    assert read_outcome(outcome.to_json()) == outcome
    for text in ("", "{", "[]", '"done"', "{}", '{"state": "won", "message": "", "trials": {}}'):
        assert read_outcome(text) is None


def test_attempts_are_further_and_further_apart() -> None:
    """After 10 s, 1, 6 and 36 minutes; the fifth failure is the last."""
    now = datetime(2026, 11, 23, tzinfo=UTC)
    waits = [Retries().next_at(attempts, now) for attempts in range(1, 7)]
    assert waits[4:] == [None, None]
    assert [when - now for when in waits[:4] if when] == [
        timedelta(seconds=s) for s in (10, 60, 360, 2160)
    ]


def test_a_process_is_known_while_it_lives_and_never_after() -> None:
    """This one is alive; one that ended is not, be it waited for or not; nor is another process
    that got its number; of another host nothing is known."""
    own = this_process()
    assert own.pid == os.getpid()
    assert is_alive(own) is True
    assert is_alive(replace(own, process=own.process[:-1] + "x")) is False
    assert is_alive(replace(own, host="elsewhere")) is None
    script = (
        "from sweeps.service.owners import this_process\n"
        "print(this_process().process, flush=True)\n"
        "input()"
    )
    words = [sys.executable, "-c", script]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        other = Owner(socket.gethostname(), process.pid, process.stdout.readline().strip())
        assert is_alive(other) is True
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet buried
        assert is_alive(other) is False
    assert is_alive(other) is False
