"""Errors of sweeps that a user can mend.

SweepError
├── SpecError      the sweep file, or a --set, breaks a rule: file, line, key, rule, way out
├── SweepConflict  a sweep of that name exists and is defined otherwise
├── SweepHeld      another process runs the sweep
└── RecordError    the study or the catalog can't be read or written
"""

from __future__ import annotations


class SweepError(Exception):
    """Something the user can mend; its text is one sentence saying how."""


class SpecError(SweepError):
    """The sweep file, or a `--set`, breaks a rule of the format."""


class SweepConflict(SweepError):  # noqa: N818 - reads as the state it names
    """A sweep of that name exists and is defined otherwise."""


class SweepHeld(SweepError):  # noqa: N818 - the same
    """Another process runs the sweep."""


class RecordError(SweepError):
    """The study or the catalog can't be read or written."""
