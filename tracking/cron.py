"""When something is due: cron's five fields in a named time zone, daylight saving as in Debian's.

A time that the clocks skip is made up for right after the gap; one they pass twice comes once. That
is so for fixed hours; with '*' in minute or hour, what counts is the time that passes. Six fields
begin with the second, and unless that is 0 go by the time that passes alone.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from tracking.errors import ScheduleError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

MOST_DUE = 1000  # that due_between looks at
_LONGEST = 200  # characters of a cron expression
_FIELDS = (5, 6)
_EXAMPLE = "write minute hour day month weekday, such as '0 7 * * 1' for Mondays at 7:00"
_RANGES = {
    "second": "0 to 59",
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day-of-month": "1 to 31, L for the last",
    "month": "1 to 12 or JAN to DEC",
    "day-of-week": "0 to 7 or SUN to SAT, 0 and 7 for Sunday",
}
_NOT_NAMED = {"localtime", "posixrules", "Factory"}  # another zone on another machine, or none


def check_cron(text: str) -> str:
    """The expression with single spaces, when it can be read and comes at least once.

    Raises: ScheduleError saying which field is wrong, or that it never comes.
    """
    fields = text.split()
    shown = repr(text if len(text) <= _LONGEST else f"{text[:20]}...")
    if len(fields) not in _FIELDS:
        raise ScheduleError(f"{shown} has {len(fields)} fields, not 5: {_EXAMPLE}")
    if len(text) > _LONGEST:
        raise ScheduleError(f"{shown} is longer than {_LONGEST} characters: {_EXAMPLE}")
    from cronsim import CronSimError

    try:
        next(_times(text, UTC, datetime(2026, 1, 1, tzinfo=UTC)))
    except StopIteration:
        raise ScheduleError(_never(shown)) from None
    except CronSimError as error:
        field = str(error).removeprefix("Bad ")
        if field == "day-of-month" and _is_readable([*fields[:-2], "*", "*"]):
            raise ScheduleError(_never(shown)) from error
        raise ScheduleError(
            f"{shown} is no time: its {field} must be {_RANGES.get(field, 'another')}, "
            f"or lists, ranges and steps of these; {_EXAMPLE}"
        ) from error
    return " ".join(fields)


def check_timezone(name: str) -> ZoneInfo:
    """The time zone of an IANA name.

    Raises: ScheduleError naming the nearest when there is none.
    """
    try:
        if name not in _NOT_NAMED:
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    near = _near_zones(name)
    hint = f"did you mean {' or '.join(near)}?" if near else "write it as Europe/Berlin or UTC"
    raise ScheduleError(f"{name!r} is no time zone of the IANA database; {hint}")


def local_timezone() -> str:
    """The IANA name of this machine's time zone: of TZ, else the system's, else 'UTC'.

    Raises: ScheduleError when TZ is a rule without a name, such as 'CET-1CEST'.
    """
    given = os.environ.get("TZ", "").removeprefix(":")
    if given and not given.startswith("/"):
        return check_timezone(given).key
    linked = str(Path(given or "/etc/localtime").resolve()).rpartition("/zoneinfo/")[2]
    for name in (linked, _debians_name()):
        with suppress(ScheduleError):
            return check_timezone(name.removeprefix("posix/").removeprefix("right/")).key
    return "UTC"


def _debians_name() -> str:
    """Of /etc/timezone, where /etc/localtime is a copy rather than a link."""
    try:
        return Path("/etc/timezone").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def next_after(cron: str, timezone: str, after: datetime) -> datetime:
    """The first time it is due after a moment, in UTC.

    Raises: ScheduleError when cron or timezone are wrong.
    """
    check_cron(cron)
    return next(_times(cron, check_timezone(timezone), after))


def due_between(
    cron: str, timezone: str, after: datetime, until: datetime, *, most: int = MOST_DUE
) -> list[datetime]:
    """When it was due after one moment and up to another, in UTC; of many, the last `most`.

    Raises: ScheduleError when cron or timezone are wrong.
    """
    check_cron(cron)
    zone = check_timezone(timezone)
    window = timedelta(hours=1)
    while True:  # a longer look back, until there are enough or all of them
        start = max(after, until - window)
        due = deque(_up_to(until, _times(cron, zone, start)), maxlen=most)
        if start == after or len(due) == most:
            return list(due)
        window *= 8


def _times(cron: str, zone: tzinfo, after: datetime) -> Iterator[datetime]:
    """The times it is due after a moment, in UTC and in order."""
    from cronsim import CronSim

    fields = cron.split()
    if len(fields) == _FIELDS[1] and fields[0] == "0":
        del fields[0]  # the same as five, which know of daylight saving
    last = after.astimezone(UTC)
    for time in CronSim(" ".join(fields), last.astimezone(zone)):
        found = time.astimezone(UTC)
        # cronsim goes by the clock on the wall: in the hour that comes twice it may step back.
        if found > last:
            last = found
            yield found


def _up_to(until: datetime, times: Iterator[datetime]) -> Iterator[datetime]:
    return takewhile(lambda time: time <= until, times)


def _is_readable(fields: list[str]) -> bool:
    from cronsim import CronSim, CronSimError

    try:
        CronSim(" ".join(fields), datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError:
        return False
    return True


def _never(shown: str) -> str:
    return f"{shown} never comes: no month of it has such a day; {_EXAMPLE}"


def _near_zones(name: str) -> list[str]:
    """Names alike, or of the city alone, such as 'Europe/Berlin' of 'berlin'."""
    names = {zone.casefold(): zone for zone in _zones()}
    wanted = name.strip().replace(" ", "_").casefold()
    of_city = [zone for low, zone in names.items() if low.rpartition("/")[2] == wanted]
    near = get_close_matches(wanted, names, n=2, cutoff=0.6)
    return sorted(of_city)[:2] or [names[low] for low in near]


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NOT_NAMED)
