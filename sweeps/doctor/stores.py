"""Looks at the stores: study, catalog, MLflow, the folders; and what a killed process left."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.doctor.check import Check, check, note
from sweeps.errors import RecordError
from sweeps.stores import DATABASE_VARIABLE, Stores

if TYPE_CHECKING:
    from collections.abc import Iterator

SKEW_S = 2.0
_ANSWER_S = 5.0


def store_checks() -> Iterator[Check]:
    """All of them."""
    stores = Stores.here()
    study = _study(stores)
    yield study
    clocks: dict[str, float] = {}
    if study.right and stores.exists():
        yield from _catalog(stores, clocks)
    yield from _mlflow(clocks)
    yield from _folders(stores)
    yield from _journals(stores)
    yield from _left_over(stores)
    yield _clock(clocks)


def _study(stores: Stores) -> Check:
    from sweeps.record import summaries

    try:
        lines = summaries(stores)
    except RecordError as error:
        return Check("study", "bad", str(error), f"check {DATABASE_VARIABLE} and permissions")
    where = str(stores.folder) if stores.exists() else f"{stores.folder}, made by the first run"
    if os.environ.get(DATABASE_VARIABLE):
        where = f"the database of {DATABASE_VARIABLE}"
    return Check("study", "ok", f"{len(lines)} sweeps in {where}")


def _catalog(stores: Stores, clocks: dict[str, float]) -> Iterator[Check]:
    from tracking.catalog.looking import look_at
    from tracking.catalog.schema import REVISION
    from tracking.errors import CatalogError

    try:
        looked = look_at(stores.database_url)
    except CatalogError as error:
        yield Check("catalog", "bad", str(error), f"check {DATABASE_VARIABLE} and that it is up")
        return
    if looked.ahead_s is not None:
        clocks["the database"] = looked.ahead_s
    version = f"version {looked.version}" if looked.version else "not made yet"
    newer = looked.version > REVISION
    yield check("catalog", not newer, f"{version}, {looked.product}, {looked.shown}",
                "pip install --upgrade fairtrial: a newer one made it")  # fmt: skip


def _mlflow(clocks: dict[str, float]) -> Iterator[Check]:
    from tracking.errors import TrackingUnavailable
    from tracking.reading import list_sweeps
    from tracking.store import DEFAULT_URI, open_store

    if "MLFLOW_TRACKING_URI" not in os.environ and not Path("mlflow.db").exists():
        yield Check("mlflow store", "ok", f"{DEFAULT_URI}, made by the first run")
        return
    try:
        store = open_store()
        found = f"{len(list_sweeps(store))} sweeps in {_shown(store.uri)}"
    except TrackingUnavailable as error:
        yield Check("mlflow store", "bad", str(error), "start it, or set MLFLOW_TRACKING_URI")
        return
    yield Check("mlflow store", "ok", found)
    if store.uri.startswith(("http://", "https://")):
        yield from mlflow_server(store.uri, clocks)


def mlflow_server(uri: str, clocks: dict[str, float]) -> Iterator[Check]:
    """The version of an MLflow server, and its clock by the Date of its answer."""
    from importlib.metadata import version
    from urllib.error import HTTPError, URLError
    from urllib.request import urlopen

    began = datetime.now(UTC)
    try:
        with urlopen(f"{uri.rstrip('/')}/version", timeout=_ANSWER_S) as answer:  # noqa: S310 - http
            date, theirs = answer.headers.get("Date"), answer.read(40).decode("ascii", "replace")
    except HTTPError as error:
        date, theirs = error.headers.get("Date"), ""
    except (URLError, OSError):
        return
    ended = datetime.now(UTC)
    if date:
        middle = began + (ended - began) / 2
        clocks["MLflow's server"] = (parsedate_to_datetime(date) - middle).total_seconds() + 0.5
    ours = version("mlflow")
    if theirs:
        same = theirs.split(".")[:2] == ours.split(".")[:2]
        yield note("mlflow server", same, f"version {theirs.strip()}, here {ours}",
                   "they mostly get along; the same version is safer")  # fmt: skip


def _folders(stores: Stores) -> Iterator[Check]:
    """That each folder that something is put into lets us."""
    places = [Path.cwd(), stores.folder, *(stores.folder / name for name in
              ("checkpoints", "running", "reports")), Path("mlruns")]  # fmt: skip
    databases = [stores.folder / "fairtrial.db", Path("mlflow.db")]
    closed = [place for place in (*places, *databases) if place.exists()
              and not os.access(place, os.W_OK)]  # fmt: skip
    shown = ", ".join(str(place.absolute()) for place in closed)
    yield check("permissions", not closed, f"may not write to {shown}" if closed else "writable",
                f"run from a folder of your own, or: chown -R {_user()} {shown}")  # fmt: skip


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user that has no name
        return str(os.getuid())


def _journals(stores: Stores) -> Iterator[Check]:
    """A write-ahead log lets readers read while a sweep writes."""
    from tracking.catalog.looking import journal_of

    for path in (stores.folder / "fairtrial.db", Path("mlflow.db")):
        mode = journal_of(path) if path.exists() else ""
        if mode and mode != "wal":
            fix = f"sqlite3 {path} 'PRAGMA journal_mode=WAL', while nothing uses it"
            yield Check("journal", "note", f"{path} keeps a {mode} journal: readers wait", fix)


def _left_over(stores: Stores) -> Iterator[Check]:
    running = stores.folder / "running"
    killed = [
        owner.stem for owner in sorted(running.glob("*.pid")) if not stores.is_running(owner.stem)
    ]
    if killed:
        yield Check("left over", "note", f"killed in the middle: {', '.join(killed)}",
                    "carry on with the same `fairtrial run FILE`; nothing is lost")  # fmt: skip
    reports = stores.folder / "reports"
    half = [folder.name for folder in reports.glob(".*part*") if folder.is_dir()]
    if half:
        yield Check("left over", "note", f"reports that were not finished: {', '.join(half)}",
                    f"remove them from {reports} while nothing makes a report")  # fmt: skip


def _clock(clocks: dict[str, float]) -> Check:
    from tracking.cron import local_timezone
    from tracking.errors import ScheduleError

    try:
        zone = local_timezone()
    except ScheduleError as error:
        return Check("clock", "note", str(error), "set TZ to a name such as Europe/Berlin")
    wrong = [
        f"{name} is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine"
        for name, ahead in clocks.items()
        if abs(ahead) > SKEW_S
    ]
    if wrong:
        fix = "schedules and leases go by clocks: let NTP set them (timedatectl set-ntp true)"
        return Check("clock", "note", "; ".join(wrong), fix)
    agree = "".join(f"; {name} agrees" for name in clocks)
    now = f"{datetime.now().astimezone():%Y-%m-%d %H:%M %z}"
    return Check("clock", "ok", f"{now}, time zone {zone}{agree}")


def _shown(uri: str) -> str:
    scheme, mark, rest = uri.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"
