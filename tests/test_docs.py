"""What README, docs and examples promise is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import app
from sweeps.spec import load_spec
from tracking.reports.spec import load_report

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "examples" / "report.yaml"
EXAMPLES = sorted(set((ROOT / "examples").glob("*.yaml")) - {REPORT})
README = (ROOT / "README.md").read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_every_example_is_a_valid_sweep_file(file: Path) -> None:
    """Each loads, is named for its data, and stands in make_tables.py or in the Makefile."""
    assert load_spec(file).name
    used = (ROOT / "examples" / "make_tables.py").read_text("utf-8")
    assert file.name in used + (ROOT / "Makefile").read_text("utf-8")


def test_the_readme_shows_the_examples_as_they_are() -> None:
    """Its sweep file is examples/learning_rate.yaml, its report file report.yaml, to the letter."""
    sweep = (ROOT / "examples" / "learning_rate.yaml").read_text("utf-8")
    assert blocks(README, "yaml") == [sweep, REPORT.read_text("utf-8")]
    assert load_report(REPORT).title
    assert REPORT.name in (ROOT / "Makefile").read_text("utf-8")


def test_every_command_of_the_readme_is_there() -> None:
    """Each 'fairtrial WORD' has a help page, with every option that the README gives it."""
    lines = re.findall(r"^fairtrial (schedule add|[a-z]+)(.*)$", README, re.MULTILINE)
    assert len(lines) >= 9
    for word, rest in lines:
        told = CliRunner().invoke(app, [*word.split(), "--help"], env={"COLUMNS": "200"})
        assert told.exit_code == 0, word
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in told.stdout, (word, option)


def test_the_model_of_the_docs_trains(project: Path) -> None:
    """docs/own-models.md's function and sweep file, as they stand, make a sweep."""
    page = (ROOT / "docs" / "own-models.md").read_text("utf-8")
    (project / "nets.py").write_text(blocks(page, "python")[0])
    head = "name: own\ndata: {source: iris}\nbudget: {trials: 2}\n"
    (project / "own.yaml").write_text(head + blocks(page, "yaml")[0])
    done = CliRunner().invoke(app, ["run", "own.yaml", "--set", "train.epochs=2"])
    assert done.exit_code == 0, done.stderr
    assert "own" in done.stdout
