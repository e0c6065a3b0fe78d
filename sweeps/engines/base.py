"""What an engine is: the place where lanes are held. It decides nothing and records nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainer.runs import EpochResult, RunConfig, RunId


class Engine(Protocol):
    """Holds runs and trains them, an epoch at a time."""

    def advance(self, start: Sequence[RunConfig], stop: Sequence[RunId]) -> list[EpochResult]:
        """Forget some runs, take up others, and train all that are held for one epoch.

        Returns: one result for each run held; a run whose result has an `end` is held no more.
        """
