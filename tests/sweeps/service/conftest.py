"""A catalog of one's own, and a service whose clock stands still until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from sweeps.service.service import Options, Service
from sweeps.stores import Stores
from tracking.catalog.database import open_catalog
from tracking.catalog.jobs import Jobs
from tracking.catalog.schedules import Schedules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tracking.catalog.database import Catalog

PATIENCE_S = 60


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


class Bench:
    """A service that is ticked by hand, in front of a real catalog.

    Attributes:
        said: what it said, line by line.
    """

    def __init__(self, folder: Path, catalog: Catalog, clock: Clock) -> None:
        self.stores, self.catalog, self.clock = Stores(folder / ".fairtrial"), catalog, clock
        self.jobs, self.schedules = Jobs(catalog), Schedules(catalog)
        self.said: list[str] = []
        self.services: list[Service] = []

    def service(self, options: Options | None = None) -> Service:
        made = Service(
            self.stores, self.catalog, options or Options(), say=self.said.append, now=self.clock
        )
        self.services.append(made)
        return made

    def submit(self, file: Path, *, name: str = "rates", priority: int = 0) -> int:
        job = self.jobs.submit(
            "sweep", name, str(file), text="", priority=priority, now=self.clock()
        )
        return job.id

    def tick_until(self, service: Service, condition: Callable[[], bool]) -> None:
        """Tick until it holds; with a deadline, and woken every 50 ms."""
        until = monotonic() + PATIENCE_S
        while not condition():
            assert monotonic() < until, "\n".join(self.said)
            service._round()
            Event().wait(0.05)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bench_on(project: Path, clock: Clock) -> Iterator[Callable[[str], Bench]]:
    """A bench whose catalog is at this address."""
    made: list[Bench] = []

    def make(url: str) -> Bench:
        made.append(Bench(project, open_catalog(url), clock))
        return made[-1]

    yield make
    for bench in made:
        for service in bench.services:
            service.stop_at_once()
        bench.catalog.close()


@pytest.fixture
def bench(project: Path, bench_on: Callable[[str], Bench]) -> Bench:
    return bench_on(Stores(project / ".fairtrial").database_url)
