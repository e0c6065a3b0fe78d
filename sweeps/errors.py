"""Errors of sweeps that a user can mend.

SweepError
├── SweepConflict  a sweep of that name exists and is defined otherwise
├── SweepHeld      another process runs the sweep
└── RecordError    the study can't be read or written

SpecError, a broken rule of the sweep file, is tracking's: report files break rules too.
"""

from __future__ import annotations

from tracking.errors import (
    CatalogError,
    DeliveryError,
    ReportError,
    TrackingError,
    TrackingUnavailable,
)
from tracking.errors import SpecError as SpecError  # noqa: PLC0414 - for those who read sweep files
from trainer.errors import TrainerError


class SweepError(Exception):
    """Something the user can mend; its text is one sentence saying how."""


class SweepConflict(SweepError):  # noqa: N818 - reads as the state it names
    """A sweep of that name exists and is defined otherwise."""


class SweepHeld(SweepError):  # noqa: N818 - the same
    """Another process runs the sweep."""


class RecordError(SweepError):
    """The study can't be read or written."""


OURS = (SweepError, TrackingError, TrainerError)
# The input is right, the work can't be done: another time it may be.
MAY_PASS = (RecordError, TrackingUnavailable, CatalogError, ReportError, DeliveryError)
