"""Addresses of databases as users write them, and their faults as sentences without the password.

Shared by the catalog and the study, which lie in one database; nothing is opened here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

_POSTGRES = ("postgresql", "postgres")
_DRIVER = "postgresql+psycopg"


def with_driver(url: str) -> str:
    """The address with the driver that Fairtrial brings: postgresql:// becomes ...+psycopg://."""
    scheme, colon, rest = url.partition(":")
    return f"{_DRIVER}{colon}{rest}" if scheme.lower() in _POSTGRES else url


def read_address(url: str) -> URL:
    """Its parts.

    Raises: sqlalchemy.exc.ArgumentError, for `fault`, when it is none.
    """
    import sqlalchemy

    try:
        address = sqlalchemy.engine.make_url(url)
    except ValueError as error:  # of a port that is no number
        raise sqlalchemy.exc.ArgumentError("the port is no number") from error
    if "@" in (address.host or ""):
        raise sqlalchemy.exc.ArgumentError("an @ in the password is written %40")
    return address


def shown_address(url: str) -> str:
    """The address for people, without its password."""
    import sqlalchemy

    try:
        address = read_address(url)
    except sqlalchemy.exc.ArgumentError:
        return "of FAIRTRIAL_DATABASE_URL"  # no address at all, and who knows what it holds
    secrets = [name for name in address.query if "pass" in name.lower()]
    return address.difference_update_query(secrets).render_as_string(hide_password=True)


def fault(url: str, error: Exception) -> str:
    """What failed, as the tail of a sentence: "sqlite:////x.db can't be used: disk I/O error"."""
    import sqlalchemy

    shown = shown_address(url)
    if isinstance(error, ImportError) and "psycopg" in f"{error.name} {error}":
        return (
            f"{shown} needs the driver psycopg ({_first_line(error)}); "
            "install it with: pip install 'fairtrial[postgres]'"
        )
    if isinstance(error, sqlalchemy.exc.ArgumentError):
        return (
            f"{shown} has no address that can be read; write it as "
            "postgresql://user:password@host:5432/name or sqlite:////folder/name.db, with %40 for "
            "an @ in the password"
        )
    # SQLAlchemy's own text quotes the statement and its values; the driver's says what is wrong.
    return f"{shown} can't be used: {_without_secrets(url, _first_line(error.__cause__ or error))}"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _without_secrets(url: str, text: str) -> str:
    address = read_address(url)
    secrets = [str(value) for name, value in address.query.items() if "pass" in name.lower()]
    for secret in filter(None, [address.password, *secrets]):
        text = text.replace(secret, "***")
    return text
