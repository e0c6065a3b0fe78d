"""Sends one message by the sending program, and waits for it no longer than its time.

The program runs in a process of its own, for three reasons: it can be confined for good, it can be
ended when a server never answers, and the address is in its memory alone, neither on its command
line nor in its environment.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import tracking
from tracking.errors import DeliveryError
from tracking.reports.sending.guard import PRIVATE_HOSTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tracking.reports.message import Message

DEADLINE_S = 180.0
ZIP_FROM_BYTES, MAX_BYTES = 8_000_000, 18_000_000  # many mail servers take 25 MB, encoded

_PASSED_ON = (
    "ALL_PROXY",
    "CURL_CA_BUNDLE",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LD_LIBRARY_PATH",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "SYSTEMROOT",
    "TZ",
)


def send(address: str, message: Message, page: Path, environment: Mapping[str, str]) -> None:
    """Send one message, with the page where the service takes files.

    Args:
        address: apprise's.
        page: the report's HTML.
        environment: for certificates, proxies and FAIRTRIAL_PRIVATE_HOSTS.
    Raises: DeliveryError with the reason; nothing of the address is in it.
    """
    with _attachment(page) as attachment:
        order = {
            "address": address,
            "subject": message.subject,
            "text": message.text,
            "html": message.html,
            "attachment": str(attachment or ""),
            "private_hosts": environment.get(PRIVATE_HOSTS, ""),
        }
        reason = _run(order, environment)
    if reason:
        raise DeliveryError(reason)


def _run(order: Mapping[str, str], environment: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            [sys.executable, "-B", "-P", "-m", "tracking.reports.sending"],
            input=json.dumps(order).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback might hold the address
            env=_environment(environment),
            timeout=DEADLINE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it was not done after {DEADLINE_S:g} s"
    try:
        return str(json.loads(done.stdout)["reason"])
    except (ValueError, KeyError):
        return f"the sending program ended early (exit code {done.returncode})"


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    passed = {name: environment[name] for name in environment if name.upper() in _PASSED_ON}
    return {**passed, "PYTHONPATH": str(Path(tracking.__file__).parent.parent), "PYTHONUTF8": "1"}


@contextmanager
def _attachment(page: Path) -> Iterator[Path | None]:
    """The page; zipped when it is large; None when it is too large for mail."""
    if page.stat().st_size <= ZIP_FROM_BYTES:
        yield page
        return
    with tempfile.TemporaryDirectory(prefix="fairtrial-") as folder:
        zipped = Path(folder) / f"{page.name}.zip"
        with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(page, page.name)
        yield zipped if zipped.stat().st_size <= MAX_BYTES else None
