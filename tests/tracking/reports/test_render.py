"""Files of a report: equal but for one line, checked when read again, and text stays text."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from sample_reports import DASHBOARD, HOSTILE, hostile_report, link, sample_report

from tracking.errors import ReportError
from tracking.pages import level_text
from tracking.reports.addresses import web_address
from tracking.reports.csv_files import write_table
from tracking.reports.model import Cell, Column, ReportTable, Section
from tracking.reports.render import read_report_json, render_files, report_digest

if TYPE_CHECKING:
    from tracking.reports.model import Report

MADE = datetime(2026, 11, 21, 7, 0, 31, tzinfo=UTC)
UNSEEN = re.compile("[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e"
                    "\u2066-\u2069]")  # fmt: skip


@pytest.fixture(scope="module")
def hostile() -> dict[str, str]:
    return {name: held.decode() for name, held in render_files(hostile_report(), made=MADE).items()}


def table_of(*cells: Cell, name: str = "one") -> ReportTable:
    return ReportTable(name, "one", [Column(f"c{i}") for i in range(len(cells))], [cells])


def with_table(report: Report, table: ReportTable) -> Report:
    return replace(report, sections=[Section("cost", "cost", "Cost", tables=[table])])


def test_a_report_made_twice_differs_in_the_line_of_the_date() -> None:
    """HTML, Markdown and JSON: one line each, which says the minute in UTC; CSV: none."""
    there = timezone(timedelta(hours=-5))
    first = render_files(sample_report(), made=MADE)
    second = render_files(sample_report(), made=datetime(2026, 11, 27, 23, 5, tzinfo=there))
    assert set(first) == set(second)
    for name, held in first.items():
        pairs = zip(held.split(b"\n"), second[name].split(b"\n"), strict=True)
        other = [after.decode() for before, after in pairs if before != after]
        assert len(other) == (0 if name.startswith("tables/") else 1), name
        assert all("2026-11-28" in line and "04:05" in line for line in other), name


def test_the_files_of_a_report_have_their_names() -> None:
    """A page, Markdown, JSON, and a CSV of each table by its id."""
    files = render_files(sample_report(), made=MADE)
    tables = [table.id for section in sample_report().sections for table in section.tables]
    expected = {f"tables/{name}.csv" for name in tables}
    assert set(files) == {"report.html", "report.md", "report.json"} | expected


@pytest.mark.parametrize("name", ["../../x", "", "a b", "Upper", "a.b", "-a", "é", "a\n"])
def test_an_id_that_cannot_name_a_file_is_refused(name: str) -> None:
    """No table writes outside its folder, or over a file of another name."""
    report = with_table(sample_report(), table_of(Cell("x"), name=name))
    with pytest.raises(ReportError, match="can't name a file"):
        render_files(report, made=MADE)


def test_two_tables_of_one_id_are_refused() -> None:
    """One CSV file would hide the other."""
    report = sample_report()
    doubled = replace(report, sections=[*report.sections, replace(report.sections[1], id="again")])
    with pytest.raises(ReportError, match="have the table id 'leaderboard'"):
        render_files(doubled, made=MADE)


def test_the_digest_is_that_of_the_content_alone() -> None:
    """Neither date nor dashboard count; every text, value, run and chart does."""
    report = sample_report()
    digest = report_digest(report)
    assert digest == report_digest(sample_report(dashboard=""))
    last = report.sections[-1]
    trend = next(section for section in report.sections if section.name == "trend")
    moved = replace(trend.charts[0], plot={"data": [], "layout": {}})
    others = [
        replace(report, title="Another"),
        replace(report, metrics=report.metrics[:1]),
        replace(report, sections=report.sections[:-1]),
        replace(report, sections=[*report.sections[:-1], replace(last, warnings=["so"])]),
        replace(report, sections=[replace(trend, charts=[moved])]),
        replace(report, seen=report.seen[1:]),
        replace(report, alerts=[]),
        replace(report, versions={}),
        with_table(report, table_of(Cell("1", 1.0))),
        with_table(report, table_of(Cell("1", 1.5))),
        with_table(report, table_of(Cell("1", 1.5, link(1)))),
        with_table(report, table_of(Cell("1", 1.5, link(2)))),
        with_table(report, table_of(Cell("1", 1.5, link(2), "best"))),
    ]
    digests = [digest, *map(report_digest, others)]
    assert len(set(digests)) == len(digests)


def test_report_json_reads_back_what_the_report_says() -> None:
    """Texts as they were, also hostile ones, values unrounded, and the digest of all of it."""
    for report in (sample_report(), hostile_report()):
        held = read_report_json(render_files(report, made=MADE)["report.json"].decode())
        assert held["made"] == "2026-11-21T07:00Z"
        assert held["digest"] == report_digest(report)
        assert held["title"] == report.title
        assert [seen["runs"] for seen in held["sweeps"]] == [list(s.run_ids) for s in report.seen]
        for section, read in zip(report.sections, held["sections"], strict=True):
            for table, got in zip(section.tables, read["tables"], strict=True):
                cells = [[cell.get("value") for cell in row] for row in got["rows"]]
                assert cells == [[cell.value for cell in row] for row in table.rows]
                texts = [[cell["text"] for cell in row] for row in got["rows"]]
                assert texts == [[cell.text for cell in row] for row in table.rows]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: "no json", "no JSON"),
        (lambda _: "[1]", "none of Fairtrial's"),
        (lambda text: text.replace('"format": 1', '"format": 2'), "format 2"),
        (lambda text: text.replace("0.9815", "0.9915"), "was changed"),
        (lambda _: '{"format": 1}', "was changed"),
    ],
)
def test_a_report_json_that_is_not_whole_is_refused(change: Any, message: str) -> None:
    """What changed since the last report is told from what that report said, or not at all."""
    text = render_files(sample_report(), made=MADE)["report.json"].decode()
    with pytest.raises(ReportError, match=message):
        read_report_json(change(text))


def test_what_is_no_number_becomes_null() -> None:
    """JSON has no NaN and no infinity; the text still says it."""
    cells = [Cell("nan", math.nan), Cell("inf", math.inf), Cell("1", 1.0)]
    files = render_files(with_table(sample_report(), table_of(*cells)), made=MADE)
    (row,) = json.loads(files["report.json"])["sections"][0]["tables"][0]["rows"]
    assert [cell["value"] for cell in row] == [None, None, 1.0]
    assert [cell["text"] for cell in row] == ["nan", "inf", "1"]


def test_a_csv_file_holds_unrounded_values_and_no_formula() -> None:
    """RFC 4180; a text that a spreadsheet would run gets an apostrophe, a signed number none."""
    cells = [
        Cell("0.1235", 0.12345678901234567),
        Cell("-0.0034"),
        Cell("=1+1"),
        Cell(" @sum(a)"),
        Cell("-1+cmd"),
        Cell('say "a, b"'),
        Cell("three", "3"),
        Cell("10", 10),
    ]
    text = write_table(table_of(*cells))
    assert text.count("\r\n") == text.count("\n") == 2
    _, row = csv.reader(io.StringIO(text, newline=""))
    assert row == [
        "0.12345678901234566", "-0.0034", "'=1+1", "' @sum(a)", "'-1+cmd", 'say "a, b"', "3", "10",
    ]  # fmt: skip


def test_hostile_texts_stay_on_their_line_in_every_file(hostile: dict[str, str]) -> None:
    """No control character and none that turns the direction of writing; all is told in escapes."""
    for name, text in hostile.items():
        assert not UNSEEN.search(text), name
        assert "\\u202e" in text, name


def test_hostile_texts_are_no_markup_in_markdown(hostile: dict[str, str]) -> None:
    """Tags, links, code and columns appear as text; tables keep their number of columns."""
    text = hostile["report.md"]
    assert not re.search(r"<(?!\w+://)", text)
    assert "](" not in text
    assert not re.search(r"(?<!\\)`", text)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 4
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {len(HOSTILE) + 1}
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert len(headings) == 4, "title, section, table and chart"


def test_lines_of_markdown_begin_no_list_or_heading() -> None:
    """Sentences that look like one stay sentences; a number at the start is left as it is."""
    sentences = [
        "1. first",
        "12) twelfth",
        "# one",
        "- item",
        "--- rule",
        "   code",
        "0.01 is best",
    ]
    report = replace(
        sample_report(), sections=[Section("verdict", "verdict", "Verdict", sentences)], alerts=[]
    )
    text = render_files(report, made=MADE)["report.md"].decode()
    lines = text.split("## Verdict\n\n")[1].split("\n\n")
    assert [line.strip() for line in lines] == [
        r"1\. first", r"12\) twelfth", r"\# one", r"\- item", r"\--- rule", "code", "0.01 is best",
    ]  # fmt: skip


def test_hostile_texts_are_escaped_in_the_page(hostile: dict[str, str]) -> None:
    """Before any browser sees it: no tag of theirs, and nothing was computed."""
    page = re.sub(r"<script.*?</script>", "", hostile["report.html"], flags=re.DOTALL)
    assert "<svg" not in page
    assert "<img" not in page
    assert "javascript:" not in re.sub(r">[^<]*<", "><", page)
    assert not re.search(r"\b49\b", page)
    assert page.count("{{7*7}} {{m^2}}") + page.count("&#123;&#123;7*7") > 8


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://127.0.0.1:5000/", "http://127.0.0.1:5000/"),
        ("https://user:word@mlflow.example/a b?x=1#y", "https://mlflow.example/a%20b"),
        ("http://[::1]:5000", "http://[::1]:5000"),
        ("javascript:alert(1)", ""),
        ("file:///etc/passwd", ""),
        ("//mlflow.example", ""),
        ("http://", ""),
        ("http://host:port", ""),
        ('http://a"onload=x/', "http://a%22onload%3Dx/"),
        ("", ""),
    ],
)
def test_a_dashboard_is_a_web_address_or_none(given: str, kept: str) -> None:
    """Passwords, queries and other kinds of address never reach a page."""
    assert web_address(given) == kept


def test_only_the_dashboard_is_linked() -> None:
    """Every address in a page leads within it or to a run; without a dashboard there is none."""
    for dashboard, some in ((DASHBOARD, True), ("", False)):
        report = sample_report(dashboard=dashboard)
        page = render_files(report, made=MADE)["report.html"].decode()
        body = re.sub(r"<script.*?</script>|<style>.*?</style>", "", page, flags=re.DOTALL)
        found = re.findall(r'\b(?:href|src|action|srcset|poster|data)="([^"#][^"]*)"', body)
        assert all(re.fullmatch(rf"{DASHBOARD}/#/experiments/3/runs/\w+", a) for a in found)
        assert bool(found) == some
        assert ("](http" in render_files(report, made=MADE)["report.md"].decode()) == some


def test_every_cell_with_a_run_leads_to_it() -> None:
    """Numbers are linked to what they were measured by."""
    report = sample_report()
    page = render_files(report, made=MADE)["report.html"].decode()
    for section in report.sections:
        for cell in (cell for table in section.tables for row in table.rows for cell in row):
            if cell.link:
                address = cell.link.address(DASHBOARD)
                linked = re.search(f'<a href="{re.escape(address)}"[^>]*>(.*?)</a>', page)
                assert linked is not None
                assert level_text(cell.text) in page[linked.start() :]


def test_a_table_without_rows_is_a_table() -> None:
    """Its header says what there is none of."""
    empty = ReportTable("none", "No failures", [Column("reason"), Column("runs", numeric=True)], [])
    files = render_files(with_table(sample_report(), empty), made=MADE)
    assert files["tables/none.csv"] == b"reason,runs\r\n"
    assert b"No failures" in files["report.html"]


def test_a_report_without_charts_has_no_library() -> None:
    """Two megabytes less."""
    report = with_table(sample_report(), table_of(Cell("x")))
    assert len(render_files(report, made=MADE)["report.html"]) < 50_000
