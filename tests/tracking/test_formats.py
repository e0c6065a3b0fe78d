from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import Any

import pytest

from tracking.errors import TableError
from tracking.formats import FORMATS, number, render
from tracking.tables import Row, Table

HOSTILE = [
    *("=cmd()", "+1", "-1", "@x", " =1"),
    *("a|b", "<script>", "[a](javascript:b)", "**bold**", "`code`"),
    "\x1b[31mred\nline",
    "$x_1^2%&#{}~\\",
]


def table_of(*levels: Any, notes: tuple[str, ...] = ()) -> Table:
    rows = [Row((level,), 0.9123456789, 0.9, 0.925, 3, 0.95) for level in levels]
    return Table(("digits",), "test/accuracy", ("rate",), ("rate",), True, tuple(rows), notes)


def test_terminal() -> None:
    """Aligned columns, four decimals, notes below."""
    table = table_of(0.1, "relu", [64, 64], None, notes=("left out: 2 pruned",))
    assert render(table, "table") == (
        "test/accuracy by rate in digits (controlled)\n"
        "\n"
        "rate        mean      95% interval  runs    best\n"
        "--------  ------  ----------------  ----  ------\n"
        "0.1       0.9123  0.9000 to 0.9250     3  0.9500\n"
        "relu      0.9123  0.9000 to 0.9250     3  0.9500\n"
        "[64, 64]  0.9123  0.9000 to 0.9250     3  0.9500\n"
        "null      0.9123  0.9000 to 0.9250     3  0.9500\n"
        "\n"
        "note: left out: 2 pruned\n"
    )


def test_json_is_the_fixed_form() -> None:
    """The keys that programs rely on, full precision, and a digest anyone can compute again."""
    table = table_of(0.1)
    read = json.loads(render(table, "json"))
    assert list(read) == ["sweeps", "metric", "by", "controlled", "rows", "digest"]
    assert read["rows"] == [
        {"rate": 0.1, "mean": 0.9123456789, "ci_low": 0.9, "ci_high": 0.925, "n": 3,
         "best": 0.95, "p_value": None}
    ]  # fmt: skip
    text = json.dumps(read["rows"], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    assert read["digest"] == hashlib.sha256(text.encode()).hexdigest()


def test_csv_has_full_precision() -> None:
    """Numbers read back as they were; no interval is an empty cell."""
    row = Row((0.1,), 1 / 3, None, None, 1, 1 / 3)
    table = Table(("digits",), "test/accuracy", ("rate",), ("rate",), False, (row,))
    assert render(table, "csv") == (
        f"rate,mean,ci_low,ci_high,n,best\n0.1,{1 / 3!r},,,1,{1 / 3!r}\n"
    )


def test_hostile_levels_in_csv() -> None:
    """No cell begins like a formula, and each stays one cell of one line."""
    rows = [*csv.reader(io.StringIO(render(table_of(*HOSTILE), "csv")))]
    assert len(rows) == 1 + len(HOSTILE)
    assert {len(row) for row in rows} == {6}
    assert not [row[0] for row in rows if row[0].lstrip()[:1] in "=+-@"]


def test_hostile_levels_in_markdown() -> None:
    """Each level stays in its cell: no new column or line, no tag, no link, no emphasis."""
    lines = render(table_of(*HOSTILE), "markdown").splitlines()[2:]
    assert len(lines) == 2 + len(HOSTILE)
    for line in lines:
        bare = line.replace("\\\\", "").replace("\\|", "").replace("\\*", "").replace("\\`", "")
        assert bare.count("|") == 6
        assert not [mark for mark in ("<", "](", "*", "`", "\x1b") if mark in bare]


def test_hostile_levels_in_latex() -> None:
    """Every special character of TeX stands escaped; no list is taken for an option of `\\\\`."""
    lines = render(table_of(*HOSTILE, [64]), "latex").splitlines()
    body = lines[lines.index(r"\midrule") + 1 : lines.index(r"\bottomrule")]
    assert len(body) == len(HOSTILE) + 1
    escaped = r"\$x\_1\textasciicircum{}2\%\&\#\{\}\textasciitilde{}\textbackslash{}"
    assert body[-2].startswith(escaped)
    assert body[-1].startswith("{[}64{]} & ")
    assert all(line.replace(r"\&", "").count("&") == 4 for line in body)


def test_hostile_levels_in_a_terminal() -> None:
    """No control character reaches the terminal, and a level is one line."""
    text = render(table_of(*HOSTILE), "table")
    assert "\x1b" not in text
    assert len(text.splitlines()) == 4 + len(HOSTILE)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.98765, "0.9877"),
        (0, "0.0000"),
        (1.5e-6, "1.5e-06"),
        (123456.0, "1.235e+05"),
        (-2, "-2.0000"),
    ],
)
def test_digits(value: float, shown: str) -> None:
    """Four decimals, unless they would hide the number."""
    assert number(value) == shown


def test_every_format_ends_in_a_newline_and_others_are_refused() -> None:
    """All formats can be printed one after another; another name is told what there is."""
    assert all(render(table_of(1), form).endswith("\n") for form in FORMATS)
    with pytest.raises(TableError, match="no format 'xml'; take one of table, markdown, csv"):
        render(table_of(1), "xml")
