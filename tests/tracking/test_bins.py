from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracking.bins import make_bins

LOG = {"low": 1e-4, "high": 0.1, "log": True}
LINEAR = {"low": 0.0, "high": 0.5}


def test_log_range_has_equal_bins_in_the_logarithm() -> None:
    """Edges come from the range itself, so two sweeps of one range have the same levels."""
    values = [1e-4 * 1.5**i for i in range(17)]
    bins = make_bins(values, [LOG])
    assert bins is not None
    assert bins.labels == (
        "0.0001 to 0.00056",
        "0.00056 to 0.0032",
        "0.0032 to 0.018",
        "0.018 to 0.1",
    )
    assert [bins.label(x) for x in (1e-4, 5e-4, 6e-4, 0.0999, 0.1)] == [
        *bins.labels[:1] * 2,
        bins.labels[1],
        *bins.labels[3:] * 2,
    ]


def test_linear_range_has_equal_shares() -> None:
    """Each bin holds a quarter of the distinct values and is named by its least and greatest."""
    bins = make_bins([*range(1, 13)] * 2, [LINEAR])
    assert bins is not None
    assert bins.labels == ("1 to 3", "4 to 6", "7 to 9", "10 to 12")
    assert [bins.label(x) for x in (1, 3, 4, 12)] == [*bins.labels[:1] * 2, *bins.labels[1::2]]


def test_few_values_choices_and_words_are_levels_themselves() -> None:
    """Ten distinct values still make a table; choices and text are never pooled."""
    assert make_bins([*range(10)] * 3, [LINEAR]) is None
    assert make_bins([*range(20)], []) is None
    assert make_bins([*map(str, range(20))], [LINEAR]) is None
    assert make_bins([*range(20), None], [LINEAR]) is None


@given(st.lists(st.floats(0.001, 1e6), min_size=11, max_size=60, unique=True), st.booleans())
def test_every_value_has_a_bin_and_labels_differ(values: list[float], log: bool) -> None:  # noqa: FBT001
    """Bins follow the order of the values, and no two are called the same."""
    bins = make_bins(values, [{"low": min(values), "high": max(values), "log": log}])
    assert bins is not None
    assert len(set(bins.labels)) == len(bins.labels)
    places = [bins.labels.index(bins.label(value)) for value in sorted(values)]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0, len(bins.labels) - 1)
