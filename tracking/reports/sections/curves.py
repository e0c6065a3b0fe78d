"""Curves: how the best trial of each sweep learned, epoch by epoch, as the mean over its runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tracking.pages import number
from tracking.reports import cells, charts
from tracking.reports.material import Content
from tracking.reports.model import Chart

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from tracking.reading import RunRecord
    from tracking.reports.material import Material, Subject
    from tracking.reports.spec import SectionSpec
    from tracking.store import Store

MAX_SWEEPS = 12
MAX_RUNS = 10  # of a trial
_MAX_POINTS = 200  # of a curve

Curve = list[tuple[int, float]]  # (epoch, mean over runs)


def write(material: Material, asked: SectionSpec) -> Content | str:  # noqa: ARG001 - as all sections
    """The section, or why there is none."""
    drawn: list[Chart] = []
    for _, subjects in material.groups():
        of_metric: dict[str, list[Subject]] = {}
        for subject in subjects:
            of_metric.setdefault(_validation_metric(subject), []).append(subject)
        for metric, found in of_metric.items():
            drawn += _charts(material.store, metric, found)
    if not drawn:
        return "No best trial has values per epoch, so there is no learning curve."
    return Content(charts=drawn)


def _charts(store: Store, metric: str, subjects: Sequence[Subject]) -> Iterator[Chart]:
    shown = subjects[:MAX_SWEEPS]
    curves = [(subject, _mean_curve(store, subject.best, metric)) for subject in shown]
    curves = [(subject, curve) for subject, curve in curves if curve]
    if not curves:
        return
    left = len(subjects) - len(shown)
    first, curve = curves[0]
    captions = ["Mean over the runs of each trial; as far as all of them went."]
    if left:
        captions.append(
            f"The {MAX_SWEEPS} best sweeps; the curves of {left} more are in MLflow, or in a "
            "report that names fewer sweeps."
        )
    yield Chart(
        id=cells.slug("chart", "curves", metric),
        title=f"Learning curves of the best trials, {metric}",
        plot=charts.plot(
            [_line(subject, found) for subject, found in curves],
            x=charts.numbers("epoch", **({"dtick": 1} if _last(curves) <= MAX_SWEEPS else {})),
            y=charts.numbers(metric),
        ),
        alt=(
            f"{metric} by epoch of the best trial of {cells.many(len(curves), 'sweep')}; that of "
            f"{first.name} goes from {number(curve[0][1])} in epoch {curve[0][0]} to "
            f"{number(curve[-1][1])} in epoch {curve[-1][0]}."
        ),
        captions=captions,
    )


def _validation_metric(subject: Subject) -> str:
    """The objective as it is measured in each epoch."""
    metric = str(subject.record.objective["metric"])
    part, slash, leaf = metric.partition("/")
    return f"validation/{leaf}" if slash and part == "test" else metric


def _mean_curve(store: Store, runs: Sequence[RunRecord], metric: str) -> Curve:
    """The mean over runs at every epoch that all of them reached, thinned if there are many."""
    with store.reach():
        histories = [
            {point.step: point.value for point in _history(store, run, metric)}
            for run in runs[:MAX_RUNS]
        ]
    shared = sorted(set.intersection(*(set(history) for history in histories))) if histories else []
    every = math.ceil(len(shared) / _MAX_POINTS) or 1
    kept = [epoch for i, epoch in enumerate(shared) if i % every == 0 or i == len(shared) - 1]
    return [
        (epoch, math.fsum(history[epoch] for history in histories) / len(histories))
        for epoch in kept
    ]


def _history(store: Store, run: RunRecord, metric: str) -> list[Any]:
    """By epoch; the earliest of several values of one, as it was told in that epoch."""
    found = store.client.get_metric_history(run.mlflow_id, metric)
    return sorted(found, key=lambda point: (point.step, -point.timestamp, point.value))


def _line(subject: Subject, curve: Curve) -> dict[str, Any]:
    name = charts.labels([subject.name])[0]
    return {
        "type": "scatter",
        "mode": "lines" if len(curve) > 1 else "markers",
        "name": name,
        "x": [epoch for epoch, _ in curve],
        "y": [value for _, value in curve],
        "line": {"width": 2},
        "hovertemplate": f"epoch %{{x}}: %{{y:.4f}}<extra>{name}</extra>",
    }


def _last(curves: Sequence[tuple[Subject, Curve]]) -> int:
    return max(curve[-1][0] for _, curve in curves)
