"""Learning-rate schedules against torch.optim.lr_scheduler."""

from __future__ import annotations

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, StepLR

from trainer.schedules import rate_factor


@pytest.mark.parametrize("epochs", [1, 2, 3, 4, 5, 12, 13, 100])
def test_a_schedule_is_that_of_torch(epochs: int) -> None:
    """Every epoch's rate agrees, whatever the budget, and the first is the given one."""
    for name in ("constant", "cosine", "step"):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.25)
        scheduler = {
            "constant": StepLR(optimizer, epochs + 1),
            "cosine": CosineAnnealingLR(optimizer, T_max=epochs),
            "step": StepLR(optimizer, -(-epochs // 3), gamma=0.1),
        }[name]
        for epoch in range(1, epochs + 1):
            expected = scheduler.get_last_lr()[0]
            found = 0.25 * rate_factor(name, epoch, epochs)
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-16), (name, epoch)
            optimizer.step()
            scheduler.step()
        assert rate_factor(name, 1, epochs) == 1
