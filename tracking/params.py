"""Hyperparameters as MLflow params, which are text: written so that they read back as they were.

Text stands as it is; everything else is JSON (None is `null`, a list `[64, 64]`). Text that would
read back as JSON is quoted, so that nothing is ambiguous.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_VALUE = 6000  # characters; MLflow cuts longer ones without a word
MAX_TAG = 8000  # the same


def encode(value: object) -> str:
    """One value as text."""
    if isinstance(value, str) and value and not _is_json(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def decode(text: str) -> Any:  # noqa: ANN401 - the type is what was encoded
    """The value that `encode` was given; tuples come back as lists."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def encode_all(values: Mapping[str, object]) -> tuple[dict[str, str], list[str]]:
    """Every value as text, and the names of those that were too long for MLflow.

    A value too long is shortened and ends in its length and digest; it does not read back.
    """
    texts = {name: encode(value) for name, value in values.items()}
    long = [name for name, text in texts.items() if len(text) > MAX_VALUE]
    return {**texts, **{name: shorten(texts[name], MAX_VALUE) for name in long}}, long


def shorten(text: str, limit: int) -> str:
    """The text, or its beginning and a note of what was left out, within `limit` characters."""
    if len(text) <= limit:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()
    note = f" [shortened: {len(text)} characters, SHA-256 {digest}]"
    return text[: limit - len(note)] + note


def split_tag(name: str, text: str) -> dict[str, str]:
    """A text of any length as tags: `name`, `name.1`, `name.2` and so on."""
    if len(text) % MAX_TAG == 0:
        text += " "  # the last part is never full: so `join_tag` knows it among older, longer ones
    parts = [text[i : i + MAX_TAG] for i in range(0, len(text), MAX_TAG)]
    return {name if i == 0 else f"{name}.{i}": part for i, part in enumerate(parts)}


def join_tag(name: str, tags: Mapping[str, str]) -> str:
    """The text that `split_tag` took apart, stripped; empty when there is none."""
    parts = [tags.get(name, "")]
    while len(parts[-1]) == MAX_TAG:
        parts.append(tags.get(f"{name}.{len(parts)}", ""))
    return "".join(parts).strip()


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
