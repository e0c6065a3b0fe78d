"""Opens the catalog: SQLite or PostgreSQL, its tables brought up to date by one process at a time.

What is kept in it stands in `jobs`, `schedules` and `reports`.
"""

from __future__ import annotations

import logging
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracking.catalog.address import fault, read_address, shown_address, with_driver
from tracking.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import URL, Connection, Engine

WAIT_S = 60  # for another process that migrates, or holds SQLite's one write lock
_MIGRATIONS = Path(__file__).parent / "migrations"
# PostgreSQL's advisory locks are known by 64 bits.
_LOCK_TABLES, _LOCK_WRITE = (int.from_bytes(b"fairtri" + kind) for kind in (b"t", b"w"))
_POSTGRES_OPTIONS = {  # libpq's: a host that has gone is noticed within seconds, not minutes
    "connect_timeout": 10,
    "tcp_user_timeout": 30_000,
    "application_name": "fairtrial",
}


class Catalog:
    """An open catalog.

    Attributes:
        url: with the driver; holds the password, `shown` does not.
        engine: for use inside `reading` and `writing`.
    """

    def __init__(self, url: str, engine: Engine) -> None:
        self.url = url
        self.engine = engine
        self._close = weakref.finalize(self, engine.dispose)

    @property
    def shown(self) -> str:
        """The address for people."""
        return shown_address(self.url)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state.

        Raises: CatalogError.
        """
        with _faults(self.url), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, *, alone: bool = False) -> Iterator[Connection]:
        """A transaction that is carried out at the end, as a whole or not at all.

        Args:
            alone: one after the other with all those who say so; on SQLite every writer is alone.
        Raises: CatalogError.
        """
        with _faults(self.url), _begun(self.engine) as connection:
            if alone:
                _take_turns(connection, _LOCK_WRITE)
            yield connection

    def close(self) -> None:
        """Give back all connections; it happens by itself once nobody has the catalog any more."""
        self._close()


def open_catalog(url: str) -> Catalog:
    """Open the catalog; make its tables or bring them up to date, whoever else does at this moment.

    Args:
        url: of SQLite or PostgreSQL, such as `Stores.here().database_url`.
    Raises: CatalogError, without the password.
    """
    url = with_driver(url)
    with _faults(url):
        catalog = Catalog(url, _engine(url))
        if not _is_current(catalog):
            with one_at_a_time(url), _begun(catalog.engine) as connection:
                _migrate(connection, catalog.shown)
        return catalog


@contextmanager
def one_at_a_time(url: str) -> Iterator[None]:
    """Be the only process that makes or changes tables in this database.

    Raises: CatalogError when another does for longer than a minute.
    """
    import filelock

    address = read_address(with_driver(url))
    if address.get_backend_name() == "postgresql":
        with Catalog(with_driver(url), _engine(with_driver(url))).writing() as connection:
            _take_turns(connection, _LOCK_TABLES)
            yield
        return
    if address.get_backend_name() != "sqlite" or not address.database:
        yield
        return
    path = Path(address.database).absolute()
    lock = filelock.FileLock(path.with_name(f".{path.name}.lock"), timeout=WAIT_S)
    try:
        path.parent.mkdir(exist_ok=True)  # ours; not a whole path that may be mistyped
        lock.acquire()
    except filelock.Timeout as error:
        raise CatalogError(
            f"{path} has been locked by another fairtrial for {WAIT_S} s; "
            "wait for it to end and try again"
        ) from error
    except OSError as error:
        raise CatalogError(f"{path} can't be made: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()


def _engine(url: str) -> Engine:
    import sqlalchemy

    address = read_address(url)
    match address.get_backend_name():
        case "sqlite":
            return _sqlite(address)
        case "postgresql":
            given = {k: v for k, v in _POSTGRES_OPTIONS.items() if k not in address.query}
            return sqlalchemy.create_engine(address, pool_pre_ping=True, connect_args=given)
        case other:
            raise CatalogError(
                f"FAIRTRIAL_DATABASE_URL names {other}; the catalog is kept in SQLite or "
                "PostgreSQL: write postgresql://user:password@host:5432/name"
            )


def _sqlite(address: URL) -> Engine:
    """With its transactions begun by us: Python's driver begins them late, and only for writes."""
    import sqlalchemy

    if not address.database or address.database.startswith((":memory:", "file:")):
        raise CatalogError(
            f"{address} is no file of SQLite's, so nothing would be kept; "
            "write sqlite:////folder/name.db"
        )
    engine = sqlalchemy.create_engine(
        address, pool_pre_ping=True, connect_args={"timeout": WAIT_S, "isolation_level": None}
    )

    def write_ahead(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
        connection.execute("PRAGMA journal_mode=WAL")  # readers don't wait for the writer

    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes then can't wait for its turn: SQLite refuses it
        # at once. One that writes takes the lock when it begins.
        writes = connection.get_execution_options().get("fairtrial_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    sqlalchemy.event.listen(engine, "connect", write_ahead)
    sqlalchemy.event.listen(engine, "begin", begin)
    return engine


@contextmanager
def _begun(engine: Engine) -> Iterator[Connection]:
    with engine.execution_options(fairtrial_writes=True).begin() as connection:
        yield connection


def _take_turns(connection: Connection, lock: int) -> None:
    """Wait on PostgreSQL for whoever holds this lock; it is held until the transaction ends."""
    import sqlalchemy

    if connection.dialect.name == "postgresql":
        connection.execute(sqlalchemy.text(f"SET LOCAL lock_timeout = '{WAIT_S}s'"))
        connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_xact_lock(lock)))


def _is_current(catalog: Catalog) -> bool:
    """Whether there is nothing to migrate: asked without Alembic, which takes long to import."""
    from tracking.catalog.schema import REVISION

    path = catalog.engine.url.database or ""
    if catalog.engine.dialect.name == "sqlite" and not Path(path).exists():
        return False
    with catalog.engine.connect() as connection:
        version = _version(connection)
    if version > REVISION:
        raise CatalogError(
            f"the catalog {catalog.shown} is of version {version}, made by a newer Fairtrial; "
            f"this one knows version {REVISION}: pip install --upgrade fairtrial"
        )
    return version == REVISION


def _version(connection: Connection) -> str:
    """Of the tables; '' when there are none."""
    import sqlalchemy

    from tracking.catalog.schema import VERSION_TABLE

    if not sqlalchemy.inspect(connection).has_table(VERSION_TABLE):
        return ""
    found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608
    return str(found or "")


def _migrate(connection: Connection, shown: str) -> None:
    """Bring the tables up to date in the one transaction: a process that dies leaves them be."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise CatalogError(f"the catalog {shown} can't be brought up to date: {error}") from error


@contextmanager
def _faults(url: str) -> Iterator[None]:
    """Faults of the database as one sentence."""
    import sqlalchemy

    known: tuple[Any, ...] = (sqlalchemy.exc.SQLAlchemyError, ImportError, OSError)
    try:
        yield
    except known as error:
        raise CatalogError(f"the catalog's database {fault(url, error)}") from error
