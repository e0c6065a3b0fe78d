"""A first sweep file for a table, and a report file beside it: every choice with its reason.

Nothing is looked at or written in here: see trainer/data/inspection.py and first_files.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeps.table_words import counted, n_rows, short
from tracking.files.node import printable
from tracking.files.yaml_text import inline

if TYPE_CHECKING:
    from trainer.data.inspection import TableFacts

RATES = {True: (0.001, 0.003, 0.01, 0.03), False: (0.0003, 0.001, 0.003, 0.01)}
"""By whether classes are told apart; with Adam."""

_NAME_LENGTH = 60
_MOST_TRAINING_ROWS = 100_000
_WIDTH = 95  # of a comment
_COLUMN = 29


@dataclass(frozen=True)
class Sizes:
    """What follows from the number of rows.

    Attributes:
        share: of the rows, for validation and for test each.
        train_rows: a bound on the training rows, or None.
    """

    share: float
    train_rows: int | None
    hidden: tuple[int, ...]
    batch_size: int
    epochs: int
    repeats: int


def name_for(stem: str) -> str:
    """A sweep's name from a file's: letters, digits and . _ - only."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("._-")[:_NAME_LENGTH].strip("._-")
    return name or "sweep"


def sizes_for(facts: TableFacts) -> Sizes:
    """Sizes with which a run takes some hundred steps and a sweep minutes at most."""
    rows, n_classes = facts.rows, len(facts.classes)
    share = 0.2 if rows < 500 else 0.15 if rows < 20_000 else 0.1  # noqa: PLR2004 - by taste
    if n_classes > share * rows:
        share = 1 / 3
    n_train = max(1, round(rows * (1 - 2 * share)))
    most = _MOST_TRAINING_ROWS if n_train > _MOST_TRAINING_ROWS else None
    n_train = min(n_train, _MOST_TRAINING_ROWS)
    batch = next(
        (size for size, up_to in ((16, 500), (32, 5_000), (128, 50_000)) if n_train < up_to), 512
    )
    hidden = next(
        (sizes for sizes, up_to in (((32,), 1_000), ((64,), 20_000)) if n_train < up_to), (128, 64)
    )
    return Sizes(
        share=share,
        train_rows=most,
        hidden=hidden if facts.shape is None else (64,),
        batch_size=batch,
        epochs=min(60, max(5, round(800 * batch / n_train))),
        repeats=next((n for n, up_to in ((10, 2_000), (5, 50_000)) if rows < up_to), 3),
    )


def first_sweep(name: str, source: str, target: str | None, facts: TableFacts) -> str:
    """The text of a sweep file: a controlled comparison of learning rates.

    Args:
        source: as it is to stand in the file.
        target: the column; None for bundled sets and arrays, which name their own.
    Raises: SpecError for names that are no Unicode text.
    """
    sizes = sizes_for(facts)
    parts = [
        *_comment(_head(facts), indent=""),
        f"name: {inline(name)}",
        "",
        "data:",
        f"  source: {inline(source)}",
        *_data(facts, sizes, target),
        "",
        _entry("train:", "what every run has; more: docs/reference/hyperparameters.md"),
        *_train(facts, sizes),
        "",
        *_comment(
            "What varies. Each rate is trained with the same other settings and from the "
            "same seeds and splits, so that the table may be believed.",
            indent="",
        ),
        "search:",
        f"  learning_rate: [{', '.join(map(str, RATES[bool(facts.classes)]))}]",
        _entry("  # batch_size: [16, 64]", "a second factor: every combination is trained"),
        _entry("sampler: grid", "every level; tpe and others search ranges, within a budget"),
        _entry(
            f"repeats: {sizes.repeats}", "seeds of each rate: differences are taken pair by pair"
        ),
        "",
        *_objective(facts),
    ]
    return "\n".join(parts) + "\n"


def first_report(sweep: str, metric: str, *, mail_from: str = "") -> str:
    """The text of a report file on one sweep.

    Args:
        metric: of the test set.
        mail_from: an environment variable with an address to send the report to.
    """
    url = f"- {{url_from: {inline(mail_from or 'FAIRTRIAL_MAIL_URL')}}}"
    return f"""\
# A report on what this folder's sweeps found. Make it: fairtrial report report.yaml
title: {inline(f"What {sweep} found")}
sweeps: [{inline(sweep)}]  # names or patterns, such as "{sweep}*"; or: {{since: last}}
metric: {metric}
# Left out, `sections` are all that the sweeps can fill: verdict, leaderboard, comparison, ...
# alerts:
#   - {{metric: {metric}, drops_by: 0.01}}
against: last  # each says what changed since the one before
deliver:
  - {{folder: reports/}}
  # An address with a secret stands in an environment variable that is named here, such as
  # mailtos://user:password@mail.example.org?to=team@example.org
  {"" if mail_from else "# "}{url}
"""


