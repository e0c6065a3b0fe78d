"""The service's loop: looks at schedules, starts workers, hears how they end. One thread.

Each job is done by a worker process (see `worker`); the catalog's jobs are written from here. What
it knows of itself is in `state`, for `door`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sweeps.service.children import start_child
from sweeps.service.metrics import Metrics
from sweeps.service.owners import is_alive, this_process
from sweeps.service.retries import Retries
from sweeps.service.state import State
from sweeps.service.timetable import Timetable
from tracking.catalog.jobs import Jobs
from tracking.catalog.schedules import Schedules
from tracking.errors import CatalogError
from tracking.files.node import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweeps.service.children import Child
    from sweeps.service.outcome import Outcome
    from sweeps.service.signals import Signals
    from sweeps.stores import Stores
    from tracking.catalog.database import Catalog
    from tracking.catalog.records import Job

_PAUSE_S = 0.5  # at most, until queue and clock are looked at again
_BEAT_S = 10.0
_RECOVER_S = 30.0
_STALE_S = 120.0  # an owner on another host that is silent for so long is gone
_HELD_S = 5.0
_STOP_S = 8.0  # below the 10 s that Docker gives
_COUNT_S = 5.0
_AWAY_S = (1.0, 30.0)  # between two tries to reach the catalog: at first, and at most


@dataclass(frozen=True)
class Options:
    """How a service works.

    Attributes:
        concurrency: how many jobs at once.
        lanes: of each sweep, or None for the default.
        dashboard: MLflow's address for people, or ''.
    """

    concurrency: int = 1
    lanes: int | None = None
    dashboard: str = ""
    retries: Retries = field(default_factory=Retries)


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


class Service:
    """Queued sweeps and schedules, done one after the other or a few at once.

    Attributes:
        state: what it last saw.
    """

    def __init__(
        self,
        stores: Stores,
        catalog: Catalog,
        options: Options,
        *,
        say: Callable[[str], None],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Args: say: a line for those who watch.

        now: the clock that schedules and retries go by.
        """
        self._stores, self._options, self._say, self._now = stores, options, say, now
        self._jobs, schedules = Jobs(catalog), Schedules(catalog)
        self._timetable = Timetable(schedules, self._jobs, say)
        self._owner = this_process()
        self._children: list[Child] = []
        self._due: dict[str, float] = {}
        self._away_s = 0.0
        self.state = State()
        self.metrics = Metrics(lambda: self.state)

    def run(self, signals: Signals) -> bool:
        """Work until told to stop; then let every worker end its tick and put its job back.

        Returns: False when it was told twice, or a worker did not end in time and was killed.
        """
        while not signals.asked:
            signals.wait(self._round())
        self._say("stopping; every sweep ends its tick and is carried on later")
        self.state = replace(self.state, stopping=True)
        for child in self._children:
            child.ask_to_stop()
        until = time.monotonic() + _STOP_S
        while self._children and signals.asked == 1 and time.monotonic() < until:
            self._round()
            signals.wait(_PAUSE_S / 5 if self._children else 0)
        in_time = not self._children
        self.stop_at_once()
        return in_time

    def tick(self) -> None:
        """Do once all there is to do.

        Raises: CatalogError when the catalog can't be used; the next tick makes up for it.
        """
        now = self._now()
        self._settle(now)
        if self._is_due("beat", _BEAT_S):
            self._beat(now)
        if not self.state.stopping:
            if self._is_due("recover", _RECOVER_S):
                self._recover(now)
            self._look_at_schedules(now)
            self._start_queued(now)
        if self._is_due("count", _COUNT_S):
            self.state = replace(self.state, jobs=self._jobs.counts())
        running = tuple(child.job.id for child in self._children)
        self.state = replace(self.state, ticked=time.monotonic(), fault="", running=running)

    def stop_at_once(self) -> None:
        """Kill what runs and put it back, as far as the catalog can be reached."""
        for child in self._children:
            child.kill()
        try:
            self._settle(self._now())
        except CatalogError as error:  # the next service sees that this one is gone
            self._say(str(error))

    def _round(self) -> float:
        """A tick, or a sentence on why there was none.

        Returns: seconds until the next.
        """
        try:
            self.tick()
        except CatalogError as error:
            if not self.state.fault:
                self._say(f"{error}; what runs goes on, the rest waits until it is back")
            self._away_s = min(max(2 * self._away_s, _AWAY_S[0]), _AWAY_S[1])
            self.state = replace(self.state, ticked=time.monotonic(), fault=str(error))
            return self._away_s
        if self._away_s:
            self._away_s = 0.0
            self._say("the catalog is back")
        return _PAUSE_S

    def _settle(self, now: datetime) -> None:
        """Write down how workers ended; one stays in the list until that is written."""
        for child in list(self._children):
            outcome = child.poll()
            if outcome is None:
                continue
            if not child.lost:
                self._write_end(child.job, outcome, now)
                self.metrics.ended(child, outcome)
            self._children.remove(child)
            self._due.pop("count", None)

    def _write_end(self, job: Job, outcome: Outcome, now: datetime) -> None:
        message, said = outcome.message, str(outcome.state)
        match outcome.state:
            case "done":
                self._jobs.finish(job.id, self._owner, now=now, message=message)
            case "interrupted":
                self._jobs.release(job.id, self._owner, now=now, message=message)
            case "held":
                retry_at = now + timedelta(seconds=_HELD_S)
                self._jobs.release(
                    job.id, self._owner, now=now, message=message, not_before=retry_at
                )
            case "failed":
                self._jobs.fail(job.id, self._owner, now=now, message=message, retry_at=None)
            case "retry":
                again = self._options.retries.next_at(job.attempts, now)
                self._jobs.fail(job.id, self._owner, now=now, message=message, retry_at=again)
                when = "given up" if again is None else f"again at {again:%H:%M:%S}Z"
                said = f"failed, {when}"
        self._tell(job, f"{said}. {message}" if message else said)

    def _beat(self, now: datetime) -> None:
        for child in self._children:
            if not child.lost and not self._jobs.heartbeat(child.job.id, self._owner, now=now):
                self._tell(child.job, "was taken by another service; this one lets go")
                child.lost = True
                child.ask_to_stop()

    def _recover(self, now: datetime) -> None:
        found = self._jobs.recover(now=now, is_alive=is_alive, stale_after_s=_STALE_S)
        for job in found:
            self._tell(job, "was left by a service that is gone; taken up again")

    def _look_at_schedules(self, now: datetime) -> None:
        jobs, schedules = self._timetable.queue_due(now)
        for job in jobs:
            self._tell(job, "due" + (", late: it was missed" if job.late else ""))
        self.state = replace(self.state, schedules=tuple(schedules))

    def _start_queued(self, now: datetime) -> None:
        while len(self._children) < self._options.concurrency:
            job = self._jobs.claim(self._owner, now=now)
            if job is None:
                return
            try:
                child = start_child(
                    job,
                    self._stores,
                    lanes=self._options.lanes,
                    dashboard=self._options.dashboard,
                )
            except OSError as error:
                again = self._options.retries.next_at(job.attempts, now)
                message = printable(f"no worker could be started: {error}")
                self._jobs.fail(job.id, self._owner, now=now, message=message, retry_at=again)
                self._tell(job, message)
                return
            self._children.append(child)
            self._due.pop("count", None)
            self._tell(job, f"begins, attempt {job.attempts}")

    def _is_due(self, what: str, every_s: float) -> bool:
        """Whether something done now and then is to be done now; then it is taken as done."""
        if time.monotonic() < self._due.get(what, 0.0):
            return False
        self._due[what] = time.monotonic() + every_s
        return True

    def _tell(self, job: Job, what: str) -> None:
        self._say(printable(f"job {job.id} ({job.kind} {job.name}): {what}"))
