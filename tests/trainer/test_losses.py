"""Losses and their written-out gradients against torch.nn.functional and autograd."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from trainer.losses import LOSSES

DENSE = {
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "huber": functional.huber_loss,
}


def random(*shape: int, scale: float = 3.0) -> Tensor:
    draw = torch.Generator().manual_seed(sum(shape))
    return scale * torch.randn(*shape, generator=draw, dtype=torch.float64)


@pytest.mark.parametrize("scale", [1e-3, 3.0, 1e3], ids=str)
@pytest.mark.parametrize(("classes", "batch"), [(2, 1), (3, 7), (10, 32)])
def test_cross_entropy_is_that_of_torch(classes: int, batch: int, scale: float) -> None:
    """Values by example and gradients of the mean agree, each lane with its own smoothing."""
    smoothing = torch.tensor([0.0, 0.1, 0.9], dtype=torch.float64)
    outputs = random(3, classes, batch, scale=scale)
    targets = torch.arange(3 * batch).view(3, batch) % classes
    loss = LOSSES["cross_entropy"]
    values = loss.per_example(outputs, targets, smoothing.view(3, 1, 1))
    gradients = loss.gradient(outputs, targets, smoothing.view(3, 1, 1))
    for k, share in enumerate(smoothing.tolist()):
        x = outputs[k].T.clone().requires_grad_()
        expected = functional.cross_entropy(x, targets[k], label_smoothing=share, reduction="none")
        expected.mean().backward()
        torch.testing.assert_close(values[k], expected.detach(), rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(gradients[k], x.grad.T, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("name", DENSE)
@pytest.mark.parametrize(("outputs_each", "batch"), [(1, 1), (1, 9), (10, 32)])
def test_other_losses_are_those_of_torch(name: str, outputs_each: int, batch: int) -> None:
    """Values and gradients of the mean over outputs and examples agree, exact hits included."""
    outputs, targets = random(2, outputs_each, batch), random(2, outputs_each, batch + 1)[..., 1:]
    outputs[0, 0, 0] = targets[0, 0, 0]
    nothing = torch.zeros(2, 1, 1, dtype=torch.float64)
    values = LOSSES[name].per_example(outputs, targets, nothing)
    gradients = LOSSES[name].gradient(outputs, targets, nothing)
    for k in range(2):
        x = outputs[k].clone().requires_grad_()
        DENSE[name](x, targets[k]).backward()
        expected = DENSE[name](outputs[k], targets[k], reduction="none").mean(0)
        torch.testing.assert_close(values[k], expected, rtol=1e-12, atol=1e-14)
        torch.testing.assert_close(gradients[k], x.grad, rtol=1e-12, atol=1e-16)


def test_a_certain_but_wrong_output_costs_what_torch_says() -> None:
    """Outputs of 1e4 in float32 neither overflow nor lose the loss."""
    outputs = torch.tensor([[[1e4, -1e4, 0.0]]]).transpose(1, 2)
    for target in range(3):
        hit = torch.tensor([[target]])
        found = LOSSES["cross_entropy"].per_example(outputs, hit, torch.zeros(1, 1, 1))
        assert torch.equal(found[0], functional.cross_entropy(outputs[0].T, hit[0])[None])
