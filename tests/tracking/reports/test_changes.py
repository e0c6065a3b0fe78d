from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tracking.errors import ReportError

ALL = "sweeps: ['grid-*', new]\n"


def changes(report: Any) -> Any:
    return next(section for section in report.sections if section.name == "changes")


def test_nothing_changed(made: Any, keep: Any) -> None:
    """Unchanged data is one sentence, right after the verdict."""
    report = made(ALL, against=keep(made(ALL)))
    assert [section.name for section in report.sections[:2]] == ["verdict", "changes"]
    section = changes(report)
    assert section.sentences == ["Nothing changed since report 12 of 2026-09-21."]
    assert (section.tables, section.charts) == ([], [])


def test_no_section_without_an_earlier_report(made: Any) -> None:
    """Only a report that is set against another has it."""
    assert "changes" not in [section.name for section in made(ALL).sections]


def test_what_changed(made: Any, keep: Any, add: Any) -> None:
    """New sweeps, added runs, other verdicts and places, and by how much the best moved."""
    before = keep(made("sweeps: ['grid-*', search]"))
    rates = (0.01, 0.1, 0.5)
    trials = [({"learning_rate": rate, "activation": "tanh"}, [0.98] * 4) for rate in rates]
    add("grid-tanh", trials)
    add("new", [({"learning_rate": 0.1}, [0.5])])
    section = changes(made(ALL, against=before))
    assert section.sentences[0] == "Since report 12 of 2026-09-21:"
    assert section.sentences[1] == "New: new."
    assert section.sentences[2] == "In it, but not in this one: search."
    assert section.sentences[3].startswith("grid-tanh, by learning_rate: was “0.1 is best; ")
    assert "is “0.5 is best; " in section.sentences[3]
    assert section.sentences[4] == "Other runs than then: grid-tanh."
    (table,) = section.tables
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in table.rows}
    assert rows["grid-tanh"] == ["", "+4", "0", "3 → 1", "0.8500", "0.9800", "+0.1300"]
    assert rows["grid-relu"] == ["", "0", "0", "2", "0.9500", "0.9500", "0.0000"]
    assert rows["new"] == ["new", "+1", "0", "3", "", "0.5000", ""]


def test_other_data_under_the_same_name(made: Any, keep: Any, filled: Any) -> None:
    """A sweep that is on other data than then is warned of."""
    before = keep(made(ALL))
    experiment = filled.client.get_experiment_by_name("grid-relu")
    parent = next(
        run
        for run in filled.search_runs([experiment.experiment_id])
        if run.data.tags["fairtrial.kind"] == "sweep"
    )
    filled.client.set_tag(parent.info.run_id, "fairtrial.data_digest", "ef" * 32)
    (warning,) = changes(made(ALL, against=before)).warnings
    assert warning.startswith("grid-relu was trained on other data than then")


@pytest.mark.parametrize("damage", ["gone", "edited", "other"])
def test_an_earlier_report_that_can_not_be_read(made: Any, keep: Any, damage: str) -> None:
    """Gone or tampered with: who asked for the comparison is told, and which report it is."""
    before = keep(made(ALL))
    path = Path(before.folder) / "report.json"
    if damage == "gone":
        shutil.rmtree(before.folder)
    elif damage == "edited":
        path.write_text(path.read_text("utf-8").replace("0.95", "0.99"), "utf-8")
    else:
        path.write_bytes(b"\xff")
    with pytest.raises(ReportError, match="report 12 of 2026-09-21"):
        made(ALL, against=before)
