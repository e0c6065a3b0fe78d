"""The command `fairtrial`: its commands, each in a file of its own. Nothing heavy is imported."""

from __future__ import annotations

import typer

from cli import (
    best,
    compare,
    doctor,
    explain,
    init,
    report,
    reports,
    reproduce,
    run,
    schedule,
    serve,
    status,
    submit,
    ui,
    validate,
)
from cli.help import Index, Page

app = typer.Typer(
    name="fairtrial",
    cls=Index,
    help="Hyperparameter sweeps whose tables can be trusted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    run, validate, status, compare, best, explain, reproduce, report, reports, submit, serve, ui,
    init, doctor,
):  # fmt: skip
    app.command(command.__name__.removeprefix("cli."), cls=Page)(command.command)
for registered in schedule.app.registered_commands:
    registered.cls = Page
app.add_typer(schedule.app, name="schedule")


def main() -> None:
    """Entry point of the console script."""
    app()
