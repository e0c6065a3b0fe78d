"""Dimensions: the round trip to Optuna and back, and the levels of stepped ranges."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweeps.space import Dimension, nearest_high

SIZES = st.lists(st.integers(1, 512), max_size=3).map(tuple)
FLOATS = st.floats(1e-9, 1e3, allow_nan=False)
CHOICES = st.one_of(
    st.lists(SIZES, min_size=1, max_size=6, unique=True),
    st.lists(st.none() | FLOATS, min_size=1, max_size=6, unique=True),
    st.lists(st.integers(1, 1000), min_size=1, max_size=6, unique=True),
    st.lists(st.text(min_size=1), min_size=1, max_size=6, unique=True),
)


@st.composite
def ranges(draw: st.DrawFn) -> Dimension:
    integer, kind = draw(st.booleans()), draw(st.sampled_from(["plain", "log", "step"]))
    if kind == "step":
        low = draw(st.integers(1, 50))
        step = draw(st.integers(1, 20))
        high = low + step * draw(st.integers(0, 30))
        unit = 1 if integer else 10 ** -draw(st.integers(0, 6))
        bounds = [n if integer else float(repr(round(n * unit, 6))) for n in (low, high, step)]
        return Dimension("x", low=bounds[0], high=bounds[1], step=bounds[2], integer=integer)
    numbers = st.integers(1, 10**6) if integer else FLOATS
    low, high = sorted(draw(st.tuples(numbers, numbers)))
    return Dimension("x", low=low, high=high, log=kind == "log", integer=integer)


def through_optuna(dimension: Dimension, value: Any) -> Any:
    distribution = dimension.distribution()
    internal = distribution.to_internal_repr(dimension.to_optuna(value))
    assert distribution._contains(internal)
    return dimension.from_optuna(distribution.to_external_repr(internal))


@settings(max_examples=150, deadline=None)
@given(choices=CHOICES)
def test_every_choice_survives_the_round_trip(choices: list[Any]) -> None:
    """A choice of any type, lists and null among them, comes back from Optuna as it was."""
    dimension = Dimension("x", choices=tuple(choices))
    for value in dimension.grid_values():
        back = through_optuna(dimension, value)
        assert back == value
        assert type(back) is type(value)


@settings(max_examples=150, deadline=None)
@given(dimension=ranges(), seed=st.integers(0, 2**32 - 1))
def test_every_draw_of_a_range_survives_the_round_trip(dimension: Dimension, seed: int) -> None:
    """What Optuna draws from a range lies in it, on a level if there are any, and comes back."""
    import optuna

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    trial = study.ask({"x": dimension.distribution()})
    value = dimension.from_optuna(trial.params["x"])
    assert dimension.low <= value <= dimension.high
    assert type(value) is (int if dimension.integer else float)
    assert through_optuna(dimension, value) == value
    if dimension.step is not None:
        assert value in list(dimension.grid_values())


def test_levels_are_the_decimals_that_were_meant() -> None:
    """Levels of a step are exact decimals: no 0.30000000000000004 in a table."""
    dimension = Dimension("dropout", low=0.0, high=0.5, step=0.1)
    assert list(dimension.grid_values()) == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert dimension.from_optuna(0.1 + 0.2) == 0.3
    assert dimension.n_levels == 6


def test_a_step_that_does_not_divide_names_the_nearest_high() -> None:
    """Decimals are compared as written, so 0.1 divides 0 to 0.3; the nearer bound comes first."""
    assert nearest_high(0.0, 0.3, 0.1) == ()
    assert nearest_high(1e-300, 1e300, 1e-300) == ()
    assert nearest_high(5, 31, 5) == (30, 35)
    assert nearest_high(5, 34, 5) == (35, 30)
    assert nearest_high(0, 1, 3) == (3,)


def test_a_range_without_step_has_no_levels() -> None:
    """A continuous range has no grid; a range of one value has one level."""
    assert Dimension("x", low=0, high=1).n_levels is None
    assert Dimension("x", low=1, high=1).n_levels == 1
    with pytest.raises(ValueError, match="give choices or a step"):
        Dimension("x", low=0, high=1).grid_values()


def test_a_parameter_of_another_search_is_refused() -> None:
    """A value that a dimension can't have given is an error, never the nearest one."""
    with pytest.raises(ValueError, match="not among the choices"):
        Dimension("x", choices=(1, 2)).from_optuna(3)
    with pytest.raises(ValueError, match="not between"):
        Dimension("x", low=0, high=1).from_optuna(1.5)


def test_json_is_as_in_the_file() -> None:
    """The form kept beside results can be pasted into a sweep file."""
    assert json.dumps(Dimension("h", choices=((64, 32), (8,))).to_json()) == "[[64, 32], [8]]"
    assert Dimension("x", low=1, high=8, log=True).to_json() == {"low": 1, "high": 8, "log": True}
