"""Activations and their written-out derivatives against torch.nn.functional and autograd."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from trainer.models.activations import ACTIVATIONS

REFERENCES = {
    "relu": functional.relu,
    "leaky_relu": functional.leaky_relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": functional.gelu,
}
# 89 is where exp overflows in float32; -0.0 and 0.0 are where relu's derivative jumps
EXTREME = (0.0, -0.0, 1e-30, -1e-30, 5.0, -5.0, 20.0, -20.0, 89.0, -89.0, 1e4, -1e4, 1e18, -1e18)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("name", REFERENCES)
def test_an_activation_is_that_of_torch(name: str, dtype: torch.dtype) -> None:
    """Values and derivatives agree to rounding, from -1e18 to 1e18, and are finite."""
    assert REFERENCES.keys() == ACTIVATIONS.keys()
    z = torch.cat([torch.linspace(-12, 12, 1001, dtype=dtype), torch.tensor(EXTREME, dtype=dtype)])
    gradient = torch.linspace(-2, 3, len(z), dtype=dtype)
    x = z.clone().requires_grad_()
    expected = REFERENCES[name](x)
    expected.backward(gradient)
    output = ACTIVATIONS[name].forward(z)
    found = ACTIVATIONS[name].backward(gradient, z, output)
    rounding = 4 * torch.finfo(dtype).eps
    torch.testing.assert_close(output, expected.detach(), rtol=rounding, atol=2 * rounding)
    torch.testing.assert_close(found, x.grad, rtol=rounding, atol=4 * rounding)
    assert output.isfinite().all()
    assert found.isfinite().all()


@pytest.mark.parametrize("name", REFERENCES)
def test_an_activation_has_the_same_bits_in_any_place(name: str) -> None:
    """A value's result does not depend on where in a buffer it stands."""
    z = torch.linspace(-6, 6, 103)
    whole = ACTIVATIONS[name].forward(z)
    back = ACTIVATIONS[name].backward(torch.ones_like(z), z, whole)
    for start in range(0, 100, 7):
        for size in (1, 3, 8, 21):
            part = z[start : start + size].clone()
            output = ACTIVATIONS[name].forward(part)
            assert torch.equal(output, whole[start : start + size])
            found = ACTIVATIONS[name].backward(torch.ones_like(part), part, output)
            assert torch.equal(found, back[start : start + size])
