"""Tables of a metric by one or more hyperparameters, over the finished runs of some sweeps."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tracking.errors import TableError
from tracking.fairness import Observation, judge
from tracking.layout import TWO, Layout
from tracking.levels import SEED, axes, canonical, check_metric, settings
from tracking.metrics import PLAIN, Sense, caution, default_metric, sense_of
from tracking.pairs import against_best, best_of, seed_means
from tracking.statistics import mean_interval
from tracking.verdict import SEED_ITSELF, Verdict, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracking.layout import Level
    from tracking.pairs import PairedComparison
    from tracking.reading import RunRecord, SweepRecord


@dataclass(frozen=True)
class Row:
    """One level, and what its runs measured.

    Attributes:
        ci_low, ci_high: the 95% interval of the mean over runs; None for a single run.
        p_value: of the paired t-test against the best level, with Holm's correction over the
            levels; None for the best itself, and where there was no such test.
        against_best: the whole comparison that the p-value is from.
    """

    level: Level
    mean: float
    ci_low: float | None
    ci_high: float | None
    n: int
    best: float
    p_value: float | None = None
    against_best: PairedComparison | None = None


@dataclass(frozen=True)
class Table:
    """A table and what must be known to read it.

    Attributes:
        columns: what a row's level is made of: `by`, after `sweep` if there are several.
        notes: sentences for the reader.
        sense: how its numbers are to be read.
        best: the name of the level that the others are set against; None in an observed table.
        verdict: what it shows; None in an observed table, or one of a single row.
        marginals: of two factors, the table of each alone; none in an observed table.
        across: of two factors, the levels of the second in their order.
    """

    sweeps: tuple[str, ...]
    metric: str
    by: tuple[str, ...]
    columns: tuple[str, ...]
    controlled: bool
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    sense: Sense = PLAIN
    best: str | None = None
    verdict: Verdict | None = None
    marginals: tuple[Table, ...] = ()
    across: tuple[Any, ...] = ()

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
    layout = Layout(factors, tuple(record.name for record in records))
    judgement = judge(
        [_observation(layout, sweep, run, metric) for sweep, run in runs],
        pooled=[axis.name for axis in factors if axis.bins],
        grid=len(records) == 1 and records[0].sampler == "grid",
        same_data=len({record.data_digest for record in records}) == 1,
    )
    sense = sense_of(metric, objective, finished)
    rows = _rows(layout, counted, metric, sense)
    names = tuple(axis.name for axis in factors)
    table = Table(
        sweeps=layout.sweeps,
        metric=metric,
        by=names,
        columns=layout.columns,
        controlled=judgement.controlled,
        rows=rows,
        notes=(
            *judgement.notes,
            *caution(metric),
            *_left_out([run for _, run in runs], metric),
        ),
        sense=sense,
        across=layout.across([row.level for row in rows]),
    )
    if not table.controlled:
        return table
    if len(names) == TWO:
        alone = tuple(compare(records, [name], metric) for name in names)
        table = replace(table, marginals=alone)
    return _judged(table, layout, counted)


def _rows(
    layout: Layout, counted: Sequence[tuple[str, RunRecord]], metric: str, sense: Sense
) -> tuple[Row, ...]:
    levels: dict[str, Level] = {}
    values: dict[str, list[float]] = defaultdict(list)
    for sweep, run in counted:
        level = layout.level(sweep, run)
        levels[canonical(level)] = level
        values[canonical(level)].append(run.metrics[metric])
    best = max if sense.rises else min
    rows = [
        Row(levels[name], *mean_interval(found), n=len(found), best=best(found))
        for name, found in values.items()
    ]
    return tuple(sorted(rows, key=lambda row: layout.key(row.level)))


def _judged(table: Table, layout: Layout, counted: Sequence[tuple[str, RunRecord]]) -> Table:
    """A controlled table with each level set against the best, and the verdict."""
    if len(table.rows) == 1:
        return table
    if SEED in table.by:
        return replace(table, verdict=Verdict(SEED_ITSELF))
    runs: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for sweep, run in counted:
        name = layout.name(layout.level(sweep, run))
        runs[name].append((canonical(run.seed), run.metrics[table.metric]))
    names = [layout.name(row.level) for row in table.rows]  # distinct, else it were not controlled
    units = {name: seed_means(runs[name]) for name in names}
    best = best_of(units, rises=table.sense.rises)
    others = against_best(units, best, rises=table.sense.rises)
    return replace(
        table,
        rows=tuple(
            row if name == best else _compared(row, others[name])
            for row, name in zip(table.rows, names, strict=True)
        ),
        best=best,
        verdict=verdict(best, others, table.sense, cells=len(table.by) == TWO),
    )


def _compared(row: Row, other: PairedComparison) -> Row:
    return replace(row, p_value=other.p_holm, against_best=other)


def _observation(layout: Layout, sweep: str, run: RunRecord, metric: str) -> Observation:
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
