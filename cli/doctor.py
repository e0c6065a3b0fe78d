"""`fairtrial doctor`: is everything in place, and if not, what to do."""

from __future__ import annotations

from dataclasses import asdict

import typer

from cli.arguments import Json
from cli.output import DONE, FAILED, data, json_data

_MARKS = {"ok": "ok ", "note": "see", "bad": "BAD"}


def command(json: Json = False) -> None:
    """Check versions, stores, device, disk, clock, ports and settings; say how to mend each.

    Each line begins with ok, see (it works, but someone should know) or BAD (something will not
    work); what to do stands below. Nothing is written, and no password is shown.

    Exit codes: 0 when nothing is BAD, else 1.

    Example: fairtrial doctor
    """
    from sweeps.doctor.environment import environment_checks
    from sweeps.doctor.machine import machine_checks
    from sweeps.doctor.stores import store_checks
    from tracking.files.node import printable

    checks = [*machine_checks(), *environment_checks(), *store_checks()]
    right = all(check.right for check in checks)
    if json:
        found = [{**asdict(check), "right": check.right} for check in checks]
        json_data({"right": right, "checks": found})
    else:
        for check in checks:
            data(f"{_MARKS[check.state]}  {check.name:<13} {printable(check.found)}")
            if check.fix:
                data(f"     {'':<13} {printable(check.fix)}")
    raise typer.Exit(DONE if right else FAILED)
