"""A report is made once and kept whole, whoever is killed and whatever refuses."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import shutil
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tracking import tags
from tracking.catalog.database import Catalog, open_catalog
from tracking.catalog.reports import KeptReports
from tracking.errors import ReportError
from tracking.reading import list_sweeps
from tracking.reports.build import build_report
from tracking.reports.kept import make_report
from tracking.reports.render import read_report_json
from tracking.reports.seen import seen_from_json
from tracking.reports.spec import load_report, parse_report
from tracking.store import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow.entities import Run

    from tracking.reports.kept import Made

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
FILE = """\
title: "<b>Week</b> by ../week"
sweeps: ["grid-*", search]
baseline: grid-relu
metric: test/accuracy
alerts:
  - {metric: test/accuracy, above: 0.9}
"""
SLOW_TO_IMPORT = [
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.store.artifact.artifact_repository_registry",
    "scipy.stats",
    "tracking.reports.kept",
    "tracking.reports.page.html",
]
MOST_SESSIONS = 40
EACH = 20  # by how many steps more each session gets than the one before; the first gets none


def catalog_of(folder: Path) -> Catalog:
    return open_catalog(f"sqlite:///{folder / '.fairtrial' / 'fairtrial.db'}")


def session(folder: Path, kill_at: int | None) -> None:
    """Make the report in this process, killed at a step: before a statement, a commit or a change
    on disk. Steps count from the first file on."""
    import sqlalchemy

    os.chdir(folder)
    store = open_store()
    catalog = catalog_of(folder)
    counter = itertools.count()
    began = False

    def count(*_: object) -> None:
        if began and next(counter) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def look(event: str, words: tuple[Any, ...]) -> None:
        nonlocal began
        writes = event == "open" and isinstance(words[1], str) and "w" in words[1]
        if writes or event in {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree"}:
            began = began or f"{os.sep}reports" in str(words[0])
            count()

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", count)
    sqlalchemy.event.listen(sqlalchemy.Engine, "commit", count)
    sys.addaudithook(look)
    make(store, catalog, folder)


def make(store: Store, catalog: Catalog, folder: Path, key: str = "monday", **options: Any) -> Made:
    root, file = folder / ".fairtrial", folder / "week.yaml"
    if not file.exists():
        file.write_text(FILE)
    given = {"now": NOW, "dashboard": "http://127.0.0.1:5000"} | options
    return make_report(store, catalog, load_report(file), root=root, key=key, **given)


def runs_of(store: Store) -> list[Run]:
    """Those of MLflow's experiment 'reports'."""
    experiment = store.client.get_experiment_by_name("reports")
    return store.search_runs([experiment.experiment_id]) if experiment else []


def artifacts(store: Store, run_id: str, folder: Path) -> dict[str, bytes]:
    fetched = Path(store.client.download_artifacts(run_id, "", str(folder)))
    return files_in(fetched)


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def undated(files: dict[str, bytes] | Any) -> dict[str, list[bytes]]:
    """Files without the lines that hold the date."""
    days = (b"2026-11-23", b"2026-11-30")
    return {
        name: [line for line in content.splitlines() if not any(day in line for day in days)]
        for name, content in files.items()
    }


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    catalog = catalog_of(tmp_path)
    yield catalog
    catalog.close()


