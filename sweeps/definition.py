"""What a sweep's results follow from, as flat keys: whether two sweeps of one name are the same."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tracking.files.node import shown
from trainer.hyperparameters import DEFAULTS, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweeps.spec import SweepSpec

NOT_DEFINING = ("folder", "task", "tokenizers")
"""Of the data: where it lies on this machine, and what follows from the rest."""


def definition(spec: SweepSpec) -> dict[str, Any]:
    """Dotted keys to JSON values: everything that defines results, and nothing else.

    The budget is left out: more of it continues a sweep. What is left at its default is left out
    too, so that writing a default down, or a later version's new key, changes nothing. The order
    of the search is part of it, since samplers draw in that order.
    """
    flat: dict[str, Any] = {}
    for key, value in asdict(spec.data).items():
        if key not in NOT_DEFINING and value is not None:
            flat[f"data.{key}"] = plain(key, value)
    for name, value in spec.train.items():
        if name not in DEFAULTS or value != DEFAULTS[name]:
            flat[f"train.{name}"] = plain(name, value)
    for name, form in spec.search_json().items():
        ranges = form if isinstance(form, dict) else {"": form}
        flat.update({f"search.{name}.{key}".rstrip("."): value for key, value in ranges.items()})
    flat["search"] = list(spec.search)
    for kind, choice in (("sampler", spec.sampler), ("pruner", spec.pruner)):
        flat.update({f"{kind}.{key}": plain(key, value) for key, value in choice.to_json().items()})
    flat["objective.metric"] = spec.objective.metric
    flat["objective.direction"] = spec.objective.direction
    return {**flat, "repeats": spec.repeats, "generation": spec.generation, "seed": spec.seed}


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """One sentence for each key in which two definitions differ, sorted by key.

    Returns: such as 'search.learning_rate.high: was 0.1, is 0.2'; empty when they are the same.
    """
    return [
        f"{key}: was {_worded(old, key)}, is {_worded(new, key)}"
        for key in sorted({*old, *new})
        if (key in old) != (key in new) or old[key] != new[key]
    ]


def _worded(of: Mapping[str, Any], key: str) -> str:
    value = of.get(key)
    if key not in of:
        return "left out"
    return value if isinstance(value, str) else shown(value)
