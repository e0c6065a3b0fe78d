"""A real mail server on loopback, with what it was sent."""

from __future__ import annotations

import email
import email.policy
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition
from typing import TYPE_CHECKING, Any, Literal

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from email.message import EmailMessage

USER, PASSWORD = "robot", "s3cret-of-the-mailbox"


@dataclass
class Mailbox:
    """Where a server puts the mail.

    Attributes:
        port: it listens at, on localhost.
        letters: as they came: the recipients, and the message.
        logins: how many there were, with the right password.
        refuse: a line such as '550 no such user', answered to every recipient.
    """

    port: int = 0
    letters: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    logins: int = 0
    refuse: str = ""
    _came: Condition = field(default_factory=Condition)

    def wait(self, count: int, timeout_s: float) -> list[EmailMessage]:
        """The mail, once there are so many; fails when they don't come in time."""
        with self._came:
            came = self._came.wait_for(lambda: len(self.letters) >= count, timeout_s)
            assert came, f"{len(self.letters)} of {count} letters after {timeout_s:g} s"
            return [letter for _, letter in self.letters]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name, as are the parameters
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        with self._came:
            self.letters.append((envelope.rcpt_tos, letter))
            self._came.notify_all()
        return "250 OK"


@contextmanager
def mail_server(
    tls: Literal["", "starttls", "ssl"] = "", context: ssl.SSLContext | None = None, port: int = 0
) -> Iterator[Mailbox]:
    """A mail server that takes mail of USER with PASSWORD, and over TLS alone if there is any."""

    def check(
        _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any
    ) -> AuthResult:
        right = isinstance(given, LoginPassword) and (given.login, given.password) == (
            USER.encode(),
            PASSWORD.encode(),
        )
        box.logins += right
        return AuthResult(success=right, handled=False)

    box = Mailbox()
    options: dict[str, Any] = {"authenticator": check, "auth_require_tls": bool(tls)}
    if tls == "starttls":
        options |= {"tls_context": context, "require_starttls": True, "auth_required": True}
    if tls == "ssl":
        options |= {"ssl_context": context, "auth_require_tls": False}  # there is no other way in
    box.port = port or _free_port()
    controller = Controller(box, hostname="localhost", port=box.port, ready_timeout=20, **options)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.create_server(("localhost", 0)) as taken:
        return int(taken.getsockname()[1])
