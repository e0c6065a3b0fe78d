"""The one place that prints: data to stdout, talk to stderr, errors as one sentence."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from sweeps.errors import RecordError, SweepError, SweepHeld
from tracking.errors import TrackingError, TrackingUnavailable
from trainer.errors import TrainerError

if TYPE_CHECKING:
    from collections.abc import Mapping

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

_SHORT_S, _MINUTE_S = 10, 60

_OURS = (TrainerError, SweepError, TrackingError)
_WORK = (RecordError, SweepHeld, TrackingUnavailable)  # the input is right, the work can't be done


class Sentences(TyperGroup):
    """A group of commands whose foreseen errors end in one sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own signature
        """Run the command."""
        try:
            return super().invoke(ctx)
        except _OURS as error:
            talk(f"fairtrial: {error}")
            raise typer.Exit(FAILED if isinstance(error, _WORK) else USAGE) from error
        except BrokenPipeError:
            raise  # whoever read stdout has seen enough; Typer knows what to do
        except OSError as error:
            talk(f"fairtrial: {error.filename or 'the disk'}: {error.strerror or error}")
            raise typer.Exit(FAILED) from error
        except KeyboardInterrupt:
            talk("fairtrial: stopped at once; the same command carries on from what is on record")
            raise typer.Exit(INTERRUPTED) from None


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
    sys.stderr.write(f"{text}\n")
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


def duration(seconds: float) -> str:
    """Such as '0.8 s', '12 s', '3 min 20 s' or '2 h 5 min'."""
    if seconds < _SHORT_S:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE_S)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def shown(value: object) -> str:
    """A hyperparameter's value for people: short numbers, lists as in the file."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    return "null" if value is None else str(value)


def settings(params: Mapping[str, Any]) -> str:
    """Such as 'learning_rate 0.0031, batch_size 32'."""
    return ", ".join(f"{name} {shown(value)}" for name, value in params.items())


def columns(header: list[str], rows: list[list[str]]) -> str:
    """Aligned plain text; the first column to the left, the rest to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(header, *rows, strict=True)]

    def line(cells: list[str]) -> str:
        first, *rest = (
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join([first, *rest]).rstrip()

    return "\n".join([line(header), *map(line, rows)])
