"""`fairtrial schedule`: what the service does again and again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.arguments import Json
from cli.catalog import catalog_if_any, local_time, now, open_here
from cli.output import columns, data, json_data, talk

if TYPE_CHECKING:
    from tracking.catalog.records import Schedule

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Sweeps and reports that `fairtrial serve` does again and again.",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a schedule.")]

_SHOWN_TIMES = 3


@app.command("add")
def add(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A sweep file or a report file.")],
    cron: Annotated[
        str,
        typer.Option(
            "--cron",
            metavar="CRON",
            help="Minute, hour, day, month, weekday; six fields begin with seconds.",
        ),
    ],
    timezone: Annotated[
        str | None,
        typer.Option("--timezone", metavar="ZONE", help="Such as Europe/Berlin; else this one's."),
    ] = None,
    json: Json = False,
) -> None:
    """Do what a file says again and again; print its next times.

    The file is read anew each time. Each time of a sweep file is a sweep of its own, named after
    it and the time: a report takes them all with a pattern such as "digits-*".

    Example: fairtrial schedule add monday weekly.yaml --cron "0 7 * * 1" --timezone Europe/Berlin
    """
    from sweeps.service.kinds import check_file
    from tracking.cron import check_cron, check_timezone, local_timezone

    kind = check_file(file)
    zone = timezone or local_timezone()
    check_cron(cron)
    check_timezone(zone)
    from tracking.catalog.schedules import Schedules

    schedules = Schedules(open_here()[1])
    schedule = schedules.add(name, kind, str(file.absolute()), cron, zone, now=now())
    times = _next_times(schedule)
    if json:
        json_data({**_json(schedule), "next_times": [moment.isoformat() for moment in times]})
    else:
        for moment in times:
            local = local_time(moment, schedule.timezone)
            data(f"{local} {schedule.timezone} ({moment:%Y-%m-%d %H:%M:%S} UTC)")
    talk(f"a running `fairtrial serve` does the {kind} {file} then; schedule {name} is kept")


@app.command("list")
def list_(json: Json = False) -> None:
    """List what is scheduled: when it was done last and how that ended, when it is due next.

    Example: fairtrial schedule list
    """
    catalog = catalog_if_any()
    found = []
    if catalog is not None:
        from tracking.catalog.schedules import Schedules

        found = Schedules(catalog).list()
    if json:
        json_data({"schedules": [_json(schedule) for schedule in found]})
    elif found:
        header = ["schedule", "kind", "cron", "time zone", "last", "outcome", "next", "file"]
        data(columns(header, [_row(schedule) for schedule in found], header))
    else:
        talk(
            'nothing is scheduled; do so with: fairtrial schedule add NAME FILE --cron "0 7 * * 1"'
        )


@app.command("run")
def run(name: Name) -> None:
    """Do what is scheduled now, here, and wait for it; the next time stays as it is.

    Example: fairtrial schedule run monday
    """
    from tracking.catalog.schedules import Schedules

    schedule = Schedules(open_here()[1]).get(name)
    if schedule.kind == "report":
        from cli.report import make_scheduled

        make_scheduled(Path(schedule.file), schedule.name)
    else:
        _run_sweep(schedule)


@app.command("remove")
def remove(name: Name) -> None:
    """Forget a schedule, and what it has in the queue; what runs goes on, what was made stays.

    Example: fairtrial schedule remove monday
    """
    from tracking.catalog.schedules import Schedules

    Schedules(open_here()[1]).remove(name, now=now())
    talk(f"schedule {name} is removed")


def _run_sweep(schedule: Schedule) -> None:
    from cli.run import run_and_conclude
    from sweeps.service.dated import dated_override
    from sweeps.spec import load_spec

    file = Path(schedule.file)
    override = dated_override(load_spec(file), now(), schedule.timezone)
    spec = load_spec(file, [override])
    run_and_conclude(spec, words=f"{file} --set '{override}'")


def _next_times(schedule: Schedule) -> list[Any]:
    from tracking.cron import next_after

    times = [schedule.next_due or next_after(schedule.cron, schedule.timezone, now())]
    while len(times) < _SHOWN_TIMES:
        times.append(next_after(schedule.cron, schedule.timezone, times[-1]))
    return times


def _row(schedule: Schedule) -> list[str]:
    return [
        schedule.name,
        schedule.kind,
        schedule.cron,
        schedule.timezone,
        local_time(schedule.last_due, schedule.timezone),
        schedule.last_state or "-",
        local_time(schedule.next_due, schedule.timezone),
        schedule.file,
    ]


def _json(schedule: Schedule) -> dict[str, Any]:
    last, following = schedule.last_due, schedule.next_due
    return {
        "schedule": schedule.name,
        "kind": schedule.kind,
        "file": schedule.file,
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "last": None if last is None else last.isoformat(),
        "outcome": schedule.last_state or None,
        "next": None if following is None else following.isoformat(),
    }
