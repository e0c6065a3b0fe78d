"""The service in numbers, for Prometheus; on a registry of its own."""

from __future__ import annotations

import platform
import time
from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.core import Metric

    from sweeps.service.children import Child
    from sweeps.service.outcome import Outcome
    from sweeps.service.state import State

_SECONDS = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)


class Metrics:
    """Counts what ends; the rest is read from the state when it is asked for."""

    def __init__(self, state: Callable[[], State]) -> None:
        self._registry = CollectorRegistry()
        own = self._registry
        self._attempts = Counter(
            "fairtrial_job_attempts",
            "Attempts that ended, by how.",
            ["kind", "outcome"],
            registry=own,
        )
        self._seconds = Histogram(
            "fairtrial_job_seconds",
            "How long an attempt took.",
            ["kind"],
            buckets=_SECONDS,
            registry=own,
        )
        self._trials = Counter(
            "fairtrial_trials", "Trials that ended, by state.", ["state"], registry=own
        )
        self._reports = Counter(
            "fairtrial_report_failures", "Attempts at a report that failed.", registry=own
        )
        self._registry.register(_Now(state))

    def ended(self, child: Child, outcome: Outcome) -> None:
        """An attempt ended."""
        kind = child.job.kind
        self._attempts.labels(kind, outcome.state).inc()
        self._seconds.labels(kind).observe(time.monotonic() - child.began)
        for state, n in outcome.trials.items():
            self._trials.labels(state).inc(n)
        if kind == "report" and outcome.state in {"retry", "failed"}:
            self._reports.inc()

    def text(self) -> bytes:
        """As Prometheus reads it."""
        return generate_latest(self._registry)


class _Now:
    """What the state says at this moment."""

    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        state = self._state()
        yield InfoMetricFamily(
            "fairtrial_build",
            "What runs here.",
            value={"version": version("fairtrial"), "python": platform.python_version()},
        )
        yield GaugeMetricFamily("fairtrial_up", "1 while it can do its work.", int(state.ok))
        yield GaugeMetricFamily(
            "fairtrial_tick_age_seconds", "Since the loop last came round.", state.age_s
        )
        running = GaugeMetricFamily("fairtrial_running_jobs", "Jobs of this service that run.")
        running.add_metric([], len(state.running))
        yield running
        jobs = GaugeMetricFamily("fairtrial_jobs", "Jobs in the catalog.", labels=["kind", "state"])
        for (kind, found), n in sorted(state.jobs.items()):
            jobs.add_metric([kind, found], n)
        yield jobs
        due = GaugeMetricFamily(
            "fairtrial_schedule_next_due_timestamp_seconds",
            "When a schedule is due next.",
            labels=["schedule", "kind"],
        )
        for schedule in state.schedules:
            if schedule.next_due is not None:
                due.add_metric([schedule.name, schedule.kind], schedule.next_due.timestamp())
        yield due
