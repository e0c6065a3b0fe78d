"""How a running sweep looks: a live display in a terminal, plain lines elsewhere; on stderr."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from cli.output import settings, talk
from sweeps.words import progress_line, time_left

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from rich.console import RenderableType

    from sweeps.progress import Progress

_PLAIN_EVERY_S = 5.0
_LIVE_PER_SECOND = 8


def display(title: str, objective: str) -> PlainDisplay | LiveDisplay:
    """The display that fits where stderr goes."""
    return LiveDisplay(title, objective) if sys.stderr.isatty() else PlainDisplay(title, objective)


class PlainDisplay:
    """A line now and then, and one for each failed trial."""

    def __init__(self, title: str, objective: str) -> None:
        self._title, self._objective = title, objective
        self._said = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def trial_ended(self, number: int, state: str, value: float | None, message: str) -> None:  # noqa: ARG002 - see Observer
        """See Observer."""
        if state == "FAIL":
            talk(f"trial {number} failed: {message}")

    def ticked(self, progress: Progress) -> None:
        """See Observer."""
        if time.monotonic() - self._said >= _PLAIN_EVERY_S:
            self._said = time.monotonic()
            talk(f"{self._title}: {progress_line(progress, self._objective)}")


class LiveDisplay:
    """A block that is drawn anew a few times a second."""

    def __init__(self, title: str, objective: str) -> None:
        from rich.console import Console
        from rich.live import Live

        self._title, self._objective = title, objective
        self._live = Live(
            console=Console(stderr=True), refresh_per_second=_LIVE_PER_SECOND, transient=True
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._live.stop()

    def trial_ended(self, number: int, state: str, value: float | None, message: str) -> None:  # noqa: ARG002 - see Observer
        """See Observer."""
        if state == "FAIL":
            self._live.console.print(
                f"trial {number} failed: {message}", markup=False, highlight=False
            )

    def ticked(self, progress: Progress) -> None:
        """See Observer."""
        self._live.update(self._drawn(progress))

    def _drawn(self, progress: Progress) -> RenderableType:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        counts = progress.counts
        over = counts["COMPLETE"] + counts["PRUNED"] + counts["FAIL"]
        head = Table.grid(padding=(0, 2))
        of = "" if progress.total is None else f"/{progress.total}"
        head.add_row(
            Text(self._title, style="bold"),
            ProgressBar(total=progress.total, completed=over, width=30),
            Text(f"{over}{of} trials"),
            Text(time_left(progress), style="dim"),
        )
        states = Text()
        for state, style, word in (
            ("COMPLETE", "green", "done"),
            ("RUNNING", "cyan", "running"),
            ("PRUNED", "yellow", "pruned"),
            ("FAIL", "red", "failed"),
        ):
            states.append(f"{counts[state]} {word}   ", style=style if counts[state] else "dim")
        states.append(f"{progress.trials_per_second:.1f} trials/s", style="dim")
        parts: list[RenderableType] = [head, states]
        if progress.best is not None:
            best = Text(f"best {self._objective} {progress.best.value:.4f}", style="bold")
            best.append(f"  trial {progress.best.trial}: ", style="not bold dim")
            best.append(settings(progress.best.params), style="not bold")
            parts.append(best)
        return Group(*parts)
