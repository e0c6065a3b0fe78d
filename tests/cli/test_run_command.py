"""`fairtrial run`: what it prints where, its exit codes, and what it refuses."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from typer.testing import Result

TABLE = """\
name: table
data: {source: rows.csv, target: kind}
train: {hidden: [4], epochs: 2}
search: {learning_rate: [0.1, 0.01]}
sampler: grid
"""


def rows(shift: float) -> str:
    lines = [f"{i / 7 + shift},{i % 5},{'ab'[i % 3 == 0]}" for i in range(60)]
    return "\n".join(["x,y,kind", *lines])


def test_a_run_prints_its_table_and_nothing_else(finished_once: tuple[Path, Result]) -> None:
    """The table on stdout, all talk on stderr, exit 0."""
    _, run = finished_once
    assert run.exit_code == 0
    assert run.stdout.startswith("test/accuracy by learning_rate in rates (controlled)\n")
    assert "data: iris" in run.stderr
    assert "rates: 4 trials: 4 complete." in run.stderr
    assert "fairtrial ui" in run.stderr
    assert "data:" not in run.stdout


def test_a_finished_sweep_is_not_trained_again(
    finished_once: tuple[Path, Result], finished: Path, fairtrial: Callable[..., Result]
) -> None:
    """The same table again, exit 0, and the study's file keeps every byte that it tells."""
    before = fairtrial("status", "--json").stdout
    again = fairtrial("run", finished / "sweep.yaml", "--lanes", 1)
    assert (again.exit_code, again.stdout) == (0, finished_once[1].stdout)
    assert "nothing was left to train" in again.stderr
    assert fairtrial("status", "--json").stdout == before


def test_json_is_for_programs(finished: Path, fairtrial: Callable[..., Result]) -> None:
    """One object on stdout: state, counts, best, and the digest that compare gives."""
    run = json.loads(fairtrial("run", finished / "sweep.yaml", "--json").stdout)
    assert list(run) == ["sweep", "state", "trials", "best", "digest"]
    assert (run["sweep"], run["state"]) == ("rates", "done")
    assert run["trials"] == {"COMPLETE": 4, "PRUNED": 0, "FAIL": 0, "RUNNING": 0}
    assert list(run["best"]) == ["trial", "value", "params"]
    assert list(run["best"]["params"]) == ["learning_rate", "batch_size"]
    compared = fairtrial("compare", "rates", "--by", "learning_rate", "--format", "json")
    assert run["digest"] == json.loads(compared.stdout)["digest"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("train.epochs=4", "train.epochs: was 3, is 4"),
        ("repeats=3", "repeats: was 2, is 3"),
        ("search.learning_rate=[0.1]", "search.learning_rate: was [0.1, 0.01], is [0.1]"),
        ("data.scale=minmax", "data.scale: was standard, is minmax"),
    ],
)
def test_another_definition_is_refused(
    finished: Path, fairtrial: Callable[..., Result], change: str, sentence: str
) -> None:
    """A sweep of that name that is defined otherwise: exit 2, what differs, and the way out."""
    run = fairtrial("run", finished / "sweep.yaml", "--set", change)
    assert (run.exit_code, run.stdout) == (2, "")
    assert "a sweep 'rates' exists and is defined otherwise" in run.stderr
    assert sentence in run.stderr
    assert "give this one another name" in run.stderr


@pytest.mark.usefixtures("project")
def test_more_trials_carry_a_sweep_on(fairtrial: Callable[..., Result], sweep_file: str) -> None:
    """A finished sweep with its budget raised trains what was added, and only that."""
    Path("sweep.yaml").write_text(sweep_file.replace("grid", "random\nbudget: {trials: 2}"))
    first = json.loads(fairtrial("run", "sweep.yaml", "--json").stdout)
    more = fairtrial("run", "sweep.yaml", "--json", "--trials", 3)
    assert more.exit_code == 0
    assert "nothing was left" not in more.stderr
    assert (first["trials"]["COMPLETE"], json.loads(more.stdout)["trials"]["COMPLETE"]) == (2, 3)
    assert fairtrial("status").stdout.split("\n")[1].split()[:3] == ["rates", "done", "3"]


