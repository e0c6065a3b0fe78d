"""What the catalog keeps of each report: that it was begun, how it ended, where it was sent.

Making one is `tracking/reports/kept.py`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from tracking.catalog.records import KeptReport
from tracking.catalog.schema import reports
from tracking.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Row, Select
    from sqlalchemy.engine import Connection
    from sqlalchemy.sql import ColumnElement

    from tracking.catalog.database import Catalog


class KeptReports:
    """The reports of a catalog. Every method may raise CatalogError."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def begin(
        self,
        key: str,
        title: str,
        *,
        file: str,
        file_text: str,
        schedule: str = "",
        late: bool = False,
        now: datetime,
    ) -> KeptReport:
        """Note that a report is being made; the same key again is the same report.

        One that failed, or whose process died, is being made anew, from the file as it is now.
        One that is done stays as it is.
        """
        again = {"title": title, "made": now, "file": file, "file_text": file_text}
        with self._catalog.writing() as connection:
            first = self._insert_once(
                connection, {**again, "key": key, "schedule": schedule, "late": late}
            )
            if first.state != "done":
                values = {**again, "state": "making", "error": ""}
                connection.execute(update(reports).where(reports.c.id == first.id).values(values))
                return _one(connection, reports.c.id == first.id) or first
            return first

    def placed(self, report_id: int, folder: str) -> None:
        """Note where its files are about to lie: a second try knows the folder for its own."""
        self._change(report_id, {"folder": folder})

    def finish(
        self,
        report_id: int,
        *,
        folder: str,
        digest: str,
        mlflow_run: str,
        details: Mapping[str, Any],
    ) -> None:
        """It is made: its files lie in `folder`."""
        self._change(
            report_id,
            {
                "state": "done",
                "folder": folder,
                "digest": digest,
                "mlflow_run": mlflow_run,
                "details": dict(details),
                "error": "",
            },
        )

    def fail(self, report_id: int, error: str) -> None:
        """It could not be made; kept with the sentence that says why."""
        self._change(report_id, {"state": "failed", "error": error})

    def delivered(self, report_id: int, address_name: str, outcome: str) -> None:
        """Note that it was sent to one of its addresses ('sent'), or why not."""
        with self._catalog.writing() as connection:
            locked = _select(reports.c.id == report_id).with_for_update()
            row = connection.execute(locked).one_or_none()
            if row is None:
                raise CatalogError(self._missing(report_id))
            deliveries = {**_kept(row).deliveries, address_name: outcome}
            changed = update(reports).where(reports.c.id == report_id)
            connection.execute(changed.values(deliveries=deliveries))

    def get(self, report_id: int) -> KeptReport:
        """One report.

        Raises: CatalogError when there is none of that number.
        """
        with self._catalog.reading() as connection:
            found = _one(connection, reports.c.id == report_id)
        if found is None:
            raise CatalogError(self._missing(report_id))
        return found

    def by_key(self, key: str) -> KeptReport | None:
        """The report of that key, if it was ever begun."""
        with self._catalog.reading() as connection:
            return _one(connection, reports.c.key == key)

    def last(self, title: str, *, before: int | None = None) -> KeptReport | None:
        """The newest report of that title that is done; with `before`, of those begun earlier."""
        wanted = _select(reports.c.title == title, reports.c.state == "done")
        if before is not None:
            wanted = wanted.where(reports.c.id < before)
        with self._catalog.reading() as connection:
            row = connection.execute(wanted.order_by(reports.c.id.desc()).limit(1)).one_or_none()
        return None if row is None else _kept(row)

    def list(self, limit: int | None = None) -> list[KeptReport]:
        """All of them, the newest first; with a limit, so many."""
        wanted = _select().order_by(reports.c.id.desc()).limit(limit)
        with self._catalog.reading() as connection:
            return [_kept(row) for row in connection.execute(wanted)]

    def _insert_once(self, connection: Connection, values: Mapping[str, Any]) -> KeptReport:
        """The report of the key; where two begin it at once, one waits for the other's."""
        from sqlalchemy.dialects import postgresql, sqlite

        new = {
            **values,
            "state": "making",
            "folder": "",
            "digest": "",
            "mlflow_run": "",
            "error": "",
            "deliveries": {},
            "details": {},
        }
        dialects: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
        dialect = dialects.get(connection.dialect.name, insert)
        there = select(reports.c.id).where(reports.c.key == values["key"])
        if connection.execute(there).scalar() is None:  # SQLite's numbers are used up by a try
            connection.execute(dialect(reports).values(new).on_conflict_do_nothing())
        found = _one(connection, reports.c.key == values["key"])
        assert found is not None
        return found

    def _change(self, report_id: int, values: Mapping[str, Any]) -> None:
        with self._catalog.writing() as connection:
            changed = update(reports).where(reports.c.id == report_id).values(values)
            if connection.execute(changed).rowcount != 1:
                raise CatalogError(self._missing(report_id))

    def _missing(self, report_id: int) -> str:
        return (
            f"no report {report_id} in the catalog {self._catalog.shown}; "
            "see those there are with: fairtrial reports"
        )


def _select(*where: ColumnElement[bool]) -> Select[Any]:
    return select(reports).where(*where)


def _one(connection: Connection, where: ColumnElement[bool]) -> KeptReport | None:
    row = connection.execute(_select(where)).one_or_none()
    return None if row is None else _kept(row)


def _kept(row: Row[Any]) -> KeptReport:
    return KeptReport(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
