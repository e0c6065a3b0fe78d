"""The service's loop in front of real workers: what it starts, tries again, survives."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.service.owners import this_process
from sweeps.service.retries import Retries
from sweeps.service.service import Options
from tracking.catalog.records import Owner

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from conftest import Bench, Clock

    from sweeps.service.service import Service

FILE = """\
name: rates
data: {source: iris}
train: {hidden: [4], epochs: 3}
search: {learning_rate: [0.1, 0.01]}
sampler: grid
"""
WRONG = FILE.replace("learning_rate", "learning_rat")


def kill_worker(service: Service) -> None:
    (child,) = service._children
    os.kill(child.process.pid, signal.SIGKILL)
    child.process.wait()


def is_queued(bench: Bench, job: int) -> bool:
    return bench.jobs.get(job).state != "running"


def waits_until(bench: Bench, job: int) -> datetime:
    found = bench.jobs.get(job)
    assert found.state == "queued"
    assert found.not_before is not None
    return found.not_before


def test_a_worker_that_dies_is_tried_again_later_and_later(bench: Bench, clock: Clock) -> None:
    """Killed by a signal: tried again after 10 s, then a minute, not before; then given up, with
    the reason kept."""
    Path("sweep.yaml").write_text(FILE)
    job = bench.submit(Path("sweep.yaml").absolute())
    service = bench.service(Options(retries=Retries(attempts=3)))
    for wait_s in (10, 60):
        service.tick()
        kill_worker(service)
        service.tick()
        assert (waits_until(bench, job) - clock()).total_seconds() == wait_s
        clock.pass_by(seconds=wait_s - 1)
        service.tick()
        assert service._children == []
        clock.pass_by(seconds=1)
    service.tick()
    kill_worker(service)
    service.tick()
    found = bench.jobs.get(job)
    assert (found.state, found.attempts) == ("failed", 3)
    log = bench.stores.folder / "logs" / f"job-{job}.log"
    assert found.message == f"its process ended with signal SIGKILL; what it said is in {log}"
    assert bench.said[-1].endswith(f"failed, given up. {found.message}")
    text = service.metrics.text().decode()
    assert 'fairtrial_job_attempts_total{kind="sweep",outcome="retry"} 3.0' in text


def test_wrong_input_is_not_tried_again(bench: Bench) -> None:
    """A file with a wrong key, and one that is gone: failed at once, each with its sentence."""
    Path("wrong.yaml").write_text(WRONG)
    jobs = [
        bench.submit(Path("wrong.yaml").absolute(), name="wrong"),
        bench.submit(Path("gone.yaml").absolute(), name="gone"),
    ]
    service = bench.service(Options(concurrency=2))
    bench.tick_until(service, lambda: not bench.jobs.list(["queued", "running"]))
    wrong, gone = (bench.jobs.get(job) for job in jobs)
    assert (wrong.state, wrong.attempts, gone.state) == ("failed", 1, "failed")
    assert "wrong.yaml:4: search.learning_rat: 'learning_rat' is no hyperparameter" in wrong.message
    assert "gone.yaml: no such file in" in gone.message


def test_a_sweep_that_another_process_runs_is_waited_for(bench: Bench, clock: Clock) -> None:
    """Such as `fairtrial run` at a shell: the job comes again in 5 s, and no attempt is counted."""
    Path("sweep.yaml").write_text(FILE)
    job = bench.submit(Path("sweep.yaml").absolute())
    service = bench.service()
    with bench.stores.hold("rates"):
        service.tick()
        bench.tick_until(service, lambda: is_queued(bench, job))
    assert (waits_until(bench, job) - clock()).total_seconds() == 5
    assert bench.jobs.get(job).attempts == 0
    assert f"is being run by process {os.getpid()}" in bench.jobs.get(job).message


def test_the_urgent_first_then_the_older_and_no_more_than_allowed(bench: Bench) -> None:
    """By priority, then by number; two at once where two are allowed, but not two of one name."""
    Path("sweep.yaml").write_text(FILE)
    file = Path("sweep.yaml").absolute()
    low, also_low = bench.submit(file, name="a"), bench.submit(file, name="b")
    high, same = bench.submit(file, name="c", priority=9), bench.submit(file, name="c", priority=9)
    service = bench.service(Options(concurrency=2))
    service.tick()
    assert service.state.running == (high, low)
    for child in service._children:
        child.kill()  # as when it stops: put back, not failed
    service.tick()
    assert [bench.jobs.get(job).attempts for job in (high, same, low, also_low)] == [1, 0, 1, 0]


def test_what_a_dead_service_held_is_taken_up(bench: Bench, clock: Clock) -> None:
    """Of a process that is gone from this machine, at once; of another machine, once it has been
    silent for two minutes; what a living one holds stays its own."""
    Path("wrong.yaml").write_text(WRONG)
    file = Path("wrong.yaml").absolute()
    here = this_process()
    owners = [
        Owner(here.host, 2**22 + 1, "gone"),
        Owner("elsewhere", 1, "silent"),
        Owner(here.host, here.pid, here.process),
    ]
    jobs = [bench.submit(file, name=str(n)) for n in range(3)]
    for owner in owners:
        bench.jobs.claim(owner, now=clock())
    service = bench.service()
    service.tick()
    assert "job 1 (sweep 0): was left by a service that is gone; taken up again" in bench.said
    bench.tick_until(service, lambda: is_queued(bench, jobs[0]))
    assert [bench.jobs.get(job).state for job in jobs] == ["failed", "running", "running"]
    clock.pass_by(seconds=121)
    service._due.clear()
    bench.tick_until(service, lambda: is_queued(bench, jobs[1]))
    assert [bench.jobs.get(job).state for job in jobs] == ["failed", "failed", "running"]


def test_a_job_that_another_service_took_is_let_go(bench: Bench, clock: Clock) -> None:
    """A service that was frozen so long that its job was given away ends its own worker, and
    writes nothing over the other's work."""
    Path("sweep.yaml").write_text(FILE)
    job = bench.submit(Path("sweep.yaml").absolute())
    service = bench.service()
    service.tick()
    clock.pass_by(seconds=300)
    other = Owner("elsewhere", 7, "quick")
    bench.jobs.recover(now=clock(), is_alive=lambda _: None, stale_after_s=120)
    taken = bench.jobs.claim(other, now=clock())
    assert taken is not None
    service._due.clear()
    bench.tick_until(service, lambda: not service._children)
    found = bench.jobs.get(job)
    assert (found.state, found.owner) == ("running", other)
    assert any("was taken by another service; this one lets go" in line for line in bench.said)


