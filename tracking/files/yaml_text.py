"""Plain values written as YAML that `yaml_source` reads back as the same values.

Users' own names stand in it, however hostile: what no terminal should print is escaped.
"""

from __future__ import annotations

import math
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tracking.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*")
_WORDS = ("null", "true", "false", "yes", "no", "on", "off", "y", "n")
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}


def document(values: Mapping[str, Any]) -> str:
    """A mapping of mappings and scalars, one line an entry; deeper ones in braces.

    Raises: SpecError, naming the key, for what YAML has no word for.
    """
    lines = []
    for key, value in values.items():
        if isinstance(value, dict) and value:
            lines.append(f"{inline(key)}:")
            lines += [f"  {inline(k)}: {inline(v, f'{key}.{k}')}" for k, v in value.items()]
        else:
            lines.append(f"{inline(key)}: {inline(value, str(key))}")
    return "".join(f"{line}\n" for line in lines)


def inline(value: object, at: str = "") -> str:
    """One value on one line.

    Args:
        at: its dotted key, for the error.
    Raises: SpecError for what is no text, number, truth value, null, list or mapping.
    """
    if isinstance(value, dict):
        pairs = (f"{inline(k, at)}: {inline(v, f'{at}.{k}')}" for k, v in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(inline(item, at) for item in value)}]"
    return _scalar(value, at)


def _scalar(value: object, at: str) -> str:
    if hasattr(value, "item") and hasattr(value, "dtype"):
        value = value.item()  # of NumPy
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _number(float(value))
    if isinstance(value, str | PurePath):
        return _text(str(value), at)
    raise SpecError(
        f"{at or 'the file'}: a {type(value).__name__} can't be written down; "
        "give text, a number, true, false, null, a list or a mapping"
    )


def _number(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    return repr(value) if math.isfinite(value) else f"{'-' if value < 0 else ''}.inf"


def _text(text: str, at: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise SpecError(f"{at or 'the file'}: {text!a} is no Unicode text; rename it")
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in _ESCAPED:
        return _ESCAPED[character]
    return character if character.isprintable() else f"\\U{ord(character):08x}"
