"""The `search` section: each entry a list of choices or {low, high, log, step}, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweeps.hyperparameter_values import (
    checked,
    has_factory,
    hyperparameters,
    is_number,
    is_whole,
)
from sweeps.space import Dimension, nearest_high
from tracking.files.node import Node, shown
from tracking.files.sections import entries, flag
from trainer.errors import HyperparameterError
from trainer.hyperparameters import RULES, check

if TYPE_CHECKING:
    from collections.abc import Mapping

EXACT_LIMIT = 2**53
"""Optuna keeps numbers as 64-bit floats; up to here every whole number is one."""

GRID_LIMIT = 1_000_000


def read_search(root: Node) -> dict[str, Dimension]:
    """What varies, in file order.

    Raises: SpecError, at the line of the entry that breaks a rule.
    """
    node = root.value.get("search") or Node(None, root.place.child("search"))
    if not node.value and not isinstance(node.value, str):
        raise node.wrong("nothing varies; name a hyperparameter with choices or {low, high}")
    named = hyperparameters(node, own=has_factory(root))
    return {name: _dimension(name, entry) for name, entry in named.items()}


def check_grid(nodes: Node, search: Mapping[str, Dimension]) -> int:
    """The number of configurations of a grid.

    Raises: SpecError for a range without levels, or more than a million configurations.
    """
    size = 1
    for name, dimension in search.items():
        if dimension.n_levels is None:
            raise nodes.value[name].wrong(
                "a range has no levels for a grid; give a list of choices or a step"
            )
        size *= dimension.n_levels
    if size > GRID_LIMIT:
        raise nodes.wrong(
            f"the grid has {size} configurations, over {GRID_LIMIT}; give fewer levels, "
            "or sampler: random"
        )
    return size


def _dimension(name: str, node: Node) -> Dimension:
    if isinstance(node.value, list):
        return Dimension(name, choices=_choices(name, node))
    if not isinstance(node.value, dict):
        raise node.wrong(
            f"{node.shown} is neither a list of choices nor {{low, high}}; "
            "a fixed value belongs under train"
        )
    if not is_number(name):
        raise node.wrong("takes no range, it is not a number; give a list of choices")
    return _range(name, node)


def _choices(name: str, node: Node) -> tuple[Any, ...]:
    if not node.value:
        raise node.wrong("the list of choices is empty; give at least one, or remove the key")
    values: dict[Any, None] = {}
    for item in node.value:
        value = checked(name, item)
        if value in values:
            raise item.wrong(f"{shown(item.plain)} is among the choices twice; keep one")
        values[value] = None
    return tuple(values)


def _range(name: str, node: Node) -> Dimension:
    keys = entries(node, ("low", "high", "log", "step"), keep_null=True)
    for bound in ("low", "high"):
        if bound not in keys:
            raise node.wrong(f"{bound} is missing; a range is {{low: ..., high: ...}}")
    integer = is_whole(name, node)
    low, high = (_bound(name, keys[bound], integer=integer) for bound in ("low", "high"))
    log = flag(keys["log"]) if "log" in keys else False
    if low > high:
        raise node.wrong(f"low {low} is above high {high}; swap them")
    if log and low <= 0:
        raise keys["low"].wrong(f"low {low} with log: true; a logarithm needs a low above 0")
    step = _step(name, node, keys["step"], (low, high), log=log) if "step" in keys else None
    return Dimension(name, low=low, high=high, log=log, step=step, integer=integer)


def _bound(name: str, node: Node, *, integer: bool) -> float | int:
    value = checked(name, node)
    if value is None or isinstance(value, str | bool):
        raise node.wrong(f"{node.shown} is no bound; give a number")
    if isinstance(value, int) and abs(value) > EXACT_LIMIT:
        raise node.wrong(f"{value} is too large for a range; give at most {EXACT_LIMIT}")
    return int(value) if integer else float(value)


def _step(
    name: str, node: Node, given: Node, bounds: tuple[float, float], *, log: bool
) -> float | int:
    step, integer = given.value, is_whole(name, node)
    if isinstance(step, bool) or not isinstance(step, int | float) or not 0 < step < EXACT_LIMIT:
        raise given.wrong(f"{given.shown} is no step; give a number above 0")
    if integer and step != int(step):
        raise given.wrong(f"{given.shown} is no whole number, as {name} is; give a whole step")
    if log:
        raise given.wrong("a range is either log or stepped; remove log or step")
    low, high = bounds
    fitting = nearest_high(low, high, step)
    if not fitting and step is not None:
        return int(step) if integer else float(step)
    given_step = f"step {step} does not divide {low} to {high}"
    for near in fitting:
        try:
            wanted = check(name, near) if name in RULES else near
        except HyperparameterError:
            continue
        raise node.wrong(f"{given_step}; the nearest high that fits is {wanted}")
    raise node.wrong(f"{given_step}; give a smaller step")
