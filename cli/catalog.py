"""The catalog of the current folder, opened for a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from sweeps.stores import Stores
    from tracking.catalog.database import Catalog


def open_here() -> tuple[Stores, Catalog]:
    """Stores and catalog of the current folder, made if there are none.

    Raises: RecordError, CatalogError.
    """
    from sweeps.stores import Stores
    from tracking.catalog.database import open_catalog

    stores = Stores.here()
    stores.create()
    return stores, open_catalog(stores.database_url)


def catalog_if_any() -> Catalog | None:
    """The catalog of the current folder, or None where nothing was ever kept; makes no folder.

    Raises: CatalogError.
    """
    from sweeps.stores import Stores

    return open_here()[1] if Stores.here().exists() else None


def now() -> datetime:
    """The time of day, in UTC."""
    from datetime import UTC, datetime

    return datetime.now(UTC)


def local_time(moment: datetime | None, timezone: str | None = None) -> str:
    """Such as '2026-11-23 07:00 +01:00', in this machine's time zone unless one is named."""
    from zoneinfo import ZoneInfo

    if moment is None:
        return "-"
    local = moment.astimezone(ZoneInfo(timezone) if timezone else None)
    seconds = f"{local:%S}"
    clock = f"{local:%H:%M}" if seconds == "00" else f"{local:%H:%M:%S}"
    offset = f"{local:%z}"
    return f"{local:%Y-%m-%d} {clock} {offset[:3]}:{offset[3:5]}"
