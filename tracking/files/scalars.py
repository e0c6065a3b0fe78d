"""What a plain YAML scalar means: null, true, false, numbers, and everything else is text.

As in the core schema of YAML 1.2, so `no`, `12:30` and `2026-11-02` are text, and `1e-4` a number.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracking.files.node import Node

DIGITS_LIMIT = 100

_WORDS = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

Scalar = str | int | float | bool | None


def resolve_scalar(text: str, at: Node, *, plain: bool) -> Scalar:
    """The value of one scalar.

    Args:
        at: names the place, for the error.
        plain: without quotes; a quoted scalar is always text.
    Raises: SpecError for a number of absurd length, which Python refuses to read.
    """
    if not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > DIGITS_LIMIT and (_INTEGER.fullmatch(text) or _FLOAT.fullmatch(text)):
        raise at.wrong(f"a number of {len(text)} characters; the longest has {DIGITS_LIMIT}")
    if _INTEGER.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text, base)
    if _FLOAT.fullmatch(text):
        return float(text)
    if special := _SPECIAL.fullmatch(text):
        return float("nan") if special[3] else float(special[1] + "inf")
    return text
