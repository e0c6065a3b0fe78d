"""The levels of a table's factors: which level a run belongs to, and how levels are sorted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from tracking.bins import Bins, is_number, make_bins
from tracking.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tracking.reading import RunRecord, SweepRecord

SEED = "seed"
# Made once: a report asks for it a million times, and json.dumps would make one each time.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)

Key = tuple[int, float, str]


@dataclass(frozen=True)
class Axis:
    """One factor of a table.

    Attributes:
        bins: set when it was sampled from a range and has many values.
        choices: the canonical JSON of the sweep file's choices, in their order.
    """

    name: str
    bins: Bins | None
    choices: tuple[str, ...]

    def level(self, run: RunRecord) -> Any:  # noqa: ANN401 - of any JSON type
        """The level that a run belongs to, as a JSON type."""
        value: Any = settings(run).get(self.name)
        return self.bins.label(value) if self.bins and is_number(value) else value

    def key(self, level: object) -> Key:
        """By what levels are sorted: null, numbers, then the file's order, then the rest."""
        if level is None:
            return (0, 0.0, "")
        if isinstance(level, int | float) and is_number(level):
            return (1, float(level), "")
        known = self.bins.labels if self.bins else self.choices
        text = str(level) if self.bins else canonical(level)
        if text in known:
            return (2, float(known.index(text)), "")
        return (3, 0.0, text)


def axes(
    by: Sequence[str], records: Sequence[SweepRecord], runs: Sequence[RunRecord]
) -> list[Axis]:
    """The factors by their names.

    Args:
        runs: those that count; bins are cut to fit them.
    Raises: TableError for no names, or one that is no hyperparameter of these runs.
    """
    if not by:
        raise TableError("a table needs a factor; name one with --by")
    known = sorted({name for run in runs for name in settings(run)})
    varied = list(dict.fromkeys(name for record in records for name in record.search))
    for name in by:
        if name not in known:
            raise TableError(_unknown("factor", name, known, f"what varies is {_list(varied)}"))
    return [_axis(name, records, runs) for name in dict.fromkeys(by)]


def settings(run: RunRecord) -> dict[str, Any]:
    """All that made a run what it is: hyperparameters and seed."""
    return {**run.params, SEED: run.seed}


def check_metric(metric: str, runs: Sequence[RunRecord]) -> str:
    """The metric, if a run has it.

    Raises: TableError naming the nearest.
    """
    known = sorted({name for run in runs for name in run.metrics})
    if metric not in known:
        raise TableError(_unknown("metric", metric, known, f"there are {_list(known)}"))
    return metric


def canonical(value: object) -> str:
    """Canonical JSON: equal for equal values, whatever the order of their keys."""
    return _CANONICAL.encode(value)


def _axis(name: str, records: Sequence[SweepRecord], runs: Sequence[RunRecord]) -> Axis:
    searched = [record.search[name] for record in records if name in record.search]
    ranges = [spec for spec in searched if isinstance(spec, dict)]
    lists = [spec for spec in searched if isinstance(spec, list)]
    values = [settings(run).get(name) for run in runs]
    return Axis(name, make_bins(values, ranges), tuple(_choices(lists)))


def _choices(lists: Iterable[list[Any]]) -> Iterable[str]:
    for choice in (choice for choices in lists for choice in choices):
        yield canonical(choice)
        # A file may say 64 or none where the run has [64] or [].
        yield canonical([] if choice == "none" else [choice])


def _unknown(what: str, name: str, known: Sequence[str], rest: str) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    guess = f"; did you mean '{near[0]}'?" if near else ";"
    return f"no {what} '{name}'{guess} {rest}"


def _list(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"
