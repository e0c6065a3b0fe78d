"""Looks at this machine: Python, packages, equal bits, device, disk, ports."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.doctor.check import Check, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.requirements import Requirement

MAIN = ("torch", "optuna", "mlflow", "sqlalchemy", "scikit-learn", "pandas", "numpy")
PORTS = {5000: ("fairtrial ui", "fairtrial ui --port 5001"),
         8321: ("fairtrial serve", "fairtrial serve --port 8322")}  # fmt: skip

_FREE_GB = 1.0


def machine_checks() -> Iterator[Check]:
    """All of them, the quick ones first."""
    wanted = f"{platform.python_version()}"
    yield check("python", sys.version_info >= (3, 11), wanted, "install Python 3.11 or newer")
    yield from _packages()
    yield _bits()
    yield _device()
    yield from _disks()
    for port, (command, other) in PORTS.items():
        yield _port(port, command, other)


def _packages() -> Iterator[Check]:
    from packaging.requirements import Requirement

    try:
        asked = [Requirement(text) for text in requires("fairtrial") or []]
    except PackageNotFoundError:
        yield Check("packages", "note", "fairtrial itself is not installed", "pip install -e .")
        return
    needed = [r for r in asked if r.marker is None]
    named = {r.name: r for r in needed}
    for name in MAIN:
        yield _package(named[name])
    rest = [_package(r) for r in needed if r.name not in MAIN]
    bad = [found for found in rest if not found.right]
    yield from bad
    if not bad:
        yield Check("packages", "ok", f"{len(rest)} others as pyproject.toml asks")
    extras = [r for r in asked if r.marker is not None and _version(r.name)]
    yield from (found for r in extras if not (found := _package(r)).right)


def _package(wanted: Requirement) -> Check:
    found = _version(wanted.name)
    fix = f"pip install '{wanted.name}{wanted.specifier}'"
    if not found:
        return Check(wanted.name, "bad", "is not installed", fix)
    right = wanted.specifier.contains(found.partition("+")[0], prereleases=True)
    return check(wanted.name, right, found if right else f"{found} is not {wanted.specifier}", fix)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _bits() -> Check:
    """A lane must equal its solo run on this machine too."""
    from trainer.selfcheck import lanes_equal_solo

    fix = "numbers may differ in the last bits with --lanes; run with --lanes 1 to be safe"
    right = lanes_equal_solo()
    return check("lanes", right, "equal their solo runs, bit for bit" if right else "differ", fix)


def _device() -> Check:
    from trainer.selfcheck import accelerators

    seen = accelerators()
    cards = f"; CUDA sees {', '.join(seen)}, which no sweep uses yet" if seen else ""
    cores = f"{os.cpu_count()} cores; a sweep trains on one, no GPU needed{cards}"
    return Check("device", "ok", cores)


def _disks() -> Iterator[Check]:
    """Room on each disk that something is written to, once."""
    seen = set()
    for what, folder in {"here": Path.cwd(), "the temporary folder": _temporary()}.items():
        device = folder.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(folder).free / 1e9
        name = "disk" if what == "here" else "disk (tmp)"
        yield check(name, free >= _FREE_GB, f"{free:.1f} GB free {what}", "free some space")


def _temporary() -> Path:
    import tempfile

    return Path(tempfile.gettempdir())


def _port(port: int, command: str, other: str) -> Check:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            found = f"is taken{_taken_by(port)}, so `{command}` can't have it"
            return Check(f"port {port}", "note", found, f"stop that, or use: {other}")
    return Check(f"port {port}", "ok", f"is free for `{command}`")


def _taken_by(port: int) -> str:
    import psutil

    try:
        for connection in psutil.net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
                if connection.pid is None:
                    return " by a process of another user"
                name = psutil.Process(connection.pid).name()
                return f" by process {connection.pid} ({name})"
    except (psutil.Error, OSError):  # where asking takes more rights than we have
        return ""
    return ""
