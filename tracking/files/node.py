"""A value of a user's file together with the place it was written at, for errors to say."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from tracking.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN_LIMIT = 60
SENTENCE_LIMIT = 600


@dataclass(frozen=True)
class Place:
    """Where something stands: file and line, or on the command line as `--set` (line 0).

    Attributes:
        line: counted from 1; the line of the key for a mapping's value.
        key: dotted, such as 'search.learning_rate'; empty for the whole file.
    """

    file: str
    line: int
    key: str = ""

    @property
    def at(self) -> str:
        """Such as 'sweep.yaml:14', or '--set'."""
        return f"{self.file}:{self.line}" if self.line else "--set"

    def wrong(self, sentence: str) -> SpecError:
        """The error 'sweep.yaml:14: search.learning_rate: <sentence>', on one line."""
        if not self.line:
            return SpecError(printable(f"--set {self.key}: {sentence}"))
        return SpecError(printable(": ".join(filter(None, [self.at, self.key, sentence]))))

    def child(self, name: str) -> Place:
        """The place of a key that should stand in this mapping."""
        return Place(self.file, self.line, f"{self.key}.{name}" if self.key else name)


@dataclass(frozen=True)
class Node:
    """A scalar, a list of nodes or a mapping of nodes, and its place."""

    value: Any
    place: Place

    @property
    def shown(self) -> str:
        """What was given, in a few words."""
        if isinstance(self.value, dict):
            return "a mapping" if self.value else "an empty mapping"
        if isinstance(self.value, list):
            return "a list" if self.value else "an empty list"
        return shown(self.value)

    @property
    def plain(self) -> Any:  # noqa: ANN401 - YAML holds any type
        """The value without places."""
        if isinstance(self.value, dict):
            return {name: node.plain for name, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain for node in self.value]
        return self.value

    def wrong(self, sentence: str) -> SpecError:
        """The error that names this node's place."""
        return self.place.wrong(sentence)


def shown(value: object) -> str:
    """A value as a user wrote it, shortened: text in quotes, null and true in YAML's words."""
    if isinstance(value, str):
        return f"'{_short(value)}'"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return _short("[" + ", ".join(map(shown, value)) + "]")
    return _short(str(value))


def nearest(name: str, names: Iterable[str]) -> str:
    """The way out after an unknown name: the nearest right one, or all of them."""
    names = list(names)
    near = get_close_matches(_short(name), names, n=1)
    return f"did you mean '{near[0]}'?" if near else "it may be " + ", ".join(names)


def printable(sentence: str) -> str:
    """One line of bounded length that any terminal can print."""
    if len(sentence) > SENTENCE_LIMIT:
        sentence = f"{sentence[: SENTENCE_LIMIT - 200]} ... {sentence[-200:]}"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in sentence)


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_LIMIT else text[: SHOWN_LIMIT - 3] + "..."
