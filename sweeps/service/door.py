"""The service's door: GET /healthz and GET /metrics, nothing else, and nothing that changes it."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweeps.service.service import Service

_METHODS = ("GET", "HEAD")
_MLFLOW_EVERY_S = 15.0
_MLFLOW_TIMEOUT_S = 2.0
_CLOSES_IN_S = 0.1
_CLIENT_TIMEOUT_S = 10.0  # one that connects and asks nothing


@contextmanager
def open_door(service: Service, host: str, port: int) -> Iterator[str]:
    """Answer within, in threads of their own.

    Args:
        port: 0 for any that is free.
    Yields: the address, such as 'http://127.0.0.1:8321'.
    Raises: OSError when the port is taken, or the host is not this machine's.
    """
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    server = _Server(service, family, (host, port))
    thread = threading.Thread(target=server.serve_forever, args=(_CLOSES_IN_S,), daemon=True)
    thread.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, service: Service, family: int, address: tuple[str, int]) -> None:
        self.service = service
        self.mlflow = _Mlflow()
        self.address_family = family
        super().__init__(address, _Answer)

    def server_bind(self) -> None:
        """Without asking the network for this machine's name, which may take long."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as above it
        """A client that went away is nobody's fault."""


class _Answer(BaseHTTPRequestHandler):
    server: _Server
    server_version = "fairtrial"
    sys_version = ""
    timeout = _CLIENT_TIMEOUT_S

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - do_GET, do_POST and what else comes
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Nothing: it is asked every few seconds."""

    def _answer(self) -> None:
        path = self.path.partition("?")[0]
        if path not in {"/healthz", "/metrics"}:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"there are /healthz and /metrics\n")
        elif self.command not in _METHODS:
            self._send(HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", b"GET it\n")
        elif path == "/metrics":
            text = self.server.service.metrics.text()
            self._send(HTTPStatus.OK, "text/plain; version=0.0.4; charset=utf-8", text)
        else:
            self._send_health()

    def _send_health(self) -> None:
        state = self.server.service.state
        found = {
            "status": "stopping" if state.stopping else "ok" if state.ok else "failing",
            "database": state.fault or "ok",
            "mlflow": self.server.mlflow.look(),
            "running": len(state.running),
            "queued": state.count("queued"),
            "last_tick_age_s": round(state.age_s, 3),
        }
        fine = state.ok and not state.stopping
        status = HTTPStatus.OK if fine else HTTPStatus.SERVICE_UNAVAILABLE
        self._send(status, "application/json", json.dumps(found).encode() + b"\n")

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", ", ".join(_METHODS))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class _Mlflow:
    """Whether MLflow's server answers; asked now and then, and never by the service's loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found, self._until = "", 0.0

    def look(self) -> str:
        """'ok', 'away', or 'local' where it is no server but a file."""
        uri = os.environ.get("MLFLOW_TRACKING_URI", "")
        if not uri.startswith(("http://", "https://")):
            return "local"
        with self._lock:
            if time.monotonic() >= self._until:
                self._found = _ask(f"{uri.rstrip('/')}/health")
                self._until = time.monotonic() + _MLFLOW_EVERY_S
            return self._found


def _ask(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=_MLFLOW_TIMEOUT_S):  # noqa: S310 - http(s)
            return "ok"
    except urllib.error.HTTPError as error:
        # It answers, though not to us: it may want a name and a password.
        return "ok" if error.code < HTTPStatus.INTERNAL_SERVER_ERROR else "away"
    except (OSError, ValueError):
        return "away"