def test_a_report_is_kept_in_three_places(filled: Store, catalog: Catalog, tmp_path: Path) -> None:
    """Catalog, folder and MLflow run hold the same, found by key, and no sweep is made of it."""
    sweeps = list_sweeps(filled)
    made = make(filled, catalog, tmp_path, schedule="weekly", late=True)
    kept = KeptReports(catalog).get(1)
    assert made.kept == kept
    assert (kept.state, kept.key, kept.made, kept.late) == ("done", "monday", NOW, True)
    assert (kept.title, kept.schedule) == ("<b>Week</b> by ../week", "weekly")
    assert (kept.file, kept.file_text) == (str(tmp_path / "week.yaml"), FILE)
    assert made.folder == tmp_path / ".fairtrial" / "reports" / "0001-b-week-b-by-week"
    assert kept.folder == str(made.folder)
    assert files_in(made.folder) == made.files
    held = read_report_json(made.files["report.json"].decode())
    tables = [f"tables/{table['id']}.csv" for part in held["sections"] for table in part["tables"]]
    assert len(tables) > 3
    assert set(made.files) == {"report.html", "report.md", "report.json", *tables}
    assert kept.digest == held["digest"]
    assert kept.details["alerts"] == [alert.text for alert in made.report.alerts]
    assert len(kept.details["alerts"]) > 0
    assert [seen["name"] for seen in kept.details["sweeps"]] == ["grid-relu", "grid-tanh", "search"]
    assert (kept.details["last"], kept.details["mlflow_error"]) == (None, "")

    (run,) = runs_of(filled)
    assert run.info.run_id == kept.mlflow_run
    assert (run.info.status, run.info.run_name) == ("FINISHED", "<b>Week</b> by ../week")
    found = run.data.tags
    assert found[tags.KIND] == "report"
    assert (found[tags.REPORT_KEY], found[tags.REPORT_DIGEST]) == ("monday", kept.digest)
    note = found[tags.NOTE]
    assert "Made late" in note
    assert "**Alert:**" in note
    assert "fairtrial report --again 1" in note
    assert "<b>" not in note
    assert artifacts(filled, kept.mlflow_run, tmp_path / "fetched") == made.files
    assert list_sweeps(filled) == sweeps


def test_the_same_key_is_the_same_report(filled: Store, catalog: Catalog, tmp_path: Path) -> None:
    """Asked for again, after what it rests on went on, it is handed out as it lies there."""
    first = make(filled, catalog, tmp_path)
    parent = filled.client.get_experiment_by_name("grid-relu")
    assert parent is not None
    filled.client.delete_experiment(parent.experiment_id)
    again = make(filled, catalog, tmp_path, now=NOW + timedelta(days=7), dashboard="")
    assert again.kept == first.kept
    assert again.files == first.files
    assert again.folder == first.folder
    assert len(runs_of(filled)) == 1
    report = again.report
    assert (report.title, report.dashboard) == (first.report.title, "")
    assert [alert.link for alert in report.alerts] == [a.link for a in first.report.alerts]
    for section, was in zip(report.sections, first.report.sections, strict=True):
        assert list(section.sentences) == list(was.sentences)
        for table, table_was in zip(section.tables, was.tables, strict=True):
            texts = [[cell.text for cell in row] for row in table.rows]
            assert texts == [[cell.text for cell in row] for row in table_was.rows]
            links = [[cell.link for cell in row] for row in table.rows]
            assert links == [[cell.link for cell in row] for row in table_was.rows]


def test_another_key_is_another_report(filled: Store, catalog: Catalog, tmp_path: Path) -> None:
    """Of unchanged data it has the same digest, and files that differ in the line of the date."""
    first = make(filled, catalog, tmp_path)
    second = make(filled, catalog, tmp_path, key="next", now=NOW + timedelta(days=7))
    assert (first.kept.id, second.kept.id) == (1, 2)
    assert first.kept.digest == second.kept.digest
    assert first.files != second.files
    assert undated(first.files) == undated(second.files)
    assert second.kept.details["last"] == 1
    assert len(runs_of(filled)) == 2
    third = make(filled, catalog, tmp_path, key="third", against=first.kept)
    assert third.kept.details["against"] == 1
    assert any(section.name == "changes" for section in third.report.sections)


def test_a_file_may_ask_for_what_changed(filled: Store, catalog: Catalog, tmp_path: Path) -> None:
    """With `against: last` each report but the first is set against the one before."""
    asked = parse_report(f"{FILE}against: last\n", tmp_path / "weekly.yaml")
    made = [
        make_report(filled, catalog, asked, root=tmp_path, key=str(n), now=NOW) for n in range(3)
    ]
    assert [report.kept.details["against"] for report in made] == [None, 1, 2]
    assert made[0].report.sections[0].name != "changes"
    (changes,) = (part for part in made[2].report.sections if part.name == "changes")
    assert "Nothing changed since report 2" in changes.sentences[0]


