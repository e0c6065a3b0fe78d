"""The `tags` section: a user's own names for a sweep and its runs, to find them by in MLflow.

They define nothing: a sweep whose tags are changed is still the same sweep.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tracking.files.node import shown
from tracking.files.sections import text

if TYPE_CHECKING:
    from tracking.files.node import Node

MAX_TAGS = 20
MAX_KEY = 250
MAX_TEXT = 5000  # an experiment's tags are shorter than a run's on some databases

_KEY = re.compile(r"[A-Za-z0-9][\w.-]*(?:[ /][A-Za-z0-9][\w.-]*)*", re.ASCII)
_OURS = ("mlflow.", "fairtrial.", "optuna.")


def read_tags(root: Node) -> dict[str, str]:
    """The tags by name, in file order; SpecError at the line of one that breaks a rule."""
    node = root.value.get("tags")
    if node is None or node.value is None:
        return {}
    if not isinstance(node.value, dict):
        raise node.wrong(f"{node.shown} is no mapping; write names and texts: {{team: vision}}")
    if len(node.value) > MAX_TAGS:
        raise node.wrong(f"{len(node.value)} tags; give at most {MAX_TAGS}")
    return {name: _tag(name, entry) for name, entry in node.value.items()}


def _tag(name: str, node: Node) -> str:
    if not _KEY.fullmatch(name) or len(name) > MAX_KEY:
        raise node.wrong(
            f"{shown(name)} can't name a tag; take at most {MAX_KEY} letters, digits and . _ - /, "
            "beginning with a letter or digit"
        )
    begin = next((prefix for prefix in _OURS if name.lower().startswith(prefix)), None)
    if begin:
        raise node.wrong(f"names that begin with '{begin}' are taken; give this tag another")
    value = text(node)
    if len(value) > MAX_TEXT:
        raise node.wrong(f"a text of {len(value)} characters; the longest has {MAX_TEXT}")
    hidden = next((c for c in value if not c.isprintable()), None)
    if hidden is not None:
        raise node.wrong(f"holds U+{ord(hidden):04X}, which can't be seen; remove it")
    return value
