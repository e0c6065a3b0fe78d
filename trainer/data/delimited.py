"""CSV and TSV files: the text is checked line by line, then pandas reads it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from trainer.data.tables import table_from_frame
from trainer.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from trainer.data.raw import RawTable
    from trainer.data.request import DataRequest

OTHER_SEPARATORS = {";": "';'", "\t": "tabs", ",": "','", "|": "'|'"}


def load_delimited(path: Path, request: DataRequest, separator: str) -> RawTable:
    """The table in a UTF-8 text file (with or without a byte order mark).

    Its first line that is not blank is the header; blank lines are skipped.

    Raises: DataError, naming the line, for an empty file, another encoding, a line with
        more or fewer fields than the header, and column names that are empty or equal.
    """
    import pandas as pd

    text = _decoded(path.read_bytes(), request.source)
    try:
        header, lines = _scanned(text, request.source, separator)
        frame = pd.read_csv(io.StringIO(text), sep=separator, low_memory=False)
    except (csv.Error, ValueError) as error:
        raise DataError(f"{request.source} cannot be read as a table: {error}") from error
    if frame.shape != (len(lines), len(header)):
        raise DataError(
            f"{request.source} cannot be read as a table of {len(lines)} rows and {len(header)} "
            "columns; look for stray quotation marks and control characters"
        )
    frame.columns = pd.Index(header)
    return table_from_frame(frame, request, lines=lines)


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{name} is not UTF-8 text (byte 0x{content[error.start]:02x} in line {line}); "
            "save it as UTF-8"
        ) from error


def _scanned(text: str, name: str, separator: str) -> tuple[list[str], list[int]]:
    """The header and the line on which each row begins; every row is as long as the header."""
    header: list[str] | None = None
    lines = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    begins = 1
    for fields in reader:
        blank = not fields or (len(fields) == 1 and not fields[0].strip())
        if header is None and not blank:
            header = fields
            _check_header(header, name, separator)
        elif header is not None and not blank:
            if len(fields) != len(header):
                raise DataError(
                    f"{name}: line {begins} has {len(fields)} fields, the header has "
                    f"{len(header)}; quote fields that contain the separator, and close each quote"
                )
            lines.append(begins)
        begins = reader.line_num + 1
    if header is None:
        raise DataError(f"{name} is empty; it needs a header line and rows")
    return header, lines


def _check_header(header: list[str], name: str, separator: str) -> None:
    for other, words in OTHER_SEPARATORS.items():
        if len(header) == 1 and other != separator and other in header[0]:
            raise DataError(
                f"{name} is separated by {words}, not by {OTHER_SEPARATORS[separator]}; "
                "save it as .csv with commas or as .tsv with tabs"
            )
