"""From the gradient of every lane to its update: penalties, clipping, then the optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from trainer.lane import column
from trainer.optimizers import UPDATES, LaneSettings, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from trainer.lane import Lane
    from trainer.models.layout import Layout


class LaneUpdate:
    """The update of the lanes of one array, each with its own settings, for one epoch."""

    def __init__(
        self,
        layout: Layout,
        lanes: Sequence[Lane],
        weights: Tensor,
        gradient: Tensor,
        trained: slice,
    ) -> None:
        """Args: weights, gradient: [K, P]. trained: the columns that are not frozen."""
        self._trained, self._row_size = trained, layout.row_size
        self._weights, self._gradient = weights[:, trained], gradient[:, trained]
        self._update = UPDATES[lanes[0].config.hyperparameters.optimizer]
        dtype = weights.dtype
        l1 = column(lanes, lambda lane: lane.config.hyperparameters.l1, dtype)
        l2 = column(lanes, lambda lane: 2 * lane.config.hyperparameters.l2, dtype)
        mask = layout.weight_mask(dtype)[trained]
        self._l1 = l1 * mask if l1.any() else None
        self._l2 = l2 * mask if l2.any() else None
        self._clip = column(
            lanes, lambda lane: lane.config.hyperparameters.gradient_clip or torch.inf, dtype
        )
        self._clips = bool(self._clip.isfinite().any())
        decay = column(lanes, lambda lane: lane.config.hyperparameters.weight_decay, dtype)
        momentum = column(lanes, lambda lane: lane.config.hyperparameters.momentum, dtype)
        self._settings = LaneSettings(
            learning_rate=column(lanes, lambda lane: lane.learning_rate, dtype),
            momentum=momentum,
            weight_decay=decay,
            decays=bool(decay.any()),
            has_momentum=bool(momentum.any()),
        )

    def apply(self, state: State) -> None:
        """One step of every lane; `weights`, `gradient` and `state` [K, P] change in place."""
        if self._l1 is not None:
            self._gradient.addcmul_(self._weights.sign(), self._l1)
        if self._l2 is not None:
            self._gradient.addcmul_(self._weights, self._l2)
        if self._clips:
            # as torch.nn.utils.clip_grad_norm_, lane by lane
            norm = torch.linalg.vector_norm(self._gradient, dim=1, keepdim=True)
            factor = (self._clip / (norm + 1e-6)).clamp_(max=1)
            self._gradient.mul_(factor.masked_fill_(self._clip.isinf(), 1))
        trained = {
            name: tensor[:, self._trained] if tensor.shape[1] == self._row_size else tensor
            for name, tensor in state.items()
        }
        self._update(self._weights, self._gradient, trained, self._settings)
