"""`fairtrial submit`: put a sweep into the queue of the service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.arguments import Json, Set
from cli.catalog import catalog_if_any, local_time, now, open_here
from cli.output import DONE, FAILED, columns, data, json_data, talk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracking.catalog.database import Catalog
    from tracking.catalog.records import Job

_LISTED = 50


def command(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A sweep file (YAML).")
    ] = None,
    set_: Set = None,
    trials: Annotated[
        int | None, typer.Option("--trials", min=1, help="In place of the budget's trials.")
    ] = None,
    priority: Annotated[
        int,
        typer.Option(
            "--priority",
            min=-1_000_000,
            max=1_000_000,
            help="Larger begins first; of equals the older.",
        ),
    ] = 0,
    list_: Annotated[
        bool, typer.Option("--list", help="Show the queue and what was done last.")
    ] = False,
    cancel: Annotated[
        int | None, typer.Option("--cancel", metavar="JOB", help="Take a job out of the queue.")
    ] = None,
    json: Json = False,
) -> None:
    """Put a sweep into the queue of `fairtrial serve`; print the number of its job.

    The file's text is kept as it is now: what is changed in it later changes nothing.

    Example: fairtrial submit examples/search.yaml --priority 5
    """
    if [file is not None, list_, cancel is not None].count(True) != 1:
        raise typer.BadParameter("give one of: FILE, --list, --cancel JOB")
    if list_:
        _list(catalog_if_any(), as_json=json)
    elif cancel is not None:
        raise typer.Exit(_cancel(cancel))
    elif file is not None:
        _submit(file, list(set_ or ()), trials, priority, as_json=json)


def _submit(
    file: Path, overrides: Sequence[str], trials: int | None, priority: int, *, as_json: bool
) -> None:
    from sweeps.service.kinds import kind_of
    from sweeps.spec import load_spec

    if kind_of(file) == "report":
        raise typer.BadParameter(
            f"{file} is a report file; make it with: fairtrial report {file}, or again and again "
            "with: fairtrial schedule add"
        )
    spec = load_spec(file, overrides)
    from tracking.catalog.jobs import Jobs

    options: dict[str, Any] = {"overrides": list(overrides)}
    if trials is not None:
        options["trials"] = trials
    job = Jobs(open_here()[1]).submit(
        "sweep",
        spec.name,
        str(file.absolute()),
        text=spec.text,
        options=options,
        priority=priority,
        now=now(),
    )
    if as_json:
        json_data(job_json(job))
    else:
        data(str(job.id))
    talk(f"{spec.name} is queued as job {job.id}; a running `fairtrial serve` takes it up")


def _list(catalog: Catalog | None, *, as_json: bool) -> None:
    jobs = jobs_of(catalog, None)
    if as_json:
        json_data({"jobs": [job_json(job) for job in jobs]})
    elif jobs:
        data(job_lines(jobs))
    else:
        talk("nothing was submitted yet; do so with: fairtrial submit FILE")


def _cancel(job: int) -> int:
    from tracking.catalog.jobs import Jobs

    jobs = Jobs(open_here()[1])
    if jobs.cancel(job, now=now()):
        talk(f"job {job} is out of the queue")
        return DONE
    state = jobs.get(job).state
    way = "; stop the service with Ctrl-C, or wait for it" if state == "running" else ""
    talk(f"fairtrial: job {job} is not queued but {state}{way}")
    return FAILED


def jobs_of(catalog: Catalog | None, states: Sequence[Any] | None) -> list[Job]:
    """Jobs in these states, or all: the last of them, oldest first."""
    if catalog is None:
        return []
    from tracking.catalog.jobs import Jobs

    return Jobs(catalog).list(states, limit=_LISTED)


def job_lines(jobs: Sequence[Job]) -> str:
    """Jobs for people."""
    header = ["job", "kind", "name", "state", "priority", "attempts", "submitted", "message"]
    rows = [
        [
            str(job.id),
            job.kind,
            job.name,
            _state(job),
            str(job.priority),
            str(job.attempts),
            local_time(job.due or job.created),
            job.message or "-",
        ]
        for job in jobs
    ]
    return columns(header, rows, ("kind", "name", "state", "message"))


def job_json(job: Job) -> dict[str, Any]:
    """A job for programs."""
    return {
        "job": job.id,
        "kind": job.kind,
        "name": job.name,
        "state": job.state,
        "file": job.file,
        "priority": job.priority,
        "attempts": job.attempts,
        "schedule": job.schedule or None,
        "due": job.due.isoformat() if job.due else None,
        "late": job.late,
        "created": job.created.isoformat(),
        "began": job.began.isoformat() if job.began else None,
        "ended": job.ended.isoformat() if job.ended else None,
        "message": job.message,
    }


def _state(job: Job) -> str:
    waits = job.state == "queued" and job.attempts and job.not_before
    return f"again at {local_time(job.not_before)}" if waits else job.state
