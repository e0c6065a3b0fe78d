"""`fairtrial status`: which sweeps there are and how far they are."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.arguments import Json
from cli.output import columns, data, duration, json_data, talk

if TYPE_CHECKING:
    from sweeps.record import SweepSummary


def command(
    sweep: Annotated[
        str | None, typer.Argument(metavar="[SWEEP]", help="One sweep; all if left out.")
    ] = None,
    json: Json = False,
) -> None:
    """Show the sweeps of this folder: trials by state, the best value, time.

    Example: fairtrial status
    """
    from sweeps.record import summaries
    from sweeps.stores import Stores
    from tracking.errors import UnknownSweep

    stores = Stores.here()
    lines = summaries(stores)
    if sweep is not None:
        names = [line.name for line in lines]
        if sweep not in names:
            near = difflib.get_close_matches(sweep, names, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(names) or '-'}"
            raise UnknownSweep(f"no sweep '{sweep}' in {stores.folder}; {hint}")
        lines = [line for line in lines if line.name == sweep]
    running = {line.name: stores.is_running(line.name) for line in lines}
    if json:
        json_data({"sweeps": [_json(line, running=running[line.name]) for line in lines]})
        return
    if not lines:
        talk(f"no sweeps yet in {stores.folder}; start one with: fairtrial run FILE")
        return
    header = ["sweep", "state", "complete", "pruned", "failed", "in flight", "best", "time"]
    data(columns(header, [_row(line, running=running[line.name]) for line in lines]))


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
