"""`fairtrial doctor`: is everything in place, and if not, what to do."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import typer

from cli.arguments import Json
from cli.output import DONE, FAILED, data, json_data

_FREE_GB = 1.0
_PACKAGES = ("torch", "optuna", "mlflow", "sqlalchemy", "scikit-learn", "pandas", "numpy")


class Check(NamedTuple):
    """One thing looked at.

    Attributes:
        fix: what to do, when it is not right.
    """

    name: str
    right: bool
    found: str
    fix: str = ""


def command(json: Json = False) -> None:
    """Check versions, stores, disk, device and the promise of equal bits; say how to mend.

    Example: fairtrial doctor
    """
    checks = [_python(), *_versions(), _bits(), _device(), _disk(), _study(), _mlflow()]
    right = all(check.right for check in checks)
    if json:
        json_data({"right": right, "checks": [check._asdict() for check in checks]})
    else:
        for check in checks:
            data(f"{'ok ' if check.right else 'BAD'}  {check.name:<13} {check.found}")
            if not check.right:
                data(f"     {'':<13} {check.fix}")
    raise typer.Exit(DONE if right else FAILED)


def _python() -> Check:
    version = platform.python_version()
    return Check("python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer")


def _versions() -> list[Check]:
    from importlib.metadata import requires, version

    from packaging.requirements import Requirement

    wanted = {r.name: r for r in map(Requirement, requires("fairtrial") or [])}
    checks = []
    for name in _PACKAGES:
        found, rule = version(name), wanted[name].specifier
        fix = f"pip install '{name}{rule}'"
        checks.append(Check(name, rule.contains(found.partition("+")[0]), found, fix))
    return checks


def _bits() -> Check:
    """A lane must equal its solo run on this machine too."""
    from trainer.selfcheck import lanes_equal_solo

    fix = "numbers may differ in the last bits with --lanes; run with --lanes 1 to be safe"
    right = lanes_equal_solo()
    return Check("lanes", right, "equal their solo runs, bit for bit" if right else "differ", fix)


def _device() -> Check:
    return Check("device", True, f"{os.cpu_count()} cores; a sweep trains on one, no GPU needed")


def _disk() -> Check:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    return Check("disk", free >= _FREE_GB, f"{free:.1f} GB free here", "free some space")


def _study() -> Check:
    from sweeps.errors import RecordError
    from sweeps.record import summaries
    from sweeps.stores import Stores

    stores = Stores.here()
    try:
        lines = summaries(stores)
    except RecordError as error:
        return Check("study", False, str(error), "check FAIRTRIAL_DATABASE_URL and permissions")
    where = stores.folder if stores.exists() else f"{stores.folder}, made by the first run"
    writable = os.access(stores.folder if stores.folder.exists() else Path.cwd(), os.W_OK)
    fix = "run from a folder you may write to"
    return Check("study", writable, f"{len(lines)} sweeps in {where}", fix)


def _mlflow() -> Check:
    from tracking.errors import TrackingUnavailable
    from tracking.reading import list_sweeps
    from tracking.store import DEFAULT_URI, open_store

    if "MLFLOW_TRACKING_URI" not in os.environ and not Path("mlflow.db").exists():
        return Check("mlflow store", True, f"{DEFAULT_URI}, made by the first run")
    try:
        store = open_store()
        return Check("mlflow store", True, f"{len(list_sweeps(store))} sweeps in {store.uri}")
    except TrackingUnavailable as error:
        return Check("mlflow store", False, str(error), "start it, or set MLFLOW_TRACKING_URI")
