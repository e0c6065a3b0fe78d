"""Which pruners there are and what each takes; one that could never prune is refused.

Steps are epochs, reported from 1. Optuna is not imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeps.options import Choice, Offer, Option, read_choice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracking.files.node import Node

_COUNT = Option("int", 0, 1_000_000)
_FROM_ONE = Option("int", 1, 1_000_000)
_FACTOR = Option("int", 2, 1_000_000)
_RANKED = {
    "n_startup_trials": _COUNT,
    "n_warmup_steps": _COUNT,
    "interval_steps": _FROM_ONE,
    "n_min_trials": _FROM_ONE,
}

PRUNERS: Mapping[str, Offer] = {
    "none": Offer("NopPruner", {}),
    "median": Offer("MedianPruner", _RANKED),
    "percentile": Offer("PercentilePruner", {"percentile": Option("float", 0, 100), **_RANKED}),
    "halving": Offer(
        "SuccessiveHalvingPruner",
        {
            "min_resource": _FROM_ONE,
            "reduction_factor": _FACTOR,
            "min_early_stopping_rate": Option("int", 0, 30),
            "bootstrap_count": _COUNT,
        },
    ),
    "hyperband": Offer(
        "HyperbandPruner",
        {
            "min_resource": _FROM_ONE,
            "max_resource": _FROM_ONE,
            "reduction_factor": _FACTOR,
            "bootstrap_count": _COUNT,
        },
    ),
    "wilcoxon": Offer(
        "WilcoxonPruner",
        {"p_threshold": Option("float", 0, 1), "n_startup_steps": _COUNT},
    ),
}

DEFAULTS: Mapping[str, Mapping[str, float]] = {
    "none": {},
    "median": {"n_startup_trials": 5, "n_warmup_steps": 0, "n_min_trials": 1},
    "percentile": {
        "percentile": 25.0,
        "n_startup_trials": 5,
        "n_warmup_steps": 0,
        "n_min_trials": 1,
    },
    "halving": {"min_resource": 1, "reduction_factor": 4, "min_early_stopping_rate": 0},
    "hyperband": {"min_resource": 1},
    "wilcoxon": {"p_threshold": 0.1, "n_startup_steps": 2},
}
"""What decides whether a pruner can prune: Optuna's own defaults, or ours where it has none."""


def read_pruner(root: Node, max_epochs: int, n_trials: int | None) -> Choice:
    """The pruner, none unless one is named.

    Args:
        max_epochs: the most epochs that any trial could have.
        n_trials: the most trials there could be, or None when only time bounds them.
    Raises: SpecError, also for a pruner that could never prune.
    """
    node = root.value.get("pruner")
    choice = read_choice(node, PRUNERS, "none")
    if node is None or choice.name == "none":
        return choice
    values = {**DEFAULTS[choice.name], **choice.options}
    reason = _never_by_trials(values, n_trials) or _never_by_epochs(values, max_epochs)
    if reason:
        raise node.wrong(f"{choice.name} could never prune: {reason}, or write pruner: none")
    return choice


def _never_by_trials(values: Mapping[str, float], n_trials: int | None) -> str:
    if n_trials is None:
        return ""
    if n_trials < 2:  # noqa: PLR2004 - to compare takes two
        return "it compares trials and there is 1; raise budget.trials"
    for name in ("n_startup_trials", "n_min_trials"):
        if values.get(name, 0) >= n_trials:
            return f"{name} is {values[name]} and there are {n_trials} trials; lower {name}"
    return ""


def _never_by_epochs(values: Mapping[str, float], max_epochs: int) -> str:
    if max_epochs < 2:  # noqa: PLR2004 - the only epoch is also the last
        return "a trial has 1 epoch and ends there anyway; raise epochs"
    for name in ("n_warmup_steps", "n_startup_steps", "min_resource"):
        if values.get(name, 0) >= max_epochs:
            return f"{name} is {values[name]} and trials have {max_epochs} epochs; lower {name}"
    rate = int(values.get("min_early_stopping_rate", 0))
    if rate:
        first = int(values["min_resource"]) * int(values["reduction_factor"]) ** rate
        if first >= max_epochs:
            return (
                f"min_early_stopping_rate {rate} lets it decide from epoch {first} and trials have "
                f"{max_epochs}; lower it"
            )
    return _never_by_bounds(values, max_epochs)


def _never_by_bounds(values: Mapping[str, float], max_epochs: int) -> str:
    if values.get("max_resource", max_epochs) < values.get("min_resource", 0):
        return "max_resource is below min_resource; swap them"
    if values.get("p_threshold") == 0:
        return "p_threshold is 0 and no p-value is below; give one such as 0.1"
    if values.get("percentile") == 100:  # noqa: PLR2004 - percent
        return "percentile 100 asks to keep every trial; give one such as 25"
    return ""
