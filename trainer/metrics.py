"""What is measured of a lane on one part of the data, summed up batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from trainer.datasets import Datasets, PartName


class MetricSums:
    """Sums over examples for K lanes, in float64."""

    def __init__(self, data: Datasets, part: PartName, splits: Tensor) -> None:
        """Args: splits: [K], the split each lane is on."""
        self._classes = data.task == "classification"
        self._size = data.parts[part].size
        self._scale = data.target_scale[splits]
        self._spread = data.parts[part].spread[splits]
        lanes = len(splits)
        self.loss = torch.zeros(lanes, dtype=torch.float64)
        self._correct = torch.zeros(lanes, dtype=torch.int64)
        self._absolute = torch.zeros(lanes, dtype=torch.float64)
        self._squared = torch.zeros(lanes, dtype=torch.float64)

    def add(self, outputs: Tensor, losses: Tensor, labels: Tensor | None, dense: Tensor) -> None:
        """Add some examples.

        Args:
            outputs: [K, C, B].
            losses: [K, B].
            labels: [K, B] class indices, or None for regression.
            dense: [K, C, B] targets; used for regression.
        """
        self.loss += losses.sum(1, dtype=torch.float64)
        if labels is not None:
            self._correct += (outputs.argmax(1) == labels).sum(1)
        else:
            error = (outputs - dense).double().flatten(1)
            self._absolute += error.abs().sum(1)
            self._squared += error.square().sum(1)

    def by_lane(self, prefix: str) -> list[dict[str, float]]:
        """For each lane: '<prefix>/loss', and accuracy, or rmse, mae (units of y) and r2."""
        columns = {"loss": self.loss / self._size}
        if self._classes:
            columns["accuracy"] = self._correct.double() / self._size
        else:
            columns["rmse"] = self._scale * (self._squared / self._size).sqrt()
            columns["mae"] = self._scale * self._absolute / self._size
            explained = 1 - self._squared / self._spread
            columns["r2"] = torch.where(self._spread > 0, explained, torch.zeros_like(explained))
        names = [f"{prefix}/{name}" for name in columns]
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        return [dict(zip(names, row, strict=True)) for row in rows]
