"""When schedules are due: real dates in real time zones, and what can't be meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.cron import (
    check_cron,
    check_timezone,
    due_between,
    local_timezone,
    next_after,
)
from tracking.errors import ScheduleError

if TYPE_CHECKING:
    from pathlib import Path

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"


def walls(cron: str, zone: str, first: str, last: str) -> list[str]:
    """What clocks on the wall show when it is due, between two moments in UTC, with the offset."""
    after, until = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (first, last))
    due = due_between(cron, zone, after, until)
    assert all(time.tzinfo is UTC for time in due)
    return [time.astimezone(ZoneInfo(zone)).strftime("%a %d %H:%M:%S%z") for time in due]


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("0 7 * * 1", ["Mon 23 07:00:00+0100", "Mon 30 07:00:00+0100"]),
        ("0 7 * * MON", ["Mon 23 07:00:00+0100", "Mon 30 07:00:00+0100"]),
        ("0 7 * * 0", ["Sun 22 07:00:00+0100", "Sun 29 07:00:00+0100"]),
        ("0 7 * * 7", ["Sun 22 07:00:00+0100", "Sun 29 07:00:00+0100"]),
        ("30 8 24,25 11 *", ["Tue 24 08:30:00+0100", "Wed 25 08:30:00+0100"]),
        ("0 0 L * *", ["Mon 30 00:00:00+0100"]),
        # As in Debian's cron: of a day and a weekday, either.
        ("0 6 24 * 5", [f"{day} 06:00:00+0100" for day in ("Tue 24", "Fri 27")]),
    ],
)
def test_days_and_weekdays(cron: str, expected: list[str]) -> None:
    """1 is Monday, 0 and 7 are Sunday, as in crontab(5)."""
    assert walls(cron, BERLIN, "2026-11-21", "2026-12-01") == expected


@pytest.mark.parametrize(
    ("cron", "zone", "first", "last", "expected"),
    [
        # 02:00 to 03:00 is skipped: made up for right after the gap.
        ("30 2 * * *", BERLIN, "2027-03-27 12:00", "2027-03-29 12:00",
         ["Sun 28 03:00:00+0200", "Mon 29 02:30:00+0200"]),
        ("0 7 * * *", BERLIN, "2027-03-27", "2027-03-29",
         ["Sat 27 07:00:00+0100", "Sun 28 07:00:00+0200"]),
        ("15 1 * * *", "UTC", "2027-03-27", "2027-03-29",
         ["Sat 27 01:15:00+0000", "Sun 28 01:15:00+0000"]),
        # 02:00 to 03:00 comes twice: done once, the first time.
        ("30 2 * * *", BERLIN, "2026-10-24", "2026-10-26",
         ["Sat 24 02:30:00+0200", "Sun 25 02:30:00+0200"]),
        ("30 1 * * *", NEW_YORK, "2026-11-01", "2026-11-02 12:00",
         ["Sun 01 01:30:00-0400", "Mon 02 01:30:00-0500"]),
        ("30 2 * * *", NEW_YORK, "2027-03-14", "2027-03-15 12:00",
         ["Sun 14 03:00:00-0400", "Mon 15 02:30:00-0400"]),
        # With a '*', it is the time that passes that counts: every hour, every half hour.
        ("0 * * * *", BERLIN, "2026-10-24 23:30", "2026-10-25 02:30",
         ["Sun 25 02:00:00+0200", "Sun 25 02:00:00+0100", "Sun 25 03:00:00+0100"]),
        ("*/30 * * * *", BERLIN, "2027-03-28 00:15", "2027-03-28 01:45",
         ["Sun 28 01:30:00+0100", "Sun 28 03:00:00+0200", "Sun 28 03:30:00+0200"]),
        # Clocks move by half an hour.
        ("15 2 * * *", LORD_HOWE, "2026-10-03", "2026-10-04 12:00",
         ["Sun 04 02:30:00+1100"]),
        ("45 1 * * *", LORD_HOWE, "2027-04-03 00:00", "2027-04-04 12:00",
         ["Sun 04 01:45:00+1100"]),
        ("0 7 * * *", "Asia/Kathmandu", "2026-11-21", "2026-11-22 12:00",
         ["Sat 21 07:00:00+0545", "Sun 22 07:00:00+0545"]),
        # A second first; that of '0' is the five others.
        ("*/20 0 7 * * *", BERLIN, "2026-11-21", "2026-11-22",
         ["Sat 21 07:00:00+0100", "Sat 21 07:00:20+0100", "Sat 21 07:00:40+0100"]),
        ("0 30 2 * * *", BERLIN, "2027-03-27 12:00", "2027-03-28 12:00",
         ["Sun 28 03:00:00+0200"]),
    ],
)  # fmt: skip
def test_clocks_that_are_set(
    cron: str, zone: str, first: str, last: str, expected: list[str]
) -> None:
    """Fixed times come once a day, whatever the clocks do; others by the time that passes."""
    assert walls(cron, zone, first, last) == expected


def test_leap_days() -> None:
    """The 29th of February comes in leap years alone."""
    after = datetime(2026, 11, 21, tzinfo=UTC)
    found = []
    for _ in range(3):
        after = next_after("0 7 29 2 *", "UTC", after)
        found.append(f"{after:%Y-%m-%d}")
    assert found == ["2028-02-29", "2032-02-29", "2036-02-29"]


def test_the_next_time_lies_after() -> None:
    """Strictly: at a time itself, the next is another; just before it, it is this one."""
    due = datetime(2026, 11, 23, 6, tzinfo=UTC)
    assert next_after("0 7 * * 1", BERLIN, due - timedelta(microseconds=1)) == due
    assert next_after("0 7 * * 1", BERLIN, due) == due + timedelta(days=7)
    assert due_between("0 7 * * 1", BERLIN, due, due) == []
    assert due_between("0 7 * * 1", BERLIN, due - timedelta(seconds=1), due) == [due]


def test_a_long_absence_is_bounded() -> None:
    """Of a schedule of every second, missed for years, the last times are found, and at once."""
    until = datetime(2026, 11, 21, 12, tzinfo=UTC)
    long_ago = until - timedelta(days=4000)
    due = due_between("* * * * * *", BERLIN, long_ago, until)
    assert due[-1] == until
    assert len(due) == 1000
    assert due[0] == until - timedelta(seconds=999)
    assert due_between("0 0 29 2 *", "UTC", long_ago, until, most=2) == [
        datetime(2020, 2, 29, tzinfo=UTC), datetime(2024, 2, 29, tzinfo=UTC)
    ]  # fmt: skip


# Without Lord Howe: there cronsim's steps of an hour with '*' lose half an hour on two days a year.
ZONES = st.sampled_from([BERLIN, NEW_YORK, "Africa/Casablanca", "Asia/Kathmandu", "UTC"])
CRONS = st.sampled_from(
    ["*/30 * * * *", "0 * * * *", "30 2 * * *", "15 1-3 * * *", "*/7 1,2 * * 0", "59 23 L * *"]
)
CHANGES = [datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)]
CHANGES += [datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 2, 7, tzinfo=UTC)]
MOMENTS = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(-1500, 1500),
)


@settings(deadline=None, max_examples=300)
@given(CRONS, ZONES, MOMENTS)
def test_times_only_move_forward(cron: str, zone: str, after: datetime) -> None:
    """Around changes of the clocks, each next time after the other makes up the whole stretch."""
    found = []
    time = after
    for _ in range(4):
        time = next_after(cron, zone, time)
        found.append(time)
    assert found == sorted(set(found))
    assert found[0] > after
    assert due_between(cron, zone, after, found[-1]) == found


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("0 7 * *", r"'0 7 \* \*' has 4 fields, not 5: .*'0 7 \* \* 1' for Mondays at 7:00"),
        ("@daily", "has 1 fields, not 5"),
        ("", "'' has 0 fields"),
        ("60 7 * * *", "its minute must be 0 to 59"),
        ("0 24 * * *", "its hour must be 0 to 23"),
        ("0 7 0 * *", "its day-of-month must be 1 to 31"),
        ("0 7 * 13 *", "its month must be 1 to 12 or JAN to DEC"),
        ("0 7 * * 8", "its day-of-week must be 0 to 7"),
        ("0 7 * * 5-1", "its day-of-week must be"),
        ("*/0 7 * * *", "its minute must be"),
        ("99 0 7 * * *", "its second must be"),
        ("0 0 30 2 *", "'0 0 30 2 .' never comes"),
        ("0 0 31 4,6 *", "never comes"),
        ("\u0661 7 * * *", "its minute must be"),
        (f"{'1,' * 200}1 7 * * *", "is longer than 200 characters"),
    ],
)
def test_a_cron_nobody_can_mean(cron: str, said: str) -> None:
    """The sentence names the field and its range, or says that such a day never comes."""
    with pytest.raises(ScheduleError, match=said):
        check_cron(cron)
    with pytest.raises(ScheduleError, match=said):
        next_after(cron, "UTC", datetime(2026, 1, 1, tzinfo=UTC))


def test_a_cron_is_kept_with_single_spaces() -> None:
    """Names and wide spaces are read; what is kept is one line."""
    assert check_cron(" 0  7\t* jan-MAR mon ") == "0 7 * jan-MAR mon"


@settings(deadline=None, max_examples=300)
@given(st.text("0159*,-/#LW \tmonJAN\u00b2", max_size=30))
def test_any_text_is_a_time_or_a_sentence(text: str) -> None:
    """Whatever is typed, the answer is a time to come or our own error."""
    after = datetime(2026, 1, 1, tzinfo=UTC)
    said = ""
    try:
        time = next_after(text, BERLIN, after)
    except ScheduleError as error:
        time, said = None, str(error)
    assert (time is None) == bool(said)
    assert time is None or time > after
    assert "\n" not in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("berlin", "did you mean Europe/Berlin"),
        ("Europe/Berln", "did you mean Europe/Berlin or"),
        ("new york", "did you mean America/New_York"),
        ("CET-1CEST", "write it as Europe/Berlin or UTC"),
        ("../../etc/passwd", "is no time zone"),
        ("/etc/localtime", "is no time zone"),
        ("Europe", "is no time zone"),
        ("localtime", "is no time zone"),
        ("a\0b", "is no time zone"),
        ("\ud800", "is no time zone"),
        ("", "is no time zone"),
    ],
)
def test_an_unknown_time_zone(name: str, said: str) -> None:
    """The sentence names the nearest; a name that leads elsewhere on the disk is none."""
    with pytest.raises(ScheduleError, match=said):
        check_timezone(name)


def test_this_machines_time_zone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """TZ decides, as a name or a file of the database; a rule without a name is a sentence."""
    monkeypatch.setenv("TZ", ":Asia/Kathmandu")
    assert local_timezone() == "Asia/Kathmandu"
    zones = tmp_path / "zoneinfo" / "Europe"
    zones.mkdir(parents=True)
    (zones / "Berlin").touch()
    (tmp_path / "localtime").symlink_to(zones / "Berlin")
    monkeypatch.setenv("TZ", str(tmp_path / "localtime"))
    assert local_timezone() == "Europe/Berlin"
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    with pytest.raises(ScheduleError, match="is no time zone of the IANA database"):
        local_timezone()
    monkeypatch.delenv("TZ")
    assert check_timezone(local_timezone())
