from __future__ import annotations

from typing import Any

import pytest

from tracking.errors import TableError
from tracking.reports.sections import comparison, curves


def texts(table: Any) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def column(table: Any, name: str) -> list[Any]:
    at = [c.name for c in table.columns].index(name)
    return [row[at] for row in table.rows]


def test_all_that_can_be_filled(made: Any) -> None:
    """Without `sections` every part that has something to say is there, in the fixed order."""
    report = made()
    assert [section.id for section in report.sections] == [
        "verdict", "leaderboard", "comparison", "versus", "trend", "importance", "curves",
        "failures", "cost", "provenance",
    ]  # fmt: skip
    report = made("sweeps: grid-relu")
    assert "importance" not in [section.id for section in report.sections]
    assert "versus" not in [section.id for section in report.sections]


def test_a_section_that_was_asked_for_says_why_it_is_empty(made: Any) -> None:
    """What the file names is never left out in silence."""
    (section,) = made("sweeps: grid-relu\nsections: [importance]").sections
    assert section.sentences[0].startswith("No sweep has importances: they need 30 complete")
    assert not section.tables


def test_the_same_section_twice(made: Any) -> None:
    """Two comparisons by different factors are two sections, and no two ids are equal."""
    report = made(
        "sweeps: [search, grid-*]\nsections:\n- comparison: {by: learning_rate}\n"
        "- comparison: {by: [learning_rate, activation]}\n- comparison\n"
    )
    assert [section.id for section in report.sections] == [
        "comparison",
        "comparison-2",
        "comparison-3",
    ]
    ids = [part.id for s in report.sections for part in (*s.tables, *s.charts)]
    assert len(set(ids)) == len(ids)


def test_verdict_of_the_best(made: Any, part: Any) -> None:
    """The first sentence has the best, its doubt, its settings, and whether the lead is real."""
    first = part(made("sweeps: grid-*"), "verdict").sentences[0]
    assert first.startswith(
        "Best test/accuracy: 0.9500 ± 0.0039 (95% interval over 4 runs), by grid-relu, trial 1: "
        "learning_rate 0.1. Next is grid-tanh with 0.8500 ± 0.0041: the lead is real, better by "
        "10 points (p < 0.001, 4 pairs)"
    )


def test_verdict_does_not_judge_a_single_seed(made: Any, part: Any) -> None:
    """One shared seed shows no spread: the sentence says so and claims nothing."""
    first = part(made("sweeps: [search, grid-relu]"), "verdict").sentences[0]
    assert "0.9700 (a single run), by search" in first
    assert "the lead is not judged, one shared seed" in first


def test_verdict_against_the_baseline(made: Any, add: Any, part: Any) -> None:
    """How many are better and worse than it, and which by how much; other data is not judged."""
    add("grid-gelu", [({"learning_rate": 0.1, "activation": "gelu"}, [0.951, 0.949, 0.95, 0.95])])
    sentences = part(made('sweeps: ["grid-*", other-data]\nbaseline: grid-relu'), "verdict")
    told = " ".join(sentences.sentences)
    assert "Against the baseline grid-relu (test/accuracy 0.9500 ± 0.0039), of 3 sweeps: " in told
    assert "0 better, 1 worse, 1 not distinguishable, 1 not judged" in told
    assert "The biggest changes: grid-tanh is worse by 10 points (p < 0.001, 4 pairs)" in told


def test_verdict_has_the_findings_of_controlled_sweeps(made: Any, part: Any) -> None:
    """What each grid showed, in its table's words; a search is said to show no cause."""
    sentences = part(made("sweeps: [grid-relu, search]"), "verdict").sentences
    assert any(
        text.startswith("grid-relu, by learning_rate: 0.1 is best; 0.01 is worse by 5 points")
        for text in sentences
    )
    assert any(
        text.startswith("1 sweep moved several settings at once (search)") for text in sentences
    )
    assert "2 of 13 runs failed, for 1 reason." in sentences
    assert "Not over yet, so not counted: runs of search." in sentences


