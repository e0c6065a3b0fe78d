"""From schedules to jobs: each time once, whatever the clock and other services do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sweeps.service.owners import this_process
from sweeps.service.timetable import Timetable

if TYPE_CHECKING:
    from conftest import Bench, Clock

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # 7:00 in Berlin


@pytest.fixture
def timetable(bench: Bench) -> Timetable:
    """One that follows 'monday', at 7:00 in Berlin; it is half past six there."""
    bench.schedules.add(
        "monday", "report", "/weekly.yaml", "0 7 * * *", "Europe/Berlin", now=bench.clock()
    )
    return Timetable(bench.schedules, bench.jobs, bench.said.append)


def dues(bench: Bench) -> list[tuple[datetime | None, bool]]:
    return [(job.due, job.late) for job in bench.jobs.list()]


def run_all(bench: Bench) -> None:
    owner = this_process()
    while (job := bench.jobs.claim(owner, now=bench.clock())) is not None:
        bench.jobs.finish(job.id, owner, now=bench.clock())


def test_a_time_is_queued_when_it_comes_and_once(
    bench: Bench, timetable: Timetable, clock: Clock
) -> None:
    """Not before it is due, then once however often it is looked at, and not late."""
    assert timetable.queue_due(clock())[0] == []
    clock.now = MONDAY
    (job,), schedules = timetable.queue_due(clock())
    assert (job.kind, job.name, job.due, job.late) == ("report", "monday", MONDAY, False)
    assert [schedule.name for schedule in schedules] == ["monday"]
    clock.pass_by(seconds=1)
    assert timetable.queue_due(clock())[0] == []
    assert bench.schedules.get("monday").next_due == datetime(2026, 11, 24, 6, tzinfo=UTC)


def test_of_missed_times_the_last_is_made_up_for_and_marked(
    bench: Bench, timetable: Timetable, clock: Clock
) -> None:
    """A service that was down for ten days does one report at its start, late; the next on time."""
    clock.now = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)
    timetable.queue_due(clock())
    assert dues(bench) == [(datetime(2026, 12, 3, 6, tzinfo=UTC), True)]
    run_all(bench)
    clock.now = datetime(2026, 12, 4, 6, 0, 59, tzinfo=UTC)
    timetable.queue_due(clock())
    assert dues(bench)[1:] == [(datetime(2026, 12, 4, 6, tzinfo=UTC), False)]


def test_two_services_queue_one_time_once(bench: Bench, timetable: Timetable, clock: Clock) -> None:
    """Both look at the same moment, each with what it read before the other wrote."""
    other = Timetable(bench.schedules, bench.jobs, bench.said.append)
    as_read = bench.schedules.get("monday")
    clock.now = MONDAY
    assert timetable._queue(as_read, clock(), waits=False) is not None
    assert other._queue(as_read, clock(), waits=False) is None
    assert dues(bench) == [(MONDAY, False)]


def test_a_service_killed_between_job_and_next_time_loses_and_doubles_nothing(
    bench: Bench, timetable: Timetable, clock: Clock
) -> None:
    """The time is still in the schedule, the job in the queue: the next service moves on."""
    clock.now = MONDAY
    bench.jobs.add_due(bench.schedules.get("monday"), MONDAY, late=False, now=clock())
    run_all(bench)
    assert timetable.queue_due(clock())[0] == []
    assert len(dues(bench)) == 1
    assert bench.schedules.get("monday").next_due == datetime(2026, 11, 24, 6, tzinfo=UTC)


def test_a_clock_that_is_set_back_repeats_nothing(
    bench: Bench, timetable: Timetable, clock: Clock
) -> None:
    """Set back by an hour over a time that was done, the time comes again and is not done again;
    the next day's is."""
    clock.now = MONDAY
    timetable.queue_due(clock())
    run_all(bench)
    clock.pass_by(hours=-1)
    timetable.queue_due(clock())
    clock.now = MONDAY
    timetable.queue_due(clock())
    assert dues(bench) == [(MONDAY, False)]
    clock.pass_by(days=1)
    timetable.queue_due(clock())
    assert len(dues(bench)) == 2


def test_a_clock_that_was_years_ahead_silences_nothing(
    bench: Bench, timetable: Timetable, clock: Clock
) -> None:
    """It jumps ahead, is put right, and the schedule goes on from there."""
    clock.pass_by(days=3000)
    timetable.queue_due(clock())
    run_all(bench)
    clock.pass_by(days=-3000)
    timetable.queue_due(clock())
    clock.now = MONDAY
    timetable.queue_due(clock())
    assert (MONDAY, False) in dues(bench)


def test_one_that_waits_stands_for_the_times_that_pass(
    bench: Bench, timetable: Timetable, clock: Clock
) -> None:
    """While a time waits to begin no second one is queued; while it runs, one waits."""
    for _ in range(3):
        clock.pass_by(days=1)
        timetable.queue_due(clock())
    assert len(dues(bench)) == 1
    owner = this_process()
    running = bench.jobs.claim(owner, now=clock())
    assert running is not None
    clock.pass_by(days=1)
    timetable.queue_due(clock())
    assert len(dues(bench)) == 2
    assert bench.jobs.claim(owner, now=clock()) is None
    bench.jobs.finish(running.id, owner, now=clock())
    assert bench.jobs.claim(owner, now=clock()) is not None


def test_a_schedule_that_cannot_be_followed_is_said_once_and_stops_no_other(
    bench: Bench, timetable: Timetable, clock: Clock
) -> None:
    """Such as one with a time zone that this machine does not know."""
    from sqlalchemy import update

    from tracking.catalog.schema import schedules

    bench.schedules.add("atlantis", "report", "/a.yaml", "0 7 * * *", "UTC", now=clock())
    with bench.catalog.writing() as connection:
        changed = update(schedules).where(schedules.c.name == "atlantis")
        connection.execute(changed.values(timezone="Atlantis/Poseidonis"))
    for _ in range(3):
        clock.pass_by(days=1)
        timetable.queue_due(clock())
        run_all(bench)
    assert [job.name for job in bench.jobs.list()] == ["monday"] * 3
    assert len(bench.said) == 1
    assert "schedule atlantis can't be followed: 'Atlantis/Poseidonis'" in bench.said[0]


def test_clocks_go_forward_and_back(bench: Bench, clock: Clock) -> None:
    """In a year of nights at 2:30 in Berlin each night is done once: the one that has no 2:30, and
    the one that has two."""
    clock.now = datetime(2026, 12, 31, 12, tzinfo=UTC)
    bench.schedules.add("night", "report", "/n.yaml", "30 2 * * *", "Europe/Berlin", now=clock())
    timetable = Timetable(bench.schedules, bench.jobs, bench.said.append)
    found = []
    for start in (datetime(2027, 3, 27, tzinfo=UTC), datetime(2027, 10, 30, tzinfo=UTC)):
        clock.now = start
        timetable.queue_due(clock())
        run_all(bench)
        for _ in range(2 * 24 * 2):
            clock.pass_by(minutes=30)
            found += [job.due for job in timetable.queue_due(clock())[0] if job.due]
            run_all(bench)
    assert [f"{due:%m-%d %H:%M}" for due in found] == [
        "03-27 01:30", "03-28 01:00", "10-30 00:30", "10-31 00:30",
    ]  # fmt: skip
