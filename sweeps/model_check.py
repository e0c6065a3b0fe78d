"""Builds a model of each kind that a sweep may train, before anything is recorded."""

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from trainer.datasets import Datasets
from trainer.errors import UserModuleError
from trainer.hyperparameters import RULES
from trainer.lanes import LaneArray

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sweeps.runs import RunFactory
    from sweeps.space import Dimension
    from sweeps.spec import SweepSpec
    from trainer.data.prepared import PreparedData
    from trainer.pretrained import Pretrained

_MOST = 200  # more kinds than this are not all looked at


def check_models(
    spec: SweepSpec,
    runs: RunFactory,
    splits: Sequence[PreparedData],
    pretrained: Mapping[str, Pretrained] | None = None,
) -> None:
    """That the models fit the data, and pretrained weights the models.

    Raises: HyperparameterError for the first kind of model that does not.
    """
    data = Datasets(splits[:1])
    for params in _kinds_of(spec):
        trial = runs.trial(0, params)
        with suppress(UserModuleError):  # fails its own runs by name; other settings may do
            LaneArray(data, trial.runs[:1], pretrained)


def _kinds_of(spec: SweepSpec) -> Iterator[dict[str, Any]]:
    """Optuna parameters of one trial of each kind: every choice of what shapes a model.

    Where only numbers differ, one stands for all.
    """
    values = [_kinds(name, dimension) for name, dimension in spec.search.items()]
    for combination in itertools.islice(itertools.product(*values), _MOST):
        yield dict(zip(spec.search, combination, strict=True))


def _kinds(name: str, dimension: Dimension) -> list[Any]:
    if dimension.choices is None:
        return [dimension.low if not dimension.integer else int(dimension.low)]
    shapes = name not in RULES or RULES[name].scope == "array" or name == "pretrained_from"
    choices = dimension.choices if shapes else dimension.choices[:1]
    return [dimension.to_optuna(value) for value in choices]
