"""Looks at a database without making or changing anything in it: for `fairtrial doctor`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tracking.catalog.address import read_address, shown_address, with_driver
from tracking.catalog.database import Catalog, _engine, _faults, _version
from tracking.catalog.schema import VERSION_TABLE
from tracking.errors import CatalogError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_TABLE = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?"


@dataclass(frozen=True)
class Looked:
    """What a database was found to be.

    Attributes:
        version: of the catalog's tables; '' where there are none yet.
        ahead_s: by how much its clock is ahead of this machine's; None for a file.
    """

    shown: str
    product: str
    version: str
    ahead_s: float | None = None


def look_at(url: str) -> Looked:
    """Look at the catalog's database.

    Raises: CatalogError, without the password, when it can't be reached or is none.
    """
    url = with_driver(url)
    if url.startswith("sqlite"):
        return _look_at_file(url)
    with _faults(url):
        catalog = Catalog(url, _engine(url))
        with catalog.reading() as connection:
            version = _version(connection)
            ahead = _ahead_s(connection)
            product = f"PostgreSQL {connection.exec_driver_sql('SHOW server_version').scalar()}"
        catalog.close()
    return Looked(catalog.shown, product, version, ahead)


def journal_of(path: Path) -> str:
    """SQLite's journal mode of a file, such as 'wal'; '' if it is none of SQLite's."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as found:
            return str(found.execute("PRAGMA journal_mode").fetchone()[0])
    except sqlite3.Error:
        return ""


def _look_at_file(url: str) -> Looked:
    """Read only: our own engine would make the file, and set its journal."""
    address = read_address(url)
    path = Path(address.database or "").absolute()
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as found:
            tables = found.execute(_TABLE, (VERSION_TABLE,)).fetchall()
            version = found.execute(f"SELECT version_num FROM {VERSION_TABLE}") if tables else None  # noqa: S608 - our own
            row = version.fetchone() if version else None
    except sqlite3.Error as error:
        raise CatalogError(f"the catalog's database {path} can't be used: {error}") from error
    return Looked(shown_address(url), f"SQLite {sqlite3.sqlite_version}", row[0] if row else "")


def _ahead_s(connection: Connection) -> float:
    began = datetime.now(UTC)
    theirs = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    ended = datetime.now(UTC)
    ahead: float = (theirs - began).total_seconds() - (ended - began).total_seconds() / 2
    return ahead
