"""Where people look at MLflow: the address that reports link to."""

from __future__ import annotations

import os


def dashboard_address(given: str) -> str:
    """The address as given, else that of the MLflow server runs are recorded in, else ''.

    A local store has none: `fairtrial ui` may be anywhere, or not run. What is no web address, and
    a name and password in one, is left out where the links are made: see reports/addresses.py.
    """
    if given:
        return given
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    return uri if uri.startswith(("http://", "https://")) else ""
