"""A report of the service, made, kept and delivered, in the process that calls."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.service.outcome import Outcome
from tracking.files.node import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sweeps.service.stop import Stop
    from sweeps.stores import Stores
    from tracking.catalog.database import Catalog
    from tracking.catalog.records import Job
    from tracking.reports.kept import Made
    from tracking.reports.spec import ReportSpec


def report_key(job: Job) -> str:
    """What the report of a job is known by in catalog and MLflow, at every attempt.

    With the time, since a catalog that is made anew counts its jobs from 1, and MLflow stays.
    """
    return f"job-{job.id}-{job.created:%Y%m%dT%H%M%S.%f}"


def run_report_job(
    job: Job,
    *,
    stores: Stores,
    catalog: Catalog,
    dashboard: str,
    now: Callable[[], datetime],
    stop: Stop,
) -> Outcome:
    """Make the report, unless an earlier attempt did, and deliver it where it has not been yet.

    Raises: TrackingError; the failure is kept.
    """
    from tracking.reports.kept import make_report
    from tracking.reports.spec import load_report
    from tracking.store import open_store

    spec = load_report(Path(job.file))
    # An orphan of a service that was killed may still make this very report.
    with stores.lock("report"):
        made = make_report(
            open_store(),
            catalog,
            spec,
            root=stores.folder,
            key=report_key(job),
            now=now(),
            dashboard=dashboard,
            schedule=job.schedule,
            late=job.late,
        )
        with stop.put_off():  # so that no message is sent without being noted
            failures = deliver_made(made, spec, catalog)
    told = f"report {made.kept.id} is in {made.folder}"
    if problem := made.kept.details.get("mlflow_error"):
        failures.append(problem)  # the next attempt finds all else done
    if failures:
        return Outcome("retry", printable(f"{told}; {'; '.join(failures)}"))
    return Outcome("done", printable(told))


def deliver_made(made: Made, spec: ReportSpec, catalog: Catalog) -> list[str]:
    """Take a kept report to each place its file names that has not got it; note what came of it.

    Returns: a sentence for each that failed.
    Raises: CatalogError.
    """
    from tracking.catalog.reports import KeptReports
    from tracking.reports.delivery import deliver

    kept = KeptReports(catalog)
    return deliver(
        spec.deliver,
        made.report,
        made.folder,
        number=made.kept.id,
        already=made.kept.deliveries,
        delivered=lambda name, outcome: kept.delivered(made.kept.id, name, outcome),
        environment=os.environ,
        mlflow_run=made.kept.mlflow_run,
    )
