"""Where MLflow keeps the runs: opened safely, quietly, and with failures as one sentence.

What is written there and what is read from it stand elsewhere; MLflow's client is made here only.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import warnings
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from filelock import FileLock
from filelock import Timeout as LockTimeout

from tracking.errors import TrackingUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow import MlflowClient
    from mlflow.entities import Run

DEFAULT_URI = "sqlite:///mlflow.db"  # MLflow's own default: plain `mlflow ui` shows the runs
LOCK_TIMEOUT_S = 120.0  # a first migration takes seconds, on a slow disk many
PAGE_SIZE = 1000

_ENVIRONMENT = {
    # A create_run that MLflow's client retries after a timeout leaves a ghost run: retrying is
    # left to those who look before they create. By default the client would block for minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # stdout is for data; it costs a request too
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
_LEVELS = {
    "mlflow": logging.WARNING,
    "mlflow.store.db.utils": logging.CRITICAL,  # logs a traceback of what it raises anyway
    "alembic": logging.WARNING,
    "urllib3.connectionpool": logging.ERROR,
}


class Store:
    """An open MLflow.

    Attributes:
        uri: its tracking URI; a local SQLite file by its absolute path.
        client: for use inside `reach()`.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        with self.reach():
            self.client = _client(uri)
            self.client.search_experiments(max_results=1)

    @property
    def shown_uri(self) -> str:
        """Its URI as it may be printed: without a password."""
        return _without_password(self.uri)

    @contextmanager
    def reach(self) -> Iterator[None]:
        """Turn MLflow's failures within into TrackingUnavailable."""
        try:
            yield
        except Exception as error:
            sentence = _sentence(self.uri, error)
            if sentence is None:
                raise
            raise TrackingUnavailable(sentence) from error

    def search_runs(self, experiment_ids: list[str], filter_string: str = "") -> list[Run]:
        """All active runs of these experiments that the filter lets through, oldest first."""
        try:
            return self._all_pages(experiment_ids, filter_string)
        except TrackingUnavailable:  # a search changes nothing: a passing fault may be asked twice
            return self._all_pages(experiment_ids, filter_string)

    def _all_pages(self, experiment_ids: list[str], filter_string: str) -> list[Run]:
        runs: list[Run] = []
        token: str | None = None
        with self.reach():
            while experiment_ids:
                page = self.client.search_runs(
                    experiment_ids,
                    filter_string,
                    max_results=PAGE_SIZE,
                    order_by=["attributes.start_time ASC"],
                    page_token=token,
                )
                runs.extend(page)
                token = page.token
                if not token:
                    break
        return runs


def open_store(uri: str | None = None) -> Store:
    """Open MLflow, initialising a local SQLite file once, whoever else opens it at this moment.

    Args:
        uri: by default `MLFLOW_TRACKING_URI`, else sqlite:///mlflow.db in the current folder.
    Raises: TrackingUnavailable when it can't be reached or is of another version.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    uri = uri or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI
    path = _sqlite_path(uri)
    if path is None:
        return Store(uri)
    uri = f"sqlite:///{path}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Several processes that migrate one fresh file at once leave it broken for good.
        with FileLock(path.with_name(f".{path.name}.lock"), timeout=LOCK_TIMEOUT_S):
            if not path.exists():
                _create(path)
            return Store(uri)
    except (OSError, sqlite3.Error, LockTimeout) as error:
        raise TrackingUnavailable(f"MLflow's database {path} can't be opened: {error}") from error


def _sqlite_path(uri: str) -> Path | None:
    """The file of a local SQLite URI."""
    prefix = "sqlite:///"
    rest = uri.removeprefix(prefix)
    if not uri.startswith(prefix) or not rest or rest.startswith((":memory:", "file:")):
        return None
    return Path(rest).absolute()


def _create(path: Path) -> None:
    """An empty database with a write-ahead log: a third of the disk flushes, and readers such as
    `mlflow ui` don't hold up the writer. The file remembers it; a file that is there is left as is.
    """
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def _client(uri: str) -> MlflowClient:
    with warnings.catch_warnings():
        # MLflow 3.17 maps one table in a way that SQLAlchemy 2.1 deprecates; nothing of ours.
        warnings.filterwarnings("ignore", "The ``noload`` loader strategy", DeprecationWarning)
        from mlflow import MlflowClient

        if "MLFLOW_LOGGING_LEVEL" not in os.environ:
            for name, level in _LEVELS.items():
                logging.getLogger(name).setLevel(level)
        return MlflowClient(uri)


def _sentence(uri: str, error: Exception) -> str | None:
    """What to tell the user, or None for what is no failure of MLflow's."""
    import requests
    from mlflow.exceptions import MlflowException

    known = MlflowException | requests.RequestException | ConnectionError
    # SQLAlchemy is imported in tracking/catalog only; while opening, MLflow lets its errors pass.
    if not isinstance(error, known) and not type(error).__module__.startswith("sqlalchemy."):
        return None
    shown = _without_password(uri)
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    network = requests.ConnectionError | requests.Timeout | ConnectionError
    if any(isinstance(e, network) for e in chain):
        reason = _network_reason(chain)
        return f"MLflow at {shown} can't be reached: {reason}; start it or set MLFLOW_TRACKING_URI"
    first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return f"MLflow at {shown} refused: {first_line[:500]}"


def _network_reason(chain: list[BaseException]) -> str:
    import requests

    if any(isinstance(e, ConnectionRefusedError) for e in chain):
        return "the connection was refused"
    if any(isinstance(e, requests.Timeout | TimeoutError) for e in chain):
        return "it does not answer"
    return str(chain[-1]).strip().splitlines()[0][:200] or type(chain[-1]).__name__


def _without_password(uri: str) -> str:
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
