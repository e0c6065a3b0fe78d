"""What the service tells of itself: written by its loop, read by those who ask over HTTP."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tracking.catalog.records import JobState, Kind, Schedule

STALE_S = 90.0  # a tick waits at most a minute for a locked database


@dataclass(frozen=True)
class State:
    """One look; the loop puts a new one in its place.

    Attributes:
        ticked: by time.monotonic(), when the loop last came round, whatever came of it.
        fault: why the catalog can't be used, or ''.
        jobs: how many there are by kind and state; `running`: those of this service.
    """

    ticked: float = field(default_factory=time.monotonic)
    fault: str = ""
    stopping: bool = False
    jobs: Mapping[tuple[Kind, JobState], int] = field(default_factory=dict)
    running: Sequence[int] = ()
    schedules: Sequence[Schedule] = ()

    @property
    def age_s(self) -> float:
        """Since the last tick."""
        return time.monotonic() - self.ticked

    @property
    def ok(self) -> bool:
        """Whether the service can do its work."""
        return not self.fault and self.age_s < STALE_S

    def count(self, state: str) -> int:
        """How many jobs of any kind are in a state, in the whole catalog."""
        return sum(n for (_, found), n in self.jobs.items() if found == state)
