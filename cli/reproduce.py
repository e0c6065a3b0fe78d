"""`fairtrial reproduce`: does a recorded run come out the same again?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from cli.arguments import Json
from cli.output import DONE, FAILED, data, json_data

_SHOWN = 10


def command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The id of a run in MLflow.")],
    json: Json = False,
) -> None:
    """Train a recorded run again and compare every metric of every epoch, bit by bit.

    Its sweep file, data and modules are taken from where they were. Nothing is recorded. The
    same bits are promised on one kind of machine: one torch build, one processor family.

    Environment: MLFLOW_TRACKING_URI, where the run is read from.

    Exit codes: 0 all the same; 1 some number differs, or MLflow can't be reached; 2 no such run,
    or what it was made from is gone or changed.

    Examples: fairtrial reproduce bf1fb58569224cde9cc71e07da8de31a
    fairtrial reproduce bf1fb58569224cde9cc71e07da8de31a --json
    """
    from sweeps.reproduce import reproduce
    from tracking.store import open_store

    found = reproduce(open_store(), run.removeprefix("runs:/"))
    same = not found.differences
    if json:
        json_data({"same": same, **asdict(found)})
    else:
        what = f"{found.sweep}, trial {found.trial}, repeat {found.repeat}"
        if same:
            data(f"{what}: {found.n_points} values, all the same, bit for bit")
        else:
            n = len(found.differences)
            data(f"{what}: {n} of {found.n_points} values came out different")
        for d in found.differences[:_SHOWN]:
            data(f"  {d.metric} at epoch {d.epoch}: recorded {d.recorded}, now {d.found}")
    raise typer.Exit(DONE if same else FAILED)
