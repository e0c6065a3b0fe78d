"""Which sweeps a report is about: from names, patterns, tags and dates to MLflow's own runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tracking import tags
from tracking.errors import NothingToReport
from tracking.files.node import nearest, shown
from tracking.reading import find_parents, read_runs, unknown_sweep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow.entities import Run

    from tracking.catalog.records import KeptReport
    from tracking.reading import SweepRecord
    from tracking.reports.spec import ReportSpec, Selector
    from tracking.store import Store


_MAX_NAMED = 10


@dataclass(frozen=True)
class Selection:
    """The sweeps that were found, each read once, in the order of the file and then by name.

    Attributes:
        warnings: of each selector that fits none.
    """

    records: tuple[SweepRecord, ...]
    warnings: tuple[str, ...] = ()


def select(
    store: Store,
    spec: ReportSpec,
    last: KeptReport | None,
    among: Mapping[str, SweepRecord] | None = None,
) -> Selection:
    """Find and read the sweeps that a report file names.

    Args:
        last: the report before, which `since: last` counts from; None: nothing is too old.
        among: the sweeps that a report made again rests on, by name: all of them and no others.
    Raises: NothingToReport when there is none at all, or no baseline; TrackingUnavailable.
    """
    finder = _Finder(store, find_parents(store), last, among)
    warnings = [_nothing(selector, last) for selector in spec.sweeps if not finder.take(selector)]
    if spec.baseline and not finder.take_name(spec.baseline):
        raise NothingToReport(f"baseline: {unknown_sweep(spec.baseline, list(finder.parents))}")
    for name in among or ():
        finder.take_name(name)
    only_old = finder.parents and any(selector.kind == "since" for selector in spec.sweeps)
    if not finder.found and not only_old:
        near = [_nearest(selector, list(finder.parents)) for selector in spec.sweeps]
        told = [f"{warning}{way_out}" for warning, way_out in zip(warnings, near, strict=True)]
        raise NothingToReport(f"no sweep to report on: {'; '.join(told)}")
    return Selection(tuple(finder.found.values()), tuple(warnings))


@dataclass
class _Finder:
    """Reads each sweep at most once, whatever selects it."""

    store: Store
    parents: Mapping[str, Run]
    last: KeptReport | None
    among: Mapping[str, SweepRecord] | None
    found: dict[str, SweepRecord] = field(default_factory=dict)
    _read: dict[str, SweepRecord] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.among is not None:
            self._read = dict(self.among)
            self.parents = {n: run for n, run in self.parents.items() if n in self.among}

    def take(self, selector: Selector) -> bool:
        """Add what it selects; whether there is any."""
        names = list(self._names(selector))
        for name in names:
            self.take_name(name)
        return bool(names)

    def take_name(self, name: str) -> bool:
        """Add one sweep, if there is one of that name."""
        if name in self.parents:
            self.found.setdefault(name, self._record(name))
        return name in self.found

    def _record(self, name: str) -> SweepRecord:
        if name not in self._read:
            self._read[name] = read_runs(self.store, self.parents[name])
        return self._read[name]

    def _names(self, selector: Selector) -> Iterator[str]:
        for name, parent in self.parents.items():
            if selector.kind == "name":
                fits = fnmatchcase(name, selector.text)
            elif selector.kind == "tag":
                fits = _has_tag(parent, selector.text)
            else:
                fits = self._is_new(name, parent)
            if fits:
                yield name

    def _is_new(self, name: str, parent: Run) -> bool:
        """Whether one of its runs ended since the last report."""
        if self.last is None:
            return True
        since_ms = int(self.last.made.timestamp() * 1000)
        # A sweep's own run ends after all others, so most old ones need not be read.
        over = parent.info.status in tags.STATUS_OF.values()
        if over and parent.info.end_time is not None and parent.info.end_time < since_ms:
            return False
        runs = self._record(name).runs
        return any(run.ended_ms is not None and run.ended_ms >= since_ms for run in runs)


def _has_tag(parent: Run, text: str) -> bool:
    name, equals, value = text.partition("=")
    found = parent.data.tags.get(name)
    return found is not None and (not equals or found == value)


def _nothing(selector: Selector, last: KeptReport | None) -> str:
    """That it fits none; the same whatever other sweeps there are."""
    at = f"{selector.place.at}: "
    if selector.kind == "tag":
        return f"{at}no sweep's own run has the MLflow tag {shown(selector.text)}"
    if selector.kind == "since":
        when = f", {last.made:%Y-%m-%d %H:%M} UTC" if last else ""
        return f"{at}no run of any sweep has ended since the last report{when}"
    if _is_pattern(selector.text):
        return f"{at}no sweep's name fits {shown(selector.text)}"
    return f"{at}no sweep {shown(selector.text)}"


def _nearest(selector: Selector, names: list[str]) -> str:
    if not names:
        return "; there is none yet: start one with: fairtrial run FILE"
    if selector.kind == "name":
        return f"; {nearest(selector.text, names[:_MAX_NAMED])}"
    return ""


def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in "*?[")
