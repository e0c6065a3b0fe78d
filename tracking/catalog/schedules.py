"""Schedules: what is to be done again and again, and when next. What is due becomes a job."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, exc, func, insert, select, update

from tracking.catalog.records import Schedule
from tracking.catalog.schema import jobs, schedules
from tracking.cron import check_cron, check_timezone, next_after
from tracking.errors import CatalogError, ScheduleError

if TYPE_CHECKING:
    from sqlalchemy import Row, Select

    from tracking.catalog.database import Catalog
    from tracking.catalog.records import Kind

_NAME = re.compile(r"\w[\w. -]{0,99}")  # also a tag of MLflow's and a word at a shell


class Schedules:
    """The schedules of a catalog. Every method may raise CatalogError."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def add(
        self, name: str, kind: Kind, file: str, cron: str, timezone: str, *, now: datetime
    ) -> Schedule:
        """Keep a new schedule; it is first due after `now`.

        Args:
            file: absolute.
            cron: five fields; `timezone`: an IANA name.
        Raises: ScheduleError when the name is taken or no name, or cron or timezone are wrong.
        """
        if not _NAME.fullmatch(name) or name != name.strip():
            raise ScheduleError(
                f"{name!r} can't name a schedule; use up to 100 letters, digits, spaces and . _ -, "
                "beginning with a letter or a digit"
            )
        values = {
            "name": name,
            "kind": kind,
            "file": file,
            "cron": check_cron(cron),
            "timezone": check_timezone(timezone).key,
            "created": now,
            "next_due": next_after(cron, timezone, now),
        }
        try:
            with self._catalog.writing() as connection:
                connection.execute(insert(schedules).values(values))
        except CatalogError as error:
            if isinstance(error.__cause__, exc.IntegrityError):
                raise ScheduleError(
                    f"a schedule '{name}' is there already; give this one another name, or first: "
                    f"fairtrial schedule remove {name!r}"
                ) from error
            raise
        return self.get(name)

    def get(self, name: str) -> Schedule:
        """One schedule.

        Raises: ScheduleError naming the nearest when there is none of that name.
        """
        with self._catalog.reading() as connection:
            row = connection.execute(_all().where(schedules.c.name == name)).one_or_none()
            if row is not None:
                return _schedule(row)
            names = list(connection.execute(select(schedules.c.name)).scalars())
        raise ScheduleError(_unknown(name, sorted(names)))

    def list(self) -> list[Schedule]:
        """All of them by name."""
        with self._catalog.reading() as connection:
            found = [_schedule(row) for row in connection.execute(_all())]
        return sorted(found, key=lambda schedule: schedule.name)

    def remove(self, name: str, *, now: datetime | None = None) -> None:
        """Forget a schedule; what it has in the queue is not done. What runs goes on.

        Raises: ScheduleError naming the nearest when there is none of that name.
        """
        queued = and_(jobs.c.schedule == name, jobs.c.state == "queued")
        with self._catalog.writing() as connection:
            gone = connection.execute(delete(schedules).where(schedules.c.name == name)).rowcount
            ended = {"state": "failed", "ended": now or datetime.now(UTC)}
            ended |= {"message": "its schedule was removed"}
            connection.execute(update(jobs).where(queued).values(ended))
        if not gone:
            self.get(name)

    def set_next(self, name: str, expected: datetime | None, next_due: datetime | None) -> bool:
        """Move to the next time, if none has done so since `expected` was read."""
        then = schedules.c.next_due
        unmoved = then.is_(None) if expected is None else then == expected
        with self._catalog.writing() as connection:
            moved = (
                update(schedules).where(schedules.c.name == name, unmoved).values(next_due=next_due)
            )
            return connection.execute(moved).rowcount == 1


def _all() -> Select[Any]:
    """Schedules, each with its newest job; those of an earlier schedule of the name don't count."""
    of_it = jobs.alias()
    newest = (
        select(func.max(of_it.c.id))
        .where(of_it.c.schedule == schedules.c.name, of_it.c.created >= schedules.c.created)
        .correlate(schedules)
        .scalar_subquery()
    )
    last = (jobs.c.due.label("last_due"), jobs.c.state.label("last_state"))
    joined = schedules.outerjoin(jobs, jobs.c.id == newest)
    return select(schedules, *last).select_from(joined)


def _schedule(row: Row[Any]) -> Schedule:
    found = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return Schedule(**found | {"last_state": found["last_state"] or ""})


def _unknown(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, n=2, cutoff=0.5)
    if near:
        return f"no schedule '{name}'; did you mean {' or '.join(repr(n) for n in near)}?"
    if names:
        more = ", ..." if len(names) > 10 else ""  # noqa: PLR2004 - a line's worth
        return f"no schedule '{name}'; there are: {', '.join(names[:10])}{more}"
    return (
        f"no schedule '{name}'; there is none yet: add one with: "
        'fairtrial schedule add NAME FILE --cron "0 7 * * 1"'
    )
