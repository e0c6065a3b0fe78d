"""Tables of a metric by one or more hyperparameters, over the finished runs of some sweeps."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tracking.errors import TableError
from tracking.fairness import Observation, judge
from tracking.levels import axes, canonical, check_metric, settings
from tracking.statistics import mean_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tracking.levels import Axis
    from tracking.reading import RunRecord, SweepRecord

Level = tuple[Any, ...]  # one JSON value per column

_SMALLER = ("loss", "rmse", "mse", "mae", "gap", "error", "train_seconds", "epochs_run")
_LARGER = ("accuracy", "r2", "f1", "auc", "precision", "recall")


@dataclass(frozen=True)
class Row:
    """One level, and what its runs measured.

    Attributes:
        ci_low, ci_high: the 95% interval of the mean over runs; None for a single run.
        p_value: of a test against the baseline; None where there was none.
    """

    level: Level
    mean: float
    ci_low: float | None
    ci_high: float | None
    n: int
    best: float
    p_value: float | None = None


@dataclass(frozen=True)
class Table:
    """A table and what must be known to read it.

    Attributes:
        columns: what a row's level is made of: `by`, after `sweep` if there are several.
        notes: sentences for the reader.
    """

    sweeps: tuple[str, ...]
    metric: str
    by: tuple[str, ...]
    columns: tuple[str, ...]
    controlled: bool
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def row_dicts(self) -> list[dict[str, Any]]:
        """The rows as JSON types."""
        measured = ("mean", "ci_low", "ci_high", "n", "best", "p_value")
        return [
            dict(zip(self.columns, row.level, strict=True))
            | {name: getattr(row, name) for name in measured}
            for row in self.rows
        ]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the rows' canonical JSON (hex)."""
        return hashlib.sha256(canonical(self.row_dicts()).encode()).hexdigest()


@dataclass(frozen=True)
class _Layout:
    """What the rows of a table stand for."""

    factors: Sequence[Axis]
    sweeps: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        names = tuple(axis.name for axis in self.factors)
        return ("sweep", *names) if len(self.sweeps) > 1 else names

    def level(self, sweep: str, run: RunRecord) -> Level:
        parts = tuple(axis.level(run) for axis in self.factors)
        return (sweep, *parts) if len(self.sweeps) > 1 else parts

    def key(self, level: Level) -> tuple[Any, ...]:
        """By what rows are sorted."""
        parts = level[-len(self.factors) :]
        keys = [axis.key(part) for axis, part in zip(self.factors, parts, strict=True)]
        return (self.sweeps.index(level[0]), *keys) if len(self.sweeps) > 1 else tuple(keys)

    def words(self, level: Level) -> str:
        return ", ".join(f"{c}={part}" for c, part in zip(self.columns, level, strict=True))


def compare(records: Sequence[SweepRecord], by: Sequence[str], metric: str | None) -> Table:
    """The table of one metric by one or more factors.

    Args:
        records: at least one sweep.
        by: names of hyperparameters.
        metric: by default that of the first sweep's objective, measured on the test set.
    Raises: TableError for a factor or metric there is not, naming the nearest.
    """
    runs = [(record.name, run) for record in records for run in record.runs]
    finished = [run for _, run in runs if run.finished]
    if not finished:
        raise TableError(_nothing_finished(records))
    objective = records[0].objective
    metric = check_metric(metric or default_metric(objective, finished), finished)
    counted = [(sweep, run) for sweep, run in runs if run.finished and metric in run.metrics]
    factors = axes(by, records, [run for _, run in counted])
    layout = _Layout(factors, tuple(record.name for record in records))
    verdict = judge(
        [_observation(layout, sweep, run, metric) for sweep, run in runs],
        pooled=[axis.name for axis in factors if axis.bins],
        grid=len(records) == 1 and records[0].sampler == "grid",
        same_data=len({record.data_digest for record in records}) == 1,
    )
    return Table(
        sweeps=layout.sweeps,
        metric=metric,
        by=tuple(axis.name for axis in factors),
        columns=layout.columns,
        controlled=verdict.controlled,
        rows=_rows(layout, counted, metric, best=max if rises(metric, objective) else min),
        notes=(*verdict.notes, *_left_out([run for _, run in runs], metric)),
    )


def default_metric(objective: Mapping[str, str], runs: Sequence[RunRecord]) -> str:
    """The objective's metric on the test set, if it was measured there."""
    metric = objective["metric"]
    on_test = "test/" + metric.removeprefix("validation/")
    return on_test if any(on_test in run.metrics for run in runs) else metric


def rises(metric: str, objective: Mapping[str, str]) -> bool:
    """Whether more of a metric is better; where nothing is known of it, it is."""
    leaf = metric.rpartition("/")[2]
    if leaf in (*_SMALLER, *_LARGER):
        return leaf in _LARGER
    same = leaf == objective["metric"].rpartition("/")[2]
    return not (same and objective.get("direction") == "minimize")


def _rows(
    layout: _Layout,
    counted: Sequence[tuple[str, RunRecord]],
    metric: str,
    best: Callable[[list[float]], float],
) -> tuple[Row, ...]:
    levels: dict[str, Level] = {}
    values: dict[str, list[float]] = defaultdict(list)
    for sweep, run in counted:
        level = layout.level(sweep, run)
        levels[canonical(level)] = level
        values[canonical(level)].append(run.metrics[metric])
    rows = [
        Row(levels[name], *mean_interval(found), n=len(found), best=best(found))
        for name, found in values.items()
    ]
    return tuple(sorted(rows, key=lambda row: layout.key(row.level)))


def _observation(layout: _Layout, sweep: str, run: RunRecord, metric: str) -> Observation:
    return Observation(
        level=layout.words(layout.level(sweep, run)),
        others={k: v for k, v in settings(run).items() if k not in layout.columns},
        counted=run.finished and metric in run.metrics,
    )


def _left_out(runs: Sequence[RunRecord], metric: str) -> list[str]:
    why = Counter(_why_left_out(run, metric) for run in runs)
    parts = [f"{n} {reason}" for reason, n in sorted(why.items()) if reason]
    return [f"left out: {', '.join(parts)}"] if parts else []


def _why_left_out(run: RunRecord, metric: str) -> str:
    if run.finished:
        return "" if metric in run.metrics else f"without {metric}"
    return {"PRUNED": "pruned", "FAIL": "failed"}.get(run.state, "unfinished")


def _nothing_finished(records: Sequence[SweepRecord]) -> str:
    names = ", ".join(f"'{record.name}'" for record in records)
    one = "sweep" if len(records) == 1 else "sweeps"
    n_begun = sum(len(record.runs) for record in records)
    return f"{one} {names}: no run has finished yet, {n_begun} were begun; carry on: fairtrial run"
