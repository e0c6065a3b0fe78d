"""Errors of tracking that a user can mend.

TrackingError
├── TrackingUnavailable  MLflow can't be reached or refuses
├── UnknownSweep         no such sweep in the store; names the nearest
├── TableError           a factor or metric the sweep does not have
├── SpecError            a sweep or report file, or a --set, breaks a rule: file, line, key, way out
├── CatalogError         the catalog can't be read or written
├── ReportError          a report can't be made: what it rests on is gone
│   └── NothingToReport  no sweep fits what the report file names; there may be one later
├── ScheduleError        a schedule there is not, or is already; a time nobody can mean
└── DeliveryError        a report could not be sent to one of its addresses
"""

from __future__ import annotations


class TrackingError(Exception):
    """Something the user can mend; its text is one sentence saying how."""


class TrackingUnavailable(TrackingError):  # noqa: N818 - reads as the state it names
    """MLflow can't be reached, or refuses."""


class UnknownSweep(TrackingError):  # noqa: N818 - the same
    """No such sweep in the store."""


class TableError(TrackingError):
    """A factor or a metric that the sweep does not have."""


class SpecError(TrackingError):
    """A sweep or report file, or a `--set`, breaks a rule of its format."""


class CatalogError(TrackingError):
    """The catalog can't be read or written."""


class ReportError(TrackingError):
    """A report can't be made."""


class NothingToReport(ReportError):  # noqa: N818 - reads as the state it names
    """No sweep, or no baseline, fits what the report file names."""


class ScheduleError(TrackingError):
    """A schedule there is not, or is already, or with a time nobody can mean."""


class DeliveryError(TrackingError):
    """A report could not be sent to one of its addresses."""
