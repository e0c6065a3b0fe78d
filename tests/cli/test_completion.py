"""Completion by the real protocol: what a shell asks the installed program, and how soon."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("fairtrial")


def offered(line: str, shell: str = "bash", **environment: str) -> list[str]:
    """What a shell offers at the end of a line."""
    words = line.split(" ")
    asked = {
        "_FAIRTRIAL_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": line,
    }
    run = subprocess.run(
        [str(PROGRAM)], env={**os.environ, **asked, **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.stderr == ""
    return run.stdout.split()


@pytest.mark.usefixtures("finished")
def test_sweeps_and_factors_are_offered() -> None:
    """Names of this folder's sweeps, what they vary, metrics and commands; each begun as typed."""
    assert offered("fairtrial best ") == ["rates"]
    assert offered("fairtrial best x") == []
    assert offered("fairtrial status r") == ["rates"]
    assert offered("fairtrial compare ") == ["rates"]
    assert offered("fairtrial compare rates ") == []
    assert offered("fairtrial compare rates --by ") == ["learning_rate", "batch_size"]
    assert offered("fairtrial compare rates --by b") == ["batch_size"]
    assert "dropout" in offered("fairtrial compare none --by ")
    assert offered("fairtrial compare rates --metric test/a") == ["test/accuracy"]
    assert {"compare", "run", "doctor"} <= set(offered("fairtrial "))
    assert "--dry-run" in offered("fairtrial run --")
    assert "rates" in " ".join(offered("fairtrial best ", "zsh"))
    assert "rates" in " ".join(
        offered("fairtrial best ", "fish", _TYPER_COMPLETE_FISH_ACTION="get-args")
    )


@pytest.mark.usefixtures("folder")
def test_faults_are_not_told_to_a_shell() -> None:
    """A database that is none, or one elsewhere: nothing is offered, nothing said or made."""
    assert offered("fairtrial best ") == []
    assert offered("fairtrial best ", FAIRTRIAL_DATABASE_URL="postgresql://127.0.0.1:1/x") == []
    assert list(Path.cwd().iterdir()) == []
    Path(".fairtrial").mkdir()
    Path(".fairtrial/fairtrial.db").write_bytes(b"no database at all" * 100)
    assert offered("fairtrial best ") == []


@pytest.mark.usefixtures("finished")
def test_it_answers_before_a_person_notices() -> None:
    """The best of three takes less than half a second: nothing heavy is imported."""
    seconds = []
    for _ in range(3):
        began = time.monotonic()
        assert offered("fairtrial compare rates --by ")
        seconds.append(time.monotonic() - began)
    assert min(seconds) < 0.5


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_to_install_is_shown(shell: str) -> None:
    """--show-completion prints what the shell is to read."""
    run = subprocess.run(
        [str(PROGRAM)], env={**os.environ, "_FAIRTRIAL_COMPLETE": f"source_{shell}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0
    assert "_FAIRTRIAL_COMPLETE=complete_" in run.stdout
