"""A report's files copied into a folder of the user's: whole or not at all, the newest at hand.

The folder gets `0007-digits-week-by-week/` with every file, and `latest-digits-week-by-week.html`,
a copy of the page of the newest one, so that whoever opens the folder need not look for it.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

from tracking.errors import DeliveryError

MAX_SLUG = 60
PAGE = "report.html"

_NUMBER = re.compile(r"(\d{4,})-(.+)")


def slug(title: str) -> str:
    """A title as part of a file's name: of [a-z0-9-] alone, so it leads nowhere."""
    plain = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return plain[:MAX_SLUG].strip("-") or "report"


def copy_report(files: Path, to: Path, *, number: int, title: str) -> Path:
    """Copy the files of a report; what was copied before stays as it is.

    Args:
        files: the folder that holds them.
        to: the user's folder; made if it is not there.
        number: of the kept report.
    Returns: the folder they lie in now.
    Raises: DeliveryError when they can't be written.
    """
    name = slug(title)
    try:
        to.mkdir(parents=True, exist_ok=True)
        place = _place(files, to, f"{number:04d}-{name}")
        if not place.exists():
            _copy_whole(files, place)
        if number >= _newest(to, name):
            _replace(place / PAGE, to / f"latest-{name}.html")
    except OSError as error:
        raise DeliveryError(
            f"it can't be written to {error.filename or to} ({error.strerror or error})"
        ) from error
    return place


def _place(files: Path, to: Path, name: str) -> Path:
    """The folder's name: another when a different report, of another catalog, has this one."""
    places = (to / (name if i == 1 else f"{name}-{i}") for i in range(1, 1000))
    return next(p for p in places if not p.exists() or _same(p / PAGE, files / PAGE))


def _same(one: Path, other: Path) -> bool:
    return one.exists() and one.read_bytes() == other.read_bytes()


def _copy_whole(files: Path, place: Path) -> None:
    """Into a hidden folder beside it first, which takes the name when all is there."""
    part = Path(tempfile.mkdtemp(prefix=".part-", dir=place.parent))
    try:
        whole = part / place.name
        shutil.copytree(files, whole)
        whole.rename(place)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _newest(to: Path, name: str) -> int:
    """The highest number of a report of this title."""
    found = (_NUMBER.fullmatch(entry.name) for entry in to.iterdir() if entry.is_dir())
    return max((int(match[1]) for match in found if match and match[2] == name), default=0)


def _replace(page: Path, latest: Path) -> None:
    handle, part = tempfile.mkstemp(prefix=".part-", dir=latest.parent)
    os.close(handle)
    try:
        shutil.copyfile(page, part)
        Path(part).chmod(page.stat().st_mode & 0o777)
        Path(part).replace(latest)
    finally:
        Path(part).unlink(missing_ok=True)
