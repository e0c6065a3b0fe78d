"""docs/tutorial.md as a reader follows it: from an empty folder to a letter in a mailbox.

Every command is taken from the page and run as printed, by a shell, in an empty folder; the mail
server listens where the page says.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mail_server import mail_server

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import EmailMessage

    from mail_server import Mailbox

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
MAIL_PORT = 2525
AS_PRINTED = 0.8  # of the lines: what was measured may differ on another kind of machine


@dataclass(frozen=True)
class Step:
    """A command, and what the page says that it prints."""

    command: str
    printed: list[str]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def steps() -> list[Step]:
    found = []
    for block in blocks("console"):
        command, *printed = block.removeprefix("$ ").splitlines()
        assert block.startswith("$ ")
        assert not any(line.startswith("$ ") for line in printed), "one command a block"
        found.append(Step(command, printed))
    return found


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """The environment of a reader: a home of its own, `fairtrial` and `python` on the path."""
    kept = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR")
    (tmp_path / "home").mkdir()
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "COLUMNS": "100",
    }


def run(script: str, folder: Path, environment: Mapping[str, str]) -> str:
    """What a script prints, to either output; it must succeed."""
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}"
    return done.stdout


def shape(line: str) -> str:
    """A line without its numbers, the width of its columns, and where the folder is."""
    line = re.sub(r"/\S*/(?=\.fairtrial|report\.yaml)", "/", line)
    return re.sub(r"[ -]+", " ", re.sub(r"[\d.,:+<]+", "#", line)).strip()


def assert_as_printed(step: Step, said: str) -> None:
    """Most of the page's lines are among what came, numbers aside; '…' stands for anything."""
    came = {shape(line) for line in said.splitlines()}
    asked = [line for line in step.printed if line.strip() and line.strip() != "…"]
    missing = [line for line in asked if shape(line) not in came]
    most = (1 - AS_PRINTED) * len(asked)
    assert len(missing) <= most, f"$ {step.command}\n{missing}\nnot in\n{said}"


def test_the_tutorial_ends_with_a_letter(tmp_path: Path, shell: dict[str, str]) -> None:
    """Six commands, as printed, lead from a table to a scheduled report in a mailbox."""
    folder = tmp_path / "empty"
    folder.mkdir()
    table, address = blocks("bash")
    *asked, last = steps()
    assert len(asked) == 5
    assert f"localhost:{MAIL_PORT}" in address
    run(table, folder, shell)
    with mail_server(port=MAIL_PORT) as box:
        for step in asked:
            assert_as_printed(step, run(f"{address}\n{step.command}", folder, shell))
        assert box.letters == [], "nothing is sent before the schedule says so"
        letter, said = serve_until_mail(f"{address}\nexec {last.command}", folder, shell, box)
    assert_as_printed(last, said)
    assert letter["Subject"] == "What towns found"
    assert letter["To"] == "you@example.com"
    (page,) = letter.iter_attachments()
    assert page.get_filename() == "report.html"
    assert b"learning_rate" in page.get_payload(decode=True)
    newest = folder / "reports" / "latest-what-towns-found.html"
    assert "What towns found" in newest.read_text("utf-8")
    listed = run("fairtrial reports", folder, shell)
    assert re.search(r"What towns found +done +weekly +2 of 2", listed), listed


def serve_until_mail(
    script: str, folder: Path, environment: Mapping[str, str], box: Mailbox
) -> tuple[EmailMessage, str]:
    """The service, stopped by Ctrl-C when the first letter is there; the letter, and its output."""
    service = subprocess.Popen(
        ["bash", "-euc", script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        (letter, *_) = box.wait(1, 120)
        service.send_signal(signal.SIGINT)
        said, _ = service.communicate(timeout=60)
    finally:
        service.kill()
        service.wait()
    assert service.returncode in {0, 130}, said
    return letter, said