def test_leaderboard(made: Any, part: Any, filled: Any) -> None:
    """One row a sweep: the trial its objective picked, its mean, interval, runs and settings."""
    (table,) = part(
        made("sweeps: [search, 'grid-*']\nmetric: [test/accuracy, test/loss]"), "leaderboard"
    ).tables
    assert [cell.text for cell in column(table, "sweep")] == ["search", "grid-relu", "grid-tanh"]
    assert [cell.value for cell in column(table, "test/accuracy")] == pytest.approx(
        [0.97, 0.95, 0.85]
    )
    assert [cell.mark for cell in column(table, "test/loss")] == ["best", "", ""]
    assert [cell.text for cell in column(table, "± 95% test/accuracy")] == [
        "",
        "± 0.0039",
        "± 0.0041",
    ]
    assert [cell.value for cell in column(table, "runs")] == [1, 4, 4]
    assert [cell.text for cell in column(table, "settings")] == [
        "learning_rate 0.05, activation tanh",
        "learning_rate 0.1",
        "learning_rate 0.1",
    ]
    for cell in column(table, "test/accuracy"):
        run = filled.client.get_run(cell.link.run_id)
        assert run.info.experiment_id == cell.link.experiment_id
        assert run.data.metrics["test/accuracy"] == pytest.approx(cell.value, abs=0.01)
    assert "picked by validation/accuracy, so that test/accuracy is measured, not" in table.notes[0]


def test_what_it_was_picked_by_is_too_good(made: Any, part: Any) -> None:
    """A table of the objective itself says that its numbers are a little too good."""
    (table,) = part(made("sweeps: grid-*\nmetric: validation/accuracy"), "leaderboard").tables
    assert "it is a little too good" in table.notes[0]


def test_a_falling_metric_is_ranked_upwards(made: Any, part: Any) -> None:
    """Of losses the smallest is first and best."""
    report = made("sweeps: grid-*\nmetric: test/loss\nbaseline: grid-relu")
    (table,) = part(report, "leaderboard").tables
    assert [cell.text for cell in column(table, "sweep")] == ["grid-relu", "grid-tanh"]
    assert [cell.mark for cell in column(table, "test/loss")] == ["best", ""]
    assert "0 better, 1 worse, 0 not distinguishable." in part(report, "verdict").sentences[1]


def test_metrics_of_two_kinds_have_two_leaderboards(made: Any, add: Any, part: Any) -> None:
    """Sweeps with other objectives are not ranked among each other."""
    objective = {"metric": "train/loss", "direction": "minimize"}
    add("by-loss", [({"learning_rate": 0.1}, [0.9])], objective=objective)
    tables = part(made("sweeps: [by-loss, grid-relu]"), "leaderboard").tables
    assert [table.id for table in tables] == ["leaderboard-train-loss", "leaderboard-test-accuracy"]


def test_comparison_by_each_searched_factor(made: Any, part: Any) -> None:
    """Rows are the levels with statistics, and a chart shows them; p and best are marked."""
    section = part(made("sweeps: grid-relu"), "comparison")
    (table,), (chart,) = section.tables, section.charts
    assert table.id == "comparison-grid-relu-learning-rate"
    assert [row[:4] for row in texts(table)] == [
        ["0.01", "0.9000", "± 0.0041", "4"],
        ["0.1", "0.9500", "± 0.0039", "4"],
    ]
    low, high = column(table, "test/accuracy")
    assert (low.mark, high.mark) == ("worse", "best")
    assert column(table, "p")[0].value < 0.05
    assert column(table, "difference")[0].value == pytest.approx(-0.05)
    drawn = {trace["marker"]["color"]: trace for trace in chart.plot["data"]}
    assert (drawn["best"]["y"], drawn["other"]["y"]) == (["0.1"], ["0.01"])
    assert "from 0.9000 at 0.01 to 0.9500 at 0.1" in chart.alt
    assert not section.warnings


