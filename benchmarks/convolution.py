"""Ways to convolve K lanes on one thread, forward and backward: how many times ours each takes.

Each way gets images laid out as it likes best. Grouped and F.unfold are here to be measured; that
their bits do not depend on K was not looked into. Figures of one machine: docs/decisions/0004.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from trainer.models.convolution import Convolve
from trainer.models.layers import Pass

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

ROUNDS = 25
SHAPES = (  # lanes, batch, channels in, channels out, side, kernel
    (16, 32, 1, 16, 8, 3),
    (16, 32, 16, 32, 4, 3),
    (1, 32, 1, 16, 28, 3),
    (5, 32, 16, 32, 14, 3),
    (1, 32, 3, 16, 32, 3),
    (2, 32, 16, 32, 14, 5),
)


class Case:
    """One shape's tensors, and the ways to convolve them."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        """Args: shape: one of SHAPES; a side is that of a square image, in pixels."""
        lanes, batch, inputs, outputs, side, kernel = shape
        self.lanes, self.batch, self.kernel, self.padding = lanes, batch, kernel, kernel // 2
        self.inputs, self.outputs, self.side = inputs, outputs, side
        self.first = inputs <= 3  # noqa: PLR2004 - a picture's own channels: no gradient is needed
        self.weight = torch.randn(lanes, outputs, inputs, kernel, kernel)
        self.bias = torch.randn(lanes, outputs)
        self.x = torch.randn(lanes, batch, inputs, side, side)
        self.above = torch.randn(lanes, batch, outputs, side, side)
        self.x_last, self.above_last = (
            t.flatten(2).transpose(1, 2).contiguous() for t in (self.x, self.above)
        )
        self.x_wide, self.above_wide = (
            t.transpose(0, 1).flatten(1, 2) for t in (self.x, self.above)
        )

    def ours(self) -> None:
        """The batch last, unfolded, one product a lane."""
        layer = Convolve("0", (self.inputs, self.side, self.side), self.outputs, self.kernel)
        weights = {"0.weight": self.weight, "0.bias": self.bias}
        into = {name: torch.empty_like(weight) for name, weight in weights.items()}
        layer.forward(weights, self.x_last, Pass([]))
        layer.backward(weights, self.above_last, into, first=self.first)

    def grouped(self) -> None:
        """One torch convolution with a group a lane."""
        self._torchs(self.x_wide, self.weight.flatten(0, 1), self.bias, self.above_wide, self.lanes)

    def per_lane(self) -> None:
        """One torch convolution a lane."""
        for k in range(self.lanes):
            self._torchs(self.x[k], self.weight[k], self.bias[k], self.above[k], 1)

    def unfolded(self) -> None:
        """The unfold that torch has, one product an image."""
        size = (self.side, self.side)
        rows = functional.unfold(self.x.flatten(0, 1), self.kernel, padding=self.padding)
        kernels = self.weight.flatten(2).repeat_interleave(self.batch, 0)
        torch.bmm(kernels, rows).view((*self.x.shape[:2], self.outputs, -1)).add_(
            self.bias[:, None, :, None]
        )
        above = self.above.flatten(3)
        left = above.transpose(1, 2).flatten(2)
        seen = rows.view(self.lanes, self.batch, rows.shape[1], -1).transpose(1, 2).flatten(2)
        torch.bmm(left, seen.transpose(1, 2))
        above.sum((1, 3))
        if not self.first:
            below = torch.bmm(kernels.transpose(1, 2), above.flatten(0, 1))
            functional.fold(below, size, self.kernel, padding=self.padding)

    def _torchs(self, x: Tensor, weight: Tensor, bias: Tensor, above: Tensor, groups: int) -> None:
        padding = [self.padding, self.padding]
        functional.conv2d(x, weight, bias.flatten(), padding=self.padding, groups=groups)
        torch.ops.aten.convolution_backward(
            above, x, weight, [len(weight)], [1, 1], padding, [1, 1], False, [0, 0], groups,
            [not self.first, True, True],
        )  # fmt: skip


def fastest(ways: dict[str, Callable[[], None]]) -> dict[str, float]:
    """The shortest of many turns of each way, s; they take turns, so noise meets all alike."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            best[name] = min(best[name], time.perf_counter() - started)
    return best


def main() -> None:
    """Print a row for each shape."""
    torch.set_num_threads(1)
    print("lanes batch  in out side kernel   ours, ms   grouped  per lane  F.unfold")
    with torch.inference_mode():
        for shape in SHAPES:
            case = Case(shape)
            best = fastest(
                {
                    "ours": case.ours,
                    "grouped": case.grouped,
                    "per lane": case.per_lane,
                    "F.unfold": case.unfolded,
                }
            )
            ours = best.pop("ours")
            row = "{:5} {:5} {:3} {:3} {:4} {:6}".format(*shape)
            ratios = "".join(f"{seconds / ours:10.2f}" for seconds in best.values())
            print(f"{row} {ours * 1e3:10.2f}{ratios}", flush=True)


if __name__ == "__main__":
    main()
