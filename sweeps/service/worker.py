"""One job in a process of its own: `python -m sweeps.service.worker JOB`, started by the service.

Its last word, on what was its stdout, is an Outcome as JSON; all else it says goes to its log. The
catalog's job is the service's to write.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sweeps.service.outcome import Outcome, outcome_of
from sweeps.service.stop import Stop, ToldToStop
from sweeps.stores import Stores

if TYPE_CHECKING:
    from tracking.catalog.database import Catalog
    from tracking.catalog.records import Job


def main() -> None:
    """Do the job, tell how it ended."""
    words = argparse.ArgumentParser(prog="sweeps.service.worker")
    words.add_argument("job", type=int)
    words.add_argument("--parent", type=int, required=True)
    words.add_argument("--lanes", type=int)
    words.add_argument("--dashboard", default="")
    given = words.parse_args()
    told = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints is no outcome
    outcome = _attempt(given.job, Stop(given.parent), lanes=given.lanes, dashboard=given.dashboard)
    _say(f"job {given.job}: {outcome.state}: {outcome.message}")
    with suppress(BrokenPipeError):  # the service is gone; the next one finds what is on record
        os.write(told, outcome.to_json().encode())


def _attempt(number: int, stop: Stop, *, lanes: int | None, dashboard: str) -> Outcome:
    from tracking.catalog.database import open_catalog
    from tracking.catalog.jobs import Jobs

    try:
        stop.listen()
        logging.basicConfig(stream=sys.stderr, format="%(message)s")
        logging.getLogger("fairtrial").setLevel(logging.INFO)
        stores = Stores.here()
        catalog = open_catalog(stores.database_url)
        job = Jobs(catalog).get(number)
        _say(f"job {number}: {job.kind} {job.name}, attempt {job.attempts}")
        return _work(job, stores, catalog, stop, lanes=lanes, dashboard=dashboard)
    except ToldToStop:
        return Outcome("interrupted")
    except Exception as error:  # noqa: BLE001 - the service hears of every one
        traceback.print_exc()
        return outcome_of(error)


def _work(
    job: Job,
    stores: Stores,
    catalog: Catalog,
    stop: Stop,
    *,
    lanes: int | None,
    dashboard: str,
) -> Outcome:
    if job.kind == "report":
        from sweeps.service.report_work import run_report_job

        return run_report_job(
            job, stores=stores, catalog=catalog, dashboard=dashboard, now=_now, stop=stop
        )
    from sweeps.service.sweep_work import job_spec, run_sweep_job

    spec = job_spec(job, _timezone(job, catalog))
    catalog.close()  # a sweep may take days
    with stop.put_off():
        return run_sweep_job(
            spec,
            stores=stores,
            n_trials=job.options.get("trials"),
            lanes=lanes,
            should_stop=stop.asked,
            say=_say,
        )


def _timezone(job: Job, catalog: Catalog) -> str:
    from tracking.catalog.schedules import Schedules
    from tracking.errors import ScheduleError

    try:
        return Schedules(catalog).get(job.schedule).timezone if job.schedule else "UTC"
    except ScheduleError:  # removed since
        return "UTC"


def _say(text: str) -> None:
    sys.stderr.write(f"{_now():%Y-%m-%dT%H:%M:%SZ} {text}\n")
    sys.stderr.flush()


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