def test_an_observed_comparison_warns(made: Any, part: Any) -> None:
    """Where other settings moved too nothing is tested, and the reader is told."""
    section = part(made("sweeps: search"), "comparison")
    assert all("p" not in [c.name for c in table.columns] for table in section.tables)
    assert "observed, not controlled (search)" in section.warnings[0]


def test_comparison_by_two_factors(made: Any, add: Any) -> None:
    """A grid on the page, and every number of it, one line a pair, among the CSV files."""
    pairs = [(rate, name) for rate in (0.01, 0.1) for name in ("relu", "tanh")]
    trials = [({"learning_rate": r, "activation": n}, [0.9, 0.8 + r]) for r, n in pairs]
    search = {"learning_rate": [0.01, 0.1], "activation": ["relu", "tanh"]}
    add("both", trials, search=search)
    text = "sweeps: both\nsections:\n- comparison: {by: [learning_rate, activation]}"
    (section,) = made(text).sections
    grid, lines = section.tables
    assert ([c.name for c in grid.columns], grid.shown) == (
        ["learning_rate", "activation relu", "activation tanh"],
        True,
    )
    assert (len(lines.rows), lines.shown) == (4, False)
    assert [trace["name"] for trace in section.charts[0].plot["data"]] == [
        "activation relu",
        "activation tanh",
    ]


