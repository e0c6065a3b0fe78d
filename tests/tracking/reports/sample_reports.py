"""Reports made by hand: a convincing one, a hostile one, and one of fifty sweeps."""

from __future__ import annotations

import math
from typing import Any

from tracking.reports.model import (
    Alert,
    Cell,
    Chart,
    Column,
    Link,
    Report,
    ReportTable,
    Section,
    SeenSweep,
)

DASHBOARD = "http://127.0.0.1:5000"
HOSTILE = (
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "../../etc/passwd",
    "abc\u202edcba",
    "</style><img src=http://10.0.0.1/x onerror=alert(2)>",
    "{{7*7}} {{m^2}} <svg onload=alert(3)>",
    "](javascript:alert(4)) | `code` \n# heading",
    '"><a href="javascript:alert(5)">x</a>',
    "%{x} $\\alpha$ <b>bold</b> &lt;i&gt;",
)


def link(i: int) -> Link:
    return Link("3", f"{0x5AF3107A4000 + 7919 * i:032x}")


def seen(name: str, i: int, n_runs: int = 30) -> SeenSweep:
    digest = f"{i + 11:02x}" * 32
    return SeenSweep(name, digest, "9c" * 32, link(i), [link(i + j).run_id for j in range(n_runs)])


def score(value: float, i: int, mark: Any = "") -> Cell:
    return Cell(f"{value:.4f}", value + 1e-7, link(i), mark)


def sample_report(dashboard: str = DASHBOARD) -> Report:
    """A week of sweeps over the handwritten digits, with numbers as they came out."""
    return Report(
        title="Digits, week by week",
        dashboard=dashboard,
        metrics=["test/accuracy", "test/loss"],
        seen=[
            seen("digits-activation", 1),
            seen("digits-learning-rate", 2),
            seen("digits-optimizer", 3),
            seen("digits-search", 4, 60),
        ],
        alerts=[
            Alert(
                "digits-search: test/accuracy fell by 0.0121 to 0.9778 since the last report "
                "(limit 0.01)",
                "digits-search",
                "test/accuracy",
                0.9778,
                link(4),
            )
        ],
        warnings=["The pattern 'fashion-*' matches no sweep."],
        sections=[
            _verdict(),
            _leaderboard(),
            _comparison(),
            _versus(),
            _trend(),
            _importance(),
            _curves(),
            _failures(),
            _cost(),
            _provenance(),
        ],
        versions={"fairtrial": "0.1.0", "torch": "2.13.0", "optuna": "5.0.0", "mlflow": "3.17.2"},
    )


def _verdict() -> Section:
    return Section(
        "verdict",
        "verdict",
        "Verdict",
        [
            (
                "A learning rate of 0.01 is the best found this week: 97.56% of the test digits, "
                "and 0.1 is worse by 1.8 points, which is more than chance (p < 0.001)."
            ),
            (
                "digits-learning-rate: 0.01 is best; 0.001 is not distinguishable from it (p = "
                "0.2, 10 pairs; about 54 would do)."
            ),
            (
                "digits-activation: relu is best; tanh is not distinguishable from it (p = 0.61); "
                "sigmoid is worse by 2.3 points (p < 0.001)."
            ),
            (
                "digits-search: its best trial is 0.3 points above the baseline, and with 3 runs "
                "each that may be chance (p = 0.34)."
            ),
        ],
    )


def _leaderboard() -> Section:
    rows = [
        ("digits-search", "#41: lr=0.0087 tanh bs=16", 0.9815, 0.9767, 0.9863, 3, 0.0712, "best"),
        ("digits-optimizer", "adamw", 0.9781, 0.9744, 0.9819, 10, 0.0838, ""),
        ("digits-learning-rate", "lr=0.01", 0.9756, 0.9720, 0.9791, 10, 0.0871, ""),
        ("digits-activation", "relu", 0.9750, 0.9714, 0.9786, 10, 0.0902, ""),
    ]
    return Section(
        "leaderboard",
        "leaderboard",
        "Leaderboard",
        ["The best trial of each sweep, by the mean of its runs."],
        tables=[
            ReportTable(
                "leaderboard",
                "Best trial of each sweep by test/accuracy",
                [
                    Column("sweep"),
                    Column("best trial"),
                    Column("test/accuracy", numeric=True),
                    Column("95% interval", numeric=True),
                    Column("runs", numeric=True),
                    Column("test/loss", numeric=True),
                ],
                [
                    [
                        Cell(name, link=link(i)),
                        Cell(trial),
                        score(mean, i, mark),
                        Cell(f"{low:.4f} to {high:.4f}"),
                        Cell(str(n), n),
                        score(loss, i, mark),
                    ]
                    for i, (name, trial, mean, low, high, n, loss, mark) in enumerate(rows)
                ],
                ["Each number leads to the run it was measured by."],
            )
        ],
    )


