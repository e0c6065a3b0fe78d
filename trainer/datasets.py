"""Prepared data as tensors, all splits of a sweep beside each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from trainer.data.prepared import PreparedData
    from trainer.hyperparameters import Task

PartName = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class PartTensors:
    """One part of S splits.

    Attributes:
        size: N, rows of one split.
        inputs: [S * N, F]; row i of split s is s * N + i.
        labels: [S * N] int64 class indices, or None for regression.
        dense: [S * N, C]: one-hot labels, or regression targets.
        spread: [S] float64, sum of squared distances of the targets from their mean.
    """

    size: int
    inputs: Tensor
    labels: Tensor | None
    dense: Tensor
    spread: Tensor


class Datasets:
    """Everything a lane may train on or be measured by: S splits of one data set."""

    def __init__(self, splits: Sequence[PreparedData], dtype: torch.dtype = torch.float32) -> None:
        first = splits[0]
        self.task: Task = first.task
        self.outputs = first.outputs
        self.shape = first.shape
        self.classes: list[Any] | None = first.preprocessing.get("classes")
        self.dtype = dtype
        self._preprocessing = tuple(split.preprocessing for split in splits)
        self.target_scale = torch.tensor([s.target_scale for s in splits], dtype=torch.float64)
        self.parts: dict[PartName, PartTensors] = {
            name: self._part(splits, name) for name in ("train", "validation", "test")
        }

    @cached_property
    def scaling(self) -> tuple[Tensor, Tensor]:
        """Offset and scale [S, F]: what was read is input * scale + offset."""
        offset, scale = (
            torch.tensor([split[name] for split in self._preprocessing], dtype=self.dtype)
            for name in ("offset", "scale")
        )
        return offset, scale

    @cached_property
    def ranges(self) -> tuple[Tensor, Tensor]:
        """The lowest and the highest of each training input of each split, [S, F]."""
        inputs = self.parts["train"].inputs.view(
            len(self._preprocessing), -1, math.prod(self.shape)
        )
        return inputs.amin(1), inputs.amax(1)

    def _part(self, splits: Sequence[PreparedData], name: PartName) -> PartTensors:
        parts = [getattr(split, name) for split in splits]
        inputs = torch.cat([torch.from_numpy(part.inputs) for part in parts]).to(self.dtype)
        targets = torch.cat([torch.from_numpy(part.targets) for part in parts])
        size = len(parts[0].inputs)
        if self.task == "classification":
            dense = torch.nn.functional.one_hot(targets, self.outputs).to(self.dtype)
            return PartTensors(size, inputs, targets, dense, torch.zeros(len(splits)))
        by_split = targets.view(len(splits), size).double()
        spread = (by_split - by_split.mean(1, keepdim=True)).square().sum(1)
        return PartTensors(size, inputs, None, targets.to(self.dtype), spread)
