"""The top level of the sweep file: its keys, the plain ones among them, and `train`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sweeps.data_section import KEYS as DATA_KEYS
from sweeps.hyperparameter_values import checked, has_factory, hyperparameters
from tracking.files.node import nearest, shown
from tracking.files.sections import flag, text, whole
from trainer.hyperparameters import RULES

if TYPE_CHECKING:
    from tracking.files.node import Node, Place

KEYS = (
    "name", "data", "train", "search", "sampler", "pruner", "objective", "repeats", "generation",
    "seed", "budget", "tags", "asynchronous",
)  # fmt: skip

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def check_keys(root: Node) -> None:
    """That every key is known and none asks for what is not built; SpecError otherwise."""
    for name, node in root.value.items():
        if name in RULES:
            raise node.wrong(f"{name} is a hyperparameter; put it under train or search")
        if name in DATA_KEYS:
            raise node.wrong(f"{name} is a key of data; put it under data")
        if name not in KEYS:
            raise node.wrong(f"unknown key {shown(name)}; {nearest(name, KEYS)}")
    node = root.value.get("asynchronous")
    if node is not None and node.value is not None and flag(node):
        raise node.wrong("true is not built yet in this version; write false")


def read_name(root: Node) -> str:
    """The name, fit for a folder and an experiment; SpecError otherwise."""
    node = root.value.get("name")
    if node is None or node.value is None:
        raise root.place.child("name").wrong("is missing; write one, such as 'name: digits-search'")
    name = text(node)
    if not _NAME.fullmatch(name):
        raise node.wrong(
            f"{shown(name)} can't name a folder; take at most 100 letters, digits and . _ -, "
            "beginning with a letter or digit"
        )
    return name


def read_whole(root: Node, key: str, default: int, low: int, high: int | None = None) -> int:
    """One of the whole numbers, low <= x < high; SpecError otherwise."""
    node = root.value.get(key)
    return default if node is None or node.value is None else whole(node, low, high)


def read_train(root: Node) -> dict[str, Any]:
    """What every trial has, each value in its hyperparameter's own type; SpecError otherwise."""
    node = root.value.get("train")
    if node is None or node.value is None:
        return {}
    named = hyperparameters(node, own=has_factory(root))
    return {name: checked(name, entry) for name, entry in named.items()}


def check_once(root: Node) -> None:
    """That no name stands in both `train` and `search`; SpecError otherwise."""
    train = root.value.get("train")
    for name, node in root.value["search"].value.items():
        if train is None or train.value is None or name not in train.value:
            continue
        other = train.value[name]
        later, first = (node, other) if other.place.line else (other, node)
        raise later.wrong(
            f"stands in {first.place.key.partition('.')[0]} too ({first.place.at}); "
            "a name stands in one of the two, so remove one"
        )


def places(root: Node) -> dict[str, Place]:
    """Where the objective, the loss and the classes stand, for when the task is known."""
    found = {"objective": root.place.child("objective")}
    for section, key in (("train", "loss"), ("search", "loss"), ("data", "classes")):
        node = root.value.get(section)
        if node is not None and isinstance(node.value, dict) and key in node.value:
            found[key] = node.value[key].place
    objective = root.value.get("objective")
    if objective is not None and isinstance(objective.value, dict):
        found["objective"] = objective.value["metric"].place
    return found
