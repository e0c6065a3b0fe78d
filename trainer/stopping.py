"""Early stopping on the validation loss, keeping the best epoch (Prechelt 1998)."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class EarlyStopping:
    """Watches one run's validation loss.

    Attributes:
        patience: epochs without a better loss before the run stops.
        min_delta: a loss is better when it is lower by more than this.
        best_epoch: the epoch whose weights are kept.
    """

    patience: int
    min_delta: float
    best_loss: float = math.inf
    best_epoch: int = 0

    def better(self, epoch: int, loss: float) -> bool:
        """Take note of an epoch's loss; true when it is the best so far."""
        if loss < self.best_loss - self.min_delta or self.best_epoch == 0:
            self.best_loss, self.best_epoch = loss, epoch
            return True
        return False

    def should_stop(self, epoch: int) -> bool:
        """Whether `patience` epochs have passed since the best one."""
        return epoch - self.best_epoch >= self.patience
