"""The files that `init` writes: for any table one that loads and can be split, or one sentence."""

from __future__ import annotations

import csv
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweeps.first_files import Written, write_first_files
from sweeps.launch import prepare_data
from sweeps.spec import SweepSpec, load_spec
from tracking.errors import SpecError
from tracking.reports.spec import load_report
from trainer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HOSTILE = [
    'a "quoted" name', "it's", "two\nlines", "a: {b", "# no comment", "- item", "&anchor", "*all",
    "\u202egnp.exe", "<script>alert(1)</script>", "=cmd()", "../../x", "null", "true", "1.5", "~",
    "é ü 漢", "🎲", "%", "@", "`", "x" * 300, "a\tb", "{{ 7*7 }}", "\\", "a\x85b",
]  # fmt: skip


def write_table(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def begin(
    folder: Path, header: Sequence[str], rows: Sequence[Sequence[Any]], target: str
) -> tuple[Written, SweepSpec]:
    write_table(folder / "table.csv", header, rows)
    written = write_first_files(str(folder / "table.csv"), target, folder=folder)
    return written, load_spec(folder / f"{written.sweep}.yaml")


def rows_of(n: int, **columns: Any) -> list[list[Any]]:
    return [[make(i) for make in columns.values()] for i in range(n)]


COLUMNS = {
    "numbers": st.floats(-1e6, 1e6, width=32),
    "whole": st.integers(-5, 40),
    "same": st.just("x"),
    "words": st.sampled_from(["a", "b", "", "=cmd()", "null"]),
    "gaps": st.sampled_from(["", "", "1", "2.5"]),
    "dates": st.dates().map(str),
    "anything": st.text(max_size=6),
    "mixed": st.sampled_from(["1", "2", "3", "?", "4", "5"]),
}
NAMES = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1, max_size=5)), min_size=2,
                 max_size=4, unique=True)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(data=st.data(), names=NAMES, n=st.integers(1, 40))
def test_any_table_gives_a_file_that_runs_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, names: list[str], n: int
) -> None:
    """The file loads, and the data it names can be split; else nothing is left on the disk."""
    folder = tmp_path_factory.mktemp("any")
    kinds = [data.draw(st.sampled_from(sorted(COLUMNS))) for _ in names]
    columns = [data.draw(st.lists(COLUMNS[kind], min_size=n, max_size=n)) for kind in kinds]
    try:
        written, spec = begin(folder, names, list(zip(*columns, strict=True)), names[-1])
    except (DataError, SpecError):
        assert [path.name for path in folder.iterdir()] == ["table.csv"]
        return
    assert prepare_data(spec)
    assert load_report(folder / "report.yaml").sweeps
    assert all(line.isprintable() for line in written.found)
    text = (folder / "table.yaml").read_text("utf-8")
    assert all(line.isprintable() for line in text.splitlines())


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_names_are_text(tmp_path: Path, name: str) -> None:
    """As a column, a target, a class and a file: the same name comes out of the file."""
    rows = rows_of(
        30, number=lambda i: i * i % 17, word=lambda i: [f"{name}.", "b"][i % 2], same=lambda _: 1
    )
    _, spec = begin(tmp_path, ["number", "word", name], rows, "word")
    assert spec.data.ignore == (name,)
    (tmp_path / "report.yaml").unlink()
    _, spec = begin_again(tmp_path, [name, "other"], [[*row[:1], row[0] % 3] for row in rows], "x1")
    assert prepare_data(spec)[0].preprocessing["columns"][0]["name"] == name
    stem = name.replace("/", "_")[:80]
    table = tmp_path / f"{stem}.csv"
    write_table(table, ["a", "b"], [[row[0], row[0] % 2] for row in rows])
    written = write_first_files(str(table), "b", folder=tmp_path, name="x2")
    assert prepare_data(load_spec(tmp_path / "x2.yaml"))[0].outputs == 2
    assert all(line.isprintable() for line in written.found)


def begin_again(
    folder: Path, header: Sequence[str], rows: Sequence[Sequence[Any]], name: str
) -> tuple[Written, SweepSpec]:
    write_table(folder / "again.csv", header, rows)
    written = write_first_files(str(folder / "again.csv"), header[-1], folder=folder, name=name)
    return written, load_spec(folder / f"{name}.yaml")


def test_what_is_seen_decides(tmp_path: Path) -> None:
    """Ids, dates, constants and free text are ignored; gaps are imputed; rare classes left out."""
    header = ["id", "day", "same", "note", "size", "colour", "leak", "kind"]
    colours, kinds = itertools.cycle(["red", "blue"]), ["ash"] * 30 + ["oak"] * 30 + ["yew"] * 2
    rows = [
        [i, f"2026-01-{i % 28 + 1:02}", 7, f"seen {i}", "" if i in {0, 1, 30, 31} else i * 7 / 3,
         next(colours), kind.upper(), kind]
        for i, kind in enumerate(kinds)
    ]  # fmt: skip
    written, spec = begin(tmp_path, header, rows, "kind")
    assert set(spec.data.ignore or ()) == {"id", "day", "same", "note"}
    assert spec.data.missing == "median"
    assert spec.data.classes == ("ash", "oak")
    assert [dimension.n_levels for dimension in spec.search.values()] == [4]
    assert spec.repeats == 10
    found = "\n".join(written.found)
    assert "62 rows" in found
    assert "beware: leak tells the target exactly" in found
    assert "target kind: 2 classes (ash 30, oak 30)" in found
    (data, *_) = prepare_data(spec)
    assert [column["name"] for column in data.preprocessing["columns"]] == [
        "size", "colour", "leak"
    ]  # fmt: skip


