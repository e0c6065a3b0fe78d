"""An earlier report, as far as a later one is set against it: read from the report.json it kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tracking.errors import ReportError
from tracking.reports.json_format import read_report_json
from tracking.reports.seen import seen_from_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracking.catalog.records import KeptReport
    from tracking.reports.model import SeenSweep


@dataclass(frozen=True)
class Earlier:
    """What an earlier report saw and found, by sweep."""

    name: str
    sweeps: Mapping[str, SeenSweep]

    def best(self, sweep: str, metric: str) -> float | None:
        """The mean of the best trial of a sweep, if that report told it."""
        seen = self.sweeps.get(sweep)
        value = seen.facts.get("best", {}).get(metric) if seen else None
        return float(value) if isinstance(value, int | float) else None


def read_earlier(kept: KeptReport) -> Earlier:
    """What a kept report holds.

    Raises: ReportError when its file is gone, or is not what was kept.
    """
    path = Path(kept.folder) / "report.json"
    name = f"report {kept.id} of {kept.made:%Y-%m-%d}"
    try:
        held = read_report_json(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ReportError(f"{name} can't be read: {path}: {reason}") from error
    except ReportError as error:
        raise ReportError(f"{name}: {error}") from error
    return Earlier(name, {one["name"]: seen_from_json(one) for one in held["sweeps"]})
