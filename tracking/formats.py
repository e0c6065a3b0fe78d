"""A table as text: for a terminal, Markdown, CSV, JSON, LaTeX.

Names and levels come from users' files: each format escapes what would do harm in it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any, Literal, get_args

from tracking.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tracking.tables import Row, Table

Format = Literal["table", "markdown", "csv", "json", "latex"]
FORMATS: tuple[str, ...] = get_args(Format)

_DIGITS = 4
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    # At the start of a row they would be arguments of the row's end before.
    **{character: f"{{{character}}}" for character in "[]*"},
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def render(table: Table, form: str) -> str:
    """The table in one of FORMATS, ending in a newline; CSV and JSON in full precision.

    Raises: TableError for another format.
    """
    if form not in FORMATS:
        raise TableError(f"no format '{form}'; take one of {', '.join(FORMATS)}")
    write: Callable[[Table], str] = {
        "table": _terminal,
        "markdown": _markdown,
        "csv": _csv,
        "json": _json,
        "latex": _latex,
    }[form]
    return write(table)


def number(value: float) -> str:
    """A measured number for people: four decimals, or four digits where those say nothing."""
    if value == 0 or 10**-3 <= abs(value) < 10**_DIGITS:
        return f"{value:.{_DIGITS}f}"
    return f"{value:.{_DIGITS}g}"


def _title(table: Table) -> str:
    kind = "controlled" if table.controlled else "observed"
    return f"{table.metric} by {', '.join(table.by)} in {', '.join(table.sweeps)} ({kind})"


def _header(table: Table) -> list[str]:
    return [*table.columns, "mean", "95% interval", "runs", "best"]


def _cells(row: Row) -> list[str]:
    interval = ""
    if row.ci_low is not None and row.ci_high is not None:
        interval = f"{number(row.ci_low)} to {number(row.ci_high)}"
    levels = [_level(level) for level in row.level]
    return [*levels, number(row.mean), interval, str(row.n), number(row.best)]


def _level(value: Any) -> str:  # noqa: ANN401 - of any JSON type
    """A level on one line, without control characters: no escape sequence reaches a terminal."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _terminal(table: Table) -> str:
    lines = [_header(table), *(_cells(row) for row in table.rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    n_levels = len(table.columns)

    def line(cells: Sequence[str]) -> str:
        parts = [
            cell.ljust(width) if i < n_levels else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(parts).rstrip()

    rule = "  ".join("-" * width for width in widths)
    body = [line(lines[0]), rule, *(line(cells) for cells in lines[1:])]
    notes = [f"note: {_level(note)}" for note in table.notes]
    return "\n".join([_level(_title(table)), "", *body, *(["", *notes] if notes else [])]) + "\n"


def _markdown(table: Table) -> str:
    n_levels = len(table.columns)
    header = _header(table)
    rules = [":---" if i < n_levels else "---:" for i in range(len(header))]
    rows = [[_md(cell) for cell in cells] for cells in (header, *map(_cells, table.rows))]
    lines = [f"| {' | '.join(cells)} |" for cells in (rows[0], rules, *rows[1:])]
    notes = [f"\nNote: {_md(note)}" for note in table.notes]
    return "\n".join([f"**{_md(_title(table))}**", "", *lines, *notes]) + "\n"


def _md(text: str) -> str:
    text = re.sub(r"([\\`*|~])", r"\\\1", _level(text))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", text)
    return text.replace("](", "]\\(")


def _csv(table: Table) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*map(_csv_cell, table.columns), "mean", "ci_low", "ci_high", "n", "best"])
    for row in table.rows:
        writer.writerow(
            [
                *map(_csv_cell, row.level),
                *("" if x is None else repr(x) for x in (row.mean, row.ci_low, row.ci_high)),
                row.n,
                repr(row.best),
            ]
        )
    return out.getvalue()


def _csv_cell(value: Any) -> str:  # noqa: ANN401 - of any JSON type
    """A spreadsheet runs text that begins like a formula; an apostrophe makes it text."""
    text = _level(value)
    is_text = isinstance(value, str)
    return f"'{text}" if is_text and text.lstrip()[:1] in tuple("=+-@") else text


def _json(table: Table) -> str:
    return (
        json.dumps(
            {
                "sweeps": list(table.sweeps),
                "metric": table.metric,
                "by": list(table.by),
                "controlled": table.controlled,
                "rows": table.row_dicts(),
                "digest": table.digest,
            },
            indent=2,
            ensure_ascii=False,
        )
        + "\n"
    )


def _latex(table: Table) -> str:
    n_levels = len(table.columns)
    header = _header(table)
    columns = "l" * n_levels + "r" * (len(header) - n_levels)
    rows = [[_tex(cell) for cell in cells] for cells in (header, *map(_cells, table.rows))]
    lines = [" & ".join(cells) + r" \\" for cells in rows]
    comments = [f"% {_level(text)}" for text in (_title(table), *table.notes)]
    return "\n".join(
        [
            *comments,
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            lines[0],
            r"\midrule",
            *lines[1:],
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def _tex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)