def _comparison() -> Section:
    levels = [("0.001", 0.9722, 0.0053), ("0.01", 0.9756, 0.0035), ("0.1", 0.9574, 0.0066)]
    marks = ["", "best", "worse"]
    table = ReportTable(
        "comparison-digits-learning-rate",
        "test/accuracy by learning_rate in digits-learning-rate (controlled)",
        [
            Column("learning_rate", numeric=True),
            Column("mean", numeric=True),
            Column("95% interval", numeric=True),
            Column("runs", numeric=True),
            Column("difference", numeric=True),
            Column("p", numeric=True),
            Column("chance to beat it", numeric=True),
        ],
        [
            [
                Cell(level, float(level)),
                score(mean, i, marks[i]),
                Cell(f"{mean - half:.4f} to {mean + half:.4f}"),
                Cell("10", 10),
                Cell("" if i == 1 else f"{mean - 0.9756:+.4f}", mean - 0.9756),
                Cell(("0.2", "", "<0.001")[i], (0.2, None, 0.0004)[i]),
                Cell(("35% (10% to 65%)", "", "0% (0% to 31%)")[i]),
            ]
            for i, (level, mean, half) in enumerate(levels)
        ],
        [
            (
                "Paired t-test over 10 shared seeds, Holm's correction over the levels, "
                "significance level 0.05."
            )
        ],
    )
    chart = Chart(
        "chart-comparison-digits-learning-rate",
        "test/accuracy by learning_rate",
        {
            "data": [
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": "mean and 95% interval",
                    "x": [mean for _, mean, _ in levels],
                    "y": [level for level, _, _ in levels],
                    "error_x": {"type": "data", "array": [half for *_, half in levels],
                                "thickness": 2, "width": 5, "color": "other"},
                    "marker": {"size": 11, "color": ["other", "best", "other"]},
                    "hovertemplate": "%{y}: %{x:.4f}<extra></extra>",
                }
            ],
            "layout": {
                "height": 220,
                "xaxis": {"title": {"text": "test/accuracy"}},
                "yaxis": {"title": {"text": "learning_rate"}, "type": "category",
                          "range": [2.5, -0.5]},
            },
        },
        "The interval of 0.1 lies wholly below that of 0.01; those of 0.001 and 0.01 overlap.",
    )  # fmt: skip
    return Section(
        "comparison",
        "comparison",
        "What each factor does",
        ["Levels of one factor, everything else the same."],
        ["digits-search is observed, not controlled: several settings moved at once."],
        [table],
        [chart],
    )


def _versus() -> Section:
    rows = [("0.001", 0.9722, 0.9731), ("0.01", 0.9756, 0.9770), ("0.1", 0.9574, 0.9502)]
    return Section(
        "versus",
        "versus",
        "Sweep against sweep",
        ["Differences are paired by seed and set against digits-learning-rate."],
        ["digits-wide was trained on other data (9c9c9c against 4f4f4f): it is not judged."],
        [
            ReportTable(
                "versus-learning-rate",
                "test/accuracy by learning_rate, sweep beside sweep",
                [
                    Column("learning_rate", numeric=True),
                    Column("digits-learning-rate", numeric=True),
                    Column("digits-wide", numeric=True),
                    Column("difference", numeric=True),
                ],
                [
                    [
                        Cell(level, float(level)),
                        score(a, i),
                        score(b, i + 9, "warning"),
                        Cell(f"{b - a:+.4f}", b - a),
                    ]
                    for i, (level, a, b) in enumerate(rows)
                ],
            )
        ],
    )


