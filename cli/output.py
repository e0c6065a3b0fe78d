"""The one place that prints: data to stdout, talk to stderr, errors as one sentence."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from sweeps.errors import MAY_PASS, OURS, SweepHeld
from sweeps.words import duration as duration  # noqa: PLC0414 - what commands print with
from sweeps.words import settings as settings  # noqa: PLC0414
from sweeps.words import shown as shown  # noqa: PLC0414
from tracking.errors import NothingToReport
from tracking.files.node import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

_WORK = (*MAY_PASS, SweepHeld)


class Sentences(TyperGroup):
    """A group of commands whose foreseen errors end in one sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own signature
        """Run the command."""
        try:
            return super().invoke(ctx)
        except OURS as error:
            talk(f"fairtrial: {error}")
            raise typer.Exit(_exit_code(error)) from error
        except BrokenPipeError:
            raise  # whoever read stdout has seen enough; Typer knows what to do
        except OSError as error:
            talk(f"fairtrial: {error.filename or 'the disk'}: {error.strerror or error}")
            raise typer.Exit(FAILED) from error
        except KeyboardInterrupt:
            talk("fairtrial: stopped at once; the same command carries on from what is on record")
            raise typer.Exit(INTERRUPTED) from None


def _exit_code(error: Exception) -> int:
    """What names nothing that is there is wrong input, though a service tries it again."""
    wrong_input = isinstance(error, NothingToReport) or not isinstance(error, _WORK)
    return USAGE if wrong_input else FAILED


def data(text: str) -> None:
    """What the command was asked for, to stdout."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def json_data(value: Mapping[str, Any]) -> None:
    """The same for programs."""
    import json

    data(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def talk(text: str) -> None:
    """What a person wants to know beside it, to stderr."""
    sys.stdout.flush()
    # What users or files are called must not move a terminal's cursor or turn its text around.
    told = "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)
    sys.stderr.write(f"{told}\n")
    sys.stderr.flush()


def talk_of_log() -> None:
    """Say from now on what the packages log about the work, such as how a user's model is run."""
    import logging

    class Talk(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            talk(record.getMessage())

    logger = logging.getLogger("fairtrial")
    logger.setLevel(logging.INFO)
    if not logger.handlers:
        logger.addHandler(Talk())


def columns(header: list[str], rows: list[list[str]], words: Collection[str] = ()) -> str:
    """Aligned plain text, each cell on one line.

    Args:
        words: headings of columns that are aligned left, as the first is; the rest to the right.
    """
    rows = [[printable(cell) for cell in row] for row in rows]
    lefts = [i == 0 or heading in words for i, heading in enumerate(header)]
    widths = [max(len(cell) for cell in column) for column in zip(header, *rows, strict=True)]

    def line(cells: list[str]) -> str:
        aligned = (
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(cells, widths, lefts, strict=True)
        )
        return "  ".join(aligned).rstrip()

    return "\n".join([line(header), *map(line, rows)])
