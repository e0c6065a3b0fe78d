"""`fairtrial submit`: what is put into the queue, shown of it, and taken out again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from typer.testing import Result

HOSTILE = "a\x1b[31m\u202eb\n<script>"


@pytest.mark.usefixtures("project")
def test_a_sweep_is_queued_as_it_is_now(fairtrial: Callable[..., Result], sweep_file: str) -> None:
    """Its job's number on stdout; the text that was submitted is what is kept, with its overrides;
    status and --list show it."""
    from cli.catalog import open_here
    from tracking.catalog.jobs import Jobs

    Path("sweep.yaml").write_text(sweep_file)
    words = ["submit", "sweep.yaml", "--set", "train.epochs=5", "--trials", 2, "--priority", 7]
    submitted = fairtrial(*words)
    assert (submitted.exit_code, submitted.stdout) == (0, "1\n")
    assert "rates is queued as job 1" in submitted.stderr
    Path("sweep.yaml").write_text("something else")
    job = Jobs(open_here()[1]).get(1)
    assert (job.text, job.priority) == (sweep_file, 7)
    assert job.options == {"overrides": ["train.epochs=5"], "trials": 2}
    assert job.file == str(Path("sweep.yaml").absolute())
    header, line = fairtrial("submit", "--list").stdout.splitlines()
    assert header.split()[:4] == ["job", "kind", "name", "state"]
    assert line.split()[:5] == ["1", "sweep", "rates", "queued", "7"]
    assert fairtrial("status").stdout == f"{header}\n{line}\n"
    (found,) = json.loads(fairtrial("status", "--json").stdout)["jobs"]
    assert (found["job"], found["state"], found["due"]) == (1, "queued", None)


@pytest.mark.usefixtures("project")
def test_a_job_is_taken_out_of_the_queue(fairtrial: Callable[..., Result], sweep_file: str) -> None:
    """Once; a second time, or a number nobody has, is exit 1 and a sentence."""
    Path("sweep.yaml").write_text(sweep_file)
    assert json.loads(fairtrial("submit", "sweep.yaml", "--json").stdout)["job"] == 1
    assert fairtrial("submit", "--cancel", 1).exit_code == 0
    for number, sentence in ((1, "job 1 is not queued but failed"), (9, "no job 9")):
        again = fairtrial("submit", "--cancel", number)
        assert (again.exit_code, again.stdout) == (1, "")
        assert sentence in again.stderr
    (job,) = json.loads(fairtrial("submit", "--list", "--json").stdout)["jobs"]
    assert (job["state"], job["message"]) == ("failed", "cancelled before it began")


@pytest.mark.usefixtures("project")
def test_hostile_names_are_text_in_every_list(fairtrial: Callable[..., Result]) -> None:
    """Escape sequences, marks that reorder and line breaks are shown, not obeyed."""
    from cli.catalog import now, open_here
    from tracking.catalog.jobs import Jobs
    from tracking.catalog.reports import KeptReports

    catalog = open_here()[1]
    Jobs(catalog).submit("sweep", HOSTILE, f"/{HOSTILE}", now=now())
    reports = KeptReports(catalog)
    kept = reports.begin("key", HOSTILE, file=HOSTILE, file_text="", now=now())
    reports.fail(kept.id, HOSTILE)
    for words in (["submit", "--list"], ["status"], ["reports"]):
        shown = fairtrial(*words).stdout
        assert len(shown.splitlines()) == 2
        assert "a\\x1b[31m\\u202eb\\n<script>" in shown
        assert not {"\x1b", "\u202e"} & set(shown)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "give one of: FILE, --list, --cancel JOB"),
        (["sweep.yaml", "--list"], "give one of"),
        (["none.yaml"], "none.yaml: no such file"),
        (["wrong.yaml"], "wrong.yaml:5: search.learning_rat"),
        (["report.yaml"], "report.yaml is a report file; make it with: fairtrial report"),
        (["sweep.yaml", "--set", "train.epochs=0"], "train.epochs"),
        (["sweep.yaml", "--trials", "0"], "--trials"),
    ],
    ids=str,
)
def test_what_can_not_be_queued_is_one_sentence(
    folder: Path, fairtrial: Callable[..., Result], sweep_file: str, words: list[str], sentence: str
) -> None:
    """Exit 2, before anything is made."""
    Path("sweep.yaml").write_text(sweep_file)
    Path("wrong.yaml").write_text(sweep_file.replace("learning_rate", "learning_rat"))
    Path("report.yaml").write_text("title: A\nsweeps: [rates]\n")
    submitted = fairtrial("submit", *words)
    assert (submitted.exit_code, submitted.stdout) == (2, "")
    assert sentence in submitted.stderr
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize(
    ("words", "key"),
    [(["submit", "--list"], "jobs"), (["schedule", "list"], "schedules"), (["reports"], "reports")],
    ids=str,
)
def test_an_empty_list_makes_nothing(
    folder: Path, fairtrial: Callable[..., Result], words: list[str], key: str
) -> None:
    """Looking into an empty folder leaves it empty, and says what to do."""
    shown = fairtrial(*words)
    assert (shown.exit_code, shown.stdout) == (0, "")
    assert "fairtrial " in shown.stderr
    assert json.loads(fairtrial(*words, "--json").stdout) == {key: []}
    assert list(folder.iterdir()) == []
