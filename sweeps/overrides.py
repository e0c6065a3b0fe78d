"""`--set key=value`: one value of the sweep file given on the command line instead.

The value is read by the file's own rules, and checked with the rest as if it stood there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeps.errors import SpecError
from tracking.files.node import Node, Place, shown
from tracking.files.yaml_source import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORTHANDS = ("sampler", "pruner")
"""Keys whose text stands for {name: text}, so that an option below them can be set."""


def override(root: Node, texts: Sequence[str]) -> Node:
    """The file with each `--set` text put in, in order; the last one of a key wins.

    Raises: SpecError for a text that is not key=value, or whose value is not valid YAML.
    """
    for text in texts:
        key, equals, value = text.partition("=")
        names = key.strip().split(".")
        if not equals or not all(names):
            raise SpecError(
                f"--set {shown(text)}: is not key=value; write it like --set train.epochs=5"
            )
        root = _put(root, names, parse(value, Place("", 0, ".".join(names))))
    return root


def _put(node: Node, names: list[str], value: Node) -> Node:
    if not names:
        return value
    inner = node.value
    if inner is None:
        inner = {}
    elif isinstance(inner, str) and node.place.key in SHORTHANDS:
        inner = {"name": Node(inner, node.place)}
    elif not isinstance(inner, dict):
        raise value.wrong(f"{node.place.key} is {node.shown}, with nothing below it; set it whole")
    name, rest = names[0], names[1:]
    below = inner.get(name) or Node(None, Place("", 0, value.place.key))
    return Node({**inner, name: _put(below, rest, value)}, node.place)
