"""The sweep file that is right: defaults, overrides, what defines it, and what it resolves to."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from sweeps.errors import SpecError
from sweeps.spec import SweepSpec, differences, load_spec

EXAMPLE = Path(__file__).with_name("design_example.yaml")
SMALL = """\
name: small
data: {source: digits}
search:
  learning_rate: [0.1, 0.01]
budget: {trials: 4}
"""


def load(tmp_path: Path, text: str, *overrides: str) -> SweepSpec:
    path = tmp_path / "sweep.yaml"
    path.write_text(text)
    return load_spec(path, overrides)


def test_the_full_example_of_the_format_is_accepted() -> None:
    """The example that the design promises to users is valid as it stands."""
    spec = load_spec(EXAMPLE)
    assert spec.name == "digits-search"
    assert spec.train == {"model": "mlp", "hidden": (64,), "optimizer": "adam"}
    assert list(spec.search) == ["learning_rate", "batch_size", "activation", "dropout", "epochs"]
    assert spec.data.task == "classification"
    assert spec.data.folder == EXAMPLE.parent
    assert (spec.budget.trials, spec.budget.time_s, spec.budget.run_time_s) == (100, 1800, 300)
    assert spec.max_epochs == 30
    assert spec.grid_size is None
    assert spec.text == EXAMPLE.read_text()


def test_what_is_left_out_takes_its_default(tmp_path: Path) -> None:
    """A file of five lines is a whole sweep."""
    spec = load(tmp_path, SMALL)
    assert (spec.sampler.name, spec.pruner.name) == ("tpe", "none")
    assert (spec.repeats, spec.generation, spec.seed) == (1, 16, 0)
    assert (spec.objective.metric, spec.objective.direction) == ("validation/accuracy", "maximize")
    assert spec.max_epochs == 10


def test_a_known_regression_is_judged_by_its_error(tmp_path: Path) -> None:
    """Without an objective, diabetes minimizes the RMSE."""
    spec = load(tmp_path, SMALL.replace("digits", "diabetes"))
    assert (spec.objective.metric, spec.objective.direction) == ("validation/rmse", "minimize")
    assert spec.data.task == "regression"


@pytest.mark.parametrize(
    ("metric", "direction", "task"),
    [
        ("validation/loss", "minimize", None),
        ("train/accuracy", "maximize", "classification"),
        ("validation/r2", "maximize", "regression"),
        ("validation/mae", "minimize", "regression"),
    ],
)
def test_the_direction_and_the_task_follow_from_the_metric(
    tmp_path: Path, metric: str, direction: str, task: str | None
) -> None:
    """A direction that is left out is the metric's sense; the task of the data is its task too."""
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    text = SMALL.replace("source: digits", "source: a.csv, target: y")
    spec = load(tmp_path, f"{text}objective: {{metric: {metric}}}\n")
    assert (spec.objective.direction, spec.data.task) == (direction, task)


def test_the_task_of_an_unknown_table_is_checked_when_it_is_known(tmp_path: Path) -> None:
    """An objective or a loss that the data can't give is refused with the line it stands in."""
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    text = SMALL.replace("source: digits", "source: a.csv, target: y")
    spec = load(tmp_path, text)
    assert spec.data.task is None
    spec.check_task("classification")
    with pytest.raises(SpecError, match=r"sweep.yaml:1: objective: validation/accuracy has no me"):
        spec.check_task("regression")
    text = text.replace("search:", "train: {loss: cross_entropy}\nsearch:")
    spec = load(tmp_path, f"{text}objective: {{metric: validation/loss}}\n")
    with pytest.raises(SpecError, match=r"sweep.yaml:3: train.loss: cross_entropy has no meaning"):
        spec.check_task("regression")


