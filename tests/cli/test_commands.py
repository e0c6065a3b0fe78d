"""The commands that look: what each prints, as JSON where a program may read, and what is wrong."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from typer.testing import Result


@pytest.mark.parametrize("form", ["table", "markdown", "csv", "json", "latex"])
@pytest.mark.usefixtures("finished")
def test_compare_in_each_format(fairtrial: Callable[..., Result], form: str) -> None:
    """Every format shows both levels and their means, on stdout, with nothing beside it."""
    run = fairtrial("compare", "rates", "--by", "learning_rate", "--format", form)
    assert (run.exit_code, run.stderr) == (0, "")
    assert "0.1" in run.stdout
    assert "0.01" in run.stdout
    if form == "json":
        table = json.loads(run.stdout)
        assert (table["sweeps"], table["metric"]) == (["rates"], "test/accuracy")
        assert (table["by"], table["controlled"]) == (["learning_rate"], True)
        assert [row["learning_rate"] for row in table["rows"]] == [0.01, 0.1]
        for row in table["rows"]:
            assert {"mean", "ci_low", "ci_high", "n", "best", "p_value"} < set(row)
            assert row["n"] == 4
        assert len(table["digest"]) == 64
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(run.stdout)))
        assert [row["learning_rate"] for row in rows] == ["0.01", "0.1"]


@pytest.mark.usefixtures("finished")
def test_compare_by_two_factors_and_another_metric(fairtrial: Callable[..., Result]) -> None:
    """A row for each pair of levels."""
    words = ["compare", "rates", "--by", "learning_rate", "--by", "batch_size"]
    table = json.loads(fairtrial(*words, "--metric", "test/loss", "--format", "json").stdout)
    assert (table["metric"], len(table["rows"])) == ("test/loss", 4)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["compare", "rate", "--by", "learning_rate"], "did you mean 'rates'?"),
        (["compare", "rates", "--by", "learning_rat"], "did you mean 'learning_rate'?"),
        (
            ["compare", "rates", "--by", "learning_rate", "--metric", "test/acuracy"],
            "test/accuracy",
        ),
        (["compare", "rates", "--by", "learning_rate", "--format", "word"], "word"),
        (["compare", "rates"], "--by"),
        (["best", "rate"], "did you mean 'rates'?"),
        (["best", "rates", "--export", "sweep.yaml"], "sweep.yaml"),
        (["status", "rate"], "did you mean 'rates'?"),
        (["status", "rates", "more"], "more"),
        (["validate"], "FILE"),
        (["validate", "none.yaml"], "none.yaml"),
        (["stat"], "stat"),
        (["--none"], "--none"),
        (["ui", "--port", "0"], "--port"),
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("finished")
def test_wrong_words_are_one_sentence(
    fairtrial: Callable[..., Result], words: list[str], sentence: str
) -> None:
    """What is wrong, with the nearest right one where there is one; exit 2 and no data."""
    run = fairtrial(*words)
    assert (run.exit_code, run.stdout) == (2, "")
    assert sentence in run.stderr


def test_best_shows_the_run(finished: Path, fairtrial: Callable[..., Result]) -> None:
    """The settings and what they measured, for people and for programs."""
    run = fairtrial("best", "rates")
    assert (run.exit_code, run.stderr) == (0, "")
    assert run.stdout.startswith("rates: trial ")
    assert "learning_rate" in run.stdout
    assert "test/accuracy" in run.stdout
    best = json.loads(fairtrial("best", "rates", "--json").stdout)
    assert list(best) == [
        "sweep", "run_id", "trial", "repeat", "seed", "hyperparameters", "metrics"
    ]  # fmt: skip
    assert best["hyperparameters"]["hidden"] == [4]
    table = json.loads(fairtrial("run", finished / "sweep.yaml", "--json").stdout)
    assert best["trial"] == table["best"]["trial"]


@pytest.mark.usefixtures("finished")
def test_the_best_model_predicts_without_us(
    fairtrial: Callable[..., Result], tmp_path: Path
) -> None:
    """`best --export` writes a folder whose predict.py takes a table, as the sentence says."""
    run = fairtrial("best", "rates", "--export", tmp_path / "out", "--json")
    assert run.exit_code == 0
    assert json.loads(run.stdout)["sweep"] == "rates"
    table = tmp_path / "rows.csv"
    names = [
        "sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"
    ]  # fmt: skip
    table.write_text(f"{','.join(names)}\n5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n")
    words = run.stderr.partition("python ")[2].partition(" DATA")[0]
    assert words == str(tmp_path / "out" / "predict.py")
    predicted = subprocess.run(
        [sys.executable, words, str(table)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert predicted.returncode == 0, predicted.stderr
    assert len(predicted.stdout.split()) >= 2


@pytest.mark.usefixtures("finished")
def test_a_folder_that_can_not_be_is_one_sentence(fairtrial: Callable[..., Result]) -> None:
    """What the system refuses is said by its own reason, with the path; exit 1."""
    run = fairtrial("best", "rates", "--export", "sweep.yaml/below")
    assert (run.exit_code, run.stdout) == (1, "")
    assert "sweep.yaml/below: Not a directory" in run.stderr


@pytest.mark.usefixtures("finished")
def test_status_of_a_finished_sweep(fairtrial: Callable[..., Result]) -> None:
    """One line a sweep with its counts; the same as JSON."""
    run = fairtrial("status")
    assert (run.exit_code, run.stderr) == (0, "")
    header, line = run.stdout.splitlines()
    assert header.split()[:3] == ["sweep", "state", "complete"]
    assert line.split()[:6] == ["rates", "done", "4", "0", "0", "0"]
    (sweep,) = json.loads(fairtrial("status", "rates", "--json").stdout)["sweeps"]
    assert list(sweep) == ["sweep", "state", "trials", "best", "seconds", "started"]
    assert sweep["trials"] == {"COMPLETE": 4, "RUNNING": 0, "PRUNED": 0, "FAIL": 0}


def test_an_empty_folder_stays_empty(folder: Path, fairtrial: Callable[..., Result]) -> None:
    """Looking writes nothing: status, doctor and a question for a sweep that is not there."""
    status = fairtrial("status")
    assert (status.exit_code, status.stdout) == (0, "")
    assert "no sweeps yet" in status.stderr
    assert json.loads(fairtrial("status", "--json").stdout) == {"sweeps": [], "jobs": []}
    assert fairtrial("status", "rates").exit_code == 2
    assert fairtrial("doctor").exit_code == 0
    assert list(folder.iterdir()) == []


def test_validate_says_what_a_file_means(
    folder: Path, fairtrial: Callable[..., Result], sweep_file: str
) -> None:
    """A right file in a few lines, exit 0; a wrong one by file, line, key and rule, exit 2."""
    Path("sweep.yaml").write_text(sweep_file)
    right = fairtrial("validate", "sweep.yaml")
    assert (right.exit_code, right.stderr) == (0, "")
    assert "sweep.yaml is a valid sweep file" in right.stdout
    assert "a grid of 4, 2 runs each" in right.stdout
    wrong = fairtrial("validate", "sweep.yaml", "--set", "train.epochs=0")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("fairtrial: --set train.epochs: 0 is out of range")
    assert [path.name for path in folder.iterdir()] == ["sweep.yaml"]


@pytest.mark.usefixtures("finished")
def test_doctor_finds_everything_right(fairtrial: Callable[..., Result]) -> None:
    """On a machine where all is well: exit 0, and the same for programs."""
    run = fairtrial("doctor")
    assert run.exit_code == 0
    assert "BAD" not in run.stdout
    assert "1 sweeps in" in run.stdout
    found = json.loads(fairtrial("doctor", "--json").stdout)
    assert found["right"]
    assert {"python", "torch", "lanes", "device", "disk", "study", "mlflow store"} <= {
        check["name"] for check in found["checks"]
    }


@pytest.mark.parametrize("database", [".fairtrial/fairtrial.db", "mlflow.db"])
@pytest.mark.usefixtures("folder")
def test_doctor_says_what_is_broken_and_how_to_mend_it(
    fairtrial: Callable[..., Result], database: str
) -> None:
    """A database that is none: exit 1, and its line says so."""
    Path(".fairtrial").mkdir()
    Path(database).write_bytes(b"no database at all" * 100)
    run = fairtrial("doctor")
    assert run.exit_code == 1
    (bad,) = [line for line in run.stdout.splitlines() if line.startswith("BAD")]
    assert "file is not a database" in bad
    assert database in bad


@pytest.mark.usefixtures("folder")
def test_ui_of_a_server_is_its_address(
    fairtrial: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where MLflow is away there is no dashboard to open: one sentence, exit 1."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    run = fairtrial("ui")
    assert (run.exit_code, run.stdout) == (1, "")
    assert "can't be reached" in run.stderr
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nonsense://here")
    run = fairtrial("ui")
    assert (run.exit_code, run.stdout) == (1, "")
