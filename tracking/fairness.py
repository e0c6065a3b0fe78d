"""Whether a table is controlled, and if not, what may explain its differences instead.

Controlled: every level of the factor was trained with the same other settings and the same seeds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tracking.levels import SEED, canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_LEVELS_NAMED = 6


@dataclass(frozen=True)
class Observation:
    """Where one run stands in a table.

    Attributes:
        level: the name of its level, in words.
        others: its settings that are not factors, and its seed.
        counted: it is finished and has the metric.
    """

    level: str
    others: Mapping[str, Any]
    counted: bool


@dataclass(frozen=True)
class Judgement:
    """What `judge` says; `notes` are sentences, none when all is well."""

    controlled: bool
    notes: tuple[str, ...] = ()


def judge(
    observations: Sequence[Observation],
    *,
    pooled: Sequence[str] = (),
    grid: bool = False,
    same_data: bool = True,
) -> Judgement:
    """Whether rows may be set against each other.

    Args:
        observations: of all runs, counted or not.
        pooled: factors whose rows are bins of several values.
        grid: one sweep that tries all combinations, so what is missing is known.
        same_data: all were trained on the same bytes.
    """
    counted = [o for o in observations if o.counted]
    of_level = _settings_of_levels(counted)
    once = all(count == 1 for settings in of_level.values() for count in settings.values())
    alike = len({frozenset(settings) for settings in of_level.values()}) <= 1
    if once and alike and same_data and not pooled:
        return Judgement(controlled=True)
    if grid and once and same_data and not pooled:
        return Judgement(controlled=False, notes=(_missing(observations),))
    return Judgement(controlled=False, notes=tuple(_observed(counted, pooled, same_data=same_data)))


def _settings_of_levels(observations: Sequence[Observation]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for observation in observations:
        found[observation.level][canonical(observation.others)] += 1
    return found


def _missing(observations: Sequence[Observation]) -> str:
    """A grid would be controlled if it were whole: which levels lack how many runs."""
    everything = _settings_of_levels(observations)
    counted = _settings_of_levels([o for o in observations if o.counted])
    n_whole = len({settings for level in everything.values() for settings in level})
    lacking = [
        f"{level} misses {n_whole - len(counted.get(level, ()))} of {n_whole} runs"
        for level in everything
        if len(counted.get(level, ())) < n_whole
    ]
    more = len(lacking) - MAX_LEVELS_NAMED
    rest = f"; {more} more levels too" if more > 0 else ""
    return f"not controlled, the grid has gaps: {'; '.join(lacking[:MAX_LEVELS_NAMED])}{rest}"


def _observed(
    counted: Sequence[Observation], pooled: Sequence[str], *, same_data: bool
) -> list[str]:
    values: dict[str, set[str]] = defaultdict(set)
    for observation in counted:
        for name, value in observation.others.items():
            values[name].add(canonical(value))
    moved = sorted(name for name, found in values.items() if len(found) > 1 and name != SEED)
    if not moved and len(values[SEED]) > 1:
        moved = [SEED]
    if not same_data:
        moved = ["the data", *moved]
    notes = []
    if moved:
        notes.append(
            f"observed, not controlled: {', '.join(moved)} moved too; "
            "a difference between rows may be theirs"
        )
    if pooled:
        start = "" if moved else "observed, not controlled: "
        notes.append(f"{start}each row pools several values of {', '.join(pooled)}")
    if not notes:
        notes.append("observed, not controlled: some levels have more runs than others")
    return notes
