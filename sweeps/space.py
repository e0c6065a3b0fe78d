"""One dimension of a search: what a hyperparameter may be, and its form as an Optuna parameter.

Optuna keeps numbers, text and null. A list such as hidden [64, 32] is its JSON text there; the
round trip gives the same value back. A stepped range gives exact decimals: 0.3, not 0.30000000004.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from trainer.hyperparameters import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from optuna.distributions import BaseDistribution


OptunaValue = str | int | float | None


@dataclass(frozen=True)
class Dimension:
    """What varies: either a list of choices, or a range with both bounds included.

    Attributes:
        choices: values of the hyperparameter in its own type, distinct, in file order; or None.
        low, high: bounds of the range, in the hyperparameter's unit.
        log: drawn evenly on the logarithm.
        step: distance of neighbouring levels, dividing high - low; or None.
        integer: the hyperparameter is a whole number.
    """

    name: str
    choices: tuple[Any, ...] | None = None
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    step: float | None = None
    integer: bool = False

    @property
    def is_range(self) -> bool:
        """Whether there is a number to move: a range of more than one value."""
        return self.choices is None and self.low < self.high

    @property
    def n_levels(self) -> int | None:
        """How many values there are; None for a range without a step."""
        if self.choices is not None:
            return len(self.choices)
        if self.low == self.high:
            return 1
        if self.step is None:
            return None
        return int((_exact(self.high) - _exact(self.low)) / _exact(self.step)) + 1

    @property
    def largest(self) -> float:
        """The largest value of a numeric dimension; null counts as nothing."""
        if self.choices is None:
            return self.high
        return max((v for v in self.choices if v is not None), default=0)

    def grid_values(self) -> Iterator[Any]:
        """Every value in file order, from low up.

        Raises: ValueError for a range without a step, which `load_spec` refuses for a grid.
        """
        if self.choices is not None:
            return iter(self.choices)
        if self.n_levels is None:
            raise ValueError(f"{self.name} has no levels; give choices or a step")
        return (self._level(k) for k in range(self.n_levels))

    def distribution(self) -> BaseDistribution:
        """The same as an Optuna distribution."""
        from optuna import distributions as optuna_distributions

        if self.choices is not None:
            return optuna_distributions.CategoricalDistribution(
                [self.to_optuna(value) for value in self.choices]
            )
        if self.integer:
            return optuna_distributions.IntDistribution(
                int(self.low), int(self.high), self.log, int(self.step or 1)
            )
        return optuna_distributions.FloatDistribution(self.low, self.high, self.log, self.step)

    def to_optuna(self, value: Any) -> OptunaValue:  # noqa: ANN401 - the type depends on the name
        """A hyperparameter's value as an Optuna parameter."""
        return json.dumps(list(value)) if isinstance(value, tuple) else value

    def from_optuna(self, parameter: OptunaValue) -> Any:  # noqa: ANN401 - the same
        """An Optuna parameter as the hyperparameter's value.

        Raises: ValueError for one that this dimension cannot have given.
        """
        if self.choices is not None:
            for value in self.choices:
                if self.to_optuna(value) == parameter:
                    return value
            raise ValueError(f"{self.name}: {parameter!r} is not among the choices")
        number = float(parameter) if parameter is not None else float("nan")
        if not self.low <= number <= self.high:
            raise ValueError(
                f"{self.name}: {parameter!r} is not between {self.low} and {self.high}"
            )
        if self.step is not None:
            return self._level(round((_exact(number) - _exact(self.low)) / _exact(self.step)))
        return int(number) if self.integer else number

    def to_json(self) -> list[Any] | dict[str, Any]:
        """As in the sweep file: a list of choices, or low and high with log and step where set."""
        if self.choices is not None:
            return [plain(self.name, value) for value in self.choices]
        bounds = {"low": self.low, "high": self.high}
        log = {"log": True} if self.log else {}
        return {**bounds, **log, **({} if self.step is None else {"step": self.step})}

    def _level(self, k: int) -> float | int:
        exact = _exact(self.low) + k * _exact(self.step or 1)
        return int(exact) if self.integer else float(exact)


def distributions(search: Mapping[str, Dimension]) -> dict[str, BaseDistribution]:
    """Every dimension as Optuna takes it in `Study.ask`, in file order."""
    return {name: dimension.distribution() for name, dimension in search.items()}


def nearest_high(low: float, high: float, step: float) -> tuple[float, ...]:
    """The upper bounds near `high` that `step` reaches from `low`, nearest first; () if it fits."""
    steps = (_exact(high) - _exact(low)) / _exact(step)
    if steps.denominator == 1:
        return ()
    counts = sorted((int(steps), int(steps) + 1), key=lambda k: abs(k - steps))
    return tuple(float(_exact(low) + k * _exact(step)) for k in counts if k > 0)


def _exact(value: float) -> Fraction:
    """The decimal that was written, not the binary number next to it."""
    return Fraction(str(value))
