"""What must hold of the catalog in every database that keeps it: SQLite and PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from sweeps.record import StudyRecord, summaries
from sweeps.stores import Stores
from tracking.catalog.database import open_catalog
from tracking.catalog.jobs import Jobs
from tracking.catalog.records import Owner
from tracking.catalog.reports import KeptReports
from tracking.catalog.schedules import Schedules
from tracking.errors import CatalogError, ScheduleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tracking.catalog.database import Catalog
    from tracking.catalog.records import Job, KeptReport, Schedule

NOW = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
ME, OTHER = Owner("here", 7, "7-a"), Owner("here", 7, "7-b")
HOSTILE = "<script>\0=cmd()\u202e\ud800 'x' \"y\" % : ../../x"
READABLE = HOSTILE.replace("\0", "\ufffd").replace("\ud800", "?")
OPEN = "import sys; from tracking.catalog.database import open_catalog; open_catalog(sys.argv[1])"
CLAIM_ALL = """
import os, sys
from datetime import UTC, datetime
from tracking.catalog.database import open_catalog
from tracking.catalog.jobs import Jobs
from tracking.catalog.records import Owner
jobs, me = Jobs(open_catalog(sys.argv[1])), Owner("here", os.getpid(), str(os.getpid()))
print("ready", flush=True)
sys.stdin.readline()
while job := jobs.claim(me, now=datetime.now(UTC)):
    assert jobs.finish(job.id, me, now=datetime.now(UTC))
    print(job.id)
