from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from itertools import product
from typing import Any

import numpy as np
import pytest

from tracking.errors import TableError
from tracking.formats import FORMATS, render
from tracking.pages import number
from tracking.tables import Row, Table, compare

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
    header, line = render(table, "csv").splitlines()
    assert header.startswith("rate,mean,ci_low,ci_high,n,best,n_pairs,difference,")
    assert line == f"0.1,{1 / 3!r},,,1,{1 / 3!r}" + "," * 12


def test_hostile_levels_in_csv() -> None:
    """No cell begins like a formula, and each stays one cell of one line."""
    rows = [*csv.reader(io.StringIO(render(table_of(*HOSTILE), "csv")))]
    assert len(rows) == 1 + len(HOSTILE)
    assert {len(row) for row in rows} == {18}
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


def controlled(
    sweep_of: Any, by: tuple[str, ...], *metrics: str, name: str = "relu"
) -> list[Table]:
    """Tables of a whole grid: two activations, three rates, six seeds."""
    draw = np.random.default_rng(0)
    rows = [
        {"activation": activation, "rate": rate, "seed": seed,
         "test/accuracy": 0.9 + 0.02 * i - 0.001 * i * seed + 0.01 * draw.random(),
         "test/loss": draw.random()}
        for i, (activation, rate) in enumerate(product([name, "tanh"], [0.1, 0.2, 0.3]))
        for seed in range(6)
    ]  # fmt: skip
    record = sweep_of(rows, {"activation": [name, "tanh"]}, sampler="grid")
    return [compare([record], by, metric) for metric in metrics]


def test_a_controlled_table_in_a_terminal(sweep_of: Any) -> None:
    """The table, the verdict under it, then what it rests on, nowhere beyond 100 columns."""
    text = render(controlled(sweep_of, ("rate",), "test/accuracy"), "table")
    title, _, verdict, evidence = text.split("\n\n")
    assert title == "test/accuracy by rate in digits (controlled)"
    assert verdict.startswith("0.3 is best; 0.2 is worse by 1.")
    assert "Paired t-test over 6 shared seeds" in verdict
    assert evidence.splitlines()[0] == "test/accuracy against 0.3, pair by pair:"
    header = evidence.splitlines()[1]
    assert header.split("  ")[0] == "rate"
    assert header.endswith("chance to beat it")
    assert evidence.splitlines()[3].endswith("0% (0% to 46%)")
    assert max(map(len, text.splitlines())) <= 100


def test_a_verdict_in_every_format_for_people(sweep_of: Any) -> None:
    """Markdown and LaTeX have the verdict and the comparisons too, with their own signs escaped."""
    tables = controlled(sweep_of, ("activation",), "test/accuracy", name="re_lu & 5%")
    markdown, latex = render(tables, "markdown"), render(tables, "latex")
    assert "tanh is best; re_lu &amp; 5% is worse by" in markdown
    assert "| activation | difference | 95% interval |" in markdown
    assert r"tanh is best; re\_lu \& 5\% is worse by" in latex
    assert latex.count(r"\begin{tabular}") == 2
    assert r"re\_lu \& 5\% & -0.0" in latex


def test_comparisons_in_csv(sweep_of: Any) -> None:
    """All that is known of a comparison stands behind its level, under its own name."""
    table = controlled(sweep_of, ("rate",), "test/accuracy")[0]
    rows = [*csv.DictReader(io.StringIO(render(table, "csv")))]
    for row, found in zip(table.rows, rows, strict=True):
        other = row.against_best
        if other is None:
            assert {found[name] for name in ("difference", "p_value", "chance")} == {""}
            continue
        assert float(found["difference_low"]) == other.low
        assert float(found["p_value"]) == row.p_value
        assert float(found["p_uncorrected"]) == other.p
        assert int(found["n_pairs"]) == 6


def test_two_factors_make_a_grid(sweep_of: Any) -> None:
    """Rows are the first factor's levels, columns the second's, and each factor has its verdict."""
    table = controlled(sweep_of, ("activation", "rate"), "test/accuracy")[0]
    lines = render(table, "table").splitlines()
    assert lines[2] == "test/accuracy: mean ± half of its 95% interval, 6 runs a cell"
    assert lines[3].split() == ["activation", "rate=0.1", "rate=0.2", "rate=0.3"]
    relu = [row for row in table.rows if row.level[0] == "relu"]
    assert re.findall(r"(0\.\d{4}) ±", lines[5]) == [number(row.mean) for row in relu]
    text = render(table, "table")
    assert "\nactivation=tanh, rate=0.3 is best; 5 of the 5 others are worse.\n" in text
    assert "\nby activation: tanh is best; " in text
    assert "\nby rate: 0.3 is best; " in text
    assert r"$\pm$" in render(table, "latex")
    assert len(json.loads(render(table, "json"))["rows"]) == 6
    assert len(render(table, "csv").splitlines()) == 7


def test_a_grid_with_an_empty_cell(sweep_of: Any) -> None:
    """A pair of levels that no run had is left empty, and its factors get no verdict alone."""
    rows = [
        {"a": a, "b": b, "seed": seed, "test/accuracy": 0.1 * a + 0.2 * b + 0.01 * seed * seed * a}
        for a, b in ((1, 1), (1, 2), (2, 2))
        for seed in range(3)
    ]
    text = render(compare([sweep_of(rows, {})], ["a", "b"], None), "table")
    assert re.search(r"^2 {15,}[01]\.", text, re.MULTILINE)
    assert "by a alone: observed, not controlled: b moved too" in text


def test_several_metrics(sweep_of: Any) -> None:
    """One table with a group of columns and a verdict for each metric; JSON has one object each."""
    tables = controlled(sweep_of, ("rate",), "test/accuracy", "test/loss")
    text = render(tables, "table")
    assert text.startswith("test/accuracy, test/loss by rate in digits (controlled)\n")
    assert text.splitlines()[2].split() == [
        *("rate", "runs", "test/accuracy", "±", "95%", "test/loss", "±", "95%"),
    ]
    assert "\ntest/accuracy: 0.3 is best; " in text
    assert "\ntest/loss: no level is shown to be best: " in text
    assert text.count("Paired t-test") == 1
    rows = [*csv.DictReader(io.StringIO(render(tables, "csv")))]
    for i, table in enumerate(tables):
        for row, found in zip(table.rows, rows, strict=True):
            assert float(found[f"{table.metric}:mean"]) == row.mean
        one = json.loads(render(table, "json"))
        assert json.loads(render(tables, "json"))["tables"][i] == one


def test_metrics_that_not_all_runs_have(sweep_of: Any) -> None:
    """Each metric says if it is controlled and how many runs have it; only then is it judged."""
    rows = [
        {"rate": rate, "seed": seed, "test/accuracy": rate + seed / 100, "gap": 0.1}
        for rate in (0.1, 0.2)
        for seed in range(2)
    ]
    del rows[3]["gap"]
    record = sweep_of(rows, {})
    tables = [compare([record], ["rate"], metric) for metric in ("test/accuracy", "gap")]
    text = render(tables, "table")
    assert text.startswith("test/accuracy (controlled), gap (observed) by rate in digits\n")
    assert "2 or 1" in text
    assert "\ngap: " not in text
