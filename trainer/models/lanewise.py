"""A module sent through K lanes: all stacked through torch.func.vmap, or one after the other.

Both keep the graph that autograd needs; neither knows of layouts, seeds or faults.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.func import functional_call, vmap

from trainer.models.factory import raised

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

Tensors = dict[str, "Tensor"]

WHOLE_REGISTERS = 32
"""A batch of a multiple of these leaves no entries over, which a vector loop would treat by another
routine (0001, 3), wherever the lane lies."""

LANES = 8
"""So many lanes are tried."""


class Graph(NamedTuple):
    """What a pass leaves behind for the way back.

    Attributes:
        outputs: [B, outputs], or [K, B, outputs].
        learned: what gradients are asked for, by name.
        state: every other tensor of the module after the pass.
    """

    outputs: Tensor
    learned: Tensors
    state: Tensors

    def gradients(self, by_outputs: Tensor) -> Tensors:
        """The gradient of what is learned; zero where the outputs do not depend on it."""
        found = torch.autograd.grad(
            self.outputs, list(self.learned.values()), by_outputs, allow_unused=True
        )
        pairs = zip(self.learned.items(), found, strict=True)
        return {n: torch.zeros_like(t) if g is None else g for (n, t), g in pairs}


def pass_one(module: nn.Module, learned: Tensors, state: Tensors, x: Tensor) -> Graph:
    """One lane: x [B, ...]. `state` may be changed in place."""
    given = {**learned, **state}
    outputs = functional_call(module, given, (x,))  # puts state that was replaced into `given`
    return Graph(outputs, learned, {name: given[name] for name in state})


def pass_all(module: nn.Module, learned: Tensors, state: Tensors, x: Tensor) -> Graph:
    """All lanes at once: everything has a leading K; raises what vmap refuses."""

    def one(learned: Tensors, state: Tensors, x: Tensor) -> tuple[Tensor, Tensors]:
        graph = pass_one(module, learned, state, x)
        return graph.outputs, graph.state

    outputs, after = vmap(one)(learned, state, x)  # drawing random numbers is an error
    return Graph(outputs, learned, after)


def why_not_stacked(
    module: nn.Module, learned: Mapping[str, Tensor], state: Mapping[str, Tensor], x: Tensor
) -> str:
    """Why lanes can't be stacked with the bits of a lane stacked alone, or ''.

    Args:
        learned, state: of one lane; each lane that is tried learns numbers of its own near them.
        x: [8, B, ...], for 8 lanes.
    """
    batch = x.shape[1]
    if batch % WHOLE_REGISTERS:
        return (
            f"a batch_size of {batch} is no multiple of {WHOLE_REGISTERS}, so a stacked lane's "
            "bits would depend on its place"
        )
    lanes = _neighbours(learned)
    kept = {name: torch.stack([tensor] * LANES) for name, tensor in state.items()}

    def tried(part: slice) -> list[Tensor]:
        leaves = {name: tensor[part].clone().requires_grad_() for name, tensor in lanes.items()}
        graph = pass_all(
            module, leaves, {n: t[part].clone() for n, t in kept.items()}, x[part].clone()
        )
        gradients = graph.gradients(
            graph.outputs.detach().sin()
        )  # any numbers, of each lane its own
        return [graph.outputs.detach(), *gradients.values(), *graph.state.values()]

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            alone = [tried(slice(k, k + 1)) for k in range(LANES)]
            together = {width: tried(slice(width)) for width in (2, 3, LANES)}
        except Exception as error:  # noqa: BLE001 - whatever vmap and the module come to
            return f"torch.func.vmap refuses it ({raised(error).partition('. ')[0]})"
    if any("performance drop" in str(warning.message) for warning in caught):
        return "torch.func.vmap would run one of its operations lane by lane"
    for width, found in together.items():
        for k in range(width):
            if not all(torch.equal(a[k], b[0]) for a, b in zip(found, alone[k], strict=True)):
                return "stacked, a lane's bits would depend on the lanes beside it"
    return ""


def _neighbours(learned: Mapping[str, Tensor]) -> Tensors:
    """Weights [8, ...] near those of one lane, each lane its own."""
    generator = torch.Generator().manual_seed(0)
    lanes = {}
    for name, tensor in learned.items():
        noise = torch.randn(LANES, *tensor.shape, generator=generator, dtype=tensor.dtype)
        lanes[name] = tensor + 0.1 * tensor.abs().mean() * noise
    return lanes
