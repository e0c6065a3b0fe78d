"""`fairtrial serve` at the shell: its address, what it refuses; its work is tested elsewhere."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from typer.testing import Result


@pytest.mark.usefixtures("project")
def test_a_port_that_is_taken_is_one_sentence(fairtrial: Callable[..., Result]) -> None:
    """Exit 1, which port it was and what to do; so for a host that is not this machine's."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for host in ("127.0.0.1", "192.0.2.1"):
            served = fairtrial("serve", "--port", port, "--host", host)
            assert (served.exit_code, served.stdout) == (1, "")
            assert f"{host}:{port} can't be listened on" in served.stderr
            assert "--port (0 takes any)" in served.stderr
    assert fairtrial("serve", "--port", 70000).exit_code == 2


@pytest.mark.usefixtures("project")
def test_a_database_that_is_not_there_ends_it(
    fairtrial: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 1 with a sentence that holds no password."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv("FAIRTRIAL_DATABASE_URL", f"postgresql://me:secret@{address}/d")
    served = fairtrial("serve", "--port", 0)
    assert (served.exit_code, served.stdout) == (1, "")
    assert address.partition(":")[2] in served.stderr
    assert "secret" not in served.stderr
