"""The queue: what is to be done, by whom it is being done, and how it ended.

Who does the work, and when a failure is tried again, is the service's; here a job is given to
exactly one process, and only that process may say how it ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import exc, exists, func, insert, select, update

from tracking.catalog.records import Job, Owner
from tracking.catalog.schema import jobs
from tracking.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.engine import Connection
    from sqlalchemy.sql import ColumnElement

    from tracking.catalog.database import Catalog
    from tracking.catalog.records import JobState, Kind, Schedule

KINDS: tuple[Kind, ...] = ("sweep", "report")
_RUNNING: tuple[JobState, ...] = ("running",)
_NOBODY: dict[str, Any] = {
    "owner_host": None,
    "owner_pid": None,
    "owner_process": None,
    "heartbeat": None,
}


class Jobs:
    """The jobs of a catalog. Every method may raise CatalogError."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def submit(
        self,
        kind: Kind,
        name: str,
        file: str,
        *,
        text: str = "",
        options: Mapping[str, Any] | None = None,
        priority: int = 0,
        now: datetime,
    ) -> Job:
        """Put something into the queue, as often as asked."""
        values = _new(kind, name, file, now) | {"text": text, "priority": priority}
        return self._add(values | {"options": dict(options or {})})

    def add_due(
        self, schedule: Schedule, due: datetime, *, late: bool, now: datetime
    ) -> Job | None:
        """Put one time of a schedule into the queue, unless it is there; then None."""
        values = _new(schedule.kind, schedule.name, schedule.file, now)
        values |= {"schedule": schedule.name, "due": due, "late": late}
        try:
            return self._add(values)
        except CatalogError as error:
            if isinstance(error.__cause__, exc.IntegrityError):
                return None  # whoever came first has made it
            raise

    def claim(self, owner: Owner, *, now: datetime, kinds: Collection[Kind] = KINDS) -> Job | None:
        """Take the next job that may begin: no other process gets it.

        One waits while another of its kind and name runs: a sweep, or a schedule's last time.
        """
        others = jobs.alias()
        runs = exists().where(
            others.c.state == "running", others.c.kind == jobs.c.kind, others.c.name == jobs.c.name
        )
        ready = (
            select(jobs.c.id)
            .where(
                jobs.c.state == "queued",
                jobs.c.kind.in_(kinds),
                jobs.c.not_before.is_(None) | (jobs.c.not_before <= now),
                ~runs,
            )
            .order_by(jobs.c.priority.desc(), jobs.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)  # what is being cancelled is passed over
        )
        # Two at once could take two of one name, since neither sees that the other's is running.
        with self._catalog.writing(alone=True) as connection:
            found = connection.execute(ready).scalar()
            if found is None:
                return None
            taken = {
                "state": "running",
                "owner_host": owner.host,
                "owner_pid": owner.pid,
                "owner_process": owner.process,
                "heartbeat": now,
                "began": now,
                "ended": None,
                "not_before": None,
                "attempts": jobs.c.attempts + 1,
            }
            connection.execute(update(jobs).where(jobs.c.id == found).values(taken))
            return _read(connection, found)

    def heartbeat(self, job_id: int, owner: Owner, *, now: datetime) -> bool:
        """Say that it is still being done; False: it is no longer ours, stop."""
        return self._change(_held(job_id, owner), {"heartbeat": now})

    def finish(self, job_id: int, owner: Owner, *, now: datetime, message: str = "") -> bool:
        """It is done; False: it was no longer ours."""
        ended = {"state": "done", "ended": now, "message": message, **_NOBODY}
        return self._change(_held(job_id, owner), ended)

    def fail(
        self,
        job_id: int,
        owner: Owner,
        *,
        now: datetime,
        message: str,
        retry_at: datetime | None,
    ) -> bool:
        """It failed: queued again for then, or with None failed for good."""
        state = "failed" if retry_at is None else "queued"
        ended = {"state": state, "ended": now, "message": message, "not_before": retry_at}
        return self._change(_held(job_id, owner), ended | _NOBODY)

    def release(
        self,
        job_id: int,
        owner: Owner,
        *,
        now: datetime,
        message: str = "",
        not_before: datetime | None = None,
    ) -> bool:
        """Put it back as if it had not begun: this process ends, and the job is not to blame."""
        back = {
            "state": "queued",
            "ended": now,
            "message": message,
            "not_before": not_before,
            "attempts": jobs.c.attempts - 1,
        }
        return self._change(_held(job_id, owner), back | _NOBODY)

    def recover(
        self,
        *,
        now: datetime,
        is_alive: Callable[[Owner], bool | None],
        stale_after_s: float,
    ) -> list[Job]:
        """Queue again what a process held that is gone. The attempt counts: the job may be why.

        Args:
            is_alive: whether a process lives; None: it can't be known, its heartbeat decides.
            stale_after_s: without a heartbeat.
        """
        recovered = []
        for job in self.list(_RUNNING):
            assert job.owner is not None
            assert job.heartbeat is not None
            alive = is_alive(job.owner)
            stale = (now - job.heartbeat).total_seconds() > stale_after_s
            if not (alive is False or (alive is None and stale)):
                continue
            gone = f"process {job.owner.pid} on {job.owner.host} ended without a word"
            back = {"state": "queued", "ended": now, "message": gone, **_NOBODY}
            as_read = jobs.c.heartbeat == job.heartbeat  # not since taken up, or heard of, again
            if self._change((*_held(job.id, job.owner), as_read), back):
                recovered.append(self.get(job.id))
        return recovered

    def cancel(self, job_id: int, *, now: datetime) -> bool:
        """Take it out of the queue; False: it was not in it."""
        queued = (jobs.c.id == job_id, jobs.c.state == "queued")
        ended = {"state": "failed", "ended": now, "message": "cancelled before it began"}
        return self._change(queued, ended)

    def get(self, job_id: int) -> Job:
        """One job.

        Raises: CatalogError when there is none of that number.
        """
        with self._catalog.reading() as connection:
            job = _read(connection, job_id)
        if job is None:
            raise CatalogError(f"no job {job_id} in the catalog {self._catalog.shown}")
        return job

    def list(
        self, states: Collection[JobState] | None = None, limit: int | None = None
    ) -> list[Job]:
        """Jobs, those in the queue and running in their order; with a limit, the newest of them."""
        wanted = select(jobs).order_by(jobs.c.id.desc()).limit(limit)
        if states is not None:
            wanted = wanted.where(jobs.c.state.in_(states))
        with self._catalog.reading() as connection:
            return [_job(row) for row in reversed(connection.execute(wanted).all())]

    def counts(self) -> dict[tuple[Kind, JobState], int]:
        """How many there are of each kind in each state, where there are any."""
        counted = select(jobs.c.kind, jobs.c.state, func.count()).group_by(
            jobs.c.kind, jobs.c.state
        )
        with self._catalog.reading() as connection:
            return {(kind, state): n for kind, state, n in connection.execute(counted)}

    def _add(self, values: Mapping[str, Any]) -> Job:
        with self._catalog.writing() as connection:
            made = connection.execute(insert(jobs).values(values)).inserted_primary_key
            assert made is not None
            return cast("Job", _read(connection, made[0]))

    def _change(self, where: Collection[ColumnElement[bool]], values: Mapping[str, Any]) -> bool:
        with self._catalog.writing() as connection:
            return connection.execute(update(jobs).where(*where).values(values)).rowcount == 1


def _new(kind: Kind, name: str, file: str, now: datetime) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": name,
        "file": file,
        "text": "",
        "options": {},
        "priority": 0,
        "state": "queued",
        "created": now,
        "schedule": "",
        "late": False,
        "attempts": 0,
        "message": "",
    }


def _held(job_id: int, owner: Owner) -> tuple[ColumnElement[bool], ...]:
    """The job, while this very process holds it."""
    return (
        jobs.c.id == job_id,
        jobs.c.state == "running",
        jobs.c.owner_host == owner.host,
        jobs.c.owner_pid == owner.pid,
        jobs.c.owner_process == owner.process,
    )


def _read(connection: Connection, job_id: int) -> Job | None:
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
    return None if row is None else _job(row)


def _job(row: Row[Any]) -> Job:
    found = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    host, pid = found.pop("owner_host"), found.pop("owner_pid")
    process = found.pop("owner_process")
    return Job(**found, owner=None if host is None else Owner(host, pid, process))
