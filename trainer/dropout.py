"""Dropout masks, each lane and layer from its own named stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from trainer.streams import generator_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

_LEVELS = 65536  # masks are drawn as 16-bit integers: a rate is exact to 1 / 65536


class DropoutMasks:
    """The masks of one epoch for K lanes and every hidden layer.

    A stream is read in the same order and amount whatever the number of lanes, so a lane's
    masks are its own.
    """

    def __init__(
        self,
        rates: Sequence[float],
        seeds: Sequence[int],
        epochs: Sequence[int],
        hidden: Sequence[int],
        dtype: torch.dtype,
    ) -> None:
        """Args: rates, seeds, epochs: by lane. hidden: units by layer."""
        self._hidden = hidden
        self._dtype = dtype
        self._lanes = len(rates)
        self._cuts = {k: min(round(r * _LEVELS), _LEVELS - 1) for k, r in enumerate(rates) if r}
        self._streams = {
            (k, layer): generator_for(seeds[k], "dropout", epochs[k], layer)
            for k in self._cuts
            for layer in range(len(hidden))
        }

    @property
    def any(self) -> bool:
        """Whether any lane drops anything."""
        return bool(self._streams)

    def draw(self, steps: int, batch: int) -> list[Tensor]:
        """The masks of the next steps: per hidden layer [steps, K, units, batch].

        An entry is 0 with the lane's rate, else 1 / (1 - rate); 1 for lanes without dropout.
        """
        masks = []
        for layer, units in enumerate(self._hidden):
            mask = torch.ones(steps, self._lanes, units, batch, dtype=self._dtype)
            for lane, cut in self._cuts.items():
                stream = self._streams[lane, layer]
                bits = stream.integers(0, _LEVELS, (steps, units, batch), dtype=np.uint16)
                kept = torch.from_numpy(bits >= cut)
                mask[:, lane] = kept.to(self._dtype).mul_(_LEVELS / (_LEVELS - cut))
            masks.append(mask)
        return masks
