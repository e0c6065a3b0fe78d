"""Why nothing was sent, in one sentence that holds nothing of the address.

Apprise says True or False and logs the rest, for its plugins in as many words as there are of
them, at times with the address. So no log text is repeated here: what is read is the exception
that is being dealt with when a plugin logs, and the status codes.
"""

from __future__ import annotations

import logging
import re
import smtplib
import socket
import ssl
import sys
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_STATUS = re.compile(r"\berror\s*=\s*([1-5]\d\d)\b")
_CAUSES = 32
_REDIRECTS, _CLIENT_ERRORS = 300, 400


class Listener(logging.Handler):
    """Hears what apprise logs, and keeps the reasons alone."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.reasons: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one record, and at the exception behind it."""
        error = sys.exc_info()[1]
        if error is not None:
            self.reasons.append(reason_of(error))
        elif str(record.msg).startswith("SMTP recipient"):
            code = record.args[1] if isinstance(record.args, tuple) else "?"
            self.reasons.append(f"the mail server refused a recipient ({code})")
        elif status := _STATUS.search(record.getMessage()):
            self.reasons.append(_status(int(status.group(1))))


def reason_of(error: BaseException) -> str:
    """The sentence of an exception; of those that led to it, the one that tells most."""
    found = list(_causes(error))
    for kind, sentence in _SENTENCES:
        for cause in found:
            if isinstance(cause, kind):
                return sentence.format(
                    code=getattr(cause, "smtp_code", ""),
                    detail=getattr(cause, "verify_message", ""),
                )
    return f"it could not be sent ({type(error).__name__})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and what it wraps; requests and urllib3 put the cause among the arguments."""
    waiting = [error]
    seen: set[int] = set()
    while waiting and len(seen) < _CAUSES:
        cause = waiting.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        inner = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
        waiting += [item for item in inner if isinstance(item, BaseException)]


def _status(code: int) -> str:
    phrase = HTTPStatus(code).phrase if code in HTTPStatus._value2member_map_ else ""
    told = f"it answered {code} {phrase}".rstrip()
    if _REDIRECTS <= code < _CLIENT_ERRORS:
        return f"{told}; redirects are not followed: name the address it leads to"
    return told


_SENTENCES: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, "its certificate is not trusted ({detail})"),
    (smtplib.SMTPAuthenticationError, "the mail server refused user name or password ({code})"),
    (smtplib.SMTPNotSupportedError, "the mail server offers no TLS or no login, as asked for"),
    (smtplib.SMTPSenderRefused, "the mail server refused the sender ({code})"),
    (smtplib.SMTPRecipientsRefused, "the mail server refused the recipients"),
    (smtplib.SMTPDataError, "the mail server refused the message ({code})"),
    (ssl.SSLError, "no TLS could be agreed on; do port and mode fit (587 starttls, 465 ssl)?"),
    (socket.gaierror, "its host name can't be resolved"),
    (TimeoutError, "it did not answer in time"),
    (ConnectionRefusedError, "nothing listens there: the connection was refused"),
    (smtplib.SMTPServerDisconnected, "it closed the connection"),
    (ConnectionError, "it closed the connection"),
    (smtplib.SMTPResponseException, "the mail server answered {code}"),
)