"""


def together(scripts: int, program: str, url: str) -> list[subprocess.Popen[str]]:
    """Start the same program in several processes."""
    pipe = subprocess.PIPE
    words = [sys.executable, "-W", "error", "-c", program, url]
    return [
        subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        for _ in range(scripts)
    ]


class CatalogContract:
    """Holds for a database whose address is the fixture `address`, once a subclass has one."""

    @pytest.fixture
    def catalog(self, address: str) -> Iterator[Catalog]:
        catalog = open_catalog(address)
        yield catalog
        catalog.close()

    @pytest.fixture
    def jobs(self, catalog: Catalog) -> Jobs:
        return Jobs(catalog)

    @pytest.fixture
    def schedules(self, catalog: Catalog) -> Schedules:
        return Schedules(catalog)

    @pytest.fixture
    def weekly(self, schedules: Schedules) -> Schedule:
        """Due on Monday at seven in Berlin."""
        return schedules.add("weekly", "report", "/r.yaml", "0 7 * * 1", "Europe/Berlin", now=NOW)

    @pytest.fixture
    def reports(self, catalog: Catalog) -> KeptReports:
        return KeptReports(catalog)

    @pytest.fixture
    def begin(self, reports: KeptReports) -> Callable[[str, str], KeptReport]:
        return lambda key, title: reports.begin(
            key, title, file="/r.yaml", file_text=f"title: {title}", now=NOW
        )

    def test_processes_open_a_fresh_one_at_once(self, address: str) -> None:
        """All succeed, say nothing, and the tables are there once."""
        processes = together(5, OPEN, address)
        outputs = [process.communicate(timeout=60) for process in processes]
        assert outputs == [("", "")] * 5
        assert [process.returncode for process in processes] == [0] * 5
        assert Jobs(open_catalog(address)).list() == []

    @pytest.mark.parametrize("first", ["catalog", "study"])
    def test_the_study_lies_in_the_same_database(
        self, address: str, first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whichever is made first, both work, and each finds its own version when opened again."""
        monkeypatch.setenv("FAIRTRIAL_DATABASE_URL", address)
        stores = Stores(tmp_path / ".fairtrial")

        def use_study() -> None:
            StudyRecord.open(stores, "digits", "maximize", {"seed": 1}, "name: digits")
            assert [line.name for line in summaries(stores)] == ["digits"]

        def use_catalog() -> None:
            catalog = open_catalog(address)
            Jobs(catalog).submit("sweep", "digits", "/s.yaml", now=NOW)
            catalog.close()

        both = [use_catalog, use_study] if first == "catalog" else [use_study, use_catalog]
        for use in both * 2:
            use()
        assert len(Jobs(open_catalog(address)).list()) == 2

    def test_the_tables_are_those_of_the_code(self, catalog: Catalog) -> None:
        """What the migrations made is what the queries are written against."""
        from alembic.autogenerate import compare_metadata
        from alembic.migration import MigrationContext

        from tracking.catalog.schema import VERSION_TABLE, metadata

        with catalog.reading() as connection:
            options = {"version_table": VERSION_TABLE, "compare_type": True}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, metadata) == []

    def test_a_newer_one_is_left_alone(self, catalog: Catalog, address: str) -> None:
        """A catalog of a version this Fairtrial does not know is a sentence, and not changed."""
        with catalog.writing() as connection:
            connection.exec_driver_sql("UPDATE fairtrial_version SET version_num = '0099'")
        with pytest.raises(CatalogError, match=r"version 0099, made by a newer Fairtrial; .*0001"):
            open_catalog(address)

    def test_what_is_submitted_comes_back(self, jobs: Jobs) -> None:
        """Every part of a job is read as it was written, whatever it holds, times to the µs."""
        options = {"overrides": ["a=b", READABLE], "trials": 3, "deep": {"x": [None, 1.5, True]}}
        job = jobs.submit(
            "sweep", HOSTILE, HOSTILE, text=HOSTILE, options=options, priority=-2, now=NOW
        )
        assert jobs.get(job.id) == job
        assert (job.name, job.file, job.text) == (READABLE, READABLE, READABLE)
        assert job.options == options
        assert (job.kind, job.priority, job.state, job.created) == ("sweep", -2, "queued", NOW)
        assert (job.attempts, job.owner, job.heartbeat, job.due) == (0, None, None, None)

    def test_other_time_zones_are_the_same_moments(self, jobs: Jobs) -> None:
        """A moment is kept as such; one without a time zone is refused."""
        early = NOW.astimezone(None).replace(microsecond=0)
        assert jobs.submit("sweep", "a", "/s.yaml", now=early).created == early
        assert jobs.submit("sweep", "a", "/s.yaml", now=early).created.tzinfo is UTC
        with pytest.raises(CatalogError, match="no time zone"):
            jobs.submit("sweep", "a", "/s.yaml", now=NOW.replace(tzinfo=None))

    def test_the_queue_goes_by_priority_then_age(self, jobs: Jobs) -> None:
        """Larger priorities first, older first among equals, only of the kinds that were asked."""
        for kind, name, priority in [
            ("sweep", "a", 0), ("sweep", "b", 5), ("report", "a", 9), ("sweep", "c", 5)
        ]:  # fmt: skip
            jobs.submit(kind, name, "/s.yaml", priority=priority, now=NOW)
        order = [jobs.claim(ME, now=NOW, kinds=["sweep"]) for _ in range(4)]
        assert [job and job.id for job in order] == [2, 4, 1, None]
        taken = jobs.claim(ME, now=LATER)
        assert taken is not None
        assert (taken.id, taken.state, taken.owner, taken.attempts) == (3, "running", ME, 1)
        assert (taken.heartbeat, taken.began) == (LATER, LATER)
        assert jobs.counts() == {("sweep", "running"): 3, ("report", "running"): 1}

    def test_one_of_a_name_runs_at_a_time(self, jobs: Jobs) -> None:
        """Of processes that claim at once one gets the first of a name; the next waits for it."""
        for kind in ("sweep", "sweep", "sweep", "report"):
            jobs.submit(kind, "a", "/s.yaml", now=NOW)
        barrier = Barrier(6)

        def claim(n: int) -> Job | None:
            barrier.wait()
            return jobs.claim(replace(ME, pid=n), now=NOW)

        with ThreadPoolExecutor(6) as threads:
            taken = [job for job in threads.map(claim, range(6)) if job is not None]
        assert sorted(job.id for job in taken) == [1, 4]
        (first,) = [job for job in taken if job.id == 1]
        assert first.owner is not None
        assert jobs.finish(1, first.owner, now=LATER)
        second = jobs.claim(OTHER, now=LATER)
        assert second is not None
        assert second.id == 2

    def test_only_the_owner_says_how_it_ended(self, jobs: Jobs) -> None:
        """Another process, be it of the same pid, changes nothing; nor does the owner later."""
        jobs.submit("sweep", "a", "/s.yaml", now=NOW)
        assert not jobs.heartbeat(1, ME, now=NOW)
        jobs.claim(ME, now=NOW)
        assert not jobs.finish(1, OTHER, now=NOW)
        assert not jobs.fail(1, OTHER, now=NOW, message="x", retry_at=None)
        assert not jobs.release(1, OTHER, now=NOW)
        assert not jobs.heartbeat(1, OTHER, now=NOW)
        assert jobs.heartbeat(1, ME, now=LATER)
        assert jobs.get(1).heartbeat == LATER
        assert jobs.finish(1, ME, now=LATER, message="3 trials")
        done = jobs.get(1)
        assert (done.state, done.ended, done.message) == ("done", LATER, "3 trials")
        assert (done.owner, done.heartbeat, done.began) == (None, None, NOW)
        assert not jobs.finish(1, ME, now=LATER)

    def test_a_failure_is_tried_again_when_it_is_time(self, jobs: Jobs) -> None:
        """With a time it is queued and not given out before; without, it has failed for good."""
        jobs.submit("report", "a", "/r.yaml", now=NOW)
        jobs.claim(ME, now=NOW)
        assert jobs.fail(1, ME, now=NOW, message=HOSTILE, retry_at=LATER)
        failed = jobs.get(1)
        assert (failed.state, failed.attempts, failed.not_before) == ("queued", 1, LATER)
        assert failed.message == READABLE
        assert jobs.claim(ME, now=LATER - timedelta(microseconds=1)) is None
        again = jobs.claim(ME, now=LATER)
        assert again is not None
        assert (again.attempts, again.not_before) == (2, None)
        assert jobs.fail(1, ME, now=LATER, message="no", retry_at=None)
        assert (jobs.get(1).state, jobs.claim(ME, now=LATER)) == ("failed", None)

    def test_a_released_job_has_not_begun(self, jobs: Jobs) -> None:
        """A process that ends puts its job back, and the attempt is not counted."""
        jobs.submit("sweep", "a", "/s.yaml", now=NOW)
        jobs.claim(ME, now=NOW)
        assert jobs.release(1, ME, now=NOW, message="the service ended")
        job = jobs.claim(OTHER, now=NOW)
        assert job is not None
        assert (job.attempts, job.owner) == (1, OTHER)

    def test_recovered_is_what_a_dead_process_held(self, jobs: Jobs) -> None:
        """A known death counts at once; of the unknown, the heartbeat; the living keep theirs."""
        owners = [Owner(host, 1, "p") for host in ("dead", "alive", "silent", "busy")]
        for owner in owners:
            jobs.submit("sweep", owner.host, "/s.yaml", now=NOW)
            jobs.claim(owner, now=NOW)
        jobs.heartbeat(4, owners[3], now=LATER)
        lives: dict[str, bool | None] = {"dead": False, "alive": True}
        late = NOW + timedelta(seconds=61)
        again = jobs.recover(
            now=late, is_alive=lambda owner: lives.get(owner.host), stale_after_s=60
        )
        assert [(job.name, job.state, job.attempts) for job in again] == [
            ("dead", "queued", 1), ("silent", "queued", 1)
        ]  # fmt: skip
        assert again[0].message == "process 1 on dead ended without a word"
        assert not jobs.finish(1, owners[0], now=late)
        second = jobs.claim(ME, now=late)
        assert second is not None
        assert (second.name, second.attempts) == ("dead", 2)
        assert [job.name for job in jobs.list(["running"])] == ["dead", "alive", "busy"]

    def test_cancelled_is_what_has_not_begun(self, jobs: Jobs) -> None:
        """A job in the queue is taken out of it; a running one is not."""
        for _ in range(2):
            jobs.submit("sweep", "a", "/s.yaml", now=NOW)
        jobs.claim(ME, now=NOW)
        assert not jobs.cancel(1, now=LATER)
        assert jobs.cancel(2, now=LATER)
        assert not jobs.cancel(2, now=LATER)
        assert (jobs.get(2).state, jobs.get(2).message) == ("failed", "cancelled before it began")
        assert jobs.claim(ME, now=LATER) is None

    def test_jobs_are_listed_in_order(self, jobs: Jobs) -> None:
        """By number; with a limit the newest; by state when asked; an unknown one is a sentence."""
        for _ in range(4):
            jobs.submit("sweep", "a", "/s.yaml", now=NOW)
        jobs.claim(ME, now=NOW)
        assert [job.id for job in jobs.list()] == [1, 2, 3, 4]
        assert [job.id for job in jobs.list(limit=2)] == [3, 4]
        assert [job.id for job in jobs.list(["queued"], limit=9)] == [2, 3, 4]
        with pytest.raises(CatalogError, match="no job 99 in the catalog"):
            jobs.get(99)

    def test_processes_share_the_queue(self, jobs: Jobs, address: str) -> None:
        """Every job is given to exactly one of several processes that claim at once."""
        for n in range(40):
            jobs.submit("sweep", f"{n % 20}", "/s.yaml", priority=n % 3, now=NOW)
        processes = together(3, CLAIM_ALL, address)
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        outputs = [process.communicate(timeout=60) for process in processes]
        assert [said for _, said in outputs] == [""] * 3
        taken = [int(number) for numbers, _ in outputs for number in numbers.split()]
        assert sorted(taken) == list(range(1, 41))
        assert jobs.counts() == {("sweep", "done"): 40}

    def test_a_time_of_a_schedule_is_made_once(self, jobs: Jobs, weekly: Schedule) -> None:
        """Of services that add the same time at the same moment, one makes it."""
        due = weekly.next_due
        assert due is not None
        barrier = Barrier(6)

        def add(_: int) -> Job | None:
            barrier.wait()
            return jobs.add_due(weekly, due, late=True, now=NOW)

        with ThreadPoolExecutor(6) as threads:
            made = [job for job in threads.map(add, range(6)) if job is not None]
        assert [(job.schedule, job.due, job.late) for job in made] == [("weekly", due, True)]
        assert jobs.list() == made
        assert jobs.add_due(weekly, LATER, late=False, now=NOW) is not None
        other = replace(weekly, name="other")
        assert jobs.add_due(other, due, late=False, now=NOW) is not None

    def test_a_schedule_knows_its_next_and_last_time(
        self, jobs: Jobs, schedules: Schedules, weekly: Schedule
    ) -> None:
        """First due after it was added; then it tells of its newest job and how that ended."""
        due = datetime(2026, 11, 23, 6, tzinfo=UTC)
        assert (weekly.next_due, weekly.created) == (due, NOW)
        assert (weekly.last_due, weekly.last_state) == (None, "")
        for time in (due - timedelta(days=7), due):
            assert jobs.add_due(weekly, time, late=False, now=NOW) is not None
        jobs.claim(ME, now=LATER)
        jobs.finish(1, ME, now=LATER)
        (listed,) = schedules.list()
        assert (listed.last_due, listed.last_state) == (due, "queued")
        assert schedules.get("weekly") == listed

    def test_only_one_moves_a_schedule_on(self, schedules: Schedules, weekly: Schedule) -> None:
        """Whoever read a time that has been moved on since moves nothing."""
        then = NOW + timedelta(days=9)
        assert schedules.set_next("weekly", weekly.next_due, then)
        assert not schedules.set_next("weekly", weekly.next_due, LATER)
        assert schedules.get("weekly").next_due == then
        assert schedules.set_next("weekly", then, None)
        assert schedules.set_next("weekly", None, LATER)
        assert not schedules.set_next("none", None, LATER)

    def test_a_removed_schedule_is_forgotten(
        self, jobs: Jobs, schedules: Schedules, weekly: Schedule
    ) -> None:
        """What it has in the queue is not done; one of the same name later begins afresh."""
        assert jobs.add_due(weekly, NOW, late=False, now=NOW) is not None
        schedules.remove("weekly")
        assert schedules.list() == []
        assert (jobs.get(1).state, jobs.get(1).message) == ("failed", "its schedule was removed")
        again = schedules.add("weekly", "sweep", "/s.yaml", "0 3 * * *", "UTC", now=LATER)
        assert (again.kind, again.last_due, again.last_state) == ("sweep", None, "")

    def test_wrong_schedules_are_sentences(self, schedules: Schedules, weekly: Schedule) -> None:
        """A name taken, a name nobody has, one that is none, a wrong cron, zone: each says so."""
        add = schedules.add
        with pytest.raises(ScheduleError, match=r"'weekly' is there already; .*schedule remove"):
            add(weekly.name, "report", "/r.yaml", "0 7 * * *", "UTC", now=NOW)
        for name in ("", " x", "x ", "-x", "a\nb", "it's", "../x", "x" * 101):
            with pytest.raises(ScheduleError, match="can't name a schedule"):
                add(name, "report", "/r.yaml", "0 7 * * *", "UTC", now=NOW)
        with pytest.raises(ScheduleError, match="its hour must be 0 to 23"):
            add("x", "report", "/r.yaml", "0 24 * * *", "UTC", now=NOW)
        with pytest.raises(ScheduleError, match="did you mean Europe/Berlin"):
            add("x", "report", "/r.yaml", "0 7 * * *", "berlin", now=NOW)
        for use in (schedules.get, schedules.remove):
            with pytest.raises(ScheduleError, match="no schedule 'weakly'; did you mean 'weekly'"):
                use("weakly")
        schedules.remove("weekly")
        with pytest.raises(ScheduleError, match="there is none yet: add one with"):
            schedules.get("weekly")

    def test_a_report_is_begun_once(self, reports: KeptReports, begin: Callable) -> None:
        """The same key is the same report: taken up anew until it is done, then left as it is."""
        first = begin("monday", "Week")
        assert (first.id, first.state, first.made, first.folder) == (1, "making", NOW, "")
        reports.placed(1, "/reports/0001-week")
        reports.fail(1, HOSTILE)
        assert (reports.get(1).state, reports.get(1).error) == ("failed", READABLE)
        again = reports.begin("monday", "Week 2", file="/q.yaml", file_text="t", now=LATER)
        assert (again.id, again.state, again.error) == (1, "making", "")
        assert (again.title, again.file, again.made) == ("Week 2", "/q.yaml", LATER)
        assert again.folder == "/reports/0001-week"
        details = {"seen": [{"name": READABLE}]}
        reports.finish(1, folder="/f", digest="d" * 64, mlflow_run="m", details=details)
        done = begin("monday", "Week 3")
        assert (done.state, done.title, done.made) == ("done", "Week 2", LATER)
        assert (done.folder, done.digest, done.mlflow_run) == ("/f", "d" * 64, "m")
        assert done.details == details
        assert begin("tuesday", "Week").id == 2
        assert reports.by_key("monday") == done
        assert reports.by_key("friday") is None

    def test_the_last_report_is_the_newest_that_is_done(
        self, reports: KeptReports, begin: Callable
    ) -> None:
        """Of its title, before a given one if asked; not one that failed or is being made."""
        for key, title in (("a", "Week"), ("b", "Week"), ("c", "Day"), ("d", "Week")):
            report = begin(key, title)
            if key != "d":
                reports.finish(report.id, folder="/f", digest="d", mlflow_run="", details={})
        found = [reports.last("Week"), reports.last("Week", before=2), reports.last("Day")]
        assert [report and report.id for report in found] == [2, 1, 3]
        assert reports.last("Day", before=3) is None
        assert [report.id for report in reports.list(limit=3)] == [4, 3, 2]
        with pytest.raises(CatalogError, match="no report 99 in the catalog"):
            reports.get(99)

    def test_deliveries_at_once_are_all_noted(self, reports: KeptReports, begin: Callable) -> None:
        """Each address keeps its own outcome, the newest one, whoever else writes at the moment."""
        begin("a", "Week")
        barrier = Barrier(4)

        def deliver(n: int) -> None:
            barrier.wait()
            reports.delivered(1, f"MAIL_{n}", "refused")
            reports.delivered(1, f"MAIL_{n}", "sent")

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(deliver, range(4)))
        assert reports.get(1).deliveries == {f"MAIL_{n}": "sent" for n in range(4)}
        for use in (
            lambda: reports.delivered(9, "a", "sent"),
            lambda: reports.placed(9, "/f"),
            lambda: reports.fail(9, "no"),
        ):
            with pytest.raises(CatalogError, match="no report 9 "):
                use()

    def test_what_fails_in_the_middle_has_not_happened(self, catalog: Catalog, jobs: Jobs) -> None:
        """A transaction whose process is interrupted leaves nothing of itself."""

        def interrupted() -> None:
            with catalog.writing() as connection:
                connection.exec_driver_sql("DELETE FROM fairtrial_version")
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        jobs.submit("sweep", "a", "/s.yaml", now=NOW)
        assert len(Jobs(open_catalog(catalog.url)).list()) == 1


