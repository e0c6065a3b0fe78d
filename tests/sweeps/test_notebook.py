"""A sweep from a notebook or a script: `sweeps.run`, `tracking.compare`, `runs` and `figure`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sweeps
import tracking
from sweeps.errors import SpecError
from sweeps.notebook_display import Board, Watcher
from sweeps.progress import Best, Progress
from sweeps.spec import load_spec

SPEC: dict[str, Any] = {
    "name": "from-a-notebook",
    "data": {"source": "iris"},
    "train": {"hidden": (4,), "epochs": 2},
    "search": {"learning_rate": [0.1, 0.01]},
    "sampler": "grid",
    "repeats": 2,
}
SCRIPT = """
import sys
import sweeps, tracking
assert not {"torch", "mlflow", "optuna", "sklearn", "pandas"} & set(sys.modules)
result = sweeps.run("sweep.yaml")
frame = tracking.compare(result.name, by="learning_rate")
print(result)
print(frame.to_json(orient="records"))
"""
NETS = """
import os, signal
from pathlib import Path
from torch import nn

def make(shape, outputs, hyperparameters):
    if not Path("stopped").exists() and Path("armed").exists():
        Path("stopped").touch()
        signal.raise_signal(signal.SIGINT)
    return nn.Linear(shape[0], outputs)
"""


def test_a_script_is_a_sweep_in_a_line(project: Path) -> None:
    """The two imports load nothing heavy; the sweep runs, says so on stderr, and gives a frame."""
    (project / "sweep.yaml").write_text(json.dumps(SPEC))
    script = project / "script.py"
    script.write_text(SCRIPT)
    run = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, cwd=project
    )
    assert run.returncode == 0, run.stderr
    said, rows = run.stdout.splitlines()
    assert said.startswith("from-a-notebook, done: 2 trials: 2 complete. Best is trial ")
    assert [row["learning_rate"] for row in json.loads(rows)] == [0.01, 0.1]
    assert "from-a-notebook: 2/2 trials, 0 running" in run.stderr


@pytest.mark.usefixtures("project")
def test_what_a_notebook_gets(capsys: pytest.CaptureFixture[str]) -> None:
    """A mapping, a file and a loaded spec are one sweep; what is read from it agrees."""
    result = sweeps.run(SPEC, show=False)
    assert capsys.readouterr().err == ""
    assert (result.outcome.state, result.outcome.counts["COMPLETE"]) == ("done", 2)
    assert result.best is not None
    frame = tracking.compare("from-a-notebook", by="learning_rate")
    assert list(frame) == ["learning_rate", "mean", "ci_low", "ci_high", "n", "best", "p_value"]
    assert list(frame["learning_rate"]) == [0.01, 0.1]
    assert frame.attrs["controlled"]
    assert frame.attrs["metric"] == "test/accuracy"
    assert len(frame.attrs["digest"]) == 64
    assert result.table.equals(frame)
    runs = tracking.runs("from-a-notebook")
    assert len(runs) == 4
    means = runs.groupby("learning_rate")["test/accuracy"].mean()
    assert means.tolist() == pytest.approx(frame["mean"].tolist())
    other = tracking.compare("from-a-notebook", by=["learning_rate"], metric="test/loss")
    assert other.attrs["digest"] != frame.attrs["digest"]
    assert "<td>0.10</td>" in result._repr_html_()
    assert "| 0.1 |" in result._repr_markdown_()
    Path("sweep.yaml").write_text(json.dumps(SPEC))
    for again in ("sweep.yaml", Path("sweep.yaml"), load_spec(Path("sweep.yaml"))):
        assert sweeps.run(again, show=False).outcome.trained == 0
    figure = tracking.figure("from-a-notebook", by="learning_rate")
    assert figure._repr_html_().startswith('<iframe title="test/accuracy by learning_rate')
    assert "https:" not in figure.page.replace(figure.page.partition('id="library">')[2], "")
    figure.save("figure.html")
    assert Path("figure.html").read_text("utf-8") == figure.page


WRONG: dict[str, tuple[Any, str]] = {
    "range": (
        SPEC | {"search": {"learning_rate": {"low": 0.2, "high": 0.1}}},
        "search.learning_rate: low 0.2 is above high 0.1; swap them",
    ),
    "key": (SPEC | {"trian": {}}, "trian: unknown key 'trian'; did you mean 'train'?"),
    "twice": (
        SPEC | {"search": {"epochs": [1, 2]}},
        "search.epochs: stands in train too; a name stands in one of the two, so remove one",
    ),
    "type": (
        SPEC | {"data": {"source": print}},
        (
            "data.source: a builtin_function_or_method can't be written down; give text, a "
            "number, true, false, null, a list or a mapping"
        ),
    ),
    "no spec": (
        [1],
        "a sweep is a file's name, a mapping of what a file holds, or a SweepSpec; this is a list",
    ),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.usefixtures("folder")
def test_a_wrong_mapping_names_its_key(case: str) -> None:
    """The file's own rules and sentences, without the lines of a file that is not there."""
    spec, sentence = WRONG[case]
    with pytest.raises(SpecError) as caught:
        sweeps.run(spec)
    assert str(caught.value) == sentence
    assert list(Path.cwd().iterdir()) == []


def test_an_interrupted_call_is_carried_on_by_the_same_call(project: Path) -> None:
    """Ctrl-C in the middle ends the call with what is recorded; called again it does the rest."""
    (project / "nets.py").write_text(NETS)
    (project / "armed").touch()
    spec = SPEC | {
        "train": {"model": "nets:make", "epochs": 2, "hidden": [4]},
        "search": {"learning_rate": [0.1, 0.03, 0.01, 0.003]},
    }
    first = sweeps.run(spec, lanes=1, show=False)
    assert first.outcome.state == "interrupted"
    assert first.outcome.counts["COMPLETE"] < 4
    assert "interrupted" in first._repr_html_()
    second = sweeps.run(spec, lanes=1, show=False)
    assert second.outcome.state == "done"
    assert second.outcome.counts["COMPLETE"] == 4


COUNTS = {"COMPLETE": 5, "PRUNED": 2, "FAIL": 1, "RUNNING": 4}


def test_a_board_is_drawn_and_its_words_are_text() -> None:
    """HTML with a bar for a notebook, one line elsewhere; nothing of a user's is read as HTML."""
    board = Board("<b>x", "validation/accuracy")
    assert repr(board) == "<b>x: beginning"
    assert "&lt;b&gt;x" in board._repr_html_()
    best = Best(3, 0.98765, {"model": "<script>", "hidden": (64, 32)})
    board.stands(Progress(COUNTS, 20, 4.0, 2.0, 75.4, best))
    board.trial_failed(7, "<img>")
    drawn = board._repr_html_()
    assert '<progress value="8" max="20">' in drawn
    assert "&lt;script&gt;" in drawn
    assert "trial 7 failed: &lt;img&gt;" in drawn
    assert repr(board).startswith("<b>x: 8/20 trials, 4 running")
    board.stands(Progress(COUNTS, None, 4.0, 2.0, None, None))
    assert "<progress" not in board._repr_html_()


def test_without_a_notebook_there_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr a failure is said at once, and the state when it is asked for."""
    watcher = Watcher("digits", "validation/accuracy")
    watcher.ticked(Progress(COUNTS, 20, 4.0, 2.0, None, None))
    watcher.trial_ended(7, "FAIL", None, "it broke")
    watcher.show()
    captured = capsys.readouterr()
    assert captured.out == ""
    failed, stands = captured.err.splitlines()
    assert failed == "trial 7 failed: it broke"
    assert stands.startswith("digits: 8/20 trials")