def trend_chart(n: int, name: str = "trend") -> Chart:
    best, values = 0.9, []
    for i in range(n):
        best = max(best, 0.985 - 0.08 * math.exp(-i / (n / 5)) + 0.004 * math.sin(i * 12.9898))
        values.append(best)
    days = [f"2026-11-{16 + 5 * i // n:02d} {8 + i % 12:02d}:{(7 * i) % 60:02d}" for i in range(n)]
    return Chart(
        name,
        "Best test/accuracy so far",
        {
            "data": [
                {"type": "scatter", "mode": "lines", "name": "digits-search", "y": values,
                 "x": sorted(days), "line": {"shape": "hv"}},
                {"type": "scatter", "mode": "lines", "name": "baseline", "y": [0.9756, 0.9756],
                 "x": [min(days), max(days)], "line": {"color": "baseline", "dash": "dash"}},
            ],
            "layout": {"xaxis": {"type": "date"}, "yaxis": {"title": {"text": "test/accuracy"}}},
        },
        "The best rises fast on Monday and has not moved since Thursday.",
    )  # fmt: skip


def _trend() -> Section:
    return Section(
        "trend",
        "trend",
        "Trend",
        ["The best so far, by the time its runs ended."],
        charts=[trend_chart(400)],
    )


def _importance() -> Section:
    shares = {"learning_rate": 0.62, "activation": 0.21, "batch_size": 0.11, "dropout": 0.06}
    return Section(
        "importance",
        "importance",
        "What mattered",
        ["Share of the difference between trials that each factor of digits-search explains."],
        tables=[
            ReportTable(
                "importance-digits-search",
                "Importance in digits-search",
                [Column("factor"), Column("share", numeric=True)],
                [[Cell(name), Cell(f"{share:.0%}", share)] for name, share in shares.items()],
            )
        ],
        charts=[
            Chart(
                "chart-importance-digits-search",
                "Importance in digits-search",
                {
                    "data": [
                        {
                            "type": "bar",
                            "orientation": "h",
                            "x": list(shares.values()),
                            "y": list(shares),
                            "marker": {"color": "other"},
                        }
                    ],
                    "layout": {
                        "height": 240,
                        "yaxis": {"autorange": "reversed"},
                        "xaxis": {"tickformat": ".0%"},
                    },
                },
                "The learning rate explains about three fifths, dropout almost nothing.",
            )
        ],
    )


def curves_chart(n_curves: int, n_epochs: int = 30) -> Chart:
    return Chart(
        "curves",
        "validation/accuracy, the best trial of each sweep",
        {
            "data": [
                {
                    "type": "scatter",
                    "mode": "lines",
                    "name": f"digits-sweep-{i}",
                    "x": list(range(1, n_epochs + 1)),
                    "y": [0.98 - 0.01 * i - 0.5 * math.exp(-e / (2 + i)) for e in range(n_epochs)],
                }
                for i in range(n_curves)
            ],
            "layout": {
                "xaxis": {"title": {"text": "epoch"}},
                "yaxis": {"title": {"text": "validation/accuracy"}},
            },
        },
        "All curves are flat after epoch 20.",
    )


def _curves() -> Section:
    return Section("curves", "curves", "Learning curves", charts=[curves_chart(4)])


def _failures() -> Section:
    return Section(
        "failures",
        "failures",
        "What failed",
        ["3 of 150 runs failed, 11 were pruned."],
        tables=[
            ReportTable(
                "failures",
                "Reasons, most frequent first",
                [Column("reason"), Column("sweep"), Column("runs", numeric=True)],
                [
                    [
                        Cell("the loss was not finite in epoch 3 (learning_rate 0.1)"),
                        Cell("digits-search", link=link(4)),
                        Cell("3", 3),
                    ]
                ],
            )
        ],
    )


