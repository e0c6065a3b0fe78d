from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.data.loading import load_raw
from trainer.data.request import DataRequest

CELLS = st.text(st.sampled_from('ab ,;"\n'), min_size=1, max_size=6).map(lambda text: f"x{text}x")


@settings(deadline=None)
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8),
    blanks=st.lists(st.integers(0, 2), min_size=9, max_size=9),
    separator=st.sampled_from([",", "\t"]),
)
def test_every_row_keeps_its_entries_and_its_line(
    rows: list[list[str]], blanks: list[int], separator: str
) -> None:
    """Whatever quoting, line breaks in cells and blank lines: entries and lines are right."""
    text = ""
    lines = []
    for row, blank in zip([["a", "b", "c"], *rows], blanks, strict=False):
        text += "\n" * blank
        lines.append(text.count("\n") + 1)
        record = io.StringIO()
        csv.writer(record, delimiter=separator, lineterminator="\n").writerow(row)
        text += record.getvalue()
    with tempfile.TemporaryDirectory() as folder:
        source = "t.csv" if separator == "," else "t.tsv"
        (Path(folder) / source).write_text(text, encoding="utf-8", newline="")
        table = load_raw(DataRequest(source, folder=Path(folder), target="b"))
    assert table.inputs.to_numpy().tolist() == [[row[0], row[2]] for row in rows]
    assert table.target.tolist() == [row[1] for row in rows]
    assert table.lines == lines[1:]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_all_line_endings_are_read(tmp_path: Path, newline: str) -> None:
    """Files of Unix, Windows and old Macintosh programs hold the same table."""
    text = newline.join(["a,b", "1,x", "2,y"])
    (tmp_path / "t.csv").write_text(text, newline="")
    table = load_raw(DataRequest("t.csv", folder=tmp_path, target="b"))
    assert table.inputs["a"].tolist() == [1, 2]
    assert table.lines == [2, 3]
