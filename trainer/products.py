"""Stacked matrix products whose bits do not depend on how many lanes are in the stack."""

from __future__ import annotations

import torch
from torch import Tensor


def product(left: Tensor, right: Tensor, bias: Tensor | None = None) -> Tensor:
    """`left @ right (+ bias)` for every lane.

    Args:
        left: [K, M, N].
        right: [K, N, B].
        bias: broadcastable to [K, M, B], or None.
    Returns: [K, M, B]; a lane's slice has the same bits at every K.

    A lone product with a side of length one would be sent to another routine (matrix times
    vector) that adds up in another order, so it is done as one of two.
    """
    if left.shape[0] == 1 and 1 in (left.shape[1], left.shape[2], right.shape[2]):
        both = torch.bmm(left.expand(2, -1, -1), right.expand(2, -1, -1))[:1]
        return both if bias is None else both + bias
    return torch.bmm(left, right) if bias is None else torch.bmm(left, right).add_(bias)


def product_into(out: Tensor, left: Tensor, right: Tensor) -> None:
    """`left @ right` for every lane, written to `out` [K, M, B] (any stride over lanes)."""
    out.copy_(product(left, right))
