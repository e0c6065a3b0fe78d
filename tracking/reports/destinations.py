"""Where a report goes, as its file says: folders, and the variables that hold addresses.

Nothing is sent from here; see `delivery`. No address is read either: it may hold a secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tracking.files.sections import entries, text

if TYPE_CHECKING:
    from pathlib import Path

    from tracking.files.node import Node

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET = (
    "an address may hold a password or a token, and this file is kept and shown; put the address "  # noqa: S105
    "into an environment variable and name that: {url_from: FAIRTRIAL_SLACK_URL}"
)


@dataclass(frozen=True)
class Destination:
    """One place to deliver to.

    Attributes:
        folder: of kind 'folder': absolute; else None.
        variable: of kind 'url': the environment variable with the address; else ''.
    """

    kind: Literal["folder", "url"]
    folder: Path | None = None
    variable: str = ""


def read_destination(node: Node, folder: Path) -> Destination:
    """One entry of `deliver`.

    Args:
        folder: of the report file, absolute.
    Raises: SpecError, which never repeats an address.
    """
    if isinstance(node.value, dict) and "url" in node.value:
        raise node.value["url"].wrong(_SECRET)
    if not isinstance(node.value, dict):
        raise node.wrong("says where to in a key; write {folder: reports/} or {url_from: NAME}")
    found = entries(node, ("folder", "url_from"))
    if len(found) != 1:
        raise node.wrong("takes one key: either folder or url_from; make two entries of it")
    if "folder" in found:
        return Destination("folder", folder=_folder(found["folder"], folder))
    variable = text(found["url_from"])
    if not _VARIABLE.fullmatch(variable):
        # Not repeated: it may be the address itself.
        raise found["url_from"].wrong(f"is no name of an environment variable; {_SECRET}")
    return Destination("url", variable=variable)


def _folder(node: Node, base: Path) -> Path:
    name = text(node)
    if "://" in name:
        raise node.wrong(f"a folder has no '://' in it; {_SECRET}")
    if "\0" in name:
        raise node.wrong("holds the character 0x0, which no folder has; remove it")
    return base / name
