"""A table that is separated by something else, written again as CSV with commas.

`fairtrial init` makes such a copy; a sweep itself reads only what its file's ending says.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from trainer.data.delimited import OTHER_SEPARATORS
from trainer.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

_OWN = {".csv": ",", ".tsv": "\t"}
_COMMA_NUMBER = re.compile(r"\s*[-+]?\d+,\d+([eE][-+]?\d+)?\s*")
_NUMBER = re.compile(r"\s*([-+]?\d+(,\d+)?([eE][-+]?\d+)?)?\s*")


def with_commas(path: Path) -> str | None:
    """The table as CSV text, or None if it is separated as its ending says.

    In columns of nothing but whole numbers and numbers such as '1,5', these become '1.5'.

    Raises: DataError if it is not UTF-8; OSError if it can't be read.
    """
    own = _OWN.get(path.suffix.lower())
    if own is None:
        return None
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path.name} is not UTF-8 text; save it as UTF-8") from None
    separator = _separator(text, own)
    if separator is None:
        return None
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise DataError(f"{path.name} cannot be read as a table: {error}") from error
    return _written([row for row in rows if row and (len(row) > 1 or row[0].strip())])


def _separator(text: str, own: str) -> str | None:
    header = next((line for line in text.splitlines() if line.strip()), "")
    if own in header:
        return None
    counts = {other: header.count(other) for other in OTHER_SEPARATORS if other != own}
    best = max(counts, key=lambda other: counts[other])
    return best if counts[best] else None


def _written(rows: list[list[str]]) -> str:
    width = len(rows[0])
    for number, row in enumerate(rows, 1):
        if len(row) != width:
            raise DataError(
                f"row {number} of the table has {len(row)} fields, the header has {width}; quote "
                "fields that contain the separator, and close each quote"
            )
    decimal = {i for i in range(width) if _is_decimal([row[i] for row in rows[1:]])}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0])
    for row in rows[1:]:
        writer.writerow([f.replace(",", ".") if i in decimal else f for i, f in enumerate(row)])
    return out.getvalue()


def _is_decimal(fields: list[str]) -> bool:
    return any(map(_COMMA_NUMBER.fullmatch, fields)) and all(map(_NUMBER.fullmatch, fields))
