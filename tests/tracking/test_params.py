from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracking.params import MAX_TAG, decode, encode, join_tag, split_tag

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


@given(SCALARS | st.lists(SCALARS))
def test_values_read_back_as_they_were(value: object) -> None:
    """Any hyperparameter survives MLflow's text with its type, text that looks like JSON too."""
    back = decode(encode(value))
    assert (back, type(back)) == (value, type(value))


def test_common_values_stand_as_people_write_them() -> None:
    """Params are filtered and read in MLflow's pages: no quotes around plain words."""
    values = ["relu", 0.001, 32, [64, 64], None, True, "null", ""]
    shown = ["relu", "0.001", "32", "[64, 64]", "null", "true", '"null"', '""']
    assert [encode(value) for value in values] == shown


@given(st.integers(0, 3), st.integers(-2, 2), st.integers(0, 4))
def test_long_tags_read_back(n_full: int, more: int, n_older: int) -> None:
    """A text of any length survives being split, even over the longer one that was there before."""
    text = "x" * max(n_full * MAX_TAG + more, 0)
    older = {f"t.{i}": "y" * MAX_TAG for i in range(1, n_older + 1)}
    parts = split_tag("t", text)
    assert max(map(len, parts.values())) <= MAX_TAG
    assert join_tag("t", older | parts) == text
