"""Figure: how the best runs learned, epoch by epoch."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tracking.figures import COLOURS, Figure, axis, layout, plain
from tracking.names import run_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tracking.reading import RunRecord, SweepRecord
    from tracking.store import Store

N_BEST = 5
_PARTS = {"train": "solid", "validation": "dash"}
_SCORES = ("accuracy", "rmse")
_DOMAINS = {1: ([0.0, 1.0],), 2: ([0.53, 1.0], [0.0, 0.47])}  # from the top
_FEW_EPOCHS = 12
_WIDE = 50.0  # a loss that falls by more than this factor is read on a logarithm
_LEGEND = (
    "Solid: training, measured while it learns. Dashed: validation. A dot: the epoch whose "
    "weights were kept."
)

Curve = dict[int, float]  # value by epoch


def learning_curves(store: Store, record: SweepRecord) -> Figure | None:
    """The curves of the best run of each of the best trials; None when none has finished.

    Raises: TrackingUnavailable.
    """
    runs = best_runs(record)
    panels = _panels(record, runs)
    with store.reach():
        curves = [
            {name: _curve(store, run, name) for leaf in panels for name in _names(leaf)}
            for run in runs
        ]
    if not any(curve for of_run in curves for curve in of_run.values()):
        return None
    data = [
        trace
        for rank, (run, of_run) in enumerate(zip(runs, curves, strict=True))
        for trace in _traces(record, run, of_run, panels, COLOURS[rank])
    ]
    domains = _DOMAINS[len(panels)]
    axes = {
        f"yaxis{i or ''}": axis(leaf, domain=domain, **_scale(leaf, curves))
        for i, leaf, domain in zip((0, 2), panels, domains, strict=False)
    }
    ranked = f"The best run of each, by {record.objective['metric']}."
    last = "y" if len(panels) == 1 else "y2"
    return Figure(
        title=f"Learning curves of the best {'trial' if len(runs) == 1 else 'trials'}",
        captions=[ranked, _LEGEND],
        plot={
            "data": data,
            "layout": layout(
                80 + 260 * len(panels) + 22 * len(runs),
                xaxis=axis("epoch", anchor=last, **_whole_epochs(curves)),
                legend={"x": 0, "y": -0.13, "yanchor": "top"},
                **axes,
            ),
        },
    )


def best_runs(record: SweepRecord) -> list[RunRecord]:
    """The best run of each of the best N_BEST trials, best first; trials by their means."""
    metric = record.objective["metric"]
    sign = -1 if record.objective.get("direction") == "minimize" else 1
    trials: dict[int, list[RunRecord]] = defaultdict(list)
    for run in record.runs:
        if run.finished and metric in run.metrics:
            trials[run.trial].append(run)
    most = max((len(runs) for runs in trials.values()), default=0)
    whole = [runs for runs in trials.values() if len(runs) == most]
    ranked = sorted(whole, key=lambda runs: -sign * math.fsum(r.metrics[metric] for r in runs))
    return [max(runs, key=lambda run: sign * run.metrics[metric]) for runs in ranked[:N_BEST]]


def _panels(record: SweepRecord, runs: Sequence[RunRecord]) -> list[str]:
    """What is drawn, from the top: a score, that of the objective if it has one, and the loss."""
    asked = record.objective["metric"].partition("/")[2]
    known = {name.partition("/")[2] for run in runs for name in run.metrics}
    scores = [leaf for leaf in (asked, *_SCORES) if leaf in known and leaf != "loss"]
    return [*scores[:1], "loss"]


def _names(leaf: str) -> list[str]:
    return [f"{part}/{leaf}" for part in _PARTS]


def _curve(store: Store, run: RunRecord, name: str) -> Curve:
    history = store.client.get_metric_history(run.mlflow_id, name)
    return {point.step: point.value for point in sorted(history, key=lambda point: point.step)}


def _traces(
    record: SweepRecord,
    run: RunRecord,
    curves: Mapping[str, Curve],
    panels: Sequence[str],
    colour: str,
) -> list[dict[str, Any]]:
    name = plain(run_name(run.params, record.search, run.trial, run.repeat))
    kept = run.metrics.get("kept_epoch")
    traces = []
    for panel, leaf in enumerate(panels):
        for part, dash in _PARTS.items():
            curve = curves[f"{part}/{leaf}"]
            sizes = [8 if part == "validation" and epoch == kept else 0 for epoch in curve]
            lone = len(curve) == 1  # no line to be seen
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "name": name,
                    "legendgroup": str(run.trial),
                    "showlegend": panel == 0 and part == "train",
                    "x": list(curve),
                    "y": list(curve.values()),
                    "yaxis": "y2" if panel else "y",
                    "line": {"color": colour, "dash": dash, "width": 2},
                    "marker": {"size": 8 if lone else sizes, "color": colour, "opacity": 1},
                    "hovertemplate": f"{part} %{{y:.4f}} in epoch %{{x}}"
                    f"<extra>trial {run.trial}</extra>",
                }
            )
    return traces


def _whole_epochs(curves: Sequence[Mapping[str, Curve]]) -> dict[str, Any]:
    """Ticks of few epochs would fall between them."""
    last = max(epoch for of_run in curves for curve in of_run.values() for epoch in curve)
    return {"dtick": 1} if last <= _FEW_EPOCHS else {}


def _scale(leaf: str, curves: Sequence[Mapping[str, Curve]]) -> dict[str, Any]:
    values = [v for of_run in curves for name in _names(leaf) for v in of_run[name].values()]
    falls = leaf == "loss" and min(values) > 0 and max(values) > _WIDE * min(values)
    return {"type": "log", "dtick": 1} if falls else {"type": "linear"}