def test_a_kept_report_can_be_made_again(
    filled: Store, add: Callable[..., None], catalog: Catalog, tmp_path: Path
) -> None:
    """From just the runs it saw it has the same digest, though sweeps went on; or it says which
    data is gone."""
    first = make(filled, catalog, tmp_path)
    second = make(filled, catalog, tmp_path, key="second", against=first.kept)
    add("grid-new", [({"learning_rate": 0.5}, [0.999])], start_ms=1_790_000_000_000)
    changed = make(filled, catalog, tmp_path, key="changed")
    assert changed.kept.digest != first.kept.digest
    frozen = [seen_from_json(seen) for seen in second.kept.details["sweeps"]]
    given = {"frozen": frozen, "against": first.kept, "before": 2}
    assert make(filled, catalog, tmp_path, key="a", **given).kept.digest == second.kept.digest

    run_id = frozen[0].run_ids[0]
    filled.client.delete_run(run_id)
    with pytest.raises(ReportError, match=rf"sweep 'grid-relu' lacks 1 of 8 runs \({run_id}\)"):
        make(filled, catalog, tmp_path, key="b", **given)
    assert KeptReports(catalog).get(5).state == "failed"
    assert "grid-relu" in KeptReports(catalog).get(5).error


@pytest.mark.parametrize("damage", ["gone", "edited"])
def test_a_folder_that_was_lost_is_made_again(
    filled: Store, catalog: Catalog, tmp_path: Path, damage: str
) -> None:
    """Asked for by its key, its files are written as they were, of the runs it saw then; when those
    are gone too, that is a sentence, and the report stays on record."""
    first = make(filled, catalog, tmp_path)
    if damage == "gone":
        shutil.rmtree(first.folder)
    else:
        (first.folder / "report.json").write_text("{}")
    again = make(filled, catalog, tmp_path, now=NOW + timedelta(days=7))
    assert (again.kept, again.files) == (first.kept, first.files)
    assert files_in(first.folder) == first.files
    assert len(runs_of(filled)) == 1
    shutil.rmtree(first.folder)
    filled.client.delete_run(first.report.seen[0].run_ids[0])
    with pytest.raises(ReportError, match="can't be made again as it was"):
        make(filled, catalog, tmp_path)
    assert KeptReports(catalog).get(1) == first.kept


def test_a_failure_is_kept_and_made_good(
    filled: Store, add: Callable[..., None], catalog: Catalog, tmp_path: Path
) -> None:
    """A report of no sweep fails with its sentence on record; the next try is the same report."""
    (tmp_path / "week.yaml").write_text("title: None yet\nsweeps: [none-*]\n")
    with pytest.raises(ReportError) as caught:
        make(filled, catalog, tmp_path)
    failed = KeptReports(catalog).get(1)
    assert (failed.state, failed.error, failed.folder) == ("failed", str(caught.value), "")
    assert runs_of(filled) == []
    assert not (tmp_path / ".fairtrial" / "reports").exists()
    add("none-yet", [({"learning_rate": 0.01}, [0.9])])
    later = NOW + timedelta(minutes=5)
    made = make(filled, catalog, tmp_path, now=later)
    assert (made.kept.id, made.kept.state, made.kept.error) == (1, "done", "")
    assert made.kept.made == later


def test_files_that_mlflow_refuses_are_not_lost(
    filled: Store, catalog: Catalog, tmp_path: Path
) -> None:
    """The report is made, with the reason on record; the next call delivers it to MLflow."""
    filled.client.create_experiment("reports")
    experiment = filled.client.get_experiment_by_name("reports")
    assert experiment is not None
    filled.client.delete_experiment(experiment.experiment_id)
    made = make(filled, catalog, tmp_path)
    assert (made.kept.state, made.kept.mlflow_run) == ("done", "")
    assert "mlflow experiments restore --experiment-id" in made.kept.details["mlflow_error"]
    assert files_in(made.folder) == made.files
    filled.client.restore_experiment(experiment.experiment_id)
    again = make(filled, catalog, tmp_path)
    assert again.files == made.files
    assert again.kept.details == {**made.kept.details, "mlflow_error": ""}
    (run,) = runs_of(filled)
    assert run.info.run_id == again.kept.mlflow_run


