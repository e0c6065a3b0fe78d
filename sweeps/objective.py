"""What a sweep optimizes: a metric of training or validation, and the direction that is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tracking.files.node import nearest, shown
from tracking.files.sections import entries, one_of, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tracking.files.node import Node, Place
    from trainer.hyperparameters import Task

Direction = Literal["maximize", "minimize"]

DIRECTIONS: dict[str, Direction] = {
    "loss": "minimize",
    "accuracy": "maximize",
    "rmse": "minimize",
    "mae": "minimize",
    "r2": "maximize",
}
TASKS: dict[str, Task | None] = {
    "loss": None,
    "accuracy": "classification",
    "rmse": "regression",
    "mae": "regression",
    "r2": "regression",
}
METRICS = tuple(f"{part}/{name}" for part in ("validation", "train") for name in DIRECTIONS)


@dataclass(frozen=True)
class Objective:
    """The metric of an epoch that a trial is judged by, and which way is better."""

    metric: str
    direction: Direction

    @property
    def task(self) -> Task | None:
        """What the data must be for, so that the metric exists; None when it always does."""
        return TASKS[self.metric.partition("/")[2]]


def read_objective(node: Node | None, known: Task | None) -> Objective:
    """The objective, or the usual one of the task.

    Args:
        known: the task where it is known without loading the data.
    Raises: SpecError for a metric that is none, or that must not steer a search.
    """
    if node is None or node.value is None:
        is_regression = known == "regression"
        metric = "validation/rmse" if is_regression else "validation/accuracy"
        return Objective(metric, "minimize" if is_regression else "maximize")
    given = entries(node, ("metric", "direction"))
    if "metric" not in given:
        raise node.place.child("metric").wrong("is missing; write metric: validation/accuracy")
    metric = _metric(given["metric"])
    direction = DIRECTIONS[metric.partition("/")[2]]
    if "direction" in given:
        direction = one_of(given["direction"], ("maximize", "minimize"))
    return Objective(metric, direction)


def check_objective(objective: Objective, task: Task, place: Place) -> None:
    """That the data gives the metric.

    Raises: SpecError at the place of the objective.
    """
    if objective.task not in (None, task):
        raise place.wrong(
            f"{objective.metric} has no meaning for {task}, which is what the data is for; "
            f"take {_or(name for name, of in TASKS.items() if of in (None, task))}"
        )


def _metric(node: Node) -> str:
    metric = text(node)
    if metric.startswith("test/"):
        raise node.wrong(
            f"{shown(metric)}: the test set must not steer the search, it is what judges it; "
            f"take {shown(metric.replace('test', 'validation', 1))}"
        )
    if metric not in METRICS:
        raise node.wrong(f"{shown(metric)} is no metric of an epoch; {nearest(metric, METRICS)}")
    return metric


def _or(names: Iterable[str]) -> str:
    return " or ".join(f"validation/{name}" for name in names)
