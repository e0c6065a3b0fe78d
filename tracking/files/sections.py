"""Reading a section of a user's file: its known keys, and values of the right type and range."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tracking.files.node import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Collection

    from tracking.files.node import Node


def entries(node: Node, known: Collection[str], *, keep_null: bool = False) -> dict[str, Node]:
    """The entries of a mapping by name, in file order.

    Args:
        known: the names there may be.
        keep_null: whether null is a value; otherwise such an entry counts as left out.
    Raises: SpecError for anything but a mapping, and for an unknown key with the nearest right one.
    """
    if not isinstance(node.value, dict):
        raise node.wrong(f"{node.shown} is no mapping; write its keys below it: {', '.join(known)}")
    found: dict[str, Node] = {}
    for name, entry in node.value.items():
        if name not in known:
            raise entry.wrong(f"unknown key {shown(name)}; {nearest(name, known)}")
        if keep_null or entry.value is not None:
            found[name] = entry
    return found


def text(node: Node) -> str:
    """A text that is not empty."""
    if not isinstance(node.value, str):
        raise node.wrong(f"{node.shown} is not text; if it is meant as text, put it in quotes")
    if not node.value:
        raise node.wrong("is an empty text; give it a value or remove the key")
    return node.value


def whole(node: Node, low: int, high: int | None = None) -> int:
    """A whole number, low <= x < high."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise node.wrong(f"{node.shown} is not a whole number; give one from {low} up")
    if value < low:
        raise node.wrong(f"{node.shown} is below {low}; give {low} or more")
    if high is not None and value >= high:
        raise node.wrong(f"{node.shown} is too large; give a number below {high}")
    return int(value)


def share(node: Node) -> float:
    """A number above 0 and below 1."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise node.wrong(f"{node.shown} is not a number; give a share of the rows, such as 0.15")
    if not 0 < value < 1:
        raise node.wrong(f"{node.shown} is not above 0 and below 1; give a share, such as 0.15")
    return float(value)


def flag(node: Node) -> bool:
    """A truth value, written true or false."""
    if not isinstance(node.value, bool):
        raise node.wrong(f"{node.shown} is neither true nor false; write one of the two")
    return node.value


def one_of(node: Node, words: tuple[str, ...]) -> Any:  # noqa: ANN401 - often a Literal
    """One of a few words; none of them is read from anything but text."""
    if not isinstance(node.value, str) or node.value not in words:
        given = node.value if isinstance(node.value, str) else ""
        raise node.wrong(f"{node.shown} is not known here; {nearest(given, words)}")
    return node.value
