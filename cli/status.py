"""`fairtrial status`: which sweeps there are and how far they are."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.arguments import Json
from cli.catalog import catalog_if_any
from cli.completion import sweep_names
from cli.output import columns, data, duration, json_data, talk
from cli.submit import job_json, job_lines, jobs_of

if TYPE_CHECKING:
    from sweeps.record import SweepSummary


def command(
    sweep: Annotated[
        str | None,
        typer.Argument(
            metavar="[SWEEP]", help="One sweep; all if left out.", autocompletion=sweep_names
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Show the sweeps of this folder: trials by state, the best value, time; and what is queued.

    Environment: FAIRTRIAL_DATABASE_URL, where it is kept; else .fairtrial/fairtrial.db here.

    Exit codes: 0 done; 1 the database can't be read; 2 no such sweep.

    Examples: fairtrial status
    fairtrial status digits-search --json
    """
    from sweeps.record import summaries
    from sweeps.stores import Stores
    from tracking.errors import UnknownSweep

    stores = Stores.here()
    lines = summaries(stores)
    jobs = jobs_of(catalog_if_any(), ("queued", "running")) if sweep is None else []
    if sweep is not None:
        names = [line.name for line in lines]
        if sweep not in names:
            near = difflib.get_close_matches(sweep, names, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(names) or '-'}"
            raise UnknownSweep(f"no sweep '{sweep}' in {stores.folder}; {hint}")
        lines = [line for line in lines if line.name == sweep]
    running = {line.name: stores.is_running(line.name) for line in lines}
    if json:
        found = [_json(line, running=running[line.name]) for line in lines]
        json_data({"sweeps": found, "jobs": [job_json(job) for job in jobs]})
        return
    if lines:
        header = ["sweep", "state", "complete", "pruned", "failed", "in flight", "best", "time"]
        data(columns(header, [_row(line, running=running[line.name]) for line in lines]))
    else:
        talk(f"no sweeps yet in {stores.folder}; start one with: fairtrial run FILE")
    if jobs:
        data(f"\n{job_lines(jobs)}" if lines else job_lines(jobs))


def _state(line: SweepSummary, *, running: bool) -> str:
    if running:
        return "running"
    return "done" if line.done else "interrupted"


def _row(line: SweepSummary, *, running: bool) -> list[str]:
    counts = [str(line.counts[s]) for s in ("COMPLETE", "PRUNED", "FAIL", "RUNNING")]
    best = "-" if line.best is None else f"{line.best:.4f}"
    return [line.name, _state(line, running=running), *counts, best, duration(line.seconds)]


def _json(line: SweepSummary, *, running: bool) -> dict[str, Any]:
    return {
        "sweep": line.name,
        "state": _state(line, running=running),
        "trials": dict(line.counts),
        "best": line.best,
        "seconds": line.seconds,
        "started": None if line.started is None else line.started.isoformat(),
    }
