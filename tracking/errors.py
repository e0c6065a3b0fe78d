"""Errors of tracking that a user can mend.

TrackingError
├── TrackingUnavailable  MLflow can't be reached or refuses
├── UnknownSweep         no such sweep in the store; names the nearest
└── TableError           a factor or metric the sweep does not have
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
