"""Looks at the environment variables: addresses that can't be right, and names nobody reads."""

from __future__ import annotations

import os
from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sweeps.doctor.check import Check
from sweeps.stores import DATABASE_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KNOWN = {
    DATABASE_VARIABLE: (
        "Where study and catalog are kept: `postgresql://user:password@host:5432/name`, "
        "or `sqlite:////folder/file.db`. Left out: `.fairtrial/fairtrial.db` of the current folder."
    ),
    "FAIRTRIAL_DASHBOARD_URL": (
        "MLflow's address as people's browsers see it: the links in reports lead there."
    ),
    "FAIRTRIAL_PRIVATE_HOSTS": (
        "Hosts within private networks that reports may be sent to, separated by commas."
    ),
    "MLFLOW_TRACKING_URI": (
        "Where runs are recorded: an MLflow server's address or a database. Left out: "
        "`sqlite:///mlflow.db` of the current folder, MLflow's own default."
    ),
}
"""The variables that mean something, with what they mean; report files may name more."""

OURS_ELSEWHERE = ("FAIRTRIAL_SOAK", "FAIRTRIAL_UID", "FAIRTRIAL_GID", "FAIRTRIAL_PORT")
"""Read by the tests and by docker-compose.yml."""

_TRACKING_SCHEMES = (
    "http", "https", "sqlite", "postgresql", "mysql", "mssql", "file", "databricks", "",
)  # fmt: skip
_ALIKE = 0.87


def environment_checks(environment: Mapping[str, str] = os.environ) -> Iterator[Check]:
    """One line when all is well, else one a variable; no address is shown with its password."""
    wrong = [*_misspelled(environment), *_tracking(environment)]
    yield from wrong
    if not wrong:
        names = [name for name in KNOWN if environment.get(name)]
        yield Check("environment", "ok", f"{', '.join(names) or 'nothing'} set")


def _misspelled(environment: Mapping[str, str]) -> Iterator[Check]:
    for name in sorted(environment):
        ours = name.startswith(("FAIRTRIAL", "FAIRTRAIL", "MLFLOW_TRACK", "MLFLOW_URI"))
        if not ours or name in KNOWN or name in OURS_ELSEWHERE:
            continue
        near = get_close_matches(name, KNOWN, 1, _ALIKE)
        if near and near[0] not in environment:
            yield Check("environment", "note", f"{name} is set, and nothing reads it",
                        f"did you mean {near[0]}?")  # fmt: skip


def _tracking(environment: Mapping[str, str]) -> Iterator[Check]:
    uri = environment.get("MLFLOW_TRACKING_URI", "")
    name = "environment"
    try:
        parts = urlsplit(uri)
        scheme = parts.scheme.partition("+")[0].lower()
        has_host, port = bool(parts.hostname), parts.port
    except ValueError:
        yield Check(name, "bad", "MLFLOW_TRACKING_URI is no address",
                    "write http://host:5000 or sqlite:////folder/mlflow.db")  # fmt: skip
        return
    if scheme not in _TRACKING_SCHEMES:
        yield Check(name, "note", f"MLFLOW_TRACKING_URI begins with {scheme}:, unknown here",
                    "write http://host:5000 or sqlite:////folder/mlflow.db")  # fmt: skip
    elif scheme in {"http", "https"} and not has_host:
        yield Check(name, "bad", "MLFLOW_TRACKING_URI names no host",
                    f"write {scheme}://host:{port or 5000}")  # fmt: skip
    if environment.get("MLFLOW_TRACKING_PASSWORD") and scheme == "http" and has_host:
        yield Check(name, "note", "MLFLOW_TRACKING_PASSWORD is sent in plain text over http",
                    "put MLflow behind https")  # fmt: skip
