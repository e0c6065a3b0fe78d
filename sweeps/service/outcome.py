"""How one attempt at a job ended, as the worker tells the service; and which errors mean what."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from sweeps.errors import MAY_PASS, OURS, SweepHeld
from tracking.files.node import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

State = Literal["done", "retry", "failed", "held", "interrupted"]


@dataclass(frozen=True)
class Outcome:
    """How one attempt ended.

    Attributes:
        state: 'done'; 'retry': it failed, and may not next time; 'failed': it would again, the
            input is wrong; 'held': another process still runs that sweep; 'interrupted': it was
            told to stop.
        message: one printable line.
        trials: that ended in this attempt, by state.
    """

    state: State
    message: str = ""
    trials: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))


def read_outcome(text: str) -> Outcome | None:
    """What a worker wrote, or None for what is no outcome: it died over it."""
    try:
        found = json.loads(text)
        outcome = Outcome(found["state"], found["message"], found["trials"])
    except (ValueError, TypeError, KeyError):
        return None
    return outcome if outcome.state in get_args(State) else None


def outcome_of(error: Exception) -> Outcome:
    """What an error means for the job it ended."""
    if isinstance(error, SweepHeld):
        return Outcome("held", printable(str(error)))
    if isinstance(error, OURS) and not isinstance(error, MAY_PASS):
        return Outcome("failed", printable(str(error)))
    if isinstance(error, OURS):
        return Outcome("retry", printable(str(error)))
    if isinstance(error, OSError):
        what = f"{error.filename or 'the disk'}: {error.strerror or error}"
        return Outcome("retry", printable(what))
    return Outcome("retry", printable(f"an error of Fairtrial's own: {error!r}; see the log"))
