"""optuna-dashboard on the study's own database, served on loopback from a thread of this process.

In this process, so that no command line shows the database's password.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib.util import find_spec
from socketserver import ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from sweeps.errors import RecordError
from sweeps.record import open_storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sweeps.stores import Stores

HOST = "127.0.0.1"

_NAMES = (HOST, "localhost")


@contextmanager
def serve_study(stores: Stores, port: int) -> Iterator[str]:
    """optuna-dashboard, answering; it ends on the way out.

    Returns: its address.
    Raises: RecordError when the package is missing or the database can't be opened; OSError when
        the port is taken.
    """
    if find_spec("optuna_dashboard") is None:
        raise RecordError(
            "optuna-dashboard is not installed; install it with: pip install 'fairtrial[dashboard]'"
        )
    from optuna_dashboard import wsgi

    app = _for_this_machine(wsgi(open_storage(stores)), port)
    with make_server(HOST, port, app, server_class=_Server, handler_class=_Quiet) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingMixIn, WSGIServer):
    """A page asks for many things at once."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log_message(self, *_: object) -> None:
        """See WSGIRequestHandler."""


def _for_this_machine(app: Callable[..., Any], port: int) -> Callable[..., Any]:
    """Refuses requests under other names: a web site whose name leads here may not read along."""
    names = {*_NAMES, *(f"{name}:{port}" for name in _NAMES)}

    def checked(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:  # noqa: ANN401 - WSGI's
        if environ.get("HTTP_HOST", "") in names:
            return app(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain")])
        return [b"only for this machine; open it as http://127.0.0.1"]

    return checked
