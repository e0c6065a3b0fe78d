"""Values of hyperparameters in the sweep file, checked by the trainer's rules, with their place."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from tracking.files.node import Node, nearest, shown
from trainer.errors import HyperparameterError
from trainer.hyperparameters import OURS, PRETRAINED, RULES, check, check_extra, is_reference

_NEAR = 0.8  # a name this like one of ours is taken for it, not for a factory's own


def has_factory(root: Node) -> bool:
    """Whether every model of the sweep is a user's, which may have hyperparameters of its own."""
    models: list[Any] = []
    for section in ("train", "search"):
        node = root.value.get(section)
        if node is not None and isinstance(node.value, dict) and "model" in node.value:
            found = node.value["model"].plain
            models += found if isinstance(found, list) else [found]
    return bool(models) and all(":" in str(model) for model in models)  # checked later


def hyperparameters(node: Node, *, own: bool = False) -> dict[str, Node]:
    """The entries of `train` or `search` by hyperparameter, in file order.

    Args:
        own: whether those of a user's factory may be among them.
    Raises: SpecError for a name that is no hyperparameter, with the nearest right one.
    """
    if not isinstance(node.value, dict):
        raise node.wrong(f"{node.shown} is no mapping; write hyperparameters below it")
    for name, entry in node.value.items():
        if name not in RULES and not (own and not get_close_matches(name, RULES, 1, _NEAR)):
            raise entry.wrong(f"{shown(name)} is no hyperparameter; {nearest(name, RULES)}")
    return dict(node.value)


def checked(name: str, node: Node) -> Any:  # noqa: ANN401 - the type depends on the name
    """One value in the hyperparameter's own type.

    Raises: SpecError with the rule.
    """
    try:
        value = check(name, node.plain) if name in RULES else check_extra(name, node.plain)
    except HyperparameterError as error:
        raise node.wrong(str(error)) from None
    except OverflowError:
        raise node.wrong(
            f"{node.shown} is too large; the rule is: {RULES[name].range_text}"
        ) from None
    if name == "model" and value not in {*OURS, PRETRAINED} and not is_reference(value):
        raise node.wrong(
            f"{shown(value)} is no model; write {', '.join(OURS)}, {PRETRAINED}, or "
            "package.module:factory for one of your own"
        )
    return value


def is_number(name: str) -> bool:
    """Whether a hyperparameter is a number, so that it may have a range; a factory's own may be."""
    return name not in RULES or RULES[name].kind in {"int", "float"}


def is_whole(name: str, range_: Node) -> bool:
    """Whether a range is one of whole numbers; that of a factory's own is, where its bounds are."""
    if name in RULES:
        return RULES[name].kind == "int"
    return all(
        isinstance(entry.value, int)
        for key, entry in range_.value.items()
        if key in {"low", "high", "step"}
    )
