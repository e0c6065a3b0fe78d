"""`fairtrial reports`: the reports that were made and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.arguments import Json
from cli.catalog import catalog_if_any, local_time
from cli.output import columns, data, json_data, talk

if TYPE_CHECKING:
    from tracking.catalog.records import KeptReport


def command(
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=10_000, help="So many, the newest.")
    ] = 50,
    json: Json = False,
) -> None:
    """List the reports that were made, the newest last, with where they lie.

    Example: fairtrial reports --limit 10
    """
    catalog = catalog_if_any()
    found = [] if catalog is None else _found(catalog, limit)
    if json:
        json_data({"reports": [_json(kept) for kept in found]})
    elif found:
        header = ["report", "made", "title", "state", "schedule", "sent", "where"]
        data(columns(header, [_row(kept) for kept in found], header))
    else:
        talk("no report was made here yet; make one with: fairtrial report FILE")


def _found(catalog: Any, limit: int) -> list[KeptReport]:  # noqa: ANN401 - a Catalog
    from tracking.catalog.reports import KeptReports

    return sorted(KeptReports(catalog).list(limit), key=lambda kept: kept.id)


def _row(kept: KeptReport) -> list[str]:
    state = f"{kept.state}, late" if kept.late else kept.state
    sent = [outcome == "sent" for outcome in kept.deliveries.values()]
    return [
        str(kept.id),
        local_time(kept.made),
        kept.title,
        state,
        kept.schedule or "-",
        f"{sum(sent)} of {len(sent)}" if sent else "-",
        kept.error or (f"{kept.folder}/report.html" if kept.state == "done" else "-"),
    ]


def _json(kept: KeptReport) -> dict[str, Any]:
    return {
        "report": kept.id,
        "title": kept.title,
        "made": kept.made.isoformat(),
        "state": kept.state,
        "late": kept.late,
        "schedule": kept.schedule or None,
        "folder": kept.folder,
        "digest": kept.digest,
        "mlflow_run": kept.mlflow_run,
        "error": kept.error,
        "deliveries": dict(kept.deliveries),
    }
