"""Runs the comparisons of this folder and writes docs/tables.md: `make tables`.

Nothing is written in by hand but what a textbook would predict; whether the table agrees is decided
from its rows.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
FAIRTRIAL = Path(sys.executable).with_name("fairtrial")
Rows = list[dict[str, Any]]
ALPHA = 0.05


class Comparison(NamedTuple):
    """One table.

    Attributes:
        files: run in this order; the last one's sweep is compared.
        textbook: what one would expect, in a sentence.
        holds: whether the rows of the first metric's table say so.
    """

    title: str
    files: tuple[str, ...]
    sweep: str
    by: tuple[str, ...]
    metrics: tuple[str, ...]
    textbook: str
    holds: Callable[[Rows], bool]


def mean(rows: Rows, **levels: object) -> float:
    """The mean of the row with these levels."""
    (row,) = [row for row in rows if all(row[name] == value for name, value in levels.items())]
    return float(row["mean"])


def worse(rows: Rows, **levels: object) -> bool:
    """Whether the row with these levels is significantly worse than the best."""
    (row,) = [row for row in rows if all(row[name] == value for name, value in levels.items())]
    return row["p_value"] is not None and row["p_value"] < ALPHA


COMPARISONS = (
    Comparison(
        "Accuracy by epochs",
        ("epochs.yaml",),
        "digits-epochs",
        ("epochs",),
        ("test/accuracy", "validation/loss", "gap"),
        "Ten epochs are too few here; from twenty on, more bring little.",
        lambda rows: worse(rows, epochs=10) and not worse(rows, epochs=20),
    ),
    Comparison(
        "Losses compared, for classes",
        ("loss.yaml",),
        "digits-loss",
        ("loss",),
        ("test/accuracy", "epochs_run"),
        "Cross-entropy is the better loss for classes.",
        lambda rows: worse(rows, loss="mse"),
    ),
    Comparison(
        "Losses compared, for a number",
        ("loss_regression.yaml",),
        "diabetes-loss",
        ("loss",),
        ("test/mae", "test/rmse"),
        "Each loss is best by its own measure: mae has the lowest mean absolute error.",
        lambda rows: min(rows, key=lambda row: float(row["mean"]))["loss"] == "mae",
    ),
    Comparison(
        "Activations compared",
        ("activation.yaml",),
        "digits-activation",
        ("activation", "hidden"),
        ("test/accuracy",),
        "With one hidden layer all three learn; with five the gradients of sigmoid vanish and it "
        "does not learn, while relu and tanh do.",
        lambda rows: (
            mean(rows, activation="sigmoid", hidden=[32] * 5) < 0.5  # noqa: PLR2004 - half is bad
            and min(mean(rows, activation=a, hidden=[32] * 5) for a in ("relu", "tanh")) > 0.9  # noqa: PLR2004 - and this is good
        ),
    ),
    Comparison(
        "Accuracy by learning rate",
        ("learning_rate.yaml",),
        "digits-learning-rate",
        ("learning_rate",),
        ("test/accuracy", "validation/loss"),
        "The middle one, 0.01, is best: 0.001 is slow, 0.1 overshoots.",
        lambda rows: max(rows, key=lambda row: float(row["mean"]))["learning_rate"] == 0.01,  # noqa: PLR2004 - the level
    ),
    Comparison(
        "Accuracy by batch size",
        ("batch_size.yaml",),
        "digits-batch-size",
        ("batch_size",),
        ("test/accuracy", "validation/loss", "gap"),
        "At a fixed number of epochs a larger batch takes fewer steps, so 64 is behind.",
        lambda rows: worse(rows, batch_size=64),
    ),
    Comparison(
        "Regularization",
        ("regularization.yaml",),
        "digits-regularization",
        ("l1", "l2", "dropout"),
        ("gap", "test/accuracy"),
        "On 150 images each of L1, L2 and dropout makes the gap between training and validation "
        "smaller than it is with none of them.",
        lambda rows: all(
            mean(rows, **{"l1": 0.0, "l2": 0.0, "dropout": 0.0, name: value})
            < mean(rows, l1=0.0, l2=0.0, dropout=0.0)
            for name, value in (("l1", 0.0005), ("l2", 0.003), ("dropout", 0.5))
        ),
    ),
    Comparison(
        "Data augmentation",
        ("augmentation.yaml",),
        "digits-augmentation",
        ("augmentation",),
        ("test/accuracy", "gap"),
        "A mirrored 2 is no 2: flipping hurts digits.",
        lambda rows: (
            worse(rows, augmentation="flip")
            and mean(rows, augmentation="flip") < mean(rows, augmentation="none")
        ),
    ),
    Comparison(
        "Early stopping",
        ("early_stopping.yaml",),
        "digits-early-stopping",
        ("patience",),
        ("validation/loss", "epochs_run", "test/accuracy"),
        "More patience finds a validation loss that is a little lower, for more epochs.",
        lambda rows: mean(rows, patience=15) <= mean(rows, patience=10) <= mean(rows, patience=5),
    ),
    Comparison(
        "Transfer learning",
        ("transfer_source.yaml", "transfer.yaml"),
        "digits-transfer",
        ("pretrained_from", "freeze"),
        ("test/accuracy",),
        "With few labels of the new task, layers learned on the old one beat fresh ones: frozen "
        "against random frozen layers, and fine-tuned against training from scratch.",
        lambda rows: all(
            mean(rows, pretrained_from="digits-0-to-4", freeze=freeze)
            > mean(rows, pretrained_from=None, freeze=freeze)
            for freeze in {row["freeze"] for row in rows}
        ),
    ),
)


def fairtrial(folder: Path, *words: str) -> str:
    """What a command prints."""
    done = subprocess.run(  # noqa: S603 - our own words
        [FAIRTRIAL, *words], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def section(comparison: Comparison, folder: Path) -> str:
    """Run what it needs, and write its part of the page."""
    for file in comparison.files:
        fairtrial(folder, "run", str(HERE / file))
    words = ["compare", comparison.sweep]
    words += [word for factor in comparison.by for word in ("--by", factor)]
    words += [word for metric in comparison.metrics for word in ("--metric", metric)]
    found = json.loads(fairtrial(folder, *words, "--format", "json"))
    tables = found.get("tables", [found])
    agrees = comparison.holds(tables[0]["rows"])
    verdict = "The table agrees." if agrees else "**This table does not say so.**"
    runs = [f"fairtrial run examples/{file}" for file in comparison.files]
    digests = [f"- `{table['metric']}`: digest `{table['digest']}`" for table in tables]
    return "\n".join(
        [
            f"## {comparison.title}",
            "",
            f"A textbook: {comparison.textbook} {verdict}",
            "",
            fairtrial(folder, *words, "--format", "markdown").strip(),
            "",
            "```",
            *runs,
            "fairtrial " + " ".join(words),
            "```",
            "",
            *digests,
            "",
        ]
    )


def main() -> None:
    """Run all and write the page; the folder for MLflow's database is the first argument."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    machine = (
        f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, torch {version('torch')}"
    )
    head = f"""# Tables

Made by `make tables`: each from its sweep file in `examples/`, ten repeats, each repeat with its
own split of the data, the same ones for every level. The machine: {machine}.
On a machine of the same kind every digest comes out the same.
"""
    parts = [head]
    for comparison in COMPARISONS:
        sys.stderr.write(f"== {comparison.title}\n")
        parts.append(section(comparison, folder))
    (HERE.parent / "docs" / "tables.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