def _cost() -> Section:
    names = ["digits-activation", "digits-learning-rate", "digits-optimizer", "digits-search"]
    return Section(
        "cost",
        "cost",
        "Cost",
        ["14.2 s of training in all, 3% of it in runs that failed or were pruned."],
        tables=[
            ReportTable(
                "cost",
                "Seconds of training by sweep and by how the runs ended",
                [Column("sweep"), *(Column(name, numeric=True) for name in
                 ("complete", "pruned", "failed", "all"))],
                [
                    [Cell(name), *(Cell(f"{i + k / 10:.1f}", i + k / 10) for k in range(4))]
                    for i, name in enumerate(names)
                ],
            )
        ],
    )  # fmt: skip


def _provenance() -> Section:
    names = ["digits-activation", "digits-learning-rate", "digits-optimizer", "digits-search"]
    return Section(
        "provenance",
        "provenance",
        "Provenance",
        ["What this report rests on."],
        tables=[
            ReportTable(
                "provenance",
                "Sweeps, data and versions",
                [Column("sweep"), Column("data"), Column("data digest"), Column("sampler"),
                 Column("device"), Column("runs", numeric=True)],
                [
                    [Cell(name, link=link(i)), Cell("digits, 1797 rows"), Cell("9c9c9c9c"),
                     Cell("tpe" if "search" in name else "grid"), Cell("cpu"), Cell("30", 30)]
                    for i, name in enumerate(names)
                ],
            )
        ],
    )  # fmt: skip


def hostile_report() -> Report:
    """Every text that a user can set tries to be more than text."""
    texts = list(HOSTILE)
    table = ReportTable(
        "hostile",
        texts[0],
        [Column(text) for text in texts],
        [
            [Cell(text, link=Link(text, text), mark="best") for text in texts],
            list(map(Cell, texts)),
        ],
        texts,
    )
    plot = {
        "data": [
            {"type": "bar", "name": text, "x": texts, "y": [1, 2, 3], "text": texts,
             "hovertemplate": f"{text}<extra></extra>"}
            for text in texts
        ],
        "layout": {"xaxis": {"title": {"text": texts[4]}, "type": "category"}},
    }  # fmt: skip
    section = Section(
        "verdict", "verdict", texts[1], texts, texts, [table],
        [Chart("hostile", texts[0], plot, texts[4], texts)],
    )  # fmt: skip
    return Report(
        title=" ".join(texts),
        sections=[section],
        seen=[SeenSweep(text, text, text, Link(text, text), [text]) for text in texts],
        metrics=texts,
        alerts=[Alert(text, text, text, 0.5, Link(text, text)) for text in texts],
        warnings=texts,
        dashboard="javascript:alert(6)",
        versions={texts[0]: texts[4]},
    )


def big_report() -> Report:
    """What 50 sweeps with 10,000 runs come to."""
    sample = sample_report()
    parts = {section.name: section for section in sample.sections}
    rows = parts["leaderboard"].tables[0].rows
    (table,), (chart,) = parts["comparison"].tables, parts["comparison"].charts
    comparisons = [
        ReportTable(f"comparison-{i}", table.caption, table.columns, list(table.rows) * 2)
        for i in range(40)
    ]
    charts = [
        Chart(f"chart-comparison-{i}", chart.title, chart.plot, chart.alt, chart.captions)
        for i in range(40)
    ]
    board = ReportTable(
        "leaderboard", "Best of each", parts["leaderboard"].tables[0].columns,
        [rows[i % 4] for i in range(50)],
    )  # fmt: skip
    changed = {
        "leaderboard": Section("leaderboard", "leaderboard", "Leaderboard", tables=[board]),
        "comparison": Section("comparison", "comparison", "What each factor does", (), (),
                              comparisons, charts),
        "trend": Section("trend", "trend", "Trend",
                         charts=[trend_chart(10_000), trend_chart(10_000, "trend-2")]),
        "curves": Section("curves", "curves", "Curves", charts=[curves_chart(12, 100)]),
    }  # fmt: skip
    return Report(
        title="Fifty sweeps",
        sections=[changed.get(section.name, section) for section in sample.sections],
        seen=[seen(f"digits-sweep-{i}", i, 200) for i in range(50)],
        metrics=sample.metrics,
        dashboard=DASHBOARD,
    )
