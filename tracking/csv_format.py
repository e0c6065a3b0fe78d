"""Tables as CSV, in full precision; of each level all that is known, also of its comparison."""

from __future__ import annotations

import csv
import io
from dataclasses import fields
from typing import TYPE_CHECKING

from tracking.levels import canonical
from tracking.pages import level_text
from tracking.pairs import PairedComparison

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracking.tables import Row, Table

_MEASURED = ("mean", "ci_low", "ci_high", "n", "best")
_RENAMED = {
    "low": "difference_low",
    "high": "difference_high",
    "p": "p_uncorrected",
    "p_holm": "p_value",  # as in JSON
}
_COMPARED = tuple(field.name for field in fields(PairedComparison))


def write_csv(tables: Sequence[Table]) -> str:
    """One line a level; the columns of several metrics begin with the metric and a colon.

    The columns after `best` set the level against the best one (see PairedComparison); they are
    empty for the best itself and in an observed table.
    """
    levels = {canonical(row.level): row.level for table in tables for row in table.rows}
    found = [{canonical(row.level): row for row in table.rows} for table in tables]
    measured = [*_MEASURED, *(_RENAMED.get(name, name) for name in _COMPARED)]
    prefixes = [f"{table.metric}:" if len(tables) > 1 else "" for table in tables]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    header = [*tables[0].columns, *(prefix + name for prefix in prefixes for name in measured)]
    writer.writerow(map(csv_words, header))
    for key, level in levels.items():
        cells = [cell for of_metric in found for cell in _numbers(of_metric.get(key))]
        writer.writerow([*map(csv_words, level), *cells])
    return out.getvalue()


def _numbers(row: Row | None) -> list[str]:
    values = [getattr(row, name, None) for name in _MEASURED]
    against = row.against_best if row else None
    values += [getattr(against, name, None) for name in _COMPARED]
    return ["" if value is None else repr(value) for value in values]


def csv_words(value: object) -> str:
    """A spreadsheet runs text that begins like a formula; an apostrophe makes it text."""
    text = level_text(value)
    is_text = isinstance(value, str)
    return f"'{text}" if is_text and text.lstrip()[:1] in tuple("=+-@") else text
