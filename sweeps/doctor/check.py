"""One thing that was looked at, and how it was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Check:
    """One finding.

    Attributes:
        state: 'ok'; 'note': all works, but someone should know; 'bad': something will not work.
        found: what was seen, in a few words.
        fix: what to do, of a note or of what is bad.
    """

    name: str
    state: Literal["ok", "note", "bad"]
    found: str
    fix: str = ""

    @property
    def right(self) -> bool:
        """Whether everything works with it."""
        return self.state != "bad"


def check(name: str, right: bool, found: str, fix: str = "") -> Check:  # noqa: FBT001 - reads as a sentence
    """Right or bad."""
    return Check(name, "ok" if right else "bad", found, "" if right else fix)


def note(name: str, quiet: bool, found: str, fix: str) -> Check:  # noqa: FBT001 - the same
    """Right, or worth knowing."""
    return Check(name, "ok" if quiet else "note", found, "" if quiet else fix)
