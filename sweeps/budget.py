"""The `budget` section: how many trials, how long a sweep, how long a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeps.durations import duration_s
from tracking.files.sections import entries, whole

if TYPE_CHECKING:
    from tracking.files.node import Node


@dataclass(frozen=True)
class Budget:
    """Bounds of a sweep, None where there is none.

    Attributes:
        trials: at most this many; a grid has its own bound too.
        time_s: no trial is started after so many seconds of the sweep.
        run_time_s: seconds of training that one run may take.
    """

    trials: int | None = None
    time_s: float | None = None
    run_time_s: float | None = None


def read_budget(root: Node, *, is_grid: bool) -> Budget:
    """The budget; only a grid may go without.

    Raises: SpecError, at the line of the entry that breaks a rule.
    """
    node = root.value.get("budget")
    place = node.place if node is not None else root.place.child("budget")
    given = {}
    if node is not None and node.value is not None:
        given = entries(node, ("trials", "time", "run_time"))
    if not is_grid and "trials" not in given and "time" not in given:
        raise place.wrong("neither trials nor time is given; write {trials: 100} or {time: 30m}")
    return Budget(
        whole(given["trials"], 1) if "trials" in given else None,
        duration_s(given["time"]) if "time" in given else None,
        duration_s(given["run_time"]) if "run_time" in given else None,
    )
