"""Takes a report to the places its file names: folders, and addresses of mail, chat and webhooks.

One place that fails keeps no other from getting it, and the report itself is kept elsewhere before.
An address is read from its environment variable when it is needed and is never written down: what
the catalog, the log and the user see is the variable's name. Sending is at least once: killed
between a mail and its entry in the catalog, the next try sends it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.errors import DeliveryError
from tracking.reports.copies import PAGE, copy_report
from tracking.reports.message import message_of
from tracking.reports.outbox import send

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tracking.reports.destinations import Destination
    from tracking.reports.message import Message
    from tracking.reports.model import Report

SENT = "sent"


def address_name(destination: Destination) -> str:
    """What a destination is called in the catalog, such as 'FAIRTRIAL_MAIL_URL'; never secret."""
    if destination.kind == "folder":
        return f"folder {destination.folder}"
    return destination.variable


def deliver(
    destinations: Sequence[Destination],
    report: Report,
    folder: Path,
    *,
    number: int,
    already: Mapping[str, str],
    delivered: Callable[[str, str], None],
    environment: Mapping[str, str],
    mlflow_run: str = "",
) -> list[str]:
    """Deliver to each destination that has not got it.

    Args:
        folder: holds the rendered files.
        number: of the kept report.
        already: what came of it before, by the name of the address.
        delivered: told the name of each, with 'sent' or why not, as soon as that is known.
        environment: where addresses are, and FAIRTRIAL_PRIVATE_HOSTS.
        mlflow_run: of the kept report: messages link to it where the dashboard is known.
    Returns: a sentence for each that failed.
    """
    message = message_of(report, number=number, page=folder / PAGE, mlflow_run=mlflow_run)
    failures = []
    for destination in {address_name(each): each for each in destinations}.values():
        name = address_name(destination)
        if already.get(name) == SENT:
            continue
        try:
            _deliver(
                destination,
                message,
                folder,
                number=number,
                title=report.title,
                environment=environment,
            )
        except (DeliveryError, OSError) as error:
            delivered(name, str(error))
            failures.append(f"report {number} was not delivered to {name}: {error}")
        else:
            delivered(name, SENT)
    return failures


def _deliver(
    destination: Destination,
    message: Message,
    folder: Path,
    *,
    number: int,
    title: str,
    environment: Mapping[str, str],
) -> None:
    if destination.folder is not None:
        copy_report(folder, destination.folder, number=number, title=title)
        return
    address = environment.get(destination.variable, "").strip()
    if not address:
        raise DeliveryError(
            f"the environment variable {destination.variable} is not set; set it, where "
            "fairtrial runs, to an address such as mailtos://user:password@mail.example.com"
        )
    send(address, message, folder / PAGE, environment)