@pytest.mark.parametrize("name", ["Default", "a..-_.lock", "x" * 100])
@pytest.mark.usefixtures("project")
def test_a_name_that_looks_odd_is_a_name_like_others(
    fairtrial: Callable[..., Result], sweep_file: str, name: str
) -> None:
    """MLflow's own experiment, names like our files', the longest that is allowed."""
    Path("sweep.yaml").write_text(sweep_file.replace("rates", name))
    assert fairtrial("run", "sweep.yaml").exit_code == 0
    assert fairtrial("status", name, "--json").exit_code == 0
    assert fairtrial("best", name).stdout.startswith(f"{name}: trial ")


@pytest.mark.usefixtures("project")
def test_changed_data_is_refused(fairtrial: Callable[..., Result]) -> None:
    """The same file name with other rows in it is another sweep."""
    Path("table.yaml").write_text(TABLE)
    Path("rows.csv").write_text(rows(0.0))
    assert fairtrial("run", "table.yaml").exit_code == 0
    Path("rows.csv").write_text(rows(0.5).replace("1,b", "2,b"))
    run = fairtrial("run", "table.yaml")
    assert (run.exit_code, run.stdout) == (2, "")
    assert "data.digest: was" in run.stderr


@pytest.mark.parametrize(
    ("rate", "run_time", "cause"),
    [
        ("1.0e+30", "1h", "the training loss or a weight became NaN or infinite in epoch 1"),
        ("0.1", "1.0e-9", "it had cost 0.0 s after epoch 1, above its run_time of 1e-09 s"),
    ],
)
@pytest.mark.usefixtures("project")
def test_a_sweep_without_one_success_has_failed(
    fairtrial: Callable[..., Result], sweep_file: str, rate: str, run_time: str, cause: str
) -> None:
    """When every trial fails, each says why, there is no table, and the exit code is 1."""
    Path("sweep.yaml").write_text(sweep_file.replace("0.1, 0.01", rate))
    run = fairtrial("run", "sweep.yaml", "--json", "--set", f"budget.run_time={run_time}")
    assert run.exit_code == 1
    assert f"trial 1 failed: run 1.0: {cause}" in run.stderr
    found = json.loads(run.stdout)
    assert (found["best"], found["digest"], found["trials"]["FAIL"]) == (None, None, 2)
    assert fairtrial("run", "sweep.yaml").exit_code == 1


@pytest.mark.parametrize("words", [[], ["--json"], ["--trials", "2", "--lanes", "1"]], ids=str)
def test_a_dry_run_writes_nothing(
    folder: Path, fairtrial: Callable[..., Result], sweep_file: str, words: list[str]
) -> None:
    """It shows the plan with an estimate of the time; the folder stays as it was."""
    Path("sweep.yaml").write_text(sweep_file)
    run = fairtrial("run", "sweep.yaml", "--dry-run", *words)
    assert run.exit_code == 0
    assert [path.name for path in folder.iterdir()] == ["sweep.yaml"]
    if "--json" in words:
        plan = json.loads(run.stdout)
        assert list(plan) == ["sweep", "definition", "trials", "runs", "seconds"]
        assert (plan["trials"], plan["runs"]) == (4, 8)
        assert 0 < plan["seconds"] < 60
    else:
        runs = "2 trials, 4 runs, 1 lanes" if words else "4 trials, 8 runs, 32 lanes"
        assert f"runs       {runs}\n" in run.stdout
        assert "nothing was written" in run.stderr


