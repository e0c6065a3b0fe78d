"""The command `fairtrial`: its commands, each in a file of its own. Nothing heavy is imported."""

from __future__ import annotations

import typer

from cli import best, compare, doctor, explain, reproduce, run, status, ui, validate
from cli.output import Sentences

app = typer.Typer(
    name="fairtrial",
    cls=Sentences,
    help="Hyperparameter sweeps whose tables can be trusted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (run, validate, status, compare, best, explain, reproduce, ui, doctor):
    app.command(command.__name__.removeprefix("cli."))(command.command)


def main() -> None:
    """Entry point of the console script."""
    app()
