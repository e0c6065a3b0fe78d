"""Figures show the table's numbers, draw without a network, and run nothing of a user's text."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import sklearn.metrics
import torch
from plotly.graph_objects import Figure as PlotlyFigure

from tracking.events import Answers, BestModel
from tracking.figures import Figure, render_page
from tracking.figures_answers import answers_figure, class_scores, per_class_csv
from tracking.figures_comparison import comparison
from tracking.figures_importance import importance_figure
from tracking.reading import read_sweep
from tracking.tables import compare

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tracking.store import Store

SWEEP = "digits-search"
HOSTILE = '</script><script>document.title="taken"</script><b>&amp;"'
ANSWERS = Answers(("a", "b", HOSTILE), ((5, 1, 0), (0, 3, 0), (2, 0, 4)))


def plots_of(page: str) -> list[dict[str, Any]]:
    """Plotly's own JSON from a page; Plotly refuses what it does not know."""
    found = re.search(r'<script type="application/json" id="plots">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    plots: list[dict[str, Any]] = json.loads(found[1])
    for plot in plots:
        PlotlyFigure(plot)
    return plots


def only_plot(figure: Figure) -> dict[str, Any]:
    (plot,) = plots_of(render_page("one", [figure]))
    return plot


def artifact(store: Store, run_id: str, name: str, folder: Path) -> str:
    with open(store.client.download_artifacts(run_id, name, str(folder))) as file:  # noqa: PTH123
        return file.read()


def rows(levels: Sequence[Any], n_seeds: int = 4) -> list[dict[str, Any]]:
    return [
        {"activation": level, "seed": seed, "repeat": seed, "trial": i, "test/accuracy": value}
        for i, level in enumerate(levels)
        for seed in range(n_seeds)
        for value in (0.5 + 0.1 * i + 0.01 * seed * (i + 1),)
    ]


def test_a_comparison_shows_the_tables_numbers_in_its_order(sweep_of: Any) -> None:
    """Means, interval ends and best runs of every level, the first on top, the best marked."""
    levels = ["tanh", HOSTILE, "relu"]
    table = compare([sweep_of(rows(levels), {"activation": levels})], ["activation"], None)
    assert table.controlled
    plot = only_plot(comparison(table))
    means, bests = plot["data"]
    assert [html.unescape(name) for name in means["y"]] == levels
    assert plot["layout"]["yaxis"]["categoryarray"] == means["y"]
    low, high = plot["layout"]["yaxis"]["range"]
    assert low > high, "the first is on top"
    for i, row in enumerate(table.rows):
        error = means["error_x"]
        assert means["x"][i] == row.mean
        assert means["x"][i] + error["array"][i] == pytest.approx(row.ci_high)
        assert means["x"][i] - error["arrayminus"][i] == pytest.approx(row.ci_low)
        assert bests["x"][i] == row.best
    colours = means["marker"]["color"]
    assert [colour != colours[0] for colour in colours] == [False, False, True]


def test_a_single_run_has_no_interval(sweep_of: Any) -> None:
    """Its bar has no length, and no level is marked where none is compared."""
    record = sweep_of(rows(["tanh"], 1), {"activation": ["tanh"]})
    figure = comparison(compare([record], ["activation"], None))
    means = only_plot(figure)["data"][0]
    assert means["error_x"]["array"] == means["error_x"]["arrayminus"] == [0.0]


def test_the_classes_scores_are_scikit_learns() -> None:
    """Precision, recall, F1 and support of each class, on the page and in the CSV."""
    pairs = [
        (true, called)
        for true, row in enumerate(ANSWERS.confusion)
        for called, count in enumerate(row)
        for _ in range(count)
    ]
    reference = sklearn.metrics.precision_recall_fscore_support(*zip(*pairs, strict=True))
    for score, *expected in zip(class_scores(ANSWERS), *reference, strict=True):
        assert [score.precision, score.recall, score.f1, score.support] == pytest.approx(expected)
    header, *lines = csv.reader(io.StringIO(per_class_csv(ANSWERS)))
    assert header == ["class", "precision", "recall", "f1", "support"]
    assert [float(cell) for cell in lines[0][1:]] == pytest.approx([f[0] for f in reference])
    plot = only_plot(answers_figure(ANSWERS, "run"))
    assert plot["data"][0]["customdata"] == [list(row) for row in ANSWERS.confusion]
    assert plot["data"][0]["z"][2] == pytest.approx([2 / 6, 0, 4 / 6])


def test_a_class_without_rows_has_no_scores() -> None:
    """Nothing is divided by zero; what is not defined is empty."""
    scores = class_scores(Answers(("a", "=b"), ((3, 0), (0, 0))))
    assert (scores[1].precision, scores[1].recall, scores[1].f1) == (None, None, None)
    assert per_class_csv(Answers(("a", "=b"), ((3, 0), (0, 0)))).splitlines()[2] == "'=b,,,,0"
    only_plot(answers_figure(Answers(("a", "=b"), ((3, 0), (0, 0))), "run"))


def test_a_regression_shows_predicted_against_true() -> None:
    """Every test row, or so many of them evenly that a page stays small."""
    few = Answers(predictions=((1.0, 2.0), (3.0, 2.5)))
    points, diagonal = only_plot(answers_figure(few, "run"))["data"]
    assert (points["x"], points["y"]) == ([1.0, 3.0], [2.0, 2.5])
    assert diagonal["x"] == diagonal["y"] == [1.0, 3.0]
    many = Answers(predictions=tuple((float(i), 0.0) for i in range(9999)))
    figure = answers_figure(many, "run")
    assert len(only_plot(figure)["data"][0]["x"]) == 2000
    assert "2000 of 9999 rows" in figure.captions[0]


def test_importance_is_sorted_with_the_largest_on_top() -> None:
    """Each share as it was given."""
    bars = only_plot(importance_figure({"dropout": 0.2, "learning_rate": 0.8}, 60))["data"][0]
    assert bars["y"] == ["learning_rate", "dropout"]
    assert bars["x"] == [0.8, 0.2]


def test_a_sweep_that_is_done_has_its_figures(
    store: Store, script: Any, play: Any, tmp_path: Path
) -> None:
    """Its run has a page with every figure, the best run one of its own; curves are the metrics
    that were recorded, and telling it all again changes nothing.
    """
    explained = []

    def explain(metrics: Any) -> str:
        explained.append(metrics["test/accuracy"])
        return "# Stages\n"

    module = torch.nn.Sequential(torch.nn.Linear(4, 3)).eval()
    best = BestModel("1.0", module, torch.randn(3, 4), {}, ANSWERS, explain)
    runs = script.run(0) + script.run(1, learning_rate=0.01) + script.run(2, state="PRUNED")
    end = script.end(factors=("learning_rate", "activation"))
    shares = {"learning_rate": 0.75, "activation": 0.25}
    end = type(end)(end.state, end.factors, end.summary, end.time_ms, shares)
    for _ in range(2):
        play(script.started, *runs, best, end)
    record = read_sweep(store, SWEEP)
    page = artifact(store, record.parent_id, "figures.html", tmp_path)
    by_rate, by_activation, importance, curves, confusion = plots_of(page)
    assert by_rate["data"][0]["x"] == [0.8, 0.8]
    assert by_activation["data"][0]["x"] == [0.8]
    assert importance["data"][0]["x"] == [0.75, 0.25]
    assert confusion["data"][0]["customdata"] == [list(row) for row in ANSWERS.confusion]
    assert len({trace["legendgroup"] for trace in curves["data"]}) == 2, "not of the pruned one"
    loss = next(t for t in curves["data"] if t["yaxis"] == "y2" and t["line"]["dash"] == "solid")
    assert (loss["x"], loss["y"]) == ([1, 2, 3], [1.0, 0.5, pytest.approx(1 / 3)])

    best_id = record.runs[1].mlflow_id
    (own,) = plots_of(artifact(store, best_id, "figures.html", tmp_path))
    assert own == confusion
    assert artifact(store, best_id, "explain.md", tmp_path) == "# Stages\n"
    assert artifact(store, best_id, "per_class.csv", tmp_path).startswith("class,precision")
    assert explained == [0.8], "written once"


def test_an_interrupted_sweep_has_no_figures_yet(store: Store, script: Any, play: Any) -> None:
    """They are drawn when it is done; Ctrl-C is not kept waiting."""
    play(script.started, *script.run(0), script.end("interrupted"))
    parent = read_sweep(store, SWEEP).parent_id
    assert "figures.html" not in {file.path for file in store.client.list_artifacts(parent)}


def test_a_page_is_safe_and_stands_alone() -> None:
    """No outside address, and nothing of a hostile name is a tag or ends a script."""
    page = render_page(HOSTILE, [answers_figure(ANSWERS, HOSTILE)])
    ours = re.sub(r'(id="library">)[A-Za-z0-9+/=]*<', r"\1<", page)
    assert len(ours) < 20_000
    assert not re.search(r"(src|href)\s*=|https?:|//[a-z]|url\(|import", ours)
    assert page.count("<script") == page.count("</script>") == 3
    assert "<b>" not in page


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_a_browser_draws_it_and_runs_nothing_else(tmp_path: Path) -> None:
    """In Chromium without any network the figure is there, and a hostile name is read as text."""
    path = tmp_path / "figures.html"
    path.write_text(render_page("page", [answers_figure(ANSWERS, HOSTILE)]), encoding="utf-8")
    words = [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=20000",
        "--host-resolver-rules=MAP * ~NOTFOUND", "--dump-dom", path.as_uri(),
    ]  # fmt: skip
    run = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
    drawn = run.stdout
    assert "<title>page</title>" in drawn
    assert 'class="main-svg"' in drawn
    assert re.search(r"<text[^>]*>&lt;/script&gt;&lt;script&gt;", drawn)
    assert re.search(r'id="problem">\s*</p>', drawn)
