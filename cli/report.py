"""`fairtrial report`: make a report now, and keep it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.arguments import Dashboard, Json
from cli.catalog import now, open_here
from cli.output import DONE, FAILED, data, json_data, talk

if TYPE_CHECKING:
    from tracking.catalog.database import Catalog
    from tracking.catalog.records import KeptReport
    from tracking.reports.kept import Made
    from tracking.reports.spec import ReportSpec

_LAST = "last"


def command(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A report file (YAML).")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FOLDER", file_okay=False, help="Put a copy there."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="LAST|NUMBER",
            help="Say what changed since the last report of that title, or since one by number.",
        ),
    ] = None,
    again: Annotated[
        str | None,
        typer.Option(
            "--again",
            metavar="NUMBER|LAST",
            help="Make a kept report again, from just the runs it saw, or say which are gone.",
        ),
    ] = None,
    deliver: Annotated[
        bool, typer.Option("--deliver", help="Send it where the file says, as schedules do.")
    ] = False,
    dashboard: Dashboard = "",
    json: Json = False,
) -> None:
    """Make a report on sweeps, keep it, and print where its page lies.

    Example: fairtrial report weekly.yaml --against LAST --output report/
    """
    from tracking.reports.spec import load_report, parse_report

    _check(file, against, again)
    spec = None if file is None else load_report(file)
    _, catalog = open_here()
    first = None if again is None else _kept(catalog, again, spec)
    if first is not None:
        spec = parse_report(first.file_text, Path(first.file))
    assert spec is not None  # one of the two was given
    if against is None and first is not None and first.details.get("against"):
        against = str(first.details["against"])
    earlier = None if against is None else _against(catalog, against, spec)
    made = _make(catalog, spec, dashboard=dashboard, against=earlier, again=first)
    conclude(catalog, spec, made, output=output, deliver=deliver, as_json=json)


def make_scheduled(file: Path, schedule: str) -> None:
    """Make the report of a schedule at once, as `serve` would when it is due.

    Raises: typer.Exit with 1 when it could not be delivered.
    """
    from tracking.reports.spec import load_report

    spec = load_report(file)
    _, catalog = open_here()
    made = _make(catalog, spec, schedule=schedule)
    conclude(catalog, spec, made, output=None, deliver=True, as_json=False)


def conclude(
    catalog: Catalog,
    spec: ReportSpec,
    made: Made,
    *,
    output: Path | None,
    deliver: bool,
    as_json: bool,
) -> None:
    """Copy, deliver and say it: alerts first.

    Raises: typer.Exit with 1 when it could not be delivered.
    """
    from sweeps.service.report_work import deliver_made
    from tracking.files.node import printable

    report = made.report
    for alert in report.alerts:
        talk(printable(f"ALERT {alert.text}"))
    for warning in report.warnings:
        talk(printable(f"warning: {warning}"))
    folder = made.folder if output is None else _copy(made, output)
    failures = deliver_made(made, spec, catalog) if deliver else []
    page = folder / "report.html"
    if as_json:
        json_data(
            {
                "report": made.kept.id,
                "title": report.title,
                "page": str(page),
                "folder": str(made.folder),
                "digest": made.kept.digest,
                "mlflow_run": made.kept.mlflow_run,
                "alerts": [alert.text for alert in report.alerts],
                "warnings": list(report.warnings),
                "undelivered": failures,
            }
        )
    else:
        data(str(page))
    if problem := made.kept.details.get("mlflow_error"):
        talk(printable(f"warning: the report is kept, but not in MLflow: {problem}"))
    for failure in failures:
        talk(f"fairtrial: {printable(failure)}")
    talk(_told(made, spec, deliver=deliver))
    raise typer.Exit(FAILED if failures else DONE)


def _check(file: Path | None, against: str | None, again: str | None) -> None:
    for name, given in (("--against", against), ("--again", again)):
        if given is not None and given.casefold() != _LAST and not given.isdecimal():
            raise typer.BadParameter(f"{name} takes a report's number, or LAST; not {given!r}")
    if file is None and (again is None or again.casefold() == _LAST):
        raise typer.BadParameter("give a report FILE; only --again NUMBER does without one")


def _kept(catalog: Catalog, which: str, spec: ReportSpec | None) -> KeptReport:
    """The report that is meant, which must have been made.

    Raises: CatalogError, ReportError.
    """
    from tracking.catalog.reports import KeptReports
    from tracking.errors import ReportError

    reports = KeptReports(catalog)
    if which.isdecimal():
        kept = reports.get(int(which))
        if kept.state != "done":
            raise ReportError(f"report {kept.id} was never finished: {kept.error or kept.state}")
        return kept
    assert spec is not None
    last = reports.last(spec.title)
    if last is None:
        raise ReportError(
            f"no report '{spec.title}' was kept yet; see those there are with: fairtrial reports"
        )
    return last


def _against(catalog: Catalog, which: str, spec: ReportSpec) -> KeptReport | None:
    """What to set it against; with LAST, and no report yet, nothing: the first one has no past."""
    from tracking.catalog.reports import KeptReports

    if not which.isdecimal() and KeptReports(catalog).last(spec.title) is None:
        talk("this is the first report of that title: nothing to set it against")
        return None
    return _kept(catalog, which, spec)


def _make(
    catalog: Catalog,
    spec: ReportSpec,
    *,
    dashboard: str = "",
    schedule: str = "",
    against: KeptReport | None = None,
    again: KeptReport | None = None,
) -> Made:
    from uuid import uuid4

    from sweeps.stores import Stores
    from tracking.dashboard import dashboard_address
    from tracking.reports.kept import make_report
    from tracking.reports.seen import seen_from_json
    from tracking.store import open_store

    return make_report(
        open_store(),
        catalog,
        spec,
        root=Stores.here().folder,
        key=f"shell-{uuid4().hex}",
        now=now(),
        dashboard=dashboard_address(dashboard),
        schedule=schedule,
        against=against,
        frozen=None if again is None else [seen_from_json(s) for s in again.details["sweeps"]],
        before=None if again is None else again.id,
    )


def _copy(made: Made, output: Path) -> Path:
    for name, content in made.files.items():
        path = output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return output


def _told(made: Made, spec: ReportSpec, *, deliver: bool) -> str:
    told = f"report {made.kept.id} is kept"
    if not made.report.dashboard:
        told += "; its numbers link to MLflow when --dashboard gives the address of fairtrial ui"
    if spec.deliver and not deliver:
        told += "; it was not sent anywhere: --deliver does that"
    return told
