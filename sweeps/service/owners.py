"""Which process holds a job, and whether it is still there."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from tracking.catalog.records import Owner

_STARTED = 19  # of /proc/PID/stat after the name: ticks since boot


def this_process() -> Owner:
    """The process that calls."""
    return Owner(socket.gethostname(), os.getpid(), _known_by(os.getpid()) or "")


def is_alive(owner: Owner) -> bool | None:
    """Whether an owner's process still runs; None where that can't be seen, on another host."""
    if owner.host != socket.gethostname():
        return None
    return _known_by(owner.pid) == owner.process


def _known_by(pid: int) -> str | None:
    """What a living process is known by, whatever later has its number; None if it is gone.

    On Linux by boot and ticks since then: the time of day it began at, which psutil has, moves
    when the clock is set.
    """
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None  # over, and nobody asked how it ended
        boot = Path("/proc/sys/kernel/random/boot_id")
        if boot.exists():
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
            started = stat.rpartition(")")[2].split()[_STARTED]
            return f"{boot.read_text(encoding='ascii').strip()}:{started}"
        return f"{process.create_time():.2f}"
    except (psutil.Error, OSError):
        return None
