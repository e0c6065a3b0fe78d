"""Values of hyperparameters in the sweep file, checked by the trainer's rules, with their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweeps.node import Node, nearest, shown
from trainer.errors import HyperparameterError
from trainer.hyperparameters import RULES, check

if TYPE_CHECKING:
    from collections.abc import Callable

_NOT_BUILT: dict[str, tuple[Callable[[Any], bool], str]] = {
    "model": (lambda value: value != "mlp", "write mlp"),
    "augmentation": (lambda value: value != (), "write none"),
    "pretrained_from": (lambda value: value is not None, "remove it"),
    "freeze": (lambda value: value > 0, "write 0"),
}
"""What this version can't train yet: when it applies, and the way out."""


def hyperparameters(node: Node) -> dict[str, Node]:
    """The entries of `train` or `search` by hyperparameter, in file order.

    Raises: SpecError for a name that is no hyperparameter, with the nearest right one.
    """
    if not isinstance(node.value, dict):
        raise node.wrong(f"{node.shown} is no mapping; write hyperparameters below it")
    for name, entry in node.value.items():
        if name not in RULES:
            raise entry.wrong(f"{shown(name)} is no hyperparameter; {nearest(name, RULES)}")
    return dict(node.value)


def checked(name: str, node: Node) -> Any:  # noqa: ANN401 - the type depends on the name
    """One value in the hyperparameter's own type.

    Raises: SpecError with the rule, or when this version can't train it.
    """
    try:
        value = check(name, node.plain)
    except HyperparameterError as error:
        raise node.wrong(str(error)) from None
    except OverflowError:
        raise node.wrong(
            f"{node.shown} is too large; the rule is: {RULES[name].range_text}"
        ) from None
    if name in _NOT_BUILT and _NOT_BUILT[name][0](value):
        way_out = _NOT_BUILT[name][1]
        raise node.wrong(f"{shown(node.plain)} is not built yet in this version; {way_out}")
    return value
