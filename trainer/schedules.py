"""Learning-rate schedules over a run's own epochs."""

from __future__ import annotations

import math

_STEP_FACTOR = 0.1


def rate_factor(schedule: str, epoch: int, epochs: int) -> float:
    """What the learning rate is multiplied by in one epoch.

    Args:
        epoch: counted from 1, at most `epochs`.
        epochs: the run's epoch budget.
    Source: torch.optim.lr_scheduler.CosineAnnealingLR(T_max=epochs), and StepLR with
        step_size=ceil(epochs / 3), gamma=0.1, both stepped once an epoch.
    """
    done = epoch - 1
    if schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * done / epochs))
    if schedule == "step":
        return _STEP_FACTOR ** (done // math.ceil(epochs / 3))
    return 1.0
