"""Tables as text: for a terminal, Markdown, CSV, JSON, LaTeX.

Names and levels come from users' files: each format escapes what would do harm in it.
"""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING, Any, Literal, get_args

from tracking.csv_format import write_csv
from tracking.errors import TableError
from tracking.pages import level_text, page_of
from tracking.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tracking.pages import Sheet

Format = Literal["table", "markdown", "csv", "json", "latex"]
FORMATS: tuple[str, ...] = get_args(Format)

_WIDTH = 100  # of a sentence in a terminal
# What begins a heading, a list or a rule at the start of a line.
_BLOCK = re.compile(r"^([-+#]|#+|-{2,}|={2,})(?=\s|$)|(?<=^\d)[.)](?=\s|$)")
# What MLflow's viewer makes links of, to addresses and people, and of :octocat: GitHub's picture.
_ADDRESS = re.compile(r":(?=//)|:(?=[^\s:]+:)|@(?=\w)|(?<=\bwww)\.", re.IGNORECASE)
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "±": r"$\pm$",
    # At the start of a row they would be arguments of the row's end before.
    **{character: f"{{{character}}}" for character in "[]*"},
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def render(tables: Table | Sequence[Table], form: str) -> str:
    """Tables in one of FORMATS, ending in a newline; CSV and JSON in full precision.

    Args:
        tables: one table, or several that differ in their metric alone.
    Raises: TableError for another format.
    """
    if form not in FORMATS:
        raise TableError(f"no format '{form}'; take one of {', '.join(FORMATS)}")
    write: Callable[[Sequence[Table]], str] = {
        "table": _terminal,
        "markdown": _markdown,
        "csv": write_csv,
        "json": _json,
        "latex": _latex,
    }[form]
    return write([tables] if isinstance(tables, Table) else tables)


def _terminal(tables: Sequence[Table]) -> str:
    page = page_of(tables)
    blocks = [
        level_text(page.title),
        *map(_aligned, page.sheets),
        "\n".join(_wrapped(text) for text in page.verdicts),
        *map(_aligned, page.evidence),
        "\n".join(f"note: {level_text(note)}" for note in page.notes),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _aligned(sheet: Sheet) -> str:
    lines = [sheet.header, *sheet.rows]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]

    def line(cells: Sequence[str]) -> str:
        parts = [
            cell.ljust(width) if i < sheet.n_left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(parts).rstrip()

    caption = [level_text(sheet.caption)] if sheet.caption else []
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([*caption, line(lines[0]), rule, *(line(cells) for cells in lines[1:])])


def _wrapped(text: str) -> str:
    kept = re.sub(r"\bp ([=<]) ", "p\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", level_text(text))
    lines = textwrap.fill(kept, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return lines.replace("\N{NO-BREAK SPACE}", " ")


def _markdown(tables: Sequence[Table]) -> str:
    page = page_of(tables)
    blocks = [
        f"**{markdown_text(page.title)}**",
        *map(markdown_sheet, page.sheets),
        *map(markdown_text, page.verdicts),
        *map(markdown_sheet, page.evidence),
        *(f"Note: {markdown_text(note)}" for note in page.notes),
    ]
    return "\n\n".join(blocks) + "\n"


def markdown_sheet(sheet: Sheet) -> str:
    """A sheet as a table between pipes, under its caption."""
    rules = [":---" if i < sheet.n_left else "---:" for i in range(len(sheet.header))]
    rows = [[markdown_text(cell) for cell in cells] for cells in (sheet.header, *sheet.rows)]
    lines = [f"| {' | '.join(cells)} |" for cells in (rows[0], rules, *rows[1:])]
    return "\n".join([*([markdown_text(sheet.caption), ""] if sheet.caption else []), *lines])


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is."""
    text = re.sub(r"([\\`*|~])", r"\\\1", level_text(text))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", text)
    text = _BLOCK.sub(r"\\\g<0>", text.replace("](", "]\\("))
    return _ADDRESS.sub(lambda found: f"&#{ord(found[0])};", text)


def _json(tables: Sequence[Table]) -> str:
    objects = [_object(table) for table in tables]
    value = objects[0] if len(objects) == 1 else {"tables": objects}
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _object(table: Table) -> dict[str, Any]:
    return {
        "sweeps": list(table.sweeps),
        "metric": table.metric,
        "by": list(table.by),
        "controlled": table.controlled,
        "rows": table.row_dicts(),
        "digest": table.digest,
    }


def _latex(tables: Sequence[Table]) -> str:
    page = page_of(tables)
    head = [f"% {level_text(text)}" for text in (page.title, *page.notes)]
    blocks = [
        *map(_tabular, page.sheets),
        *map(_tex, page.verdicts),
        *map(_tabular, page.evidence),
    ]
    return "\n".join([*head, "\n\n\\medskip\n".join(blocks)]) + "\n"


def _tabular(sheet: Sheet) -> str:
    columns = "l" * sheet.n_left + "r" * (len(sheet.header) - sheet.n_left)
    rows = [[_tex(level_text(cell)) for cell in cells] for cells in (sheet.header, *sheet.rows)]
    lines = [" & ".join(cells) + r" \\" for cells in rows]
    return "\n".join(
        [
            *([f"% {level_text(sheet.caption)}"] if sheet.caption else []),
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            lines[0],
            r"\midrule",
            *lines[1:],
            r"\bottomrule",
            r"\end{tabular}",
        ]
    )


def _tex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in level_text(text))