def test_a_page_shows_so_many_comparisons(
    made: Any, part: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is too much for the page stays in the files, and the page says where."""
    monkeypatch.setattr(comparison, "MAX_SHOWN", 1)
    section = part(made("sweeps: grid-*"), "comparison")
    assert [table.shown for table in section.tables] == [True, False]
    assert len(section.charts) == 1
    assert "1 more comparisons are not on this page" in section.sentences[-1]


def test_versus_is_paired_with_the_baseline(made: Any, part: Any) -> None:
    """The same level of two sweeps, run by run of the same seed; the p-values are Holm's."""
    section = part(made("sweeps: grid-*\nbaseline: grid-relu"), "versus")
    best, by_rate = section.tables
    assert [row[0] for row in texts(best)] == ["grid-relu", "grid-tanh"]
    assert column(best, "verdict")[0].text == "baseline"
    assert column(best, "difference")[1].value == pytest.approx(-0.1)
    assert [row[:2] for row in texts(by_rate)] == [
        ["0.01", "grid-relu"], ["0.01", "grid-tanh"], ["0.1", "grid-relu"], ["0.1", "grid-tanh"],
    ]  # fmt: skip
    p = [cell.value for cell in column(by_rate, "p")]
    assert (p[0], p[2]) == (None, None)
    assert p[1] < 0.001
    assert p[3] < 0.001
    assert by_rate.notes == ["Beside the factor the sweeps differ in activation."]


def test_versus_on_other_ground_is_not_judged(made: Any, add: Any) -> None:
    """Other data, splits, revisions and devices are named and warned of, and give no p-value."""
    trial = [({"learning_rate": 0.1}, [0.95, 0.94, 0.95, 0.96])]
    add("other-split", trial, data_digest="ef" * 32)
    add("other-revision", trial, versions={"trainer": "2", "device": "cpu", "torch": "2.13.0"})
    add("other-device", trial, versions={"trainer": "1", "device": "cuda", "torch": "2.13.0"})
    text = "sweeps: ['other-*']\nbaseline: grid-relu\nsections: [versus]"
    (section,) = made(text).sections
    table = section.tables[0]
    told = dict(
        zip(*([cell.text for cell in column(table, n)] for n in ("sweep", "verdict")), strict=True)
    )
    assert told == {
        "grid-relu": "baseline",
        "other-data": "not judged: other data",
        "other-split": "not judged: another split",
        "other-revision": "not judged: another trainer revision",
        "other-device": "not judged: another device",
    }
    assert {cell.value for cell in column(table, "p")} == {None}
    warned = " ".join(section.warnings)
    assert "Trained on different data: " in warned
    assert "different revisions of the trainer: " in warned
    assert "different kinds of device: " in warned


def test_versus_where_other_settings_moved(made: Any, part: Any) -> None:
    """A search and a grid at the same rate differ in more than the sweep: not judged."""
    section = part(made("sweeps: [grid-relu, search]\nbaseline: grid-relu"), "versus")
    by_rate = section.tables[1]
    reasons = {cell.text for cell in column(by_rate, "verdict")} - {"", "baseline"}
    assert reasons <= {"not judged: other settings moved too"}


def test_trend_by_the_time_that_trials_ended(made: Any, part: Any) -> None:
    """Each sweep's best so far and the best of all, over the dates on which runs ended."""
    section = part(made("sweeps: grid-*"), "trend")
    (chart,) = section.charts
    of = {trace["name"]: (trace["x"], trace["y"]) for trace in chart.plot["data"]}
    assert of["grid-relu"][1] == pytest.approx([0.9, 0.95])
    assert of["grid-relu"][0] == ["2026-09-21 15:13:23", "2026-09-21 16:13:23"]
    assert of["best of all so far"][1][:2] == pytest.approx([0.9, 0.95])
    (table,) = section.tables
    assert [cell.text for cell in column(table, "best since")] == [
        "2026-09-21 16:13",
        "2026-09-22 16:13",
    ]


def test_importance_as_it_was_stored(made: Any, part: Any) -> None:
    """The shares that the sweep's end recorded, with what they mean."""
    section = part(made(), "importance")
    assert section.sentences == [
        "search: learning_rate mattered most (75%), then activation (25%)."
    ]
    assert texts(section.tables[0]) == [["search", "75%", "25%"]]
    assert "no cause" in section.tables[0].notes[0]


def test_curves_are_means_over_the_runs(
    made: Any, part: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The validation metric of the best trial's epochs; more sweeps than fit are counted."""
    (chart,) = part(made("sweeps: grid-*"), "curves").charts
    of = {trace["name"]: (trace["x"], trace["y"]) for trace in chart.plot["data"]}
    assert of["grid-relu"][0] == [1, 2]
    assert of["grid-relu"][1] == pytest.approx([0.95, 0.96])
    monkeypatch.setattr(curves, "MAX_SWEEPS", 1)
    (chart,) = part(made("sweeps: grid-*"), "curves").charts
    assert len(chart.plot["data"]) == 1
    assert "the curves of 1 more are in MLflow" in chart.captions[1]


def test_failures_are_grouped(made: Any, part: Any) -> None:
    """Messages that differ in a number are one reason, with a run to look at."""
    section = part(made(), "failures")
    assert section.sentences == ["2 of 29 runs failed, for 1 reason. 1 was pruned."]
    why, states = section.tables
    assert texts(why) == [["the loss became NaN in epoch 2", "2", "search", "trial 2, repeat 0"]]
    assert why.rows[0][0].link is not None
    (search,) = (row for row in texts(states) if row[0] == "search")
    assert search == ["search", "done", "2", "1", "2", "1"]


def test_cost_by_state(made: Any, part: Any) -> None:
    """Seconds as recorded; those of pruned runs estimated at the rate of the complete ones."""
    (table,) = part(made("sweeps: [search, grid-relu]"), "cost").tables
    of = {row[0].text: [cell.value for cell in row[1:]] for row in table.rows}
    assert of["grid-relu"] == [16.0, 0.0, 0.0, 16.0, 0.0]
    # 6 s in 1 + 2 + 3 + 4 hours in flight; the pruned run was in flight for 5 hours.
    assert of["search"][:3] == pytest.approx([4.0, 3.0, 2.0], rel=1e-3)
    assert of["all"][3] == pytest.approx(25.0, rel=1e-3)
    assert "estimated" in table.notes[1]


def test_provenance(made: Any, part: Any) -> None:
    """What every sweep rests on, digests in full behind what is shown of them."""
    section = part(
        made("sweeps: [grid-relu, other-data]\nalerts: [{metric: test/accuracy, below: 0}]"),
        "provenance",
    )
    (table,) = section.tables
    row = dict(zip([c.name for c in table.columns], table.rows[0], strict=True))
    assert {name: row[name].text for name in ("trainer", "device", "torch", "data", "rows")} == {
        "trainer": "1", "device": "cpu", "torch": "2.13.0", "data": "digits",
        "rows": "all 100, train 70",
    }  # fmt: skip
    assert (row["data digest"].text, row["data digest"].value) == ("abababababab", "ab" * 32)
    assert (
        "Trained on different data: grid-relu (abababab); other-data (cdcdcdcd)"
        in section.warnings[0]
    )
    assert section.sentences == ["Watched for alerts: test/accuracy below 0."]


def test_carried_on_under_other_versions(made: Any, add: Any, part: Any) -> None:
    """A sweep begun under one version and carried on under another says so."""
    trials = [({"learning_rate": 0.1}, [0.9])]
    add("moved", trials, end="interrupted")
    add("moved", trials, versions={"trainer": "1", "device": "cpu", "torch": "2.14.0"})
    section = part(made("sweeps: moved"), "provenance")
    assert (
        "moved was carried on under other versions than it was begun under" in section.warnings[0]
    )
    assert "2.13.0, then 2.14.0" in [cell.text for cell in section.tables[0].rows[0]]


def test_nothing_finished_yet(made: Any, add: Any) -> None:
    """A sweep that has only begun makes a report that says so, and breaks nowhere."""
    add("begun", [({"learning_rate": 0.1}, ["RUNNING"])], end="")
    report = made("sweeps: begun")
    assert report.sections[0].sentences[0].startswith("No sweep has a trial that finished yet")
    assert [section.id for section in report.sections] == ["verdict", "provenance"]


def test_unknown_metrics(made: Any) -> None:
    """One that no run has is left out with a warning; if there is no other, it is an error."""
    report = made("sweeps: grid-relu\nmetric: [test/acuracy, test/loss]")
    assert report.metrics == ["test/loss"]
    assert "left out: no metric 'test/acuracy'; did you mean 'test/accuracy'?" in report.warnings[0]
    with pytest.raises(TableError, match="no metric 'test/acuracy'"):
        made("sweeps: grid-relu\nmetric: test/acuracy")


def test_hostile_names_stay_text(made: Any, add: Any) -> None:
    """Tags, formulas, paths, newlines and reordering marks come out as one printable line each."""
    hostile = ["<script>alert(1)</script>", "=cmd()", "../../x", "a\u202eb", "c\nd"]
    trials = [({"kind": name}, [0.9, 0.8 + 0.01 * i]) for i, name in enumerate(hostile)]
    trials.append(({"kind": "x"}, ["FAIL: <img src=x>\n\u202e", "FAIL: no"]))
    add("odd", trials, search={"kind": hostile}, data_source="../../<b>\n")
    report = made("sweeps: odd")
    parts = [
        text
        for section in report.sections
        for text in (
            *section.sentences,
            *section.warnings,
            *(note for table in section.tables for note in (table.caption, *table.notes)),
            *(cell.text for table in section.tables for row in table.rows for cell in row),
            *(text for chart in section.charts for text in (chart.title, chart.alt)),
        )
    ]
    assert all(text.isprintable() for text in parts)
    told = " ".join(parts)
    for shown in ("<script>alert(1)</script>", "=cmd()", "../../x", "a\\u202eb", "c\\nd"):
        assert shown in told
    for section in report.sections:
        for chart in section.charts:
            assert "<script>" not in str(chart.plot)  # Plotly reads tags: `plain` escaped them
