"""Which kinds of address there are for a report, and what each may be told.

Apprise knows some 150 services; these are the ones where a report belongs. Left out are those
that show something on this machine, write to its log or bus, or speak no TLS at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Body = Literal["mail", "chat", "machine"]


@dataclass(frozen=True)
class Kind:
    """One scheme.

    Attributes:
        body: mail is HTML with the page attached; chat is text in which nobody is mentioned;
            a machine takes text as it is.
        own_host: the address names the host to talk to, rather than a service's known one.
        plain: it is sent without TLS. (E-mail's mode is an option of the address.)
        attach: the page goes with it, where the service takes files.
    """

    body: Body
    own_host: bool = False
    plain: bool = False
    attach: bool = False


_CHAT = Kind("chat")
_HOSTED = Kind("chat", own_host=True)
_HOSTED_PLAIN = Kind("chat", own_host=True, plain=True)
_MAIL = Kind("mail", own_host=True, attach=True)
_WEBHOOK = Kind("machine", own_host=True)
_WEBHOOK_PLAIN = Kind("machine", own_host=True, plain=True)

KINDS = {
    "mailto": _MAIL,
    "mailtos": _MAIL,
    "json": _WEBHOOK_PLAIN,
    "jsons": _WEBHOOK,
    "xml": _WEBHOOK_PLAIN,
    "xmls": _WEBHOOK,
    "form": _WEBHOOK_PLAIN,
    "forms": _WEBHOOK,
    "discord": Kind("chat", attach=True),
    "gchat": _CHAT,
    "gotify": _HOSTED_PLAIN,
    "gotifys": _HOSTED,
    "matrix": _HOSTED_PLAIN,
    "matrixs": _HOSTED,
    "mmost": _HOSTED_PLAIN,
    "mmosts": _HOSTED,
    "ntfys": _CHAT,  # its host may be left out: then it is ntfy.sh
    "opsgenie": _CHAT,
    "pagerduty": _CHAT,
    "pover": _CHAT,
    "rocket": _HOSTED_PLAIN,
    "rockets": _HOSTED,
    "slack": Kind("chat", attach=True),
    "tgram": Kind("chat", attach=True),
    "webex": _CHAT,
    "workflow": _HOSTED,
    "workflows": _HOSTED,
    "wxteams": _CHAT,
    "zulip": _CHAT,
}
NAMES = "mailtos (e-mail), slack, workflows (Teams), discord, jsons (a webhook) and others"
LOCAL_OPTIONS = ("attach", "keyfile", "pgp", "pgppub", "pgpprv", "store", "template", "wkd")
