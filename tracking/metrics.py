"""What a metric means: which way is better, if any, and in which unit a difference is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tracking.reading import RunRecord

_SMALLER = ("loss", "rmse", "mse", "mae", "gap", "error", "train_seconds", "epochs_run")
_LARGER = ("accuracy", "r2", "f1", "auc", "precision", "recall")
# Fewer epochs, less time or a smaller gap may come with a better model or a worse one.
_NEUTRAL = ("gap", "train_seconds", "epochs_run", "kept_epoch")
_UNITS = {"epochs_run": "epoch", "kept_epoch": "epoch", "train_seconds": "second"}


_NOTES = {
    "train_seconds": "train_seconds is a run's share of the time of all lanes beside it: such runs "
    "are no independent measurements, so trust neither its intervals nor its p-values",
}


@dataclass(frozen=True)
class Sense:
    """How the numbers of a metric are to be read.

    Attributes:
        rises: the best is the largest; of a metric that is not judged, what stands first is.
        judged: one value can be better than another, not just larger.
        unit: of a difference, in the singular; empty for plain numbers.
        scale: what a difference is multiplied by to be in that unit.
    """

    rises: bool
    judged: bool
    unit: str = ""
    scale: float = 1.0

    @property
    def first(self) -> str:
        """What the first of all levels is."""
        if self.judged:
            return "best"
        return "highest" if self.rises else "lowest"

    @property
    def behind(self) -> str:
        """What all other levels are."""
        if self.judged:
            return "worse"
        return "lower" if self.rises else "higher"


PLAIN = Sense(rises=True, judged=True)


def sense_of(metric: str, objective: Mapping[str, str], runs: Sequence[RunRecord]) -> Sense:
    """How a metric is to be read.

    Args:
        objective: of the sweep, which knows the direction of a user's own metric.
        runs: from which it shows what the gap is a difference of.
    """
    leaf = _leaf(metric)
    up, judged = rises(metric, objective), leaf not in _NEUTRAL
    of_accuracies = leaf == "gap" and any(
        _leaf(name) == "accuracy" for run in runs for name in run.metrics
    )
    if leaf == "accuracy" or of_accuracies:
        return Sense(up, judged, "point", 100.0)
    return Sense(up, judged, _UNITS.get(leaf, ""))


def caution(metric: str) -> tuple[str, ...]:
    """What must be known of a metric before its numbers are believed; mostly nothing."""
    return tuple(note for name, note in _NOTES.items() if name == metric)


def rises(metric: str, objective: Mapping[str, str]) -> bool:
    """Whether more of a metric is better; where nothing is known of it, it is."""
    leaf = _leaf(metric)
    if leaf in (*_SMALLER, *_LARGER):
        return leaf in _LARGER
    same = leaf == _leaf(objective["metric"])
    return not (same and objective.get("direction") == "minimize")


def default_metric(objective: Mapping[str, str], runs: Sequence[RunRecord]) -> str:
    """The objective's metric on the test set, if it was measured there."""
    metric = objective["metric"]
    on_test = "test/" + metric.removeprefix("validation/")
    return on_test if any(on_test in run.metrics for run in runs) else metric


def _leaf(metric: str) -> str:
    return metric.rpartition("/")[2]
