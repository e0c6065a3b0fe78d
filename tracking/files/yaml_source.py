"""From YAML text to plain values that know their file, line and key; nothing about sweeps in here.

Such a file is data, so of YAML only mappings, lists and scalars are taken. Aliases, anchors, tags,
duplicate keys and further documents are refused where they stand.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import yaml

from tracking.errors import SpecError
from tracking.files.node import Node, Place
from tracking.files.scalars import resolve_scalar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZE_LIMIT_BYTES = 1_000_000
DEPTH_LIMIT = 20

Event = Any  # PyYAML's own classes, of which the stubs know little


def read(path: Path, begin_with: str) -> tuple[str, Node]:
    """The text of a file as written, and the mapping it holds.

    Args:
        begin_with: the first keys of such a file, for the error about an empty one.
    Raises: SpecError when it can't be read, is too large, is not UTF-8, or breaks YAML's rules
        or ours; the sentence names the line where there is one.
    """
    text = _read_text(path)
    return text, parse_mapping(text, path, begin_with)


def parse_mapping(text: str, path: Path, begin_with: str) -> Node:
    """The mapping in a text that is a file's, or once was.

    Raises: SpecError, as in `read`.
    """
    root = parse(text, Place(str(path), 1))
    if root.value is None:
        raise SpecError(f"{path}: is empty; begin with {begin_with}")
    if not isinstance(root.value, dict):
        raise root.wrong(
            f"the file holds {root.shown}, not keys and values; begin with {begin_with}"
        )
    return root


def parse(text: str, place: Place) -> Node:
    """The one document in a text.

    Args:
        place: where the text stands; its lines are counted on from there, unless it has no line.
    Raises: SpecError, as in `read`.
    """
    builder = _Builder(text, place)
    try:
        return builder.document()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        at = builder.node(None, line)
        raise at.wrong(f"holds the character {error.character:#x}, no text; remove it") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = builder.node(None, getattr(mark, "line", 0) + 1)
        problem = error.problem or error.context or "it can't be read"
        raise at.wrong(f"is not valid YAML: {problem}; check indent, quotes and colons") from None


def _read_text(path: Path) -> str:
    if path.is_dir():
        raise SpecError(f"{path}: is a folder; name a file in it")
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT_BYTES + 1)
    except FileNotFoundError:
        raise SpecError(f"{path}: no such file in {os.fspath(path.absolute().parent)}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SpecError(f"{path}: can't be read: {reason}") from None
    if len(data) > SIZE_LIMIT_BYTES:
        raise SpecError(f"{path}: is over 1 MB; such a file is a page, so this is another one")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        raise SpecError(f"{path}:{line}: byte {byte:#x} is not UTF-8; save it as UTF-8") from None


class _Builder:
    """Builds nodes from PyYAML's events, refusing what the format has no use for."""

    def __init__(self, text: str, place: Place) -> None:
        self._text = text
        self._place = place

    def document(self) -> Node:
        events: Iterator[Event] = iter(yaml.parse(self._text, Loader=yaml.SafeLoader))
        root: Node | None = None
        for event in events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            if root is not None:
                at = self.node(None, _line(event))
                raise at.wrong("a second document begins; a file holds one, so split it")
            root = self._build(next(events), events, self._place.key, depth=0)
        return root if root is not None else self.node(None, 1)

    def node(self, value: Any, line: int, key: str | None = None) -> Node:  # noqa: ANN401 - YAML
        place = self._place
        return Node(
            value,
            Place(
                place.file,
                line if place.line else 0,
                place.key if key is None else key,
            ),
        )

    def _build(
        self,
        event: Event,
        events: Iterator[Event],
        key: str,
        depth: int,
        line: int = 0,
    ) -> Node:
        line = line or _line(event)
        self._refuse_decoration(event, key, depth)
        if isinstance(event, yaml.ScalarEvent):
            at = self.node(None, line, key)
            return self.node(resolve_scalar(event.value, at, plain=event.implicit[0]), line, key)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(item := next(events), yaml.SequenceEndEvent):
                items.append(self._build(item, events, key, depth + 1))
            return self.node(items, line, key)
        return self.node(self._mapping(events, key, depth), line, key)

    def _mapping(self, events: Iterator[Event], key: str, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            line = _line(event)
            self._refuse_decoration(event, key, depth)
            if not isinstance(event, yaml.ScalarEvent):
                raise self.node(None, line, key).wrong("a key is a word, not a list or a mapping")
            name = event.value
            path = f"{key}.{name}" if key else name
            if name in entries:
                first = entries[name].place
                raise self.node(None, line, path).wrong(
                    f"stands here a second time, first at {first.at}; keep one"
                )
            entries[name] = self._build(next(events), events, path, depth + 1, line)
        return entries

    def _refuse_decoration(self, event: Event, key: str, depth: int) -> None:
        at = self.node(None, _line(event), key)
        if isinstance(event, yaml.AliasEvent):
            raise at.wrong(f"the alias *{event.anchor} is refused; write the value out")
        if event.anchor is not None:
            raise at.wrong(f"the anchor &{event.anchor} is refused; write the value out")
        if event.tag is not None:
            raise at.wrong(f"the YAML tag {event.tag} is refused; write the plain value")
        if depth > DEPTH_LIMIT:
            raise at.wrong(f"is nested more than {DEPTH_LIMIT} deep; the format needs four levels")


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1
