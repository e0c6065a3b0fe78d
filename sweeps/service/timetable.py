"""From schedules to jobs: each time of a schedule is queued once, by whichever service is first."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tracking.cron import due_between, next_after
from tracking.errors import ScheduleError
from tracking.files.node import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from tracking.catalog.jobs import Jobs
    from tracking.catalog.records import Job, Schedule
    from tracking.catalog.schedules import Schedules

GRACE_S = 60.0  # begun later than this after its time, it was missed


class Timetable:
    """Looks at the schedules again and again.

    Whatever the clock does, nothing is done twice: a schedule's time is unique in the catalog.
    """

    def __init__(self, schedules: Schedules, jobs: Jobs, say: Callable[[str], None]) -> None:
        self._schedules, self._jobs, self._say = schedules, jobs, say
        self._looked: datetime | None = None
        self._faults: dict[str, str] = {}

    def queue_due(self, now: datetime) -> tuple[list[Job], Sequence[Schedule]]:
        """Queue what is due; of several times that were missed, the last one.

        Returns: the new jobs, and all schedules as they were found.
        """
        set_back = self._looked is None or now < self._looked
        self._looked = now
        found = self._schedules.list()
        waiting = self._waiting() if any(_is_due(s, now) for s in found) else set()
        jobs = []
        for schedule in found:
            try:
                if set_back or schedule.next_due is None:
                    self._mend(schedule, now)
                if _is_due(schedule, now):
                    job = self._queue(schedule, now, waits=schedule.name in waiting)
                    jobs += [job] if job else []
            except ScheduleError as error:  # such as a time zone that is not known on this machine
                self._say_once(schedule.name, str(error))
        return jobs, found

    def _queue(self, schedule: Schedule, now: datetime, *, waits: bool) -> Job | None:
        assert schedule.next_due is not None
        just_before = schedule.next_due - timedelta(microseconds=1)
        missed = due_between(schedule.cron, schedule.timezone, just_before, now)
        due = missed[-1] if missed else schedule.next_due
        late = (now - due).total_seconds() > GRACE_S
        # One that still waits to begin stands for this time too: no queue of equal jobs grows.
        job = None if waits else self._jobs.add_due(schedule, due, late=late, now=now)
        # After the job: a service that is killed here finds the time again, and the job there.
        following = next_after(schedule.cron, schedule.timezone, now)
        self._schedules.set_next(schedule.name, schedule.next_due, following)
        return job

    def _mend(self, schedule: Schedule, now: datetime) -> None:
        """A clock that was ahead and was set back has left a next time too far ahead."""
        following = next_after(schedule.cron, schedule.timezone, now)
        if schedule.next_due is None or schedule.next_due > following:
            self._schedules.set_next(schedule.name, schedule.next_due, following)

    def _say_once(self, name: str, fault: str) -> None:
        if self._faults.get(name) != fault:
            self._faults[name] = fault
            self._say(printable(f"schedule {name} can't be followed: {fault}"))

    def _waiting(self) -> set[str]:
        queued = self._jobs.list(states=["queued"])
        return {job.schedule for job in queued if job.schedule and job.attempts == 0}


def _is_due(schedule: Schedule, now: datetime) -> bool:
    return schedule.next_due is not None and schedule.next_due <= now
