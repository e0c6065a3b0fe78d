"""One run's stages as a page: each with a heading and a few lines of its real numbers."""

from __future__ import annotations

import html
import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeps.stage_lines import LINES
from tracking.pages import level_text
from trainer.data.summary import summary_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trainer.data.prepared import PreparedData
    from trainer.runs import RunConfig
    from trainer.stages import Stages

_WIDTH = 100


@dataclass(frozen=True)
class Facts:
    """What is known of a run.

    Attributes:
        sweep: its name.
        data: a few lines on how the data was prepared.
        n_classes: 0 for a regression.
        n_test: test rows.
        metrics: as MLflow has them; of kept weights with or without 'kept/' before them.
        state: Optuna's.
        n_epochs: that were trained.
        message: why it failed.
        stages: computed again; None when that can't be done.
        problem: why not, in a sentence.
    """

    sweep: str
    run: RunConfig
    data: Sequence[str]
    n_classes: int
    n_test: int
    metrics: Mapping[str, float]
    state: str
    n_epochs: int
    message: str = ""
    stages: Stages | None = None
    problem: str = ""

    @property
    def title(self) -> str:
        """Such as 'digits-search: trial 16, repeat 0, stage by stage'."""
        trial, _, repeat = self.run.id.partition(".")
        return f"{self.sweep}: trial {trial}, repeat {repeat}, stage by stage"

    def metric(self, name: str) -> float | None:
        """Of train and validation, that of the weights that were kept."""
        return self.metrics.get(f"kept/{name}", self.metrics.get(name))


def data_lines(data: PreparedData) -> list[str]:
    """How the data was prepared, in a few lines."""
    return [line for line in summary_lines(data) if not line.startswith("digest")]


def as_text(facts: Facts) -> str:
    """For a terminal; no control character comes through."""
    blocks = [level_text(facts.title), *([_filled(facts.problem)] if facts.problem else [])]
    for number, (title, lines) in enumerate(_sections(facts), start=1):
        blocks.append("\n".join([f"{number} {title}", *map(_filled, lines)]))
    return "\n\n".join(blocks) + "\n"


def as_markdown(facts: Facts) -> str:
    """For MLflow's viewer; users' text stays text."""
    blocks = [f"# {_escaped(facts.title)}", *([_escaped(facts.problem)] if facts.problem else [])]
    for number, (title, lines) in enumerate(_sections(facts), start=1):
        blocks += [f"## {number}. {title}", "\n".join(f"- {_escaped(line)}" for line in lines)]
    return "\n\n".join(blocks) + "\n"


def _sections(facts: Facts) -> list[tuple[str, list[str]]]:
    found = [(title, [line for line in write(facts) if line]) for title, write in LINES.items()]
    return [(title, lines) for title, lines in found if lines]


def _filled(line: str) -> str:
    return textwrap.fill(
        level_text(line), _WIDTH, initial_indent="  ", subsequent_indent="    ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _escaped(line: str) -> str:
    text = html.escape(level_text(line), quote=False)
    return re.sub(r"([\\`*_\[\]|~#])", r"\\\1", text)
