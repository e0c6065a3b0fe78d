"""Stacked products: right, and with bits that do not depend on how many lanes are stacked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.products import product, product_into

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDE = st.one_of(st.just(1), st.integers(1, 9), st.sampled_from([16, 17, 31, 64, 65, 100, 257]))


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the condition under which lanes are trained
    yield
    torch.set_num_threads(threads)


@settings(max_examples=250, deadline=None)
@given(
    lanes=st.integers(1, 9),
    rows=SIDE,
    inner=SIDE,
    columns=SIDE,
    bias=st.booleans(),
    turned=st.booleans(),
    gap=st.sampled_from([0, 16, 48]),
    seed=st.integers(0, 9),
)
def test_bits_do_not_depend_on_the_number_of_lanes(
    *,
    lanes: int,
    rows: int,
    inner: int,
    columns: int,
    seed: int,
    gap: int,
    bias: bool,
    turned: bool,
) -> None:
    """A lane's product is the same alone, in any part of the stack and in all of it."""
    draw = torch.Generator().manual_seed(seed)
    size = -(-rows * inner // 16) * 16
    buffer = torch.randn(lanes, size + gap, generator=draw)  # a parameter in its lane's row
    left = buffer[:, : rows * inner].view(lanes, rows, inner)
    right = torch.randn(lanes, inner, columns, generator=draw)
    if turned:
        right = right.transpose(1, 2).contiguous().transpose(1, 2)
    added = torch.randn(lanes, rows, 1, generator=draw) if bias else None
    whole = product(left, right, added)
    for start in range(lanes):
        for stop in {start + 1, (start + lanes) // 2 + 1, lanes}:
            here = slice(start, stop)
            part = product(left[here], right[here], None if added is None else added[here])
            assert torch.equal(part, whole[here])
    for k in range(lanes):
        copied = product(
            left[k : k + 1].clone(), right[k : k + 1].clone(), None if added is None else added[k]
        )
        assert torch.equal(copied[0], whole[k])


@pytest.mark.parametrize("shape", [(1, 5, 7, 3), (1, 1, 1, 1), (4, 1, 9, 1), (3, 8, 2, 6)])
def test_a_product_is_right(shape: tuple[int, int, int, int]) -> None:
    """It agrees with the 64-bit product, with a bias and without, also written in place."""
    lanes, rows, inner, columns = shape
    draw = torch.Generator().manual_seed(1)
    left = torch.randn(lanes, rows, inner, generator=draw)
    right = torch.randn(lanes, inner, columns, generator=draw)
    bias = torch.randn(lanes, rows, 1, generator=draw)
    expected = torch.einsum("kmn,knb->kmb", left.double(), right.double())
    out = torch.empty(lanes, 2 * rows, columns)[:, :rows]
    product_into(out, left, right)
    for found, wanted in (
        (product(left, right), expected),
        (product(left, right, bias), expected + bias.double()),
        (out, expected),
    ):
        torch.testing.assert_close(found.double(), wanted, rtol=1e-5, atol=1e-5)
