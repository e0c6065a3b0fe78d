"""A queued sweep, from its file to its table in MLflow, in the process that calls."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.service.dated import dated_override
from sweeps.service.outcome import Outcome
from tracking.files.node import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweeps.progress import Progress
    from sweeps.spec import SweepSpec
    from sweeps.stores import Stores
    from tracking.catalog.records import Job

_SAID_EVERY_S = 30.0


def job_spec(job: Job, timezone: str = "UTC") -> SweepSpec:
    """The sweep of a job: the text that was submitted, or the schedule's file as it is now.

    Args:
        timezone: of the job's schedule, if it has one.
    Raises: SpecError.
    """
    from sweeps.spec import load_spec, parse_spec

    overrides = list(job.options.get("overrides", ()))
    if job.text:
        return parse_spec(job.text, Path(job.file), overrides)
    spec = load_spec(Path(job.file), overrides)
    if job.due is None:
        return spec
    return load_spec(Path(job.file), [*overrides, dated_override(spec, job.due, timezone)])


def run_sweep_job(
    spec: SweepSpec,
    *,
    stores: Stores,
    n_trials: int | None,
    lanes: int | None,
    should_stop: Callable[[], bool],
    say: Callable[[str], None],
) -> Outcome:
    """Start the sweep, or carry on the one of that name.

    Raises: SweepError, TrackingError, TrainerError.
    """
    from sweeps.launch import DEFAULT_LANES, prepare_data, run_sweep, summary
    from sweeps.pretrained import find_pretrained
    from tracking.recorder import MlflowRecorder
    from tracking.store import open_store

    splits = prepare_data(spec)
    pretrained = find_pretrained(spec, open_store)
    watched = _Watch(spec.name, say)
    outcome = run_sweep(
        spec,
        splits,
        stores=stores,
        recorder=MlflowRecorder(open_store()),
        pretrained=pretrained,
        lanes=lanes or DEFAULT_LANES,
        n_trials=n_trials,
        observer=watched,
        should_stop=should_stop,
    )
    message = printable(f"{spec.name}: {summary(spec, outcome)}")
    if outcome.state == "interrupted":
        return Outcome("interrupted", message, dict(watched.ended))
    # A sweep without one success ends the same way each time it is carried on.
    any_success = outcome.counts.get("COMPLETE")
    return Outcome("done" if any_success else "failed", message, dict(watched.ended))


class _Watch:
    """Counts trials, and says now and then how far the sweep is."""

    def __init__(self, name: str, say: Callable[[str], None]) -> None:
        self.ended: Counter[str] = Counter()
        self._name, self._say = name, say
        self._said = time.monotonic()

    def trial_ended(self, number: int, state: str, value: float | None, message: str) -> None:  # noqa: ARG002 - see Observer
        """See Observer."""
        self.ended[state] += 1
        if state == "FAIL":
            self._say(printable(f"{self._name}: trial {number} failed: {message}"))

    def ticked(self, progress: Progress) -> None:
        """See Observer."""
        if time.monotonic() - self._said >= _SAID_EVERY_S:
            self._said = time.monotonic()
            counts = ", ".join(f"{n} {state}" for state, n in progress.counts.items())
            self._say(f"{self._name}: {counts}")