def _head(facts: TableFacts) -> str:
    what = (
        f"{len(facts.classes)} classes of {short(facts.target)}"
        if facts.classes
        else f"{short(facts.target)}, a number"
    )
    return (
        f"Does the learning rate matter? {facts.n_in} rows, {len(facts.inputs)} inputs, "
        f"{what} to predict. Change anything; fairtrial validate checks it."
    )


def _data(facts: TableFacts, sizes: Sizes, target: str | None) -> list[str]:
    lines = [] if target is None else [f"  target: {inline(target)}"]
    for name in facts.suspects:
        lines += _comment(
            f"{short(name)} tells the target exactly. If it is not known before "
            "the target is, then ignore it."
        )
    if facts.ignored:
        lines.append("  ignore:  # columns that are no inputs")
        lines += [_entry(f"    - {inline(name)}", why) for name, why in facts.ignored.items()]
    if facts.rare:
        lines += _comment(f"Too few rows to stand in all three parts: {counted(facts.rare)}.")
        lines.append(f"  classes: [{', '.join(_label(label) for label in facts.classes)}]")
    elif facts.classes:
        lines += _comment(f"Rows of each class: {counted(facts.classes)}.")
    else:
        lines += _comment(
            f"{short(facts.target)}: mean {facts.mean:.4g}, spread {facts.spread:.4g}."
        )
    if facts.missing_target:
        lines += _comment(f"{facts.missing_target} rows have no target and are dropped.")
    if facts.missing:
        lines += _comment(
            f"Missing: {counted(facts.missing)}; {facts.incomplete} of "
            f"{facts.n_in} rows lack something."
        )
        why = (
            "few, so those rows are dropped"
            if facts.strategy == "drop"
            else "of the training rows; text gets its most frequent"
        )
        lines.append(_entry(f"  missing: {facts.strategy}", why))
    share = f"{sizes.share:.2f}".rstrip("0")
    n = round(facts.rows * sizes.share)
    lines += [
        _entry(f"  validation: {share}", f"shares of the {facts.rows} rows, {n} each"),
        f"  test: {share}",
        _entry("  scale: standard", "fitted on the training rows alone"),
        _entry("  duplicates: drop", f"{n_rows(facts.duplicates)} there a second time"),
        _entry("  resplit: true", "each repeat draws its own split"),
    ]
    if sizes.train_rows:
        more = "at most; for the last word, remove it"
        lines.append(_entry(f"  train_rows: {sizes.train_rows}", more))
    return lines


def _train(facts: TableFacts, sizes: Sizes) -> list[str]:
    image = " x ".join(map(str, facts.shape or ()))
    rows = sizes.train_rows or round(facts.rows * (1 - 2 * sizes.share))
    hidden = f"  hidden: [{', '.join(map(str, sizes.hidden))}]"
    model = "or cnn, as the inputs are images of " + image if image else ""
    return [
        _entry("  model: mlp", model),
        _entry(hidden, f"units of each hidden layer; {rows} training rows"),
        "  optimizer: adam",
        f"  loss: {'cross_entropy' if facts.classes else 'mse'}",
        f"  batch_size: {sizes.batch_size}",
        _entry(f"  epochs: {sizes.epochs}", "some hundred steps a run"),
    ]


def _entry(text: str, comment: str) -> str:
    return f"{text:<{_COLUMN}} # {printable(comment)}" if comment else text


def _objective(facts: TableFacts) -> list[str]:
    if not facts.classes:
        return [
            *_comment(
                f"In units of {short(facts.target)}; guessing the mean has rmse "
                f"{facts.spread:.4g}.",
                "",
            ),
            "objective: {metric: validation/rmse, direction: minimize}",
        ]
    most = max(facts.classes.values()) / sum(facts.classes.values())
    return [
        *_comment(f"Guessing the most frequent class has accuracy {most:.3f}.", ""),
        "objective: {metric: validation/accuracy, direction: maximize}",
    ]


def _comment(text: str, indent: str = "  ") -> list[str]:
    """Lines of at most 100 characters, whatever stands in the text."""
    lines = [""]
    for word in printable(text).split():
        if lines[-1] and len(indent) + len(lines[-1]) + len(word) > _WIDTH:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return [f"{indent}# {line}" for line in lines]


def _label(label: object) -> str:
    is_number = isinstance(label, int) and not isinstance(label, bool)
    return str(label) if is_number else inline(str(label))
