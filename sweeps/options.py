"""Options of a sampler or a pruner: 'tpe' or {name: tpe, n_startup_trials: 20}, checked.

The tables of what each takes stand in `sampler_options` and `pruner_options`, so that a sweep file
is checked without importing Optuna; a test holds them against Optuna's own signatures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tracking.files.node import nearest, shown
from tracking.files.sections import flag, one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracking.files.node import Node


@dataclass(frozen=True)
class Choice:
    """A sampler or a pruner by name, with the options that were given."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As in the sweep file's long form."""
        return {"name": self.name, **self.options}


@dataclass(frozen=True)
class Option:
    """What one option may be; both bounds are included."""

    kind: Literal["int", "float", "flag", "word"]
    low: float = 0
    high: float = math.inf
    words: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True)
class Offer:
    """One sampler or pruner: Optuna's class, its options, and those that are refused and why."""

    optuna_class: str
    options: Mapping[str, Option]
    refused: Mapping[str, str] = field(default_factory=dict)


def read_choice(node: Node | None, offers: Mapping[str, Offer], default: str) -> Choice:
    """The choice that was made, or the default.

    Raises: SpecError for an unknown name or option, or a value out of range.
    """
    if node is None or node.value is None:
        return Choice(default)
    if not isinstance(node.value, dict):
        return Choice(one_of(node, tuple(offers)))
    if (name_node := node.value.get("name")) is None:
        raise node.place.child("name").wrong(f"is missing; write {{name: {default}, ...}}")
    name = one_of(name_node, tuple(offers))
    given = {key: entry for key, entry in node.value.items() if key != "name"}
    return Choice(name, {key: _option(name, key, at, offers[name]) for key, at in given.items()})


def _option(name: str, key: str, node: Node, offer: Offer) -> Any:  # noqa: ANN401 - by the option
    if key in offer.refused:
        raise node.wrong(f"{offer.refused[key]}; remove it")
    if key not in offer.options:
        known = nearest(key, offer.options) if offer.options else "it takes none"
        raise node.wrong(f"{shown(key)} is no option of {name}; {known}")
    option = offer.options[key]
    if node.value is None and option.optional:
        return None
    if option.kind == "flag":
        return flag(node)
    if option.kind == "word":
        return one_of(node, option.words)
    return _number(option, node)


def _number(option: Option, node: Node) -> float | int:
    value, whole = node.value, option.kind == "int"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or (whole and value != int(value)):
        raise node.wrong(f"{node.shown} is not a {'whole ' if whole else ''}number; give one")
    if not option.low <= value <= option.high:
        above = f" and at most {option.high:g}" if option.high < math.inf else ""
        raise node.wrong(f"{node.shown} is out of range; give at least {option.low:g}{above}")
    return int(value) if whole else float(value)
