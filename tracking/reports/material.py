"""What all sections are made from: the sweeps as read, the metrics, the tables; each made once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tracking.errors import TableError
from tracking.levels import canonical, check_metric, settings
from tracking.metrics import default_metric, rises
from tracking.reading import best_run, best_trial
from tracking.reports.model import Link
from tracking.tables import compare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tracking.catalog.records import KeptReport
    from tracking.reading import RunRecord, SweepRecord
    from tracking.reports.model import Chart, ReportTable, SeenSweep
    from tracking.reports.spec import ReportSpec
    from tracking.store import Store
    from tracking.tables import Table


@dataclass(frozen=True)
class Content:
    """What stands in a section."""

    sentences: Sequence[str] = ()
    warnings: Sequence[str] = ()
    tables: Sequence[ReportTable] = ()
    charts: Sequence[Chart] = ()


@dataclass(frozen=True)
class Subject:
    """One sweep as a report sees it.

    Attributes:
        record: with just the runs that are over.
        metric: the first of the report's that it measured; '' if none.
        best: the runs of its best trial, by its own objective; none if no trial has finished.
    """

    record: SweepRecord
    seen: SeenSweep
    metric: str
    best: tuple[RunRecord, ...]

    @property
    def name(self) -> str:
        """Of the sweep."""
        return self.record.name

    @property
    def factors(self) -> tuple[str, ...]:
        """What was searched."""
        return tuple(self.record.search)

    @property
    def link(self) -> Link:
        """The sweep's own run."""
        return self.seen.link

    @property
    def best_link(self) -> Link | None:
        """The best run of the best trial."""
        if not self.best:
            return None
        return self.link_of(best_run(self.record))

    def link_of(self, run: RunRecord) -> Link:
        """One of its runs."""
        return Link(self.link.experiment_id, run.mlflow_id)

    def values(self, metric: str) -> list[float]:
        """Of the best trial's runs, as far as they have it."""
        return [run.metrics[metric] for run in self.best if metric in run.metrics]


@dataclass(frozen=True)
class Material:
    """What a report is written from.

    Attributes:
        subjects: in the order of the file.
        metrics: at least one, but for a report without a finished run.
        baseline: one of the subjects, or None.
        against: the report that changes are told since, or None.
    """

    store: Store
    spec: ReportSpec
    subjects: tuple[Subject, ...]
    metrics: tuple[str, ...]
    baseline: Subject | None
    against: KeptReport | None = None
    _tables: dict[str, Table | None] = field(default_factory=dict, repr=False, compare=False)
    _levels: dict[str, dict[str, frozenset[str]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def table(self, subject: Subject, by: Sequence[str], metric: str) -> Table | None:
        """The table of one sweep; None where it lacks a factor, or the metric, or finished runs."""
        key = canonical([subject.name, list(by), metric])
        if key not in self._tables:
            try:
                self._tables[key] = compare([subject.record], by, metric)
            except TableError:
                self._tables[key] = None
        return self._tables[key]

    def groups(self) -> Iterator[tuple[str, list[Subject]]]:
        """The sweeps by the metric they are judged by, best first."""
        for metric in self.metrics:
            found = [subject for subject in self.subjects if subject.metric == metric]
            if found:
                yield metric, ranked(found, metric)

    def levels(self, subject: Subject) -> Mapping[str, frozenset[str]]:
        """Every value that each setting took in a sweep, as canonical JSON; the seed among them."""
        if subject.name not in self._levels:
            found: dict[str, set[str]] = {}
            for run in subject.record.runs:
                for name, value in settings(run).items():
                    found.setdefault(name, set()).add(canonical(value))
            self._levels[subject.name] = {name: frozenset(found[name]) for name in sorted(found)}
        return self._levels[subject.name]

    def varied(self, subject: Subject) -> list[str]:
        """The searched factors that took more than one value, in the file's order."""
        found = self.levels(subject)
        return [name for name in subject.factors if len(found.get(name, ())) > 1]


def subject_of(record: SweepRecord, seen: SeenSweep, metrics: Sequence[str]) -> Subject:
    """A sweep that was read, with its best trial found.

    Args:
        metrics: in the report file; none: the sweep's own.
    """
    best = tuple(best_trial(record))
    measured = {name for run in best for name in run.metrics}
    wanted = metrics or [default_metric(record.objective, best)]
    metric = next((metric for metric in wanted if metric in measured), "")
    return Subject(record, seen, metric, best)


def metrics_of(
    spec: ReportSpec, records: Sequence[SweepRecord]
) -> tuple[tuple[str, ...], list[str]]:
    """The report's metrics, and warnings of those in its file that no run has.

    Raises: TableError, naming the nearest, when no run has any of those in the file.
    """
    finished = [[run for run in record.runs if run.finished] for record in records]
    everything = [run for runs in finished for run in runs]
    if not everything:
        return spec.metrics, []
    if not spec.metrics:
        found = [
            default_metric(record.objective, runs)
            for record, runs in zip(records, finished, strict=True)
            if runs
        ]
        return tuple(dict.fromkeys(found)), []
    known, warnings = [], []
    problem: TableError | None = None
    for metric in spec.metrics:
        try:
            known.append(check_metric(metric, everything))
        except TableError as error:
            problem = error
            warnings.append(f"left out: {error}")
    if problem and not known:
        raise problem
    return tuple(known), warnings


def ranked(subjects: Sequence[Subject], metric: str) -> list[Subject]:
    """By the mean of their best trials, best first; those without one are left out."""
    found = [subject for subject in subjects if subject.values(metric)]
    if not found:
        return []
    sign = -1 if rises(metric, found[0].record.objective) else 1
    return sorted(found, key=lambda s: (sign * mean_of(s.values(metric)), s.name))


def mean_of(values: Sequence[float]) -> float:
    """Summed exactly, so that the order of the runs changes no bit."""
    return math.fsum(values) / len(values)
