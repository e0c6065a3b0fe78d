"""The descriptions that MLflow shows: of a sweep, of its best run, of a run that came to nothing.

Markdown, in which users' names and values stay text. MLflow folds all but the first lines away, so
what was found stands first. Nothing is written to MLflow in here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tracking.formats import markdown_sheet, markdown_text
from tracking.pages import level_text, page_of
from tracking.params import MAX_TAG, encode, shorten
from tracking.views import BEST_FIRST, NOT_FINISHED, link_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tracking.events import RunEnded
    from tracking.pages import Sheet
    from tracking.reading import RunRecord, SweepRecord
    from tracking.tables import Table

_FILES = {
    "figures.html": "charts: the comparison, importance, learning curves",
    "table.md": "the table; also as table.csv and table.json",
    "sweep.yaml": "the sweep file",
    "data.json": "the data: its digest, and how it was cleaned, split and scaled",
}
_MAX_SENTENCE = 1500
_MAX_EXPERIMENT_NOTE = 4000
_CUT = "(cut here; the whole table is in table.md)"


@dataclass(frozen=True)
class Told:
    """What is told of a sweep beside its table.

    Attributes:
        summary: how it stands, in a sentence or two.
        best: the best run and its name, if any has finished.
        problem: why there is no table.
        fixed: the hyperparameters that all runs have, as in the sweep file.
        data: such as 'digits, 1797 rows'.
        command: that makes it again.
        stale: params of the sweep's run that are an earlier definition's.
        files: which artifacts there are.
    """

    summary: str
    command: str
    best: tuple[RunRecord, str] | None = None
    problem: str = ""
    fixed: Mapping[str, object] = field(default_factory=dict)
    data: str = ""
    stale: Sequence[str] = ()
    files: Sequence[str] = ()


def sweep_note(record: SweepRecord | None, table: Table | None, told: Told) -> str:
    """The description of a sweep's own run; a table that is too long for it is cut."""
    before = [*_head(table, told), *(_links(record, told) if record else [])]
    if told.problem:
        before.append(f"No table: {markdown_text(told.problem)}.")
    after = [_settings(record, told), _repeat(told.command), _files(told.files)]
    room = MAX_TAG - sum(len(block) + 2 for block in (*before, *after)) - len(_CUT) - 10
    blocks = [*before, *_fitting(_table(table) if table else [], room), *after]
    return shorten("\n\n".join(block for block in blocks if block), MAX_TAG)


def experiment_note(table: Table | None, told: Told) -> str:
    """The description of its experiment, of which MLflow's list shows the beginning."""
    return shorten(" ".join(block.strip("*") for block in _head(table, told)), _MAX_EXPERIMENT_NOTE)


def ended_note(ended: RunEnded, pruner: str) -> str:
    """The description of a run that did not finish; empty for one that did."""
    epochs = f"{ended.epoch} epoch{'' if ended.epoch == 1 else 's'}"
    why = markdown_text(ended.message[:_MAX_SENTENCE])
    if ended.state == "PRUNED":
        return f"Pruned after {epochs} by the pruner '{pruner}'{f': {why}' if why else '.'}"
    if ended.state == "FAIL":
        return f"Failed: {why or 'no reason is known'}."
    return ""


def best_note(sweep: str, files: Iterable[str]) -> str:
    """The description of the best run of a finished sweep."""
    told = {
        "explain.md": "its training, stage by stage, in real numbers",
        "figures.html": "what it answered on the test set",
        "checkpoint": "its weights, its configuration, and a predict.py that stands alone",
    }
    lines = [f"- `{name}`: {text}" for name, text in told.items() if name in files]
    begin = f"The best run of the sweep {markdown_text(sweep)}."
    here = "\n".join(["Among its artifacts:", "", *lines]) if lines else ""
    again = f"{_code(f'fairtrial best {sweep} --export FOLDER')} fetches it."
    return "\n\n".join(block for block in (begin, here, again) if block)


