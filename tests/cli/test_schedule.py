"""`fairtrial schedule` and the commands that make reports: what they print, keep and refuse."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from typer.testing import Result

REPORT = """\
title: Rates, week by week
sweeps: ["rates*"]
alerts:
  - {metric: test/accuracy, below: 0.99}
deliver:
  - {folder: out/}
"""


@pytest.fixture
def place(
    finished_once: tuple[Path, Result],
    folder: Path,  # noqa: ARG001 - clears the environment
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """The folder with the finished sweep, the current one, and a report file in it; the tests of
    this file add to it in turn."""
    monkeypatch.chdir(finished_once[0])
    monkeypatch.delenv("FAIRTRIAL_DASHBOARD_URL", raising=False)
    Path("weekly.yaml").write_text(REPORT)
    return finished_once[0]


@pytest.mark.usefixtures("project")
def test_a_schedule_is_added_listed_and_removed(
    fairtrial: Callable[..., Result], sweep_file: str
) -> None:
    """The next three times in the zone and in UTC; the list says all of it; a name is given once;
    a removed one is gone."""
    Path("sweep.yaml").write_text(sweep_file)
    words = ["schedule", "add", "nightly", "sweep.yaml", "--cron", "30  3 * * *"]
    added = fairtrial(*words, "--timezone", "Asia/Kolkata")
    assert added.exit_code == 0
    times = [
        datetime.strptime(line.partition("(")[2], "%Y-%m-%d %H:%M:%S UTC)").replace(tzinfo=UTC)
        for line in added.stdout.splitlines()
    ]
    assert len(times) == 3
    assert all("03:30 +05:30 Asia/Kolkata" in line for line in added.stdout.splitlines())
    assert [f"{moment:%H:%M}" for moment in times] == ["22:00"] * 3
    assert times[2] - times[0] == timedelta(days=2)
    again = fairtrial(*words)
    assert (again.exit_code, again.stdout) == (2, "")
    assert "a schedule 'nightly' is there already" in again.stderr
    (found,) = json.loads(fairtrial("schedule", "list", "--json").stdout)["schedules"]
    assert (found["kind"], found["cron"], found["outcome"]) == ("sweep", "30 3 * * *", None)
    assert found["next"] == times[0].isoformat()
    assert "nightly" in fairtrial("schedule", "list").stdout.splitlines()[1]
    assert fairtrial("schedule", "remove", "nightly").exit_code == 0
    gone = fairtrial("schedule", "remove", "nightly")
    assert (gone.exit_code, gone.stdout) == (2, "")
    assert "no schedule 'nightly'" in gone.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["sweep.yaml", "--cron", "61 * * * *"], "its minute must be 0 to 59"),
        (["sweep.yaml", "--cron", "0 7 30 2 *"], "never comes"),
        (["sweep.yaml", "--cron", "0 7 * * 1", "--timezone", "Europe/Berlim"], "Europe/Berlin"),
        (["none.yaml", "--cron", "0 7 * * 1"], "none.yaml: no such file"),
        (["wrong.yaml", "--cron", "0 7 * * 1"], "wrong.yaml:2: sweeps: is an empty list"),
        (["long.yaml", "--cron", "0 7 * * 1"], "can't name a folder"),
        (["sweep.yaml"], "--cron"),
    ],
    ids=str,
)
def test_what_can_not_be_scheduled_is_one_sentence(
    folder: Path, fairtrial: Callable[..., Result], sweep_file: str, words: list[str], sentence: str
) -> None:
    """Exit 2, and nothing is made; that goes for a name with no room for a date too."""
    Path("sweep.yaml").write_text(sweep_file)
    Path("wrong.yaml").write_text("title: A\nsweeps: []\n")
    Path("long.yaml").write_text(sweep_file.replace("rates", "r" * 90))
    added = fairtrial("schedule", "add", "monday", *words)
    assert (added.exit_code, added.stdout) == (2, "")
    assert sentence in added.stderr
    assert len(list(folder.iterdir())) == 3


@pytest.mark.usefixtures("place")
def test_a_report_is_made_copied_and_listed(fairtrial: Callable[..., Result]) -> None:
    """The page's path on stdout, alerts first on stderr; a copy where asked; not sent unless asked;
    the first one has nothing to be set against, the second has the first."""
    first = fairtrial("report", "weekly.yaml", "--against", "LAST")
    assert first.exit_code == 0
    page = Path(first.stdout.strip())
    assert page.read_text().lower().startswith("<!doctype html>")
    assert first.stderr.splitlines()[1].startswith("ALERT test/accuracy of rates is ")
    assert "this is the first report of that title" in first.stderr
    assert not Path("out").exists()
    second = fairtrial("report", "weekly.yaml", "--against", "last", "--output", "copy", "--json")
    found = json.loads(second.stdout)
    assert (found["report"], found["page"], found["undelivered"]) == (2, "copy/report.html", [])
    held = json.loads(Path("copy/report.json").read_text())
    assert "changes" in [section["name"] for section in held["sections"]]
    listed = json.loads(fairtrial("reports", "--json").stdout)["reports"]
    assert [(kept["report"], kept["state"]) for kept in listed] == [(1, "done"), (2, "done")]
    assert fairtrial("reports", "--limit", 1).stdout.splitlines()[1].startswith("2 ")


@pytest.mark.usefixtures("place")
def test_a_report_is_made_again(fairtrial: Callable[..., Result]) -> None:
    """By its number, with or without its file: the same digest, under a new number."""
    made = json.loads(fairtrial("report", "weekly.yaml", "--json").stdout)
    Path("weekly.yaml").write_text("title: something else\nsweeps: [none]\n")
    again = json.loads(fairtrial("report", "--again", made["report"], "--json").stdout)
    assert again["digest"] == made["digest"]
    assert again["report"] == made["report"] + 1


@pytest.mark.usefixtures("place")
def test_links_lead_to_the_dashboard(
    fairtrial: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the address given, or that of the environment; where none is known, how to give one."""
    assert "--dashboard" in fairtrial("report", "weekly.yaml").stderr
    monkeypatch.setenv("FAIRTRIAL_DASHBOARD_URL", "http://board:5000/")
    page = Path(fairtrial("report", "weekly.yaml").stdout.strip()).read_text()
    assert "http://board:5000/#/experiments/" in page


