"""What the rows of a table stand for: which row a run belongs to, their order and their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tracking.levels import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracking.levels import Axis
    from tracking.reading import RunRecord

Level = tuple[Any, ...]  # one JSON value per column

TWO = 2  # factors that make a grid


@dataclass(frozen=True)
class Layout:
    """The factors of a table, and its sweeps, which are a column where there are several."""

    factors: Sequence[Axis]
    sweeps: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """What a level is made of."""
        names = tuple(axis.name for axis in self.factors)
        return ("sweep", *names) if len(self.sweeps) > 1 else names

    def level(self, sweep: str, run: RunRecord) -> Level:
        """The row that a run belongs to."""
        parts = tuple(axis.level(run) for axis in self.factors)
        return (sweep, *parts) if len(self.sweeps) > 1 else parts

    def key(self, level: Level) -> tuple[Any, ...]:
        """By what rows are sorted."""
        parts = level[-len(self.factors) :]
        keys = [axis.key(part) for axis, part in zip(self.factors, parts, strict=True)]
        return (self.sweeps.index(level[0]), *keys) if len(self.sweeps) > 1 else tuple(keys)

    def across(self, levels: Sequence[Level]) -> tuple[Any, ...]:
        """The levels of the second of two factors, in their order; otherwise nothing."""
        if len(self.factors) != TWO:
            return ()
        found = {canonical(level[-1]): level[-1] for level in levels}
        return tuple(sorted(found.values(), key=self.factors[-1].key))

    def words(self, level: Level) -> str:
        """Such as 'learning_rate=0.1, activation=relu'."""
        return ", ".join(f"{c}={_word(part)}" for c, part in zip(self.columns, level, strict=True))

    def name(self, level: Level) -> str:
        """As in a sentence: a level of the only column goes by its value."""
        return self.words(level) if len(level) > 1 else _word(level[0])


def _word(part: object) -> str:
    return part if isinstance(part, str) else canonical(part).replace(",", ", ")