def test_an_artifact_store_that_refuses(filled: Store, catalog: Catalog, tmp_path: Path) -> None:
    """Where MLflow can't put the files, its run is begun, the report is made, and made good later;
    there is one run then."""
    (tmp_path / "blocked").write_text("a file where a folder should be")
    filled.client.create_experiment("reports", artifact_location=str(tmp_path / "blocked" / "x"))
    made = make(filled, catalog, tmp_path)
    assert (made.kept.state, made.kept.mlflow_run) == ("done", "")
    assert made.kept.details["mlflow_error"]
    (tmp_path / "blocked").unlink()
    again = make(filled, catalog, tmp_path)
    assert again.kept.details["mlflow_error"] == ""
    (run,) = runs_of(filled)
    assert (run.info.run_id, run.info.status) == (again.kept.mlflow_run, "FINISHED")
    assert artifacts(filled, run.info.run_id, tmp_path / "fetched") == made.files


def test_another_catalogs_report_is_not_overwritten(
    filled: Store, catalog: Catalog, tmp_path: Path
) -> None:
    """A catalog that begins to count anew finds the folder of its number taken, and leaves it."""
    theirs = make(filled, catalog, tmp_path)
    new = open_catalog(f"sqlite:///{tmp_path / 'new.db'}")
    ours = make(filled, new, tmp_path, key="ours", now=NOW + timedelta(days=7))
    assert (ours.kept.id, ours.folder.name) == (1, "0001-b-week-b-by-week-2")
    assert files_in(theirs.folder) == theirs.files


@pytest.fixture(scope="module")
def start() -> Callable[[Path, int | None], int | None]:
    """Run `session` in a process of its own; returns its exit code."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(SLOW_TO_IMPORT)

    def run(folder: Path, kill_at: int | None) -> int | None:
        process = context.Process(target=session, args=(folder, kill_at))
        process.start()
        process.join()
        return process.exitcode

    return run


def test_a_report_killed_at_any_step_is_made_once(
    filled: Store, start: Callable[[Path, int | None], int | None], tmp_path: Path
) -> None:
    """SIGKILL before a statement of catalog or MLflow, or a change on disk, in session after
    session: what has its name is whole, and in the end there is one report, one run, one folder."""
    catalog_of(tmp_path).close()
    reports = tmp_path / ".fairtrial" / "reports"
    codes: list[int | None] = []
    while 0 not in codes and len(codes) < MOST_SESSIONS:
        codes.append(start(tmp_path, EACH * len(codes)))
        for folder in reports.glob("[!.]*"):
            held = read_report_json((folder / "report.json").read_text())
            tables = {table["id"] for part in held["sections"] for table in part["tables"]}
            assert {f"tables/{name}.csv" for name in tables} < set(files_in(folder))
    assert set(codes[:-1]) == {-signal.SIGKILL}
    assert len(codes) > 5
    assert codes[-1] == 0
    (kept,) = KeptReports(catalog_of(tmp_path)).list()
    assert (kept.id, kept.state) == (1, "done")
    assert [str(path) for path in reports.iterdir()] == [kept.folder]
    (run,) = runs_of(filled)
    assert (run.info.run_id, run.info.status) == (kept.mlflow_run, "FINISHED")
    files = files_in(Path(kept.folder))
    assert artifacts(filled, run.info.run_id, tmp_path / "fetched") == files
    spec = load_report(tmp_path / "week.yaml")
    held = read_report_json(files["report.json"].decode())
    assert [seen.digest for seen in build_report(filled, spec, last=None).seen] == [
        seen["digest"] for seen in held["sweeps"]
    ]