@pytest.mark.usefixtures("place")
def test_a_schedule_is_run_now(fairtrial: Callable[..., Result]) -> None:
    """A report is made and delivered, a sweep trained under a name with the time; a delivery that
    fails is exit 1, and the report is kept all the same."""
    cron = ["--cron", "0 7 * * 1", "--timezone", "UTC"]
    assert fairtrial("schedule", "add", "monday", "weekly.yaml", *cron).exit_code == 0
    run = fairtrial("schedule", "run", "monday")
    assert run.exit_code == 0
    assert Path(run.stdout.strip()).exists()
    assert len(list(Path("out").glob("*/report.html"))) == 1
    assert fairtrial("schedule", "add", "nightly", "sweep.yaml", *cron).exit_code == 0
    trained = fairtrial("schedule", "run", "nightly")
    assert trained.exit_code == 0
    assert f"in rates-{datetime.now(UTC):%Y-%m}" in trained.stdout.splitlines()[0]
    Path("weekly.yaml").write_text(REPORT.replace("folder: out/", "url_from: NOT_SET_HERE"))
    failed = fairtrial("schedule", "run", "monday")
    assert failed.exit_code == 1
    assert Path(failed.stdout.strip()).exists()
    assert "the environment variable NOT_SET_HERE is not set" in failed.stderr
    missing = fairtrial("schedule", "run", "munday")
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert "did you mean 'monday'?" in missing.stderr


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ([], 2, "give a report FILE"),
        (["--again", "last"], 2, "give a report FILE"),
        (["weekly.yaml", "--against", "yesterday"], 2, "takes a report's number, or LAST"),
        (["--again", "999"], 1, "no report 999"),
        (["none.yaml"], 2, "none.yaml: no such file"),
        (["other.yaml"], 2, "no sweep 'ratess'; did you mean 'rates'?"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("place")
def test_a_report_that_can_not_be_made_is_one_sentence(
    fairtrial: Callable[..., Result], words: list[str], code: int, sentence: str
) -> None:
    """What is wrong and the way out; nothing on stdout."""
    Path("other.yaml").write_text("title: Others\nsweeps: [ratess]\n")
    made = fairtrial("report", *words)
    assert (made.exit_code, made.stdout) == (code, "")
    assert sentence in made.stderr


def test_the_service_delivers_what_is_not_delivered_yet(
    place: Path, fairtrial: Callable[..., Result]
) -> None:
    """One of two places fails: the attempt is to be repeated, the report is kept; the next attempt
    makes no second report, and goes only where none has arrived."""
    from cli.catalog import now, open_here
    from sweeps.service.report_work import run_report_job
    from sweeps.service.stop import Stop
    from tracking.catalog.jobs import Jobs

    stores, catalog = open_here()
    deliver = "deliver: [{folder: here/}, {folder: blocked/}]\n"
    Path("weekly.yaml").write_text(REPORT.partition("deliver")[0] + deliver)
    Path("blocked").write_text("a file is in the way")
    before = len(json.loads(fairtrial("reports", "--json").stdout)["reports"])
    job = Jobs(catalog).submit("report", "w", str(place / "weekly.yaml"), now=now())

    def attempt() -> str:
        outcome = run_report_job(
            job, stores=stores, catalog=catalog, dashboard="", now=now, stop=Stop(os.getppid())
        )
        assert "\n" not in outcome.message
        return outcome.state

    assert attempt() == "retry"
    (arrived,) = Path("here").glob("*/report.html")
    arrived.unlink()
    Path("blocked").unlink()
    assert attempt() == "done"
    assert len(list(Path("blocked").glob("*/report.html"))) == 1
    assert list(Path("here").glob("*/report.html")) == []
    kept = json.loads(fairtrial("reports", "--json").stdout)["reports"]
    assert len(kept) == before + 1
    assert set(kept[-1]["deliveries"].values()) == {"sent"}
