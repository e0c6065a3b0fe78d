"""The tables of a report as CSV files (RFC 4180): unrounded, and no cell runs in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from tracking.csv_format import csv_words

if TYPE_CHECKING:
    from tracking.reports.model import Cell, ReportTable

# What begins with a sign and is nothing but a number is no formula: '-0.0033', '+2%'.
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?%?", re.IGNORECASE | re.ASCII)


def write_table(table: ReportTable) -> str:
    """One table, its header first; a cell is its unrounded value, or its text where it has none."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([csv_words(column.name) for column in table.columns])
    writer.writerows([_field(cell) for cell in row] for row in table.rows)
    return out.getvalue()


def _field(cell: Cell) -> str:
    value = cell.text if cell.value is None else cell.value
    if not isinstance(value, str):
        return repr(value)
    return value if _NUMBER.fullmatch(value) else csv_words(value)
