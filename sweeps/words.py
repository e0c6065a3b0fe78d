"""How durations, settings and progress are put in words, for a terminal and a notebook alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweeps.progress import Progress

_SHORT_S, _MINUTE_S = 10, 60


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


def progress_line(progress: Progress, objective: str) -> str:
    """Where a sweep stands, in one line."""
    counts = progress.counts
    over = counts["COMPLETE"] + counts["PRUNED"] + counts["FAIL"]
    of = "" if progress.total is None else f"/{progress.total}"
    parts = [
        f"{over}{of} trials",
        f"{counts['RUNNING']} running",
        f"{counts['PRUNED']} pruned",
        f"{counts['FAIL']} failed",
        f"{progress.trials_per_second:.1f} trials/s",
    ]
    if progress.best is not None:
        parts.append(
            f"best {objective} {progress.best.value:.4f} (trial {progress.best.trial}: "
            f"{settings(progress.best.params)})"
        )
    if time_left(progress):
        parts.append(time_left(progress))
    return ", ".join(parts)


def time_left(progress: Progress) -> str:
    """Such as 'about 12 s left'; '' where nobody can say."""
    left = progress.seconds_left
    return "" if left is None else f"about {duration(left)} left"
