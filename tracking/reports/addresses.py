"""The dashboard's address in a report: taken when it is a web address, and never more than a link.

Nothing here asks whether anyone answers there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from tracking.reports.model import Link as ModelLink

if TYPE_CHECKING:
    from tracking.reports.model import Link

_WEB = ("http", "https")


def web_address(dashboard: str) -> str:
    """The address as a page may hold it: http or https, no name and password; '' for any other."""
    try:
        parts = urlsplit(dashboard.strip())
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in _WEB or not host:
        return ""
    place = f"[{host}]" if ":" in host else quote(host, safe=".-_")
    return urlunsplit((parts.scheme, place + port, quote(parts.path, safe="/%~"), "", ""))


def run_address(link: Link | None, dashboard: str) -> str:
    """The page of a run below an address from `web_address`; '' where either is not known."""
    if link is None or not dashboard:
        return ""
    ids = (quote(name, safe="") for name in (link.experiment_id, link.run_id))
    return ModelLink(*ids).address(dashboard)
