"""Transfer learning by the command line: from a sweep, a run and a folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from cli.app import app

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
name: old
data: {source: iris, classes: [0, 1]}
train: {hidden: [4], epochs: 2}
search: {learning_rate: [0.01, 0.02]}
sampler: grid
"""
TARGET = """
name: new
data: {source: iris, classes: [1, 2]}
train: {hidden: [4], epochs: 2}
search: {pretrained_from: %s, freeze: [0, 1]}
sampler: grid
"""


def fairtrial(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.stdout, done.stderr


def test_begin_with_a_sweep_a_run_and_a_folder(project: Path) -> None:
    """The three name the same weights, so their runs measure the same; fresh ones do not."""
    (project / "old.yaml").write_text(SOURCE)
    assert fairtrial("run", "old.yaml")[0] == 0
    code, told, _ = fairtrial("best", "old", "--export", "exported", "--json")
    assert code == 0
    run = json.loads(told[: told.rindex("}") + 1])["run_id"]
    (project / "new.yaml").write_text(TARGET % f"[null, old, 'runs:/{run}', exported]")
    assert fairtrial("run", "new.yaml")[0] == 0
    code, told, _ = fairtrial(
        "compare", "new", "--by", "pretrained_from", "--metric", "validation/loss",
        "--format", "json",
    )  # fmt: skip
    assert code == 0
    means = {row["pretrained_from"]: row["mean"] for row in json.loads(told)["rows"]}
    assert means["old"] == means[f"runs:/{run}"] == means["exported"] != means[None]


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("olld", "pretrained_from: 'olld' is neither a folder in"),
        ("runs:/0123456789abcdef0123456789abcdef", "has no run 0123456789abcdef0123456789abcdef"),
    ],
)
def test_what_is_not_there(project: Path, reference: str, sentence: str) -> None:
    """A reference that names nothing ends in one sentence, before anything is recorded."""
    (project / "new.yaml").write_text(TARGET % f"[null, '{reference}']")
    code, told, said = fairtrial("run", "new.yaml")
    assert (code, told) == (2, "")
    assert sentence in said
    assert fairtrial("status")[1] == ""


def test_a_model_that_cannot_be_built_is_found_before_anything_is_recorded(project: Path) -> None:
    """A level that does not fit ends in one sentence; mended, the same name starts afresh."""
    file = project / "new.yaml"
    file.write_text(TARGET % "[null]")
    code, _, said = fairtrial("run", "new.yaml", "--set", "search.freeze=[0, 7]")
    assert code == 2
    assert "freeze: 7 would leave nothing to train of 2 layers; take at most 1" in said
    assert fairtrial("status")[1] == ""
    assert fairtrial("run", "new.yaml")[0] == 0
