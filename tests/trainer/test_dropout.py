"""Dropout masks: their rate and scale, and that they belong to their lane alone."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from trainer.dropout import DropoutMasks

HIDDEN = (30, 30)


def draw(
    rates: list[float], seeds: list[int], epochs: list[int], steps: int = 3, batch: int = 16
) -> list[Tensor]:
    return DropoutMasks(rates, seeds, epochs, HIDDEN, torch.float64).draw(steps, batch)


@pytest.mark.parametrize("rate", [1e-6, 0.1, 0.5, 0.9, 0.9999999])
def test_a_mask_drops_its_share_and_keeps_the_mean(rate: float) -> None:
    """As in torch.nn.Dropout, an entry is 0 with the rate, else 1 / (1 - rate)."""
    for mask in draw([rate], [7], [1], steps=200):
        kept = mask != 0
        n = mask.numel()
        spread = max((rate * (1 - rate) / n) ** 0.5, 1 / 65536)
        assert kept.double().mean().item() == pytest.approx(1 - rate, abs=5 * spread)
        values = mask[kept].unique()
        assert len(values) <= 1
        if 0.05 < rate < 0.95:
            assert values.item() == pytest.approx(1 / (1 - rate), rel=1e-3)


def test_entries_do_not_follow_each_other() -> None:
    """Units, examples and steps are dropped independently: no correlation beyond chance."""
    mask = draw([0.5], [3], [1], steps=100)[0][:, 0] - 1.0
    for one, other in (
        (mask[1:], mask[:-1]),
        (mask[:, 1:], mask[:, :-1]),
        (mask[..., 1:], mask[..., :-1]),
    ):
        assert abs((one * other).mean().item()) < 5 / one.numel() ** 0.5


@settings(max_examples=40, deadline=None)
@given(
    lanes=st.lists(
        st.tuples(st.sampled_from([0.0, 0.1, 0.5]), st.integers(0, 5), st.integers(1, 9)),
        min_size=1,
        max_size=6,
    ),
    steps=st.integers(1, 4),
    batch=st.integers(1, 9),
)
def test_a_lane_has_its_own_masks(
    lanes: list[tuple[float, int, int]], steps: int, batch: int
) -> None:
    """A lane's masks are the same among any others, chunk after chunk."""
    rates, seeds, epochs = (list(column) for column in zip(*lanes, strict=True))
    together = DropoutMasks(rates, seeds, epochs, HIDDEN, torch.float32)
    alone = [DropoutMasks([r], [s], [e], HIDDEN, torch.float32) for r, s, e in lanes]
    assert together.any == any(rates)
    for _chunk in range(2):
        masks = together.draw(steps, batch)
        for k, (rate, _, _) in enumerate(lanes):
            for layer, mask in enumerate(alone[k].draw(steps, batch)):
                assert torch.equal(masks[layer][:, k], mask[:, 0])
                assert rate or bool((mask == 1).all())


def test_masks_differ_by_seed_epoch_layer_and_step() -> None:
    """No two of a run's masks are the same draw, and paired lanes share theirs."""
    masks = draw([0.5] * 4, [1, 2, 1, 1], [1, 1, 2, 1])
    first = masks[0][:, 0]
    assert not torch.equal(first, masks[0][:, 1])
    assert not torch.equal(first, masks[0][:, 2])
    assert torch.equal(first, masks[0][:, 3])
    assert not torch.equal(first, masks[1][:, 0])
    assert not torch.equal(first[0], first[1])
