"""Lengths of time in the sweep file: 90s, 30m, 2h, 1d, 1h30m, or seconds as a number."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracking.files.node import Node

_UNITS_S = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)


def duration_s(node: Node) -> float:
    """Seconds, above zero.

    Raises: SpecError, saying the rule, for anything else.
    """
    value = node.value
    seconds = math.nan
    if isinstance(value, str) and (match := _DURATION.fullmatch(value)) and value:
        seconds = float(
            sum(int(n) * u for n, u in zip(match.groups("0"), _UNITS_S.values(), strict=True))
        )
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    if not (math.isfinite(seconds) and seconds > 0):
        raise node.wrong(
            f"{node.shown} is no length of time above zero; write 90s, 30m, 2h, 1h30m or seconds"
        )
    return seconds