def test_few_gaps_are_dropped_and_a_number_is_a_regression(tmp_path: Path) -> None:
    """One row of fifty that lacks something is let go; rmse is minimized."""
    rows = rows_of(50, a=lambda i: "" if i == 3 else i * i, b=lambda i: i * 0.37 + i % 3)
    _, spec = begin(tmp_path, ["a", "b"], rows, "b")
    assert spec.data.missing == "drop"
    assert (spec.objective.metric, spec.objective.direction) == ("validation/rmse", "minimize")
    assert load_report(tmp_path / "report.yaml").metrics == ("test/rmse",)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_another_separator_is_copied_with_commas(tmp_path: Path, separator: str) -> None:
    """A .csv of another kind gets a copy that a sweep reads; decimal commas become points."""
    lines = [f'{i},5{separator}"a, {i % 2}"{separator}{i % 3}' for i in range(40)]
    header = separator.join(["x", "y", "z"])
    text = "\n".join([header, *lines])
    (tmp_path / "t.csv").write_text(text)
    written = write_first_files(str(tmp_path / "t.csv"), "z", folder=tmp_path)
    assert [path.name for path in written.files] == ["t-commas.csv", "t.yaml", "report.yaml"]
    assert (tmp_path / "t.csv").read_text() == text
    with (tmp_path / "t-commas.csv").open(newline="") as file:
        assert list(csv.reader(file))[:2] == [["x", "y", "z"], ["0.5", "a, 0", "0"]]
    spec = load_spec(tmp_path / "t.yaml")
    assert [c["kind"] for c in prepare_data(spec)[0].preprocessing["columns"]] == [
        "numeric", "categorical"
    ]  # fmt: skip


WRONG = {
    "no target": (
        None,
        (
            "name the column of table.csv to predict with --target; its columns are "
            "'size' and 'kind'"
        ),
    ),
    "unknown": ("knd", "table.csv has no column 'knd'; did you mean 'kind'?"),
}


@pytest.mark.parametrize("case", ["no target", "unknown"])
def test_a_wrong_target_is_one_sentence(tmp_path: Path, case: str) -> None:
    """It names the columns, or the nearest; nothing is written."""
    write_table(tmp_path / "table.csv", ["size", "kind"], [[i, i % 2] for i in range(30)])
    target, sentence = WRONG[case]
    with pytest.raises(DataError) as caught:
        write_first_files(str(tmp_path / "table.csv"), target, folder=tmp_path)
    assert str(caught.value) == sentence
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_a_target_of_names_can_not_be_told_apart(tmp_path: Path) -> None:
    """Where each row has a class of its own, the sentence says so and shows some."""
    write_table(tmp_path / "table.csv", ["size", "name"], [[i, f"n{i}"] for i in range(30)])
    with pytest.raises(DataError, match="30 different values in 30 rows"):
        write_first_files(str(tmp_path / "table.csv"), "name", folder=tmp_path)


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    """A sweep file that is there is an error, a report file stays; --force replaces both."""
    table = str(tmp_path / "table.csv")
    write_table(tmp_path / "table.csv", ["a", "b"], [[i * i, i % 2] for i in range(30)])
    for name in ("table.yaml", "report.yaml"):
        (tmp_path / name).write_text("mine")
    with pytest.raises(SpecError, match=r"table\.yaml is there already; take another --name"):
        write_first_files(table, "b", folder=tmp_path)
    assert (tmp_path / "table.yaml").read_text() == "mine"
    other = write_first_files(table, "b", folder=tmp_path, name="other")
    assert other.kept == tmp_path / "report.yaml"
    assert (tmp_path / "report.yaml").read_text() == "mine"
    forced = write_first_files(table, "b", folder=tmp_path, force=True, mail_from="FAIRTRIAL_M")
    assert forced.kept is None
    (folder, mail) = load_report(tmp_path / "report.yaml").deliver
    assert (folder.folder, mail.variable) == (tmp_path / "reports", "FAIRTRIAL_M")


@pytest.mark.parametrize("source", ["digits", "breast_cancer", "wine", "iris", "diabetes"])
def test_each_bundled_set(tmp_path: Path, source: str) -> None:
    """The file needs no target, and its data can be split."""
    written = write_first_files(source, None, folder=tmp_path)
    assert written.sweep == source
    assert prepare_data(load_spec(tmp_path / f"{source}.yaml"))
