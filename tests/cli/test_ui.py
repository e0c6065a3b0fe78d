"""`fairtrial ui`: MLflow's dashboard, on the store that the sweeps are in."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

FAIRTRIAL = str(Path(sys.executable).with_name("fairtrial"))


@pytest.fixture
def ui() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, typed in the current folder, and the address it should have."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [FAIRTRIAL, "ui", "--port", str(port)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
    yield process, f"http://127.0.0.1:{port}"
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_the_dashboard_opens_and_ctrl_c_closes_it(
    project: Path, ui: tuple[subprocess.Popen[str], str]
) -> None:
    """Its address is the data and MLflow runs there, also with modules named like ours in the
    folder; Ctrl-C ends it with 130 and without a word of ours."""
    for name in ("cli", "tracking"):
        (project / f"{name}.py").write_text("raise SystemExit('the user's module')\n")
    process, address = ui
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == f"{address}\n"
    said = []
    for line in process.stderr:
        said.append(line)
        if f"Uvicorn running on {address} " in line:
            break
    else:
        pytest.fail("".join(said))
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, rest = process.communicate()
    assert process.returncode == 130
    assert "fairtrial:" not in rest