@pytest.mark.usefixtures("folder")
def test_a_plan_by_time_has_no_number_of_trials(
    fairtrial: Callable[..., Result], sweep_file: str
) -> None:
    """Where time is the only bound, that is the estimate, and trials are as many as fit."""
    Path("sweep.yaml").write_text(sweep_file.replace("grid", "random\nbudget: {time: 5m}"))
    plan = json.loads(fairtrial("run", "sweep.yaml", "--dry-run", "--json").stdout)
    assert (plan["trials"], plan["runs"], plan["seconds"]) == (None, None, 300)
    assert "runs       as many as fit" in fairtrial("run", "sweep.yaml", "--dry-run").stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["none.yaml"], "none.yaml"),
        (["."], "."),
        (["bytes.yaml"], "bytes.yaml"),
        (["wrong.yaml"], "wrong.yaml:5: search.learning_rat: 'learning_rat' is no hyperparameter"),
        (["sweep.yaml", "--set", "budget"], "--set 'budget': is not key=value"),
        (["sweep.yaml", "--lanes", "0"], "--lanes"),
        (["sweep.yaml", "--trials", "none"], "--trials"),
    ],
    ids=str,
)
def test_wrong_input_is_one_sentence(
    folder: Path, fairtrial: Callable[..., Result], words: list[str], sentence: str, sweep_file: str
) -> None:
    """What is wrong and where, exit 2, and nothing is made."""
    Path("sweep.yaml").write_text(sweep_file)
    Path("wrong.yaml").write_text(sweep_file.replace("learning_rate", "learning_rat"))
    Path("bytes.yaml").write_bytes(b"\x00\xff\xfe")
    run = fairtrial("run", *words)
    assert (run.exit_code, run.stdout) == (2, "")
    assert sentence in run.stderr
    assert len(list(folder.iterdir())) == 3


def test_mlflow_away_is_one_sentence(
    folder: Path,
    fairtrial: Callable[..., Result],
    sweep_file: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No server at the address: exit 1, what to do, and nothing is recorded."""
    Path("sweep.yaml").write_text(sweep_file)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free.getsockname()[1]}")
        for words in (["run", "sweep.yaml"], ["best", "rates"], ["compare", "rates", "--by", "x"]):
            run = fairtrial(*words)
            assert (run.exit_code, run.stdout) == (1, "")
            assert "can't be reached: the connection was refused" in run.stderr
    assert [path.name for path in folder.iterdir()] == ["sweep.yaml"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("nonsense", "of FAIRTRIAL_DATABASE_URL has no address that can be read"),
        ("postgresql+none://me:secret@h/d", "postgresql+none://me:***@h/d has no address that"),
        ("sqlite:////none/at/all.db", "/none/at/all.db can't be"),
    ],
)
@pytest.mark.usefixtures("project")
def test_a_wrong_database_is_one_sentence(
    fairtrial: Callable[..., Result],
    sweep_file: str,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    shown: str,
) -> None:
    """A FAIRTRIAL_DATABASE_URL that can't be used: exit 1 and the reason, without its password."""
    Path("sweep.yaml").write_text(sweep_file)
    monkeypatch.setenv("FAIRTRIAL_DATABASE_URL", url)
    for words in (["run", "sweep.yaml"], ["status"]):
        run = fairtrial(*words)
        assert (run.exit_code, run.stdout) == (1, "")
        assert shown in run.stderr
        assert "secret" not in run.stderr


@pytest.mark.parametrize("database", [".fairtrial/fairtrial.db", "mlflow.db"])
@pytest.mark.usefixtures("folder")
def test_a_broken_database_is_one_sentence(
    fairtrial: Callable[..., Result], sweep_file: str, database: str
) -> None:
    """A file that is no database: exit 1, its name and the reason; it is not overwritten."""
    Path("sweep.yaml").write_text(sweep_file)
    Path(".fairtrial").mkdir()
    Path(database).write_bytes(b"no database at all" * 100)
    words = ["run", "sweep.yaml"] if database == "mlflow.db" else ["status"]
    run = fairtrial(*words)
    assert (run.exit_code, run.stdout) == (1, "")
    assert database in run.stderr
    assert "file is not a database" in run.stderr
    assert Path(database).read_bytes() == b"no database at all" * 100
