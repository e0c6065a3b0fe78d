"""Where each parameter of a model lies in its lane's row of the flat parameter buffer.

All parameters of K lanes are one tensor [K, P], so that an optimizer needs a handful of
operations however many layers there are, and a lane is a row that can be moved or kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

ALIGNMENT = 16  # entries: 64 bytes of float32, one cache line and one vector register


@dataclass(frozen=True)
class Parameter:
    """One parameter of one lane, shaped and named as in torch.nn.

    Attributes:
        kind: 'state' is never trained, such as a running mean; penalties spare it and biases.
        dtype: what it is outside of a row, if that is not the row's.
    """

    name: str
    shape: tuple[int, ...]
    kind: Literal["weight", "bias", "state"]
    dtype: torch.dtype | None = None

    @property
    def size(self) -> int:
        """Number of entries."""
        return math.prod(self.shape)


class Layout:
    """The parameters of one lane and their places in a row of P entries.

    Attributes:
        learned: so many first columns hold parameters; from there on there is state.
    """

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.parameters = tuple(parameters)
        self.offsets: list[int] = []
        end = 0
        for parameter in self.parameters:
            self.offsets.append(end)
            end += -(-parameter.size // ALIGNMENT) * ALIGNMENT
        self.row_size = end
        starts = zip(self.offsets, self.parameters, strict=True)
        self.learned = next((start for start, p in starts if p.kind == "state"), end)

    @cached_property
    def count(self) -> int:
        """Number of trained numbers of one lane, without the gaps of alignment."""
        return sum(p.size for p in self.parameters if p.kind != "state")

    def start(self, parameter: Parameter) -> int:
        """The first column of a parameter."""
        return self.offsets[self.parameters.index(parameter)]

    def start_of(self, name: str) -> int:
        """The first column of a parameter by its name."""
        return self.start(next(p for p in self.parameters if p.name == name))

    def views(self, rows: Tensor) -> dict[str, Tensor]:
        """Each parameter as a view [K, *shape] into `rows` [K, P]."""
        return {
            parameter.name: rows[:, start : start + parameter.size].view(-1, *parameter.shape)
            for parameter, start in zip(self.parameters, self.offsets, strict=True)
        }

    def row(self, values: dict[str, Tensor], dtype: torch.dtype) -> Tensor:
        """One lane's row [P] from its parameters by name; gaps are zero."""
        row = torch.zeros(self.row_size, dtype=dtype)
        for name, view in self.views(row[None]).items():
            view[0].copy_(values[name])
        return row

    def named(self, row: Tensor) -> dict[str, Tensor]:
        """Copies of what a row [P] holds, by name, each in its own dtype."""
        views = self.views(row[None])
        return {p.name: views[p.name][0].clone().to(p.dtype or row.dtype) for p in self.parameters}

    def weight_mask(self, dtype: torch.dtype) -> Tensor:
        """[P], one where a weight lies, zero at biases and gaps: what penalties apply to."""
        mask = torch.zeros(self.row_size, dtype=dtype)
        for parameter, start in zip(self.parameters, self.offsets, strict=True):
            if parameter.kind == "weight":
                mask[start : start + parameter.size] = 1
        return mask
