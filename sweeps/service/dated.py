"""What a scheduled sweep is called: each time of its schedule is a sweep of its own.

Under the file's own name the second night would find the first night's sweep done and train
nothing. A report takes all of them by a pattern: `digits-*`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import datetime

    from sweeps.spec import SweepSpec


def dated_override(spec: SweepSpec, due: datetime, timezone: str) -> str:
    """The `--set` text that names a sweep after its time, such as 'name="digits-2026-11-23-0300"'.

    Args:
        due: aware; `timezone`: the schedule's, in which a person knows the time.
    """
    local = due.astimezone(ZoneInfo(timezone))
    seconds = f"{local:%S}" if local.second else ""
    again = "-again" if local.fold else ""  # when clocks are set back, an hour comes twice
    return f"name={json.dumps(f'{spec.name}-{local:%Y-%m-%d-%H%M}{seconds}{again}')}"