def test_an_override_stands_in_for_the_file(tmp_path: Path) -> None:
    """--set changes one value, the last one wins, and the text stays as written."""
    spec = load(
        tmp_path,
        SMALL,
        "train.epochs=7",
        "train.epochs=5",
        "budget.trials=10",
        "search.learning_rate={low: 1e-3, high: 0.1}",
        "pruner=median",
        "pruner.n_startup_trials=3",
        "sampler.name=random",
        "train.patience=null",
    )
    assert spec.train == {"epochs": 5, "patience": None}
    assert spec.budget.trials == 10
    assert spec.search_json() == {"learning_rate": {"low": 1e-3, "high": 0.1}}
    assert spec.pruner.to_json() == {"name": "median", "n_startup_trials": 3}
    assert spec.sampler.name == "random"
    assert spec.text == SMALL
    assert len(spec.overrides) == 8


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86400), ("1h30m", 5400), ("45", 45),
     ("0.5", 0.5)],
)  # fmt: skip
def test_lengths_of_time(tmp_path: Path, text: str, seconds: float) -> None:
    """Times are written in days, hours, minutes and seconds, or as a number of seconds."""
    spec = load(tmp_path, SMALL, f"budget.time={text}")
    assert spec.budget.time_s == seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [("~", None), ("1e-4", 1e-4), ("1.", 1.0), ("0x10", 16), ("-3", -3), ("no", "no"),
     ("12:30", "12:30"), ("2026-11-02", "2026-11-02"), ("1_000", "1_000"), ("'5'", "5"),
     ("True", True), ("1e", "1e"), ("null", None)],
)  # fmt: skip
def test_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    """Words and times stay text; only null, true, false and numbers are anything else."""
    from tracking.files.node import Place
    from tracking.files.yaml_source import parse

    node = parse(f"key: {text}", Place("file", 1))
    assert node.plain == {"key": value}
    assert type(node.plain["key"]) is type(value)


def test_a_grid_needs_no_budget_and_knows_its_size(tmp_path: Path) -> None:
    """The grid is its own bound; a grid over a million configurations is refused."""
    text = SMALL.replace("budget: {trials: 4}", "sampler: grid")
    spec = load(tmp_path, text, "search.dropout={low: 0, high: 0.3, step: 0.1}")
    assert spec.grid_size == 8
    with pytest.raises(SpecError, match="the grid has 2000002 configurations, over 1000000"):
        load(tmp_path, text, "search.epochs={low: 1, high: 1000001, step: 1}")


def test_a_spec_is_frozen(tmp_path: Path) -> None:
    """Nothing that is known of a sweep changes after it was checked."""
    spec = load(tmp_path, SMALL)
    with pytest.raises(FrozenInstanceError):
        spec.seed = 1  # type: ignore[misc]


def test_the_definition_is_json_and_names_what_differs() -> None:
    """Two sweeps of one name are told apart by sentences; a larger budget is no difference."""
    spec = load_spec(EXAMPLE)
    stored = json.loads(json.dumps(spec.definition()))
    assert differences(stored, spec.definition()) == []
    more = load_spec(EXAMPLE, ["budget.trials=500", "train.momentum=0"])
    assert differences(stored, more.definition()) == []
    other = load_spec(
        EXAMPLE,
        ["search.learning_rate.high=0.2", "train.hidden=[8]", "pruner=median", "data.test=0.2"],
    )
    assert differences(stored, other.definition()) == [
        "data.test: was 0.15, is 0.2",
        "pruner.name: was none, is median",
        "search.learning_rate.high: was 0.1, is 0.2",
        "train.hidden: was left out, is [8]",
    ]


def test_the_order_of_the_search_is_part_of_the_definition(tmp_path: Path) -> None:
    """Samplers draw in the order of the search, so another order is another sweep."""
    one = load(tmp_path, SMALL, "search.dropout=[0, 0.5]")
    two = load(tmp_path, SMALL.replace("search:\n", "search:\n  dropout: [0, 0.5]\n"))
    assert differences(one.definition(), two.definition()) == [
        "search: was ['learning_rate', 'dropout'], is ['dropout', 'learning_rate']"
    ]


def test_a_trial_resolves_to_a_full_configuration() -> None:
    """Fixed and sampled values meet the defaults, in the hyperparameters' own types."""
    spec = load_spec(EXAMPLE)
    params = {"learning_rate": 0.01, "batch_size": 32, "activation": "tanh", "dropout": 0.1}
    resolved = spec.resolve({**params, "epochs": 10}, "classification")
    assert (resolved.hidden, resolved.epochs, resolved.loss) == ((64,), 10, "cross_entropy")


def test_importing_the_spec_loads_nothing_heavy() -> None:
    """A sweep file is read and checked without optuna, torch, mlflow, sklearn or pandas."""
    code = (
        "import sys; from pathlib import Path; from sweeps.spec import load_spec;"
        "load_spec(Path(sys.argv[1]), ['pruner=median', 'sampler=gp']);"
        "print({'optuna', 'torch', 'mlflow', 'sklearn', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, EXAMPLE], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
