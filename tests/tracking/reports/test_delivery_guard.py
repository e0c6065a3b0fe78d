"""What an address may not make the sending program do."""

from __future__ import annotations

import ipaddress
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tracking.reports.sending.guard import Guard, Refused, is_public
from tracking.reports.sending.reasons import reason_of

ROOT = Path(__file__).resolve().parents[3]
SECRET = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"  # noqa: S105 - a made-up one


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - an address to refuse
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("2002:7f00:0001::", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
        ("2001:db8::1", False),
    ],
)
def test_which_addresses_are_public(address: str, *, public: bool) -> None:
    """Loopback, private, link-local, reserved, shared and multicast are not, however written."""
    assert is_public(ipaddress.ip_address(address)) is public


def sent(address: str, **more: str) -> str:
    """Why the sending program did not send; it must not have."""
    order = {"address": address, "subject": "s", "text": "t", "html": "h", "attachment": ""}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tracking.reports.sending"],
        input=json.dumps({**order, "private_hosts": "", **more}),
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    result = json.loads(done.stdout)
    assert result["sent"] is False
    return str(result["reason"])


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("jsons://localhost/x", "localhost (127.0.0.1) is a private address"),
        ("jsons://[::1]/x", "::1 is a private address"),
        ("jsons://2130706433/x", "2130706433 (127.0.0.1) is a private address"),
        ("jsons://169.254.169.254/latest", "169.254.169.254 is a private address"),
        ("mailtos://u:p@example.com?smtp=127.0.0.1", "127.0.0.1 is a private address"),
        ("mailto://u:p@example.com?smtp=example.com", "it would be sent without TLS"),
        ("jsons://example.com?verify=no", "it would be sent without looking at the certificate"),
        ("dbus://", "addresses of the kind dbus:// are not for reports"),
        ("syslog://", "addresses of the kind syslog:// are not for reports"),
        ("mqtts://example.com/topic", "addresses of the kind mqtts:// are not for reports"),
        (f"slack://{SECRET}/?template=/etc/passwd", "its option 'template' would use a file"),
        ("mailtos://u:p@example.com?pgp=sign", "its option 'pgp' would use a file"),
        ("file:///etc/passwd", "it holds no address"),
        ("/etc/passwd", "it holds no address"),
        ("https://example.com/", "it holds no address"),
        ("mailtos://", "it is no complete mailtos:// address"),
        ("slack://abc", "it is no complete slack:// address"),
    ],
)
def test_an_address_that_may_not_be_used_is_told(address: str, reason: str) -> None:
    """Each is refused before anything is sent, in a sentence that does not repeat it."""
    told = sent(address)
    assert told.startswith(reason)
    assert SECRET not in told


def confined(what: str, hosts: str = "", folder: str = "") -> str:
    """What a process says that confines itself and then does something."""
    script = (
        "import socket, subprocess, sys, os\nfrom pathlib import Path\n"
        "from tracking.reports.sending.guard import Guard, Refused\n"
        f"Guard({hosts!r}.split(','), [Path({folder!r})] if {folder!r} else []).confine()\n"
        f"try:\n    {what}\nexcept Refused as refused:\n    print(refused)\n"
        "except OSError as error:\n    print('let through', type(error).__name__)\n"
        "else:\n    print('let through')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "what",
    [
        "socket.create_connection(('localhost', 1))",
        "socket.create_connection(('127.0.0.1', 1))",
        "socket.socket(socket.AF_UNIX).connect('/run/x')",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 514))",
        "open('/etc/passwd')",
        "open('/etc/passwd', 'rb')",
        "os.open('/etc/passwd', os.O_RDONLY)",
        "open(sys.prefix + '/x', 'w')",
        "subprocess.run(['true'])",
        "os.system('true')",
        "os.fork()",
    ],
)
def test_a_confined_process_reaches_nothing_of_this_machine(what: str) -> None:
    """No private address, no socket of the machine, no file, no program: refused where it is done.

    So it holds for what a redirect, a second look at the name's address or an option leads to.
    """
    assert "let through" not in confined(what)


def test_a_confined_process_reaches_what_it_may(tmp_path: Path) -> None:
    """An allowed host, by its name alone; the attachment's folder; Python's own files."""
    connects = "socket.create_connection(('localhost', 1))"
    assert confined(connects, hosts="other, LocalHost.") == "let through ConnectionRefusedError"
    assert "is a private address" in confined(connects, hosts="other.invalid")
    by_number = "socket.create_connection(('127.0.0.1', 1))"
    assert "is a private address" in confined(by_number, hosts="localhost")
    (tmp_path / "page").write_text("x")
    assert confined(f"open({str(tmp_path / 'page')!r}).read()", folder=str(tmp_path)) == (
        "let through"
    )
    assert confined("import zipapp") == "let through"


def test_a_link_out_of_the_folder_is_no_way_out(tmp_path: Path) -> None:
    """A symbolic link is judged by what it leads to."""
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert "a file of this machine" in confined(
        f"open({str(tmp_path / 'link')!r})", folder=str(tmp_path)
    )


def test_every_address_of_a_host_is_looked_at() -> None:
    """A host one of whose addresses is private is refused; an unknown one is the connection's."""
    with pytest.raises(Refused, match="FAIRTRIAL_PRIVATE_HOSTS=localhost"):
        Guard([], []).check_host("localhost")
    Guard(["localhost"], []).check_host("LOCALHOST.")
    Guard([], []).check_host("nobody.invalid")


def test_a_reason_never_quotes_an_exception() -> None:
    """An exception's text may hold the address: its kind is told, not its words."""
    inner = TimeoutError(f"https://example.com/{SECRET}")
    assert reason_of(RuntimeError(SECRET, inner)) == "it did not answer in time"
    assert reason_of(RuntimeError(SECRET)) == "it could not be sent (RuntimeError)"
