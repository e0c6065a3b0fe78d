"""Convolution and pooling in stacked form, on images laid out [K, channels, height, width, B].

With the batch last, unfolding copies whole rows, and the product is one large one per lane; against
grouped and per-lane torch convolutions see docs/decisions/0004-convolution.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from trainer.models.layers import Layer
from trainer.models.layout import Parameter
from trainer.products import product, product_into

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from trainer.hyperparameters import Hyperparameters
    from trainer.models.layers import Pass

Shape = tuple[int, int, int]
"""Channels, height, width."""


class Image(Layer):
    """torch.nn.Unflatten to an image, or torch.nn.Flatten from one: nothing is moved here."""

    def __init__(self, shape: Shape | None) -> None:
        """Args: shape: None flattens."""
        self._shape = shape

    def forward(self, weights: dict[str, Tensor], x: Tensor, lanes: Pass) -> Tensor:
        """See Layer."""
        return x

    def backward(
        self,
        weights: dict[str, Tensor],
        gradient: Tensor,
        into: dict[str, Tensor],
        *,
        first: bool,
    ) -> Tensor:
        """See Layer."""
        return gradient

    def module(self, hyperparameters: Hyperparameters) -> nn.Module:
        """See Layer."""
        return nn.Flatten() if self._shape is None else nn.Unflatten(1, self._shape)


class Convolve(Layer):
    """torch.nn.Conv2d with stride 1 and as much padding as keeps the size (odd kernels)."""

    def __init__(self, name: str, shape: Shape, channels: int, kernel: int) -> None:
        self._shape, self._channels, self._kernel = shape, channels, kernel
        self.shape: Shape = (channels, *shape[1:])
        self._weight, self._bias = f"{name}.weight", f"{name}.bias"
        self.parameters = (
            Parameter(self._weight, (channels, shape[0], kernel, kernel), "weight"),
            Parameter(self._bias, (channels,), "bias"),
        )

    def forward(self, weights: dict[str, Tensor], x: Tensor, lanes: Pass) -> Tensor:
        """See Layer."""
        lanes_n, _, batch = x.shape
        self._unfolded = self._unfold(x.reshape(lanes_n, *self._shape, batch))
        kernel = weights[self._weight].flatten(2)
        out = product(kernel, self._unfolded, weights[self._bias].unsqueeze(2))
        return out.view(lanes_n, -1, batch)

    def backward(
        self, weights: dict[str, Tensor], gradient: Tensor, into: dict[str, Tensor], *, first: bool
    ) -> Tensor:
        """See Layer."""
        lanes_n, _, batch = gradient.shape
        wide = gradient.view(lanes_n, self._channels, -1)
        product_into(into[self._weight].flatten(2), wide, self._unfolded.transpose(1, 2))
        torch.sum(wide, 2, out=into[self._bias])
        if first:
            return gradient
        kernel = weights[self._weight].flatten(2)
        return self._fold(product(kernel.transpose(1, 2), wide), batch)

    def module(self, hyperparameters: Hyperparameters) -> nn.Module:
        """See Layer."""
        padding = self._kernel // 2
        return nn.Conv2d(self._shape[0], self._channels, self._kernel, padding=padding)

    def _unfold(self, x: Tensor) -> Tensor:
        """[K, C, H, W, B] to [K, C * kernel^2, H * W * B]: every shift of the padded image."""
        lanes_n, channels, height, width, batch = x.shape
        side = self._kernel
        out = x.new_zeros(lanes_n, channels, side, side, height, width, batch)
        for row, column, here, there in self._shifts():
            out[(slice(None), slice(None), row, column, *here)] = x[(..., *there, slice(None))]
        return out.view(lanes_n, channels * side * side, -1)

    def _fold(self, unfolded: Tensor, batch: int) -> Tensor:
        """The adjoint of `_unfold`: every shift added up, in a fixed order."""
        channels, height, width = self._shape
        side = self._kernel
        parts = unfolded.view(-1, channels, side, side, height, width, batch)
        out = parts.new_zeros(len(parts), channels, height, width, batch)
        for row, column, here, there in self._shifts():
            out[(..., *there, slice(None))] += parts[(slice(None), slice(None), row, column, *here)]
        return out.view(len(parts), -1, batch)

    def _shifts(self) -> Iterator[tuple[int, int, tuple[slice, slice], tuple[slice, slice]]]:
        """For each place in the kernel: which part of the output sees which part of the input."""
        _, height, width = self._shape
        for row in range(self._kernel):
            for column in range(self._kernel):
                rows = _overlap(row - self._kernel // 2, height)
                columns = _overlap(column - self._kernel // 2, width)
                yield row, column, (rows[0], columns[0]), (rows[1], columns[1])


class Pool(Layer):
    """torch.nn.MaxPool2d(2) or AvgPool2d(2): halves of height and width, odd edges left out."""

    def __init__(self, shape: Shape, kind: str) -> None:
        self._in, self._kind = shape, kind
        self.shape: Shape = (shape[0], shape[1] // 2, shape[2] // 2)

    def forward(self, weights: dict[str, Tensor], x: Tensor, lanes: Pass) -> Tensor:
        """See Layer."""
        corners = self._corners(x)
        if self._kind == "average":
            y = (corners[0] + corners[1] + corners[2] + corners[3]) * 0.25
        else:
            self._best = corners[0].clone()
            self._which = torch.zeros_like(self._best, dtype=torch.uint8)
            for index, corner in enumerate(corners[1:], start=1):
                # torch takes the first of equals, and a NaN over anything
                above = (corner > self._best) | corner.isnan()
                self._which.masked_fill_(above, index)
                self._best = torch.where(above, corner, self._best)
            y = self._best
        return y.reshape(x.shape[0], -1, x.shape[2])

    def backward(
        self,
        weights: dict[str, Tensor],
        gradient: Tensor,
        into: dict[str, Tensor],
        *,
        first: bool,
    ) -> Tensor:
        """See Layer."""
        lanes_n, _, batch = gradient.shape
        channels, height, width = self._in
        out = gradient.new_zeros(lanes_n, channels * height * width, batch)
        parts = gradient.view(lanes_n, *self.shape, batch)
        for index, corner in enumerate(self._corners(out)):
            if self._kind == "average":
                corner.copy_(parts * 0.25)
            else:
                corner.copy_(parts * (self._which == index))
        return out

    def module(self, hyperparameters: Hyperparameters) -> nn.Module:
        """See Layer."""
        return nn.AvgPool2d(2) if self._kind == "average" else nn.MaxPool2d(2)

    def _corners(self, x: Tensor) -> list[Tensor]:
        """The four of each square, as views [K, C, H // 2, W // 2, B], in torch's order."""
        _, height, width = self.shape
        image = x.view(x.shape[0], *self._in, x.shape[2])[:, :, : 2 * height, : 2 * width]
        return [image[:, :, row::2, column::2] for row in (0, 1) for column in (0, 1)]


def _overlap(shift: int, size: int) -> tuple[slice, slice]:
    """Where output and input overlap when the input is read `shift` further on."""
    return (
        slice(max(0, -shift), size - max(0, shift)),
        slice(max(0, shift), size + min(0, shift)),
    )
