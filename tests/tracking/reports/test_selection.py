from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tracking.catalog.records import KeptReport
from tracking.errors import ReportError
from tracking.reading import find_parents
from tracking.reports.selection import select
from tracking.reports.spec import parse_report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tracking.store import Store

HOUR_MS = 3_600_000
START_MS = 1_790_000_000_000  # as in conftest


@pytest.fixture
def chosen(filled: Store, tmp_path: Path) -> Callable[..., tuple[list[str], tuple[str, ...]]]:
    """The names that a file's text selects, and the warnings."""

    def names(text: str, last: KeptReport | None = None) -> tuple[list[str], tuple[str, ...]]:
        spec = parse_report(f"title: t\n{text}\n", tmp_path / "report.yaml")
        found = select(filled, spec, last)
        return [record.name for record in found.records], found.warnings

    return names


def report_at(ms: int) -> KeptReport:
    at = datetime.fromtimestamp(ms / 1000, UTC)
    return KeptReport(1, "k", "t", at, "done", "", "report.yaml", "")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("sweeps: search", ["search"]),
        ("sweeps: [search, grid-*]", ["search", "grid-relu", "grid-tanh"]),
        ('sweeps: ["*"]', ["grid-relu", "grid-tanh", "other-data", "search"]),
        ("sweeps: [grid-*, '*-tanh']", ["grid-relu", "grid-tanh"]),
        ("sweeps: [search]\nbaseline: grid-tanh", ["search", "grid-tanh"]),
        ("sweeps: {since: last}", ["grid-relu", "grid-tanh", "other-data", "search"]),
    ],
)
def test_names_and_patterns(chosen: Any, text: str, names: list[str]) -> None:
    """In the order of the file, each sweep once; without an earlier report nothing is too old."""
    assert chosen(text) == (names, ())


def test_tags(chosen: Any, filled: Store) -> None:
    """A tag on a sweep's own run selects it, with its value or with any."""
    parents = find_parents(filled)
    filled.client.set_tag(parents["grid-tanh"].info.run_id, "team", "vision")
    filled.client.set_tag(parents["search"].info.run_id, "team", "text=too")
    assert chosen("sweeps: {tag: team}")[0] == ["grid-tanh", "search"]
    assert chosen("sweeps: {tag: team=vision}")[0] == ["grid-tanh"]
    assert chosen("sweeps: {tag: team=text=too}")[0] == ["search"]
    found, warnings = chosen("sweeps: [search, {tag: team=nobody}]")
    assert found == ["search"]
    assert "report.yaml:2: no sweep's own run has the MLflow tag 'team=nobody'" in warnings[0]


def test_since_the_last_report(chosen: Any, add: Any) -> None:
    """Only sweeps with a run that ended since; one whose own run never ended is looked into."""
    since = report_at(START_MS + 30 * HOUR_MS)
    assert chosen("sweeps: {since: last}", since)[0] == ["other-data", "search"]
    add("killed", [({"learning_rate": 0.1}, [0.5])], end="", start_ms=START_MS)
    assert chosen("sweeps: {since: last}", since)[0] == ["other-data", "search"]
    add("alive", [({"learning_rate": 0.1}, [0.5])], end="", start_ms=START_MS + 40 * HOUR_MS)
    assert chosen("sweeps: {since: last}", since)[0] == ["alive", "other-data", "search"]


def test_nothing_new_is_no_failure(chosen: Any) -> None:
    """A Monday without news has a report that says so; names beside it still count."""
    since = report_at(START_MS + 1000 * HOUR_MS)
    found, warnings = chosen("sweeps: {since: last}", since)
    assert found == []
    assert "no run of any sweep has ended since the last report, 2026-11-02 06:13" in warnings[0]
    assert chosen("sweeps: [search, {since: last}]", since)[0] == ["search"]


def test_a_name_that_fits_none_is_a_warning(chosen: Any) -> None:
    """As long as another fits, the report is made and says what is not in it."""
    found, warnings = chosen("sweeps: [search, digits, 'x*']")
    assert found == ["search"]
    assert [text.rpartition("report.yaml:2: ")[2] for text in warnings] == [
        "no sweep 'digits'",
        "no sweep's name fits 'x*'",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sweeps: grid-rela", "no sweep 'grid-rela'; did you mean 'grid-relu'?"),
        ("sweeps: ['digits-*']", "no sweep's name fits 'digits-*'; it may be grid-relu,"),
        ("sweeps: {tag: nightly}", "no sweep's own run has the MLflow tag 'nightly'"),
        ("sweeps: search\nbaseline: grid", "baseline: no sweep 'grid'; did you mean 'grid-"),
    ],
)
def test_no_sweep_at_all(chosen: Any, text: str, said: str) -> None:
    """Nothing to report on, or no baseline, is an error that names the nearest."""
    with pytest.raises(ReportError) as caught:
        chosen(text)
    assert said in str(caught.value)


def test_an_empty_store(store: Store, tmp_path: Path) -> None:
    """Where no sweep was ever run the way out is to run one."""
    spec = parse_report("title: t\nsweeps: {since: last}", tmp_path / "report.yaml")
    with pytest.raises(ReportError, match="there is none yet: start one with: fairtrial run"):
        select(store, spec, None)


def test_each_sweep_is_read_once(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many names fit it, MLflow is asked once for its runs."""
    asked: list[Any] = []
    search = filled.search_runs

    def counting(experiments: list[str], words: str = "") -> Any:
        asked.append(experiments)
        return search(experiments, words)

    monkeypatch.setattr(filled, "search_runs", counting)
    text = "title: t\nsweeps: [search, 'se*', '*', {since: last}]\nbaseline: search"
    select(filled, parse_report(text, tmp_path / "r.yaml"), report_at(START_MS))
    assert len(asked) == 1 + 4
