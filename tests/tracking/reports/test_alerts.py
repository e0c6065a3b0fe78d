from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

GRIDS = "sweeps: grid-*\n"


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("below: 0.9", [("grid-tanh", "test/accuracy of grid-tanh is 0.8500, below 0.9")]),
        ("below: 0.8", []),
        ("above: 0.9", [("grid-relu", "test/accuracy of grid-relu is 0.9500, above 0.9")]),
        ("below: 1, sweep: '*-relu'", [("grid-relu", "test/accuracy of grid-relu is 0.9500, bel")]),
    ],
)
def test_limits(made: Any, rule: str, told: list[tuple[str, str]]) -> None:
    """Held against the mean of each sweep's best trial, with a link to its best run."""
    report = made(f"{GRIDS}alerts: [{{metric: test/accuracy, {rule}}}]")
    assert [
        (a.sweep, a.text[: len(text)]) for a, (_, text) in zip(report.alerts, told, strict=True)
    ] == told
    assert all(alert.link is not None for alert in report.alerts)
    assert report.warnings == []


def test_a_drop_since_the_last_report(made: Any, keep: Any, filled: Any) -> None:
    """The same sweep's best is compared with the value that the last report kept."""
    text = f"{GRIDS}alerts: [{{metric: test/accuracy, drops_by: 0.01}}]"
    first = made(text)
    assert first.alerts == []
    assert made(text, last=keep(first)).alerts == []
    _lower(filled, "grid-relu", 0.05)
    last = keep(first, number=13)
    (alert,) = made(text, last=last).alerts
    assert alert.text == (
        "test/accuracy of grid-relu is 0.9000, 0.0500 below the 0.9500 in report 13 of "
        "2026-09-21; the alert is at 0.01"
    )
    assert made(text.replace("0.01", "0.06"), last=last).alerts == []


def test_a_loss_that_rises_got_worse(made: Any, keep: Any, filled: Any) -> None:
    """`drops_by` is about getting worse, whichever way that is for the metric."""
    text = f"{GRIDS}alerts: [{{metric: test/loss, drops_by: 0.01}}]"
    last = keep(made(text))
    _lower(filled, "grid-relu", 0.05, metric="test/loss", to=0.09)
    (alert,) = made(text, last=last).alerts
    assert "0.0400 above the 0.0500 in report 12" in alert.text


def test_without_an_earlier_value_the_baseline_counts(made: Any, keep: Any) -> None:
    """A sweep that no report has seen is held against the baseline; without one it can't fire."""
    rule = "alerts: [{metric: test/accuracy, drops_by: 0.01}]"
    (alert,) = made(f"{GRIDS}baseline: grid-relu\n{rule}").alerts
    assert "0.1000 below the 0.9500 of the baseline grid-relu" in alert.text
    last = keep(made(f"sweeps: grid-relu\n{rule}"))
    (alert,) = made(f"{GRIDS}baseline: grid-relu\n{rule}", last=last).alerts
    assert alert.sweep == "grid-tanh"
    assert made(f"{GRIDS}{rule}").alerts == []


def test_a_report_that_fires_no_drop_is_the_same_with_or_without_a_last(
    made: Any, keep: Any
) -> None:
    """Two reports of unchanged data are equal, also the first and the second of all."""
    text = f"{GRIDS}alerts: [{{metric: test/accuracy, drops_by: 0.01}}]"
    first = made(text)
    assert made(text, last=keep(first)) == first


def test_a_rule_that_watches_nothing_warns(made: Any) -> None:
    """A wrong metric or sweep in an alert would never fire, so it is said."""
    rules = "[{metric: test/acuracy, below: 1}, {metric: test/loss, above: 1, sweep: digits}]"
    report = made(f"{GRIDS}alerts: {rules}")
    assert report.alerts == []
    metric, sweep = report.warnings
    assert "on test/acuracy watches nothing: no best trial has measured it. Did you mean" in metric
    assert sweep == "The alert on test/loss watches nothing: no sweep here fits 'digits'."


def test_a_last_report_without_its_files(made: Any, keep: Any) -> None:
    """The report is made all the same, and says that drops can't be told."""
    text = f"{GRIDS}alerts: [{{metric: test/accuracy, drops_by: 0.01}}]"
    last = keep(made(text))
    shutil.rmtree(Path(last.folder))
    (warning,) = made(text, last=last).warnings
    assert warning.startswith("Drops since the last report can't be told: report 12 of 2026-09-21")


def _lower(
    filled: Any, sweep: str, by: float, metric: str = "test/accuracy", to: float = 0
) -> None:
    """Log a worse value on every run of a sweep, as a damaged store would have it."""
    experiment = filled.client.get_experiment_by_name(sweep)
    for run in filled.search_runs([experiment.experiment_id]):
        if metric in run.data.metrics:
            value = to or run.data.metrics[metric] - by
            filled.client.log_metric(run.info.run_id, metric, value, step=99)
