"""Copies of reports in a folder of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.errors import DeliveryError
from tracking.reports.copies import copy_report, slug

if TYPE_CHECKING:
    from pathlib import Path


def report(folder: Path, text: str) -> Path:
    (folder / "tables").mkdir(parents=True)
    (folder / "report.html").write_text(text)
    (folder / "tables" / "a.csv").write_text(text)
    return folder


def listed(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_folder_gets_all_files_and_the_newest_page(tmp_path: Path) -> None:
    """Each report has a folder; the page of the newest of a title lies on top, beside others'."""
    out = tmp_path / "out" / "deep"
    for number, title in ((6, "Week"), (7, "Week"), (8, "Other")):
        files = report(tmp_path / str(number), f"page {number}")
        copy_report(files, out, number=number, title=title)
    assert listed(out) == [
        *("0006-week", "0006-week/report.html", "0006-week/tables", "0006-week/tables/a.csv"),
        *("0007-week", "0007-week/report.html", "0007-week/tables", "0007-week/tables/a.csv"),
        *("0008-other", "0008-other/report.html", "0008-other/tables", "0008-other/tables/a.csv"),
        *("latest-other.html", "latest-week.html"),
    ]
    assert (out / "latest-week.html").read_text() == "page 7"
    assert (out / "latest-other.html").read_text() == "page 8"


def test_a_second_try_changes_nothing_and_an_old_one_is_not_the_newest(tmp_path: Path) -> None:
    """Delivered again, or late, a report neither doubles nor hides a newer one."""
    files = {n: report(tmp_path / str(n), f"page {n}") for n in (6, 7)}
    out = tmp_path / "out"
    for number in (7, 6, 6):
        copy_report(files[number], out, number=number, title="Week")
    assert sorted(path.name for path in out.iterdir()) == [
        "0006-week",
        "0007-week",
        "latest-week.html",
    ]
    assert (out / "latest-week.html").read_text() == "page 7"


def test_another_catalogs_report_is_kept(tmp_path: Path) -> None:
    """Where a number is taken by a different report, that one stays and this one lies beside it."""
    out = tmp_path / "out"
    first = copy_report(report(tmp_path / "a", "one"), out, number=1, title="Week")
    second = copy_report(report(tmp_path / "b", "two"), out, number=1, title="Week")
    assert (first.name, second.name) == ("0001-week", "0001-week-2")
    assert (first / "report.html").read_text() == "one"


def test_a_copy_that_fails_leaves_no_half(tmp_path: Path) -> None:
    """A file that can't be read ends in a sentence, and the folder shows no part of the report."""
    files = report(tmp_path / "a", "one")
    (files / "tables" / "gone.csv").symlink_to(tmp_path / "nowhere")
    out = tmp_path / "out"
    with pytest.raises(DeliveryError, match="can't be written to"):
        copy_report(files, out, number=1, title="Week")
    assert list(out.iterdir()) == []


def test_a_folder_that_is_a_file_is_a_sentence(tmp_path: Path) -> None:
    """A destination that can't be a folder is told, with its name."""
    (tmp_path / "out").write_text("")
    with pytest.raises(DeliveryError, match=r"out.* \(File exists\)"):
        copy_report(report(tmp_path / "a", "one"), tmp_path / "out", number=1, title="Week")


@given(st.text())
def test_a_slug_leads_nowhere(title: str) -> None:
    """Whatever the title: a name of [a-z0-9-], not empty, not long, in this very folder."""
    made = slug(title)
    assert made
    assert len(made) <= 60
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not made.startswith("-")
