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
from trainer.products import product

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from trainer.hyperparameters import Hyperparameters
    from trainer.models.layers import Pass

_THIN = 24  # numbers that a product sums up, below which it is slow

Shape = tuple[int, int, int]
"""Channels, height, width."""


class Image(Layer):
    """torch.nn.Unflatten to an image, with the batch last; or torch.nn.Flatten from one."""

    def __init__(self, shape: Shape | None) -> None:
        """Args: shape: None flattens."""
        self._shape = shape

    def forward(self, weights: dict[str, Tensor], x: Tensor, lanes: Pass) -> Tensor:
        """See Layer."""
        return x if self._shape is None else x.contiguous()

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
    """torch.nn.Conv2d with stride 1 and as much padding as keeps the size (odd kernels).

    The image is unfolded along the kernel's columns alone, and its rows are found in that by
    offsets, one product each; along both where such products would be thin.
    (Adding to what is there, `baddbmm_` needs none of the care that `product` takes.)
    """

    def __init__(self, name: str, shape: Shape, channels: int, kernel: int) -> None:
        self._shape, self._channels, self._kernel = shape, channels, kernel
        self.shape: Shape = (channels, *shape[1:])
        self._weight, self._bias = f"{name}.weight", f"{name}.bias"
        self.parameters = (
            Parameter(self._weight, (channels, shape[0], kernel, kernel), "weight"),
            Parameter(self._bias, (channels,), "bias"),
        )
        # rows of the kernel in one product
        self._together = kernel if shape[0] * kernel < _THIN else 1

    def forward(self, weights: dict[str, Tensor], x: Tensor, lanes: Pass) -> Tensor:
        """See Layer."""
        lanes_n, _, batch = x.shape
        self._unfolded = self._unfold(x.reshape(lanes_n, *self._shape, batch))
        (kernel, seen), *others = self._products(weights[self._weight], self._unfolded)
        out = product(kernel, seen, weights[self._bias].unsqueeze(2))
        for kernel, seen in others:
            out.baddbmm_(kernel, seen)
        return out.view(lanes_n, -1, batch)

    def backward(
        self, weights: dict[str, Tensor], gradient: Tensor, into: dict[str, Tensor], *, first: bool
    ) -> Tensor:
        """See Layer."""
        lanes_n, _, batch = gradient.shape
        wide = gradient.reshape(lanes_n, self._channels, -1)
        for rows, seen in zip(self._rows(), self._seen(self._unfolded), strict=True):
            place = into[self._weight][..., rows, :]
            place.copy_(product(wide, seen.transpose(1, 2)).view(place.shape))
        torch.sum(wide, 2, out=into[self._bias])
        return gradient if first else self._fold(self._back(weights[self._weight], wide), batch)

    def module(self, hyperparameters: Hyperparameters) -> nn.Module:
        """See Layer."""
        padding = self._kernel // 2
        return nn.Conv2d(self._shape[0], self._channels, self._kernel, padding=padding)

    def _rows(self) -> list[slice]:
        """The rows of the kernel that each product takes."""
        step = self._together
        return [slice(row, row + step) for row in range(0, self._kernel, step)]

    def _seen(self, unfolded: Tensor) -> list[Tensor]:
        """What those rows see: views [K, n, H * W * B] of what `_unfold` gave."""
        height = self._shape[1]
        flat = unfolded.flatten(1, 3).flatten(2)
        row = flat.shape[2] // unfolded.shape[4]
        return [flat[:, :, r.start * row : (r.start + height) * row] for r in self._rows()]

    def _products(self, weight: Tensor, unfolded: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Pairs of kernel rows [K, channels, n] and what they see; the output is their sum."""
        kernels = [weight[..., rows, :].flatten(2) for rows in self._rows()]
        return list(zip(kernels, self._seen(unfolded), strict=True))

    def _back(self, weight: Tensor, wide: Tensor) -> Tensor:
        """The gradient by what `_unfold` gave."""
        lanes_n, batch = len(wide), wide.shape[2] // (self._shape[1] * self._shape[2])
        shape = self._unfolded_shape(lanes_n, batch)
        if self._together == self._kernel:
            return product(weight.flatten(2).transpose(1, 2), wide).view(shape)
        out = wide.new_zeros(shape)
        for kernel, place in self._products(weight, out):
            place.baddbmm_(kernel.transpose(1, 2), wide)
        return out

    def _unfolded_shape(self, lanes_n: int, batch: int) -> tuple[int, ...]:
        channels, height, width = self._shape
        tall = height + self._kernel - self._together
        return (lanes_n, channels, self._together, self._kernel, tall, width, batch)

    def _unfold(self, x: Tensor) -> Tensor:
        """[K, C, H, W, B] to [K, C, rows, columns, H + kernel - rows, W, B]: shifted copies."""
        out = x.new_empty(self._unfolded_shape(len(x), x.shape[-1]))
        for shift, here, there in self._shifts():
            part = out[(slice(None), slice(None), *shift)]
            for axis, inside in enumerate(here, start=2):
                part.narrow(axis, 0, inside.start).zero_()
                part.narrow(axis, inside.stop, part.shape[axis] - inside.stop).zero_()
            part[(..., *here, slice(None))] = x[(..., *there, slice(None))]
        return out

    def _fold(self, unfolded: Tensor, batch: int) -> Tensor:
        """The adjoint of `_unfold`: every shift added up, in a fixed order."""
        out = unfolded.new_zeros(len(unfolded), *self._shape, batch)
        for shift, here, there in self._shifts():
            part = unfolded[(slice(None), slice(None), *shift)]
            out[(..., *there, slice(None))] += part[(..., *here, slice(None))]
        return out.view(len(out), -1, batch)

    def _shifts(self) -> Iterator[tuple[tuple[int, int], tuple[slice, slice], tuple[slice, slice]]]:
        """For each copy in `_unfold`: which part of it sees which part of the image."""
        _, height, width = self._shape
        tall = height + self._kernel - self._together
        for row in range(self._together):
            for column in range(self._kernel):
                rows = _overlap(row - self._kernel // 2, height, tall)
                columns = _overlap(column - self._kernel // 2, width, width)
                yield (row, column), (rows[0], columns[0]), (rows[1], columns[1])


class Pool(Layer):
    """torch.nn.MaxPool2d(2) or AvgPool2d(2): halves of height and width, odd edges left out.

    With the batch last, an image is what torch calls channels-last, the batch being its channels:
    torch's own kernels read it as it lies.
    """

    def __init__(self, shape: Shape, kind: str) -> None:
        self._in, self._kind = shape, kind
        self.shape: Shape = (shape[0], shape[1] // 2, shape[2] // 2)

    def forward(self, weights: dict[str, Tensor], x: Tensor, lanes: Pass) -> Tensor:
        """See Layer."""
        self._x = _channels_last(x, self._in)
        if self._kind == "average":
            y: Tensor = torch.ops.aten.avg_pool2d(self._x, [2, 2])
        else:
            y, self._best = torch.ops.aten.max_pool2d_with_indices(self._x, [2, 2])
        return y.permute(0, 2, 3, 1).reshape(x.shape[0], -1, x.shape[2])

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
        above = _channels_last(gradient, self.shape)
        window, none, one = [2, 2], [0, 0], [1, 1]
        if self._kind == "average":
            out: Tensor = torch.ops.aten.avg_pool2d_backward(
                above, self._x, window, window, none, False, True, None
            )
        else:
            out = torch.ops.aten.max_pool2d_with_indices_backward(
                above, self._x, window, window, none, one, False, self._best
            )
        return out.permute(0, 2, 3, 1).reshape(lanes_n, -1, batch)

    def module(self, hyperparameters: Hyperparameters) -> nn.Module:
        """See Layer."""
        return nn.AvgPool2d(2) if self._kind == "average" else nn.MaxPool2d(2)


def _channels_last(x: Tensor, shape: Shape) -> Tensor:
    """[K, C * H * W, B] as a view [K * C, B, H, W]."""
    return x.reshape(-1, *shape[1:], x.shape[2]).permute(0, 3, 1, 2)


def _overlap(shift: int, size: int, places: int) -> tuple[slice, slice]:
    """Which of so many places, each looking `shift` further on, see some of `size` entries.

    Returns: the places and what they see; both are empty if there are none.
    """
    start = min(max(0, -shift), places)
    stop = max(start, min(places, size - shift))
    return slice(start, stop), slice(start + shift, stop + shift)
