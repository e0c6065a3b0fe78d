"""Makes a report and keeps it: in the catalog, in a folder of its own, and as a run in MLflow.

What it says is `build`'s, how it looks `render`'s, where it is sent `delivery`'s. A process may be
killed at any point: called again with the same key, it makes the one report whole.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from tracking.catalog.reports import KeptReports
from tracking.errors import CatalogError, ReportError, TrackingUnavailable
from tracking.reports.build import build_report
from tracking.reports.copies import slug
from tracking.reports.in_mlflow import record_report
from tracking.reports.render import read_report_json, render_files, report_digest
from tracking.reports.restored import restored_report
from tracking.reports.seen import seen_from_json, seen_to_json
from tracking.reports.spec import parse_report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tracking.catalog.database import Catalog
    from tracking.catalog.records import KeptReport
    from tracking.reports.model import Report, SeenSweep
    from tracking.reports.spec import ReportSpec
    from tracking.store import Store

FOLDER = "reports"
_JSON = "report.json"


@dataclass(frozen=True)
class Made:
    """A report that is kept.

    Attributes:
        report: what it says; of one that an earlier call made, charts are without drawing.
        files: by their names below `folder`.
    """

    kept: KeptReport
    report: Report
    folder: Path
    files: Mapping[str, bytes]


def make_report(
    store: Store,
    catalog: Catalog,
    spec: ReportSpec,
    *,
    root: Path,
    key: str,
    now: datetime,
    dashboard: str = "",
    schedule: str = "",
    late: bool = False,
    against: KeptReport | None = None,
    frozen: Sequence[SeenSweep] | None = None,
    before: int | None = None,
) -> Made:
    """Make the report of this key, or hand out the one that is there.

    Its files are whole in `root`/reports/0001-title, or not there. An MLflow that refuses to take
    them loses nothing: that stands in `details['mlflow_error']`, and the next call tries again.

    Args:
        root: such as `.fairtrial`.
        key: of our own; the same key is the same report, whoever calls again.
        against, frozen, dashboard: as `build_report` takes them; without `against`, a file that
            says `against: last` has its way.
        before: with `frozen`, the number of the report that is made again: what was the last report
            to that one is it to this one too.
    Raises: what reading, building and writing raise; the failure is kept too.
    """
    reports = KeptReports(catalog)
    kept = reports.begin(
        key,
        spec.title,
        file=str(spec.path.absolute()),
        file_text=spec.text,
        schedule=schedule,
        late=late,
        now=now,
    )
    if kept.state == "done":
        return _hand_out(store, reports, kept, root, dashboard)
    try:
        last = _last(reports, kept, before)
        if spec.against_last and against is None:
            against = last
        report = build_report(
            store, spec, last=last, against=against, frozen=frozen, dashboard=dashboard
        )
        return _keep(store, reports, kept, report, root, last=last, against=against)
    except Exception as error:
        with suppress(CatalogError):  # the first failure is what has to be told
            reports.fail(kept.id, _sentence(error))
        raise


def _keep(
    store: Store,
    reports: KeptReports,
    kept: KeptReport,
    report: Report,
    root: Path,
    *,
    last: KeptReport | None,
    against: KeptReport | None,
) -> Made:
    """Write the files, record them in MLflow, and say last that it is done."""
    files = render_files(report, made=kept.made)
    folder = _place(reports, kept, root.absolute() / FOLDER)
    _write(folder, files, kept.id)
    digest = report_digest(report)
    run, problem = _record(store, kept, report, folder, digest)
    details = {
        "sweeps": [seen_to_json(seen) for seen in report.seen],
        "alerts": [alert.text for alert in report.alerts],
        "last": None if last is None else last.id,
        "against": None if against is None else against.id,
        "mlflow_error": problem,
    }
    reports.finish(kept.id, folder=str(folder), digest=digest, mlflow_run=run, details=details)
    return Made(reports.get(kept.id), report, folder, files)


def _hand_out(
    store: Store, reports: KeptReports, kept: KeptReport, root: Path, dashboard: str
) -> Made:
    """One that is done: as it lies there, or if its files are gone, made again from what it saw.

    Raises: ReportError, saying which data is gone.
    """
    folder = Path(kept.folder)
    files = _read(folder)
    try:
        held = read_report_json(files.get(_JSON, b"{}").decode())
        as_made = held["digest"] == kept.digest
    except (ReportError, ValueError):
        as_made = False
    if not as_made:
        return _remake(store, reports, kept, root, dashboard)
    report = restored_report(held, dashboard)
    if not kept.mlflow_run:
        run, problem = _record(store, kept, report, folder, kept.digest)
        reports.finish(
            kept.id,
            folder=kept.folder,
            digest=kept.digest,
            mlflow_run=run,
            details={**kept.details, "mlflow_error": problem},
        )
        kept = reports.get(kept.id)
    return Made(kept, report, folder, files)


def _remake(
    store: Store, reports: KeptReports, kept: KeptReport, root: Path, dashboard: str
) -> Made:
    last, against = _named(reports, kept, "last"), _named(reports, kept, "against")
    report = build_report(
        store,
        parse_report(kept.file_text, Path(kept.file)),
        last=last,
        against=against,
        frozen=[seen_from_json(seen) for seen in kept.details["sweeps"]],
        dashboard=dashboard,
    )
    return _keep(store, reports, kept, report, root, last=last, against=against)


def _last(reports: KeptReports, kept: KeptReport, before: int | None) -> KeptReport | None:
    first = None if before is None else reports.get(before)
    if first is not None and first.state == "done":
        return _named(reports, first, "last")
    return reports.last(kept.title, before=before or kept.id)


def _named(reports: KeptReports, kept: KeptReport, which: str) -> KeptReport | None:
    number = kept.details[which]
    return None if number is None else reports.get(number)


def _record(
    store: Store, kept: KeptReport, report: Report, folder: Path, digest: str
) -> tuple[str, str]:
    """MLflow's id of the run, and what went wrong, in a sentence: one of the two is ''."""
    try:
        return record_report(store, kept, report, folder, digest=digest), ""
    except TrackingUnavailable as error:
        return "", str(error)
    except Exception as error:  # noqa: BLE001 - an artifact store's own; the report is made anyway
        return "", f"MLflow did not take the files: {_sentence(error)}"


def _place(reports: KeptReports, kept: KeptReport, parent: Path) -> Path:
    """The folder for its files; noted before it is made, so that a second try takes the same."""
    if kept.folder and Path(kept.folder).parent == parent:
        return Path(kept.folder)
    name = f"{kept.id:04d}-{slug(kept.title)}"
    # Another catalog, before this one, may have left a report of this number.
    names = (name if n == 1 else f"{name}-{n}" for n in count(1))
    folder = next(parent / name for name in names if not (parent / name).exists())
    reports.placed(kept.id, str(folder))
    return folder


def _write(folder: Path, files: Mapping[str, bytes], number: int) -> None:
    """All of the files under their name, or none."""
    part, old = (folder.with_name(f".{kind}-{number:04d}") for kind in ("part", "old"))
    for left_over in (part, old):
        shutil.rmtree(left_over, ignore_errors=True)
    for name, content in files.items():
        path = part / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if folder.exists():  # of a try that was killed later on
        folder.rename(old)
    part.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _read(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _sentence(error: Exception) -> str:
    """Its first line; of an error that nobody foresaw, with its kind."""
    from tracking.errors import TrackingError

    line = (str(error).strip().splitlines() or [""])[0]
    return line if isinstance(error, TrackingError) else f"{type(error).__name__}: {line}"
