from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tracking.errors import TableError
from tracking.tables import compare

SEARCH = {"learning_rate": [0.1, 0.001, 0.01], "activation": ["tanh", "relu"]}
GAPS = "not controlled, the grid has gaps: "
OBSERVED = "observed, not controlled: "


def grid(*, repeats: int = 2, drop: tuple[int, ...] = (), state: str = "PRUNED") -> list[Any]:
    """Every combination of SEARCH, each with the same seeds; `drop` ends runs in another state."""
    draw = np.random.default_rng(0)
    rows = []
    combinations = product(SEARCH["learning_rate"], SEARCH["activation"], range(repeats))
    for i, (rate, activation, repeat) in enumerate(combinations):
        row = {"learning_rate": rate, "activation": activation, "hidden": [64]}
        score = {"test/accuracy": draw.random(), "validation/accuracy": 0.5, "test/loss": 1.0}
        row |= {"seed": repeat, "repeat": repeat, "trial": i // repeats, **score}
        rows.append(row | ({"state": state} if i in drop else {}))
    return rows


def test_rows_are_the_means_of_their_levels(sweep_of: Any) -> None:
    """Mean, interval, count and best of each level agree with numpy and scipy, sorted by number."""
    rows = grid()
    table = compare([sweep_of(rows, SEARCH)], ["learning_rate"], None)
    assert table.metric == "test/accuracy"
    assert [row.level for row in table.rows] == [(0.001,), (0.01,), (0.1,)]
    for row in table.rows:
        scores = [r["test/accuracy"] for r in rows if r["learning_rate"] == row.level[0]]
        assert row.mean == pytest.approx(np.mean(scores))
        low, high = stats.t.interval(0.95, 3, np.mean(scores), stats.sem(scores))
        assert (row.ci_low, row.ci_high) == pytest.approx((low, high))
        assert (row.n, row.best) == (4, max(scores))


def test_order_of_runs_changes_no_bit(sweep_of: Any) -> None:
    """The digest is that of the rows, whatever order the runs were finished in."""
    rows = grid()
    first = compare([sweep_of(rows, SEARCH)], ["activation"], None)
    mixed = [rows[i] for i in np.random.default_rng(1).permutation(len(rows))]
    again = compare([sweep_of(mixed, SEARCH)], ["activation"], None)
    assert (again.rows, again.digest) == (first.rows, first.digest)
    other = compare(
        [sweep_of([{**rows[0], "test/accuracy": 0.1}, *rows[1:]], SEARCH)], ["activation"], None
    )
    assert other.digest != first.digest


def test_choices_stand_in_the_files_order(sweep_of: Any) -> None:
    """Words are sorted as the sweep file has them, a list given as 64 or none among them."""
    table = compare([sweep_of(grid(), SEARCH)], ["activation"], None)
    assert [row.level for row in table.rows] == [("tanh",), ("relu",)]
    search = {"hidden": [[64, 64], 128, [32]], "augmentation": ["flip", "none"]}
    rows = [
        {"hidden": hidden, "augmentation": kind, "test/accuracy": 0.5}
        for hidden in ([32], [64, 64], [128])
        for kind in ([], ["flip"])
    ]
    table = compare([sweep_of(rows, search)], ["hidden"], None)
    assert [row.level[0] for row in table.rows] == [[64, 64], [128], [32]]
    table = compare([sweep_of(rows, search)], ["augmentation"], None)
    assert [row.level[0] for row in table.rows] == [["flip"], []]


def test_a_whole_grid_is_controlled(sweep_of: Any) -> None:
    """Every level saw the same other settings and seeds: no note is needed."""
    record = sweep_of(grid(), SEARCH, sampler="grid")
    for by in (["learning_rate"], ["activation"], ["learning_rate", "activation"]):
        table = compare([record], by, None)
        assert (table.controlled, table.notes) == (True, ())


def test_a_grid_with_gaps_is_not_controlled(sweep_of: Any) -> None:
    """The note says which levels miss how many runs, and why runs were left out."""
    rows = grid(drop=(0, 5))
    table = compare([sweep_of(rows, SEARCH, sampler="grid")], ["learning_rate"], None)
    assert not table.controlled
    assert table.notes == (
        GAPS + "learning_rate=0.1 misses 1 of 4 runs; learning_rate=0.001 misses 1 of 4 runs",
        "left out: 2 pruned",
    )
    rows = [*grid(drop=(0,), state="FAIL"), {**grid()[0], "state": "RUNNING"}]
    table = compare([sweep_of(rows, SEARCH)], ["learning_rate"], None)
    assert table.notes[-1] == "left out: 1 failed, 1 unfinished"


@pytest.mark.parametrize("change", [{"activation": "gelu"}, {"seed": 99}, {"dropout": 0.5}])
def test_one_different_run_and_it_is_observed(sweep_of: Any, change: dict[str, Any]) -> None:
    """A single run of other settings or another seed takes the controlled mark away."""
    rows = grid()
    rows[3] = {**rows[3], **change}
    table = compare([sweep_of(rows, SEARCH)], ["learning_rate"], None)
    assert not table.controlled
    assert "observed, not controlled" in table.notes[0]


def test_the_same_run_twice_is_observed(sweep_of: Any) -> None:
    """A configuration that one level trained twice weighs double there."""
    rows = [*grid(), grid()[0]]
    assert not compare([sweep_of(rows, SEARCH)], ["learning_rate"], None).controlled


def test_observed_note_names_what_moved(sweep_of: Any) -> None:
    """Whoever reads an observed table is told what else may explain it."""
    draw = np.random.default_rng(0)
    rows = [
        {"learning_rate": [0.1, 0.01][i % 2], "dropout": draw.random(), "epochs": i,
         "hidden": [64], "test/accuracy": draw.random()}
        for i in range(9)
    ]  # fmt: skip
    table = compare([sweep_of(rows, {})], ["learning_rate"], None)
    assert table.notes == (
        OBSERVED + "dropout, epochs moved too; a difference between rows may be theirs",
    )


def test_a_sampled_range_is_pooled(sweep_of: Any) -> None:
    """Many values of a range become a few levels with a readable name, never called controlled."""
    rates = [1e-4 * 1.6**i for i in range(14)]
    rows = [{"learning_rate": rate, "test/accuracy": rate} for rate in rates]
    search = {"learning_rate": {"low": 1e-4, "high": 0.1, "log": True}}
    table = compare([sweep_of(rows, search)], ["learning_rate"], None)
    assert [row.level[0] for row in table.rows] == [
        "0.0001 to 0.00056", "0.00056 to 0.0032", "0.0032 to 0.018", "0.018 to 0.1",
    ]  # fmt: skip
    assert sum(row.n for row in table.rows) == 14
    assert not table.controlled
    assert table.notes == (OBSERVED + "each row pools several values of learning_rate",)


def test_several_sweeps(sweep_of: Any) -> None:
    """A sweep column comes first; other data or other settings make the table observed."""
    first = sweep_of(grid(), SEARCH, name="b-first")
    second = sweep_of(grid(), SEARCH, name="a-second")
    table = compare([first, second], ["activation"], None)
    assert table.columns == ("sweep", "activation")
    assert [row.level for row in table.rows] == [
        *product(["b-first", "a-second"], ["tanh", "relu"])
    ]
    assert table.row_dicts()[0]["sweep"] == "b-first"
    assert table.controlled
    table = compare([first, replace(second, data_digest="cd" * 32)], ["activation"], None)
    assert not table.controlled
    assert "the data" in table.notes[0]


def test_metric_that_some_runs_lack(sweep_of: Any) -> None:
    """Runs without the metric are left out, and the note counts them."""
    rows = grid()
    del rows[0]["test/loss"]
    table = compare([sweep_of(rows, SEARCH)], ["activation"], "test/loss")
    assert sum(row.n for row in table.rows) == len(rows) - 1
    assert table.notes[-1] == "left out: 1 without test/loss"


def test_no_test_metric(sweep_of: Any) -> None:
    """Where the objective was not measured on the test set, the objective itself is shown."""
    rows = [{"learning_rate": 0.1, "validation/accuracy": 0.5}]
    table = compare([sweep_of(rows, {})], ["learning_rate"], None)
    assert table.metric == "validation/accuracy"


@pytest.mark.parametrize(
    ("by", "metric", "message"),
    [
        (["learning_rat"], None, "no factor 'learning_rat'; did you mean 'learning_rate'? what"),
        (["colour"], None, "what varies is learning_rate, activation"),
        (["activation"], "test/acuracy", "no metric 'test/acuracy'; did you mean 'test/accuracy'?"),
        (["activation"], "nonsense", "there are test/accuracy, test/loss, validation/accuracy"),
        ([], None, "name one with --by"),
    ],
)
def test_unknown_names(sweep_of: Any, by: list[str], metric: str | None, message: str) -> None:
    """A wrong name is answered with the nearest and with what there is."""
    with pytest.raises(TableError) as caught:
        compare([sweep_of(grid(), SEARCH)], by, metric)
    assert message in str(caught.value)


def test_nothing_finished(sweep_of: Any) -> None:
    """A sweep without a finished run has no table, and says so."""
    rows = [{"learning_rate": 0.1, "state": "RUNNING"}]
    with pytest.raises(TableError, match="sweep 'digits': no run has finished yet, 1 were begun"):
        compare([sweep_of(rows, {})], ["learning_rate"], None)


def test_a_known_hyperparameter_that_does_not_vary(sweep_of: Any) -> None:
    """One level is a table too."""
    table = compare([sweep_of(grid(), SEARCH)], ["hidden"], None)
    assert [(row.level[0], row.n) for row in table.rows] == [([64], 12)]
    assert table.controlled
    assert (table.verdict, table.rows[0].p_value) == (None, None)


def test_comparisons_agree_with_scipy(sweep_of: Any) -> None:
    """Each level against the best: scipy's paired t-test on the means per seed, Holm by hand."""
    rows = grid(repeats=8)
    table = compare([sweep_of(rows, SEARCH)], ["learning_rate"], None)
    values: dict[float, list[Any]] = {}
    for rate in SEARCH["learning_rate"]:
        of_rate = [row for row in rows if row["learning_rate"] == rate]
        values[rate] = [
            np.mean([row["test/accuracy"] for row in of_rate if row["seed"] == seed])
            for seed in range(8)
        ]
    best = max(values, key=lambda rate: np.mean(values[rate]))
    tests = {rate: stats.ttest_rel(values[rate], values[best]) for rate in values if rate != best}
    low, high = sorted(float(test.pvalue) for test in tests.values())
    holm = {low: min(1.0, 2 * low), high: max(min(1.0, 2 * low), high)}
    assert table.best == str(best)
    for row in table.rows:
        if row.level[0] == best:
            assert (row.p_value, row.against_best) == (None, None)
            continue
        test, other = tests[row.level[0]], row.against_best
        assert other is not None
        assert (other.n_pairs, other.p) == (8, pytest.approx(test.pvalue))
        assert row.p_value == pytest.approx(holm[float(test.pvalue)])
        interval = test.confidence_interval(0.95)
        assert (other.low, other.high) == pytest.approx((interval.low, interval.high))
        differences = np.subtract(values[row.level[0]], values[best])
        flipped = stats.permutation_test(
            (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
        )
        assert other.permutation_p == pytest.approx(flipped.pvalue)


def test_shared_time_is_no_measurement_of_a_run(sweep_of: Any) -> None:
    """Lanes share the clock, so a table of train_seconds says not to trust its p-values."""
    rows = [{**row, "train_seconds": 1.0 + row["seed"]} for row in grid()]
    table = compare([sweep_of(rows, SEARCH)], ["activation"], "train_seconds")
    assert "no independent measurements" in table.notes[0]


@pytest.mark.parametrize("change", [{"seed": 99}, {"dropout": 0.5}, {"state": "PRUNED"}])
def test_an_observed_table_has_no_p_values(sweep_of: Any, change: dict[str, Any]) -> None:
    """One run apart, and nothing is tested: no p-value, no verdict, no factor alone."""
    rows = [*grid(repeats=8)]
    rows[0] = {**rows[0], **change}
    for by in (["learning_rate"], ["learning_rate", "activation"]):
        table = compare([sweep_of(rows, SEARCH)], by, None)
        assert not table.controlled
        assert {row.p_value for row in table.rows} == {None}
        assert {row.against_best for row in table.rows} == {None}
        assert (table.verdict, table.best, table.marginals) == (None, None, ())
        assert table.notes


def test_two_factors_are_also_judged_alone(sweep_of: Any) -> None:
    """Each factor of a controlled two-way table has the verdict of its own table."""
    record = sweep_of(grid(repeats=4), SEARCH)
    table = compare([record], ["learning_rate", "activation"], None)
    assert table.marginals == tuple(compare([record], [name], None) for name in table.by)
    assert table.across == ("tanh", "relu")
    assert sum(row.p_value is None for row in table.rows) == 1


def test_p_values_do_not_depend_on_the_order_of_runs(sweep_of: Any) -> None:
    """Verdict and all comparisons are the same to the bit, whichever run finished first."""
    rows = grid(repeats=7)
    first = compare([sweep_of(rows, SEARCH)], ["learning_rate"], None)
    mixed = [rows[i] for i in np.random.default_rng(2).permutation(len(rows))]
    assert compare([sweep_of(mixed, SEARCH)], ["learning_rate"], None) == first


def test_seeds_as_levels_get_no_verdict(sweep_of: Any) -> None:
    """What is chance itself is not tested for being chance."""
    table = compare([sweep_of(grid(), SEARCH)], ["seed"], None)
    assert {row.p_value for row in table.rows} == {None}
    assert table.verdict is not None
    assert table.verdict.sentence.startswith("no verdict: the seed is chance itself")


@pytest.mark.parametrize("metric", ["epochs_run", "train_seconds", "gap", "validation/loss"])
def test_metrics_beside_the_first(sweep_of: Any, metric: str) -> None:
    """What every run measures is a metric like others: smallest first, with pairs and p-values."""
    draw = np.random.default_rng(5)
    rows = [{**row, metric: draw.random()} for row in grid(repeats=3)]
    table = compare([sweep_of(rows, SEARCH)], ["activation"], metric)
    assert table.best == min(table.rows, key=lambda row: row.mean).level[0]
    assert sum(row.p_value is not None for row in table.rows) == 1
