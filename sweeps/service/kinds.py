"""Which of the two formats a file is in, and whether it keeps that format's rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sweeps.service.dated import dated_override
from tracking.files.yaml_source import read

if TYPE_CHECKING:
    from pathlib import Path

    from tracking.catalog.records import Kind

_REPORT = {"title", "sweeps", "sections", "deliver", "alerts"}
_SWEEP = {"name", "data", "train", "search", "sampler", "budget"}
_LONGEST_NAME = datetime(2026, 11, 23, 7, 30, 15, tzinfo=UTC)  # with seconds, see `dated`


def kind_of(file: Path) -> Kind:
    """A report's keys or a sweep's, whichever it has more of.

    Raises: SpecError when it can't be read.
    """
    _, root = read(file, "the keys of a sweep or of a report")
    keys = set(root.value)
    return "report" if len(keys & _REPORT) > len(keys & _SWEEP) else "sweep"


def check_file(file: Path) -> Kind:
    """Check a file that is to be scheduled, in full; nothing is loaded or made.

    Raises: SpecError: file, line, key, the rule, and the way out.
    """
    kind = kind_of(file)
    if kind == "report":
        from tracking.reports.spec import load_report

        load_report(file)
    else:
        from sweeps.spec import load_spec

        spec = load_spec(file)
        load_spec(file, [dated_override(spec, _LONGEST_NAME, "UTC")])  # has the name room for it
    return kind