class TestSqliteCatalog(CatalogContract):
    """A file beside the project."""

    @pytest.fixture
    def address(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'a folder %40' / 'fairtrial.db'}"


class TestPostgresCatalog(CatalogContract):
    """A server, as several machines share it."""

    @pytest.fixture
    def address(self, postgres_url: str) -> str:
        return postgres_url

    def test_a_connection_cut_under_us_is_made_again(
        self, catalog: Catalog, jobs: Jobs, postgres_server: Callable[[str], str]
    ) -> None:
        """The server ends every session, as when it is restarted: the next call just works."""
        import psycopg

        jobs.submit("sweep", "a", "/s.yaml", now=NOW)
        with psycopg.connect(postgres_server("postgres"), autocommit=True) as admin:
            cut = admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = %s AND pid <> pg_backend_pid()",
                [catalog.engine.url.database],
            ).fetchall()
        assert cut == [(True,)]
        assert jobs.claim(ME, now=NOW) is not None

    def test_a_connection_cut_in_the_middle_is_a_sentence(
        self, catalog: Catalog, jobs: Jobs
    ) -> None:
        """What was under way is not done, and the next call works."""

        def cut() -> None:
            with catalog.writing() as connection:
                connection.exec_driver_sql("DELETE FROM fairtrial_version")
                connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

        with pytest.raises(CatalogError, match="can't be used: terminating connection"):
            cut()
        assert jobs.submit("sweep", "a", "/s.yaml", now=NOW).id == 1
        assert Jobs(open_catalog(catalog.url)).counts() == {("sweep", "queued"): 1}
