"""What a sweep tells those who watch it, tick by tick."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Best:
    """The best trial so far.

    Attributes:
        params: the values of what is searched, by hyperparameter.
    """

    trial: int
    value: float
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Progress:
    """Where a sweep stands.

    Attributes:
        counts: trials by state: COMPLETE, PRUNED, FAIL, RUNNING.
        total: how many trials there will be, or None when time is the bound.
        seconds: of this session; `seconds_left` is an estimate, or None.
        trials_per_second: ended in this session, by its seconds.
    """

    counts: Mapping[str, int]
    total: int | None
    seconds: float
    trials_per_second: float
    seconds_left: float | None
    best: Best | None


class Observer(Protocol):
    """Someone who watches a sweep."""

    def trial_ended(self, number: int, state: str, value: float | None, message: str) -> None:
        """A trial of this session ended."""

    def ticked(self, progress: Progress) -> None:
        """A tick of the logical clock is over."""


class Silent:
    """Watches and says nothing."""

    def trial_ended(self, number: int, state: str, value: float | None, message: str) -> None:
        """See Observer."""

    def ticked(self, progress: Progress) -> None:
        """See Observer."""


@dataclass(frozen=True)
class Outcome:
    """How a session of a sweep ended.

    Attributes:
        state: 'done' (its budget is used or its grid complete) or 'interrupted'.
        trained: trials that ended in this session.
        failures: the messages of failed trials of this session, by number.
    """

    state: Literal["done", "interrupted"]
    counts: Mapping[str, int]
    trained: int
    seconds: float
    best: Best | None
    failures: Mapping[int, str] = field(default_factory=dict)
