"""What one value of a sweep file may be, and the check of a value against that."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from trainer.errors import HyperparameterError

Kind = Literal["float", "int", "choice", "sizes", "names", "text"]


@dataclass(frozen=True)
class Rule:
    """What one hyperparameter may be.

    Attributes:
        kind: 'sizes' is a list of whole numbers, 'names' a list of choices.
        low, high: inclusive unless the matching `open_` flag is set.
        scope: 'lane' may differ from lane to lane inside an array; 'array' may not.
        optional: null is a value, meaning "not used".
    """

    kind: Kind
    doc: str
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    choices: tuple[str, ...] = ()
    scope: Literal["lane", "array"] = "lane"
    optional: bool = False
    odd: bool = False

    @property
    def range_text(self) -> str:
        """The range in words, such as '0 <= x < 1'."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        left = "" if self.low == -math.inf else f"{self.low:g} {'<' if self.open_low else '<='} "
        right = "" if self.high == math.inf else f" {'<' if self.open_high else '<='} {self.high:g}"
        name = {"int": "whole number", "float": "number"}.get(self.kind, "x")
        return f"{left}{name}{right}" if left or right else name

    def check(self, value: object) -> Any:  # noqa: ANN401 - the type depends on the kind
        """The value in its own type.

        Raises: HyperparameterError with the rule, when the type or the range is wrong.
        """
        if value is None:
            if self.optional:
                return None
            raise HyperparameterError(f"null is not a value; the rule is: {self.range_text}")
        items = value if isinstance(value, list | tuple) else [value]
        if self.kind == "sizes":
            return tuple(self._number(item, whole=True) for item in items)
        if self.kind == "names":
            return tuple(name for name in map(self._choice, items) if name != "none")
        if self.kind == "choice":
            return self._choice(value)
        if self.kind == "text":
            if not isinstance(value, str) or not value:
                raise HyperparameterError(f"{_shown(value)} is not text")
            return value
        return self._number(value, whole=self.kind == "int")

    def _number(self, value: object, *, whole: bool) -> float | int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise HyperparameterError(f"{_shown(value)} is not a {'whole ' if whole else ''}number")
        if not math.isfinite(value):
            raise HyperparameterError(f"{value} is not finite")
        if whole and value != int(value):
            raise HyperparameterError(f"{value} is not a whole number")
        below = value < self.low or (self.open_low and value == self.low)
        above = value > self.high or (self.open_high and value == self.high)
        if below or above:
            raise HyperparameterError(f"{value} is out of range; the rule is: {self.range_text}")
        if self.odd and value % 2 == 0:
            raise HyperparameterError(f"{value} is even; the rule is: an odd {self.range_text}")
        return int(value) if whole else float(value)

    def _choice(self, value: object) -> str:
        if value not in self.choices:
            raise HyperparameterError(f"{_shown(value)} is not {self.range_text}")
        return str(value)


def _shown(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)