def former_best_note(sweep: str) -> str:
    """The description of a run that was the best until its sweep went on."""
    return f"Was the best run of the sweep {markdown_text(sweep)}, until it went on."


def _head(table: Table | None, told: Told) -> list[str]:
    verdict = table.verdict if table else None
    summary = markdown_text(shorten(told.summary, _MAX_SENTENCE))
    if verdict is None or table is None:
        return [summary]
    by = f"{table.metric} by {', '.join(table.by)}: {verdict.sentence}"
    return [f"**{markdown_text(shorten(by, _MAX_SENTENCE))}.**", summary]


def _links(record: SweepRecord, told: Told) -> Iterable[str]:
    """The best run, and the table's views, at their places in MLflow."""
    experiment = record.experiment_id
    if told.best is not None:
        run, name = told.best
        address = f"#/experiments/{experiment}/runs/{run.mlflow_id}"
        metric = record.objective["metric"]
        on_test = "test/" + metric.removeprefix("validation/")
        values = [
            f"{markdown_text(m)} {run.metrics[m]:.4f}"
            for m in dict.fromkeys([metric, on_test])
            if m in run.metrics
        ]
        yield f"Its best run: [{_in_link(name)}]({address}), {', '.join(values)}."
    yield (
        f"[Finished runs, best first]({link_of(experiment, BEST_FIRST)}) · "
        f"[pruned and failed runs]({link_of(experiment, NOT_FINISHED)})"
    )


def _table(table: Table) -> list[str]:
    page = page_of([table])
    kind = (
        "Controlled: every level was trained with the same other settings and the same seeds."
        if table.controlled
        else ""
    )
    return [
        f"**{markdown_text(page.title)}**",
        *map(_spaced, page.sheets),
        *([kind] if kind else []),
        *map(markdown_text, page.verdicts[1:]),  # the first stands at the top
        *map(_spaced, page.evidence),
        *(f"Note: {markdown_text(note)}" for note in page.notes),
    ]


def _spaced(sheet: Sheet) -> str:
    """A table whose columns stand apart: MLflow gives cells no room, nor alignment."""
    lines = markdown_sheet(sheet).split("\n")
    return "\n".join(
        line if line.startswith("| :---") else line.replace(" | ", "&emsp; | ") for line in lines
    )


def _fitting(blocks: Sequence[str], room: int) -> list[str]:
    """The blocks, or as many of their lines as there is room for, and where the rest is."""
    text = "\n\n".join(blocks)
    if len(text) <= room:
        return [text]
    return [text[: max(room, 0)].rpartition("\n")[0], _CUT]


def _settings(record: SweepRecord | None, told: Told) -> str:
    fixed = ", ".join(f"{name} {encode(value)}" for name, value in told.fixed.items())
    parts = [f"Fixed: {fixed}" if fixed else "", f"Data: {told.data}" if told.data else ""]
    if record is not None:
        parts.append(f"Sampler: {record.sampler}, pruner: {record.pruner}")
    text = markdown_text(shorten(". ".join(part for part in parts if part), _MAX_SENTENCE))
    if told.stale:
        names = markdown_text(", ".join(told.stale))
        text += (
            f". Of the parameters below, {names} are those of an earlier sweep of this name: "
            "MLflow keeps what was logged first"
        )
    return f"{text}." if text else ""


def _repeat(command: str) -> str:
    return f"Repeat it: {_code(command)}"


def _files(names: Sequence[str]) -> str:
    lines = [f"- `{name}`: {text}" for name, text in _FILES.items() if name in names]
    return "\n".join(["Among the artifacts:", "", *lines]) if lines else ""


def _code(text: str) -> str:
    """A span of code, whatever backticks are in it; HTML's entities would show as such there."""
    text = level_text(text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _in_link(text: str) -> str:
    return markdown_text(text).replace("[", "&#91;").replace("]", "&#93;").replace("(", "&#40;")
