"""Reads one message from standard input, sends it, and writes what came of it to standard output.

In: {"address", "subject", "text", "html", "attachment", "private_hosts"}, the attachment a path or
''. Out: {"sent": bool, "reason": ""}. Nothing else is written anywhere, whatever happens.
"""

from __future__ import annotations

import io
import json
import logging
import mimetypes
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracking.reports.sending.guard import PRIVATE_HOSTS, Guard, Refused
from tracking.reports.sending.kinds import KINDS, LOCAL_OPTIONS, NAMES
from tracking.reports.sending.reasons import Listener, reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracking.reports.sending.kinds import Kind

CONNECT_S, READ_S = 15.0, 60.0  # apprise's own 4 s are short for some megabytes


class Unusable(Exception):  # noqa: N818 - reads as what it says of an address
    """The address can't be used; the text says why, without any of it."""


def main() -> None:
    """Send what standard input holds."""
    message, out = json.load(sys.stdin), sys.stdout
    sys.stdout = io.StringIO()  # whatever a plugin prints
    listener = _quiet()
    try:
        reason = _send(message, listener)
    except (Unusable, Refused) as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - its text might hold the address
        reason = reason_of(error)
    json.dump({"sent": not reason, "reason": reason}, out)


def _send(message: Mapping[str, str], listener: Listener) -> str:
    """What kept it from being sent, or ''."""
    attachment = message["attachment"]
    guard = Guard(
        message["private_hosts"].split(","), [Path(attachment).parent] if attachment else []
    )
    service, kind = _service(message["address"])
    _check(service, kind, guard)
    mimetypes.init()  # reads lists of the system's
    guard.confine()
    sent = service.notify(
        **_content(message, kind),
        attach=[attachment] if attachment and kind.attach and service.attachment_support else None,
    )
    if sent:
        return ""
    told = [*guard.refusals, *listener.reasons]
    return told[0] if told else "it was not accepted, without a reason"


def _service(address: str) -> tuple[Any, Kind]:
    import apprise
    from apprise import plugins
    from apprise.exception import AppriseException

    parts = plugins.url_to_dict(address.strip())  # type: ignore[no-untyped-call]
    if not parts:
        raise Unusable(f"it holds no address; the kinds there are: {NAMES}")
    schema = str(parts["schema"]).lower()
    kind = KINDS.get(schema)
    if kind is None:
        raise Unusable(f"addresses of the kind {schema}:// are not for reports; there are {NAMES}")
    local = sorted(set(parts.get("qsd") or {}) & set(LOCAL_OPTIONS))
    if local:
        raise Unusable(f"its option '{local[0]}' would use a file of this machine; leave it out")
    given = parts.get("qsd") or {}
    asset = apprise.AppriseAsset(
        app_id="Fairtrial",
        app_desc="Fairtrial reports",
        app_url="",
        image_url_mask="",  # no picture from elsewhere
        image_url_logo="",
        http_redirects=False,
        pgp_autogen=False,
        pem_autogen=False,
        storage_mode="memory",
    )
    try:
        service = apprise.Apprise.instantiate(parts, asset=asset, suppress_exceptions=False)
    except (AppriseException, TypeError, ValueError) as error:
        raise Unusable(f"it is no complete {schema}:// address") from error
    if service is None:
        raise Unusable(f"{schema}:// addresses can't be used here: a package is missing")
    service.redirects = False
    service.socket_connect_timeout = _seconds(given.get("cto"), CONNECT_S)
    service.socket_read_timeout = _seconds(given.get("rto"), READ_S)
    return service, kind


def _check(service: Any, kind: Kind, guard: Guard) -> None:  # noqa: ANN401 - apprise's plugin
    """The address says nothing that needs to be allowed and is not."""
    host = str(getattr(service, "smtp_host", "") or service.host or "")
    plain = kind.plain or getattr(service, "secure_mode", "") == "insecure"
    if (plain or not service.verify_certificate) and not guard.allows(host):
        what = "without TLS" if plain else "without looking at the certificate"
        raise Unusable(
            f"it would be sent {what}; use TLS ({'mailtos' if kind.body == 'mail' else 'https'}), "
            f"or list its host in {PRIVATE_HOSTS} if it is on a network of yours"
        )
    if kind.own_host and host:
        guard.check_host(host)


def _content(message: Mapping[str, str], kind: Kind) -> dict[str, str]:
    if kind.body == "mail":
        attached = "<p>It is attached to this letter.</p>" if message["attachment"] else ""
        body = message["html"] + attached
        return {"title": message["subject"], "body": body, "body_format": "html"}
    title, body = message["subject"], message["text"]
    if kind.body == "chat":  # nobody is called by a sweep's name
        title, body = (text.replace("@", "@\u200b") for text in (title, body))
    return {"title": title, "body": body, "body_format": "text"}


def _seconds(given: object, most: float) -> float:
    try:
        asked = float(str(given))
    except ValueError:
        return most
    return min(asked, most) if asked > 0 else most


def _quiet() -> Listener:
    """Apprise's log goes to the listener and nowhere else, and no other is written."""
    logging.getLogger().addHandler(logging.NullHandler())
    listener = Listener()
    logger = logging.getLogger("apprise")
    logger.handlers = [listener]
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    return listener


if __name__ == "__main__":
    main()
