"""`fairtrial explain`: what one run did at each stage of its training."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.arguments import SweepName
from cli.output import data


def command(
    sweep: SweepName,
    trial: Annotated[
        int | None,
        typer.Option("--trial", metavar="N", min=0, help="A trial in place of the best one."),
    ] = None,
) -> None:
    """Show what the best run did at each stage, from preparation to test, in real numbers.

    What is not on record is computed again from the recorded configuration, seed and data.

    Environment: MLFLOW_TRACKING_URI, where the run is read from.

    Exit codes: 0 done; 1 MLflow can't be reached; 2 no such sweep or trial, or its data is gone.

    Examples: fairtrial explain digits-search
    fairtrial explain digits-search --trial 3
    """
    from sweeps.explain import explain
    from sweeps.stage_page import as_text
    from tracking.store import open_store

    data(as_text(explain(open_store(), sweep, trial)))