def test_a_catalog_that_is_away_is_waited_for(bench: Bench) -> None:
    """Said once, not at every try; the loop keeps turning, further and further apart, calls itself
    unfit meanwhile, and goes on where it was."""
    from sqlalchemy import text

    service = bench.service()
    service.tick()
    with bench.catalog.writing() as connection:
        connection.execute(text("ALTER TABLE fairtrial_jobs RENAME TO away"))
    assert [service._round() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert not service.state.ok
    assert "no such table: fairtrial_jobs" in service.state.fault
    (line,) = bench.said
    assert line.endswith("what runs goes on, the rest waits until it is back")
    with bench.catalog.writing() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO fairtrial_jobs"))
    assert service._round() == 0.5
    assert service.state.ok
    assert bench.said[1:] == ["the catalog is back"]


def test_a_postgresql_that_restarts_is_waited_for(
    bench_on: Callable[[str], Bench], postgres_url: str, postgres_server: Callable[[str], str]
) -> None:
    """Its connections are cut and none is let in: the service says so, and goes on by itself when
    they are let in again."""
    import psycopg

    name = postgres_url.partition("?")[0].rpartition("/")[2]
    bench = bench_on(postgres_url)
    service = bench.service()
    assert service._round() == 0.5
    with psycopg.connect(postgres_server("postgres"), autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        admin.execute(cut, [name])
        assert [service._round() for _ in range(2)] == [1, 2]
        assert not service.state.ok
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert service._round() == 0.5
    assert service.state.ok
    assert bench.said[1:] == ["the catalog is back"]


def test_how_a_worker_ended_is_not_lost_with_the_catalog(bench: Bench, clock: Clock) -> None:
    """It ends while the catalog is away, and is written down when it is back."""
    from sqlalchemy import text

    job = bench.submit(Path("sweep.yaml").absolute())
    service = bench.service()
    service.tick()
    with bench.catalog.writing() as connection:
        connection.execute(text("ALTER TABLE fairtrial_jobs RENAME TO away"))
    kill_worker(service)
    service._round()
    assert service.state.fault
    with bench.catalog.writing() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO fairtrial_jobs"))
    service._round()
    assert (waits_until(bench, job) - clock()).total_seconds() == 10
    assert "signal SIGKILL" in bench.jobs.get(job).message
    assert service._children == []


def test_no_room_for_a_worker_is_a_failure_like_others(bench: Bench, clock: Clock) -> None:
    """A log that can't be written: the job is tried again later, and the service lives."""
    job = bench.submit(Path("sweep.yaml").absolute())
    (bench.stores.folder / "logs").write_text("no folder")
    service = bench.service()
    service.tick()
    assert service._children == []
    assert (waits_until(bench, job) - clock()).total_seconds() == 10
    assert "no worker could be started" in bench.jobs.get(job).message
