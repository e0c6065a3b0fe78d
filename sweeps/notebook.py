"""`sweeps.run`: a sweep from a notebook or a script, by the same rules as `fairtrial run`."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweeps.progress import Best, Outcome
    from sweeps.spec import SweepSpec
    from tracking.notebook import Frame

_HERE = Path("sweep.yaml")  # where a mapping's own paths are found from: the current folder
_LINES = re.compile(r" \(sweep\.yaml:\d+\)|sweep\.yaml:\d+(: )?")


@dataclass(frozen=True)
class SweepResult:
    """What came out of a session of a sweep; a notebook shows its table.

    Attributes:
        outcome: its state, 'done' or 'interrupted', counts of trials by state, and seconds.
        sentence: how it stands, in words.
    """

    name: str
    outcome: Outcome
    sentence: str
    by: str

    @property
    def best(self) -> Best | None:
        """The best trial: its number, value and params; None where none is complete."""
        return self.outcome.best

    @property
    def table(self) -> Frame:
        """The objective's metric on the test set by the first factor, as `tracking.compare`.

        Raises: TableError where no run is finished.
        """
        from tracking.notebook import compare

        return compare(self.name, by=self.by)

    def __repr__(self) -> str:
        return f"{self.name}, {self.outcome.state}: {self.sentence}"

    def _repr_html_(self) -> str:
        from tracking.notebook import table_html

        table = table_html(self.name, by=self.by) if self.outcome.counts.get("COMPLETE") else ""
        return _in_html(repr(self)) + table

    def _repr_markdown_(self) -> str:
        from tracking.notebook import table_markdown

        if not self.outcome.counts.get("COMPLETE"):
            return repr(self)
        return f"{self!r}\n\n{table_markdown(self.name, by=self.by)}"


def run(
    spec: str | Path | Mapping[str, Any] | SweepSpec,
    *,
    lanes: int | None = None,
    trials: int | None = None,
    show: bool = True,
) -> SweepResult:
    """Start a sweep, or carry on the one of that name, in the current folder's stores.

    The first Ctrl-C (a notebook's stop button) ends it after the tick at work: the result says
    'interrupted', and the same call carries it on. A second one stops at once.

    Args:
        spec: a sweep file; or what one holds, as a mapping; or a spec that was loaded.
        lanes: runs trained side by side; changes speed only.
        trials: in place of the budget's.
        show: how it goes on, in the notebook or on stderr.
    Raises: SpecError, DataError, SweepConflict, SweepHeld, TrackingUnavailable, ...: each one
        sentence with the way out.
    """
    from sweeps.interrupts import interruptible
    from sweeps.launch import DEFAULT_LANES, prepare_data, run_sweep, summary
    from sweeps.notebook_display import Watcher
    from sweeps.pretrained import find_pretrained
    from sweeps.stores import Stores
    from tracking.recorder import MlflowRecorder
    from tracking.store import open_store

    spec = _loaded(spec)
    splits = prepare_data(spec)
    pretrained = find_pretrained(spec, open_store)
    recorder = MlflowRecorder(open_store())
    watcher = Watcher(spec.name, spec.objective.metric) if show else None
    with interruptible([signal.SIGINT]) as interrupted:
        outcome = run_sweep(
            spec,
            splits,
            stores=Stores.here(),
            recorder=recorder,
            pretrained=pretrained,
            lanes=lanes or DEFAULT_LANES,
            n_trials=trials,
            observer=watcher,
            should_stop=interrupted,
        )
    if watcher is not None:
        watcher.show()
    return SweepResult(spec.name, outcome, summary(spec, outcome), next(iter(spec.search)))


def _loaded(spec: str | Path | Mapping[str, Any] | SweepSpec) -> SweepSpec:
    from sweeps.errors import SpecError
    from sweeps.spec import SweepSpec, load_spec, parse_spec
    from tracking.files.yaml_text import document

    if isinstance(spec, SweepSpec):
        return spec
    if isinstance(spec, str | Path):
        return load_spec(Path(spec))
    if not hasattr(spec, "items"):
        raise SpecError(
            f"a sweep is a file's name, a mapping of what a file holds, or a SweepSpec; "
            f"this is a {type(spec).__name__}"
        )
    try:
        return parse_spec(document(dict(spec)), _HERE)
    except SpecError as error:  # lines of a text that nobody wrote would say nothing
        raise SpecError(_LINES.sub("", str(error))) from None


def _in_html(text: str) -> str:
    from html import escape

    return f"<p>{escape(text)}</p>"
