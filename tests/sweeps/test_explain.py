"""A run on record is explained in its own numbers, and never in those of other data."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sweeps.errors import SweepError
from sweeps.explain import explain
from sweeps.launch import prepare_data, run_sweep
from sweeps.spec import load_spec
from sweeps.stage_page import Facts, as_markdown, as_text
from sweeps.stores import Stores
from tracking.errors import UnknownSweep
from tracking.reading import best_run, read_sweep
from tracking.recorder import MlflowRecorder
from tracking.store import open_store
from trainer.hyperparameters import resolve
from trainer.runs import RunConfig, run_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracking.store import Store

STAGES = [
    "Preparation", "Initialisation", "Forward", "Loss", "Backward", "Optimisation", "Stopping",
    "Test",
]  # fmt: skip
TABLE = """\
name: small
data: {source: rows.csv, target: kind}
train: {hidden: [5], epochs: 2, learning_rate: 0.1}
search: {activation: [relu, tanh]}
sampler: grid
repeats: 2
"""


def run(file: str, overrides: Sequence[str] = ()) -> Store:
    spec = load_spec(Path(file), overrides)
    store = open_store()
    recorder = MlflowRecorder(store)
    run_sweep(spec, prepare_data(spec), stores=Stores.here(), recorder=recorder)
    return store


def write_rows(path: Path) -> None:
    lines = [f"{i % 7},{i * i % 11},{'ab'[i % 2]}" for i in range(90)]
    path.write_text("\n".join(["x,y,kind", *lines]) + "\n")


def titles(page: str) -> list[str]:
    return re.findall(r"^(?:## )?\d\.? ([A-Z]\w+)$", page, re.MULTILINE)


def section(page: str, title: str) -> str:
    return page.partition(f" {title}\n")[2].partition("\n\n")[0]


@pytest.fixture
def there(project: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Store, Path]:
    """A finished sweep, its file and data in a folder below; then another current folder."""
    folder = project / "files" / "here"
    folder.mkdir(parents=True)
    (folder / "sweep.yaml").write_text(TABLE.replace("rows.csv", "../rows.csv"))
    write_rows(folder.parent / "rows.csv")
    store = run("files/here/sweep.yaml", ["train.epochs=3", "data.resplit=true"])
    monkeypatch.chdir(folder)
    return store, folder.parent / "rows.csv"


def test_the_page_in_mlflow_is_the_page_computed_again(there: tuple[Store, Path]) -> None:
    """From any folder, with `--set` and a split of each repeat's own, the same numbers come out."""
    store, _ = there
    facts = explain(store, "small")
    assert (facts.problem, facts.n_epochs) == ("", 3)
    assert titles(as_text(facts)) == STAGES
    best = best_run(read_sweep(store, "small"))
    with open(store.client.download_artifacts(best.mlflow_id, "explain.md")) as kept:  # noqa: PTH123
        assert kept.read() == as_markdown(facts)
    accuracy = best.metrics["test/accuracy"]
    assert f"accuracy {accuracy:.4f}" in section(as_text(facts), "Test")
    assert f"({round(accuracy * facts.n_test)} right)" in section(as_text(facts), "Test")
    assert "ln(2) = 0.6931" in section(as_text(facts), "Loss")
    assert "[32, 2] -> Linear [32, 5]" in section(as_text(facts), "Forward")


def test_another_trial_may_be_asked_for(there: tuple[Store, Path]) -> None:
    """Each has its own numbers; one there is not is named with those there are."""
    store, _ = there
    pages = [as_text(explain(store, "small", trial)) for trial in (0, 1)]
    assert "ReLU" in pages[0]
    assert "Tanh" in pages[1]
    with pytest.raises(SweepError, match=r"no trial 7; they are 0 to 1"):
        explain(store, "small", 7)
    with pytest.raises(UnknownSweep):
        explain(store, "smal")


def test_data_that_is_gone_or_changed_is_said_so(there: tuple[Store, Path]) -> None:
    """What is on record is shown, what would be of other data is not, and a sentence says why."""
    store, rows = there
    rows.write_text(rows.read_text().replace(",1,", ",2,", 1))
    changed = explain(store, "small")
    assert "the data has changed since: ../rows.csv had the digest" in changed.problem
    rows.unlink()
    gone = explain(store, "small")
    assert "the data is gone" in gone.problem
    assert "rows.csv is not there" in gone.problem
    for facts in (changed, gone):
        assert facts.stages is None
        page = as_text(facts)
        assert "Only what is on record can be shown" in page
        assert "Forward" not in titles(page)
        assert titles(page)[-1] == "Test"
        assert "split: train" in section(page, "Preparation")


@pytest.mark.usefixtures("project")
def test_a_regression_expects_the_variance_of_its_targets() -> None:
    """1 after scaling; the stopping stage says which epoch's weights patience kept."""
    Path("sweep.yaml").write_text(
        "name: numbers\ndata: {source: diabetes}\n"
        "train: {hidden: [4], epochs: 30, patience: 2, learning_rate: 0.1}\n"
        "search: {batch_size: [16, 32]}\nsampler: grid\n"
    )
    facts = explain(run("sweep.yaml"), "numbers")
    page = as_text(facts)
    assert "1.0000, the variance of the scaled targets" in section(page, "Loss")
    kept = int(facts.metrics["kept_epoch"])
    assert f"after epoch {kept + 2} of 30" in section(page, "Stopping")
    assert f"the weights of epoch {kept}," in section(page, "Stopping")
    assert "r2" in section(page, "Test")


def facts_of(**more: Any) -> Facts:
    config = RunConfig(run_id(3, 1), resolve({"epochs": 8}, "classification"), 5)
    facts = Facts("small", config, ["data: <b>x</b> \x1b[31m"], 3, 10, {}, "COMPLETE", 8)
    return replace(facts, **more)


def test_a_run_that_did_not_come_to_its_end_says_why() -> None:
    """Pruned, failed or in flight, in the stage of stopping; and it was not tested."""
    ends = {
        "PRUNED": "The pruner ended it after epoch 2 of 8",
        "FAIL": "It failed after epoch 2 of 8: the loss became NaN",
        "RUNNING": "It is not over: 2 of 8 epochs",
    }
    for state, sentence in ends.items():
        page = as_text(facts_of(state=state, n_epochs=2, message="the loss became NaN"))
        assert sentence in section(page, "Stopping")
        assert "Not tested" in section(page, "Test")


def test_users_text_stays_text() -> None:
    """No tag in Markdown, no escape sequence in a terminal."""
    assert "<b>" not in as_markdown(facts_of())
    assert "\x1b" not in as_text(facts_of()) + as_markdown(facts_of())
