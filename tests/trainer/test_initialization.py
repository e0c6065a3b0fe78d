"""Initializations against torch.nn.init and torch.nn.Linear, each from its own stream."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
import torch
from scipy.stats import ks_2samp
from torch import Tensor, nn

from trainer.hyperparameters import resolve
from trainer.models.build import build_model
from trainer.models.initialization import initialize

if TYPE_CHECKING:
    from trainer.models.layout import Layout

INPUTS, UNITS = 300, 200
GAINS = {"relu": "relu", "leaky_relu": "leaky_relu", "tanh": "tanh", "sigmoid": "linear"}


def mlp_layout(inputs: int, hidden: list[int], outputs: int) -> Layout:
    h = resolve({"hidden": hidden}, "classification")
    return build_model(h, (inputs,), outputs).layout


def drawn(scheme: str, activation: str = "relu", seed: int = 0) -> dict[str, Tensor]:
    return initialize(mlp_layout(INPUTS, [UNITS], 10), scheme, activation, seed)


def reference(scheme: str, activation: str) -> Tensor:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        linear = nn.Linear(INPUTS, UNITS)
        if scheme != "default":
            kaiming = {"nonlinearity": GAINS[activation]} if "kaiming" in scheme else {}
            getattr(nn.init, f"{scheme}_")(linear.weight, **kaiming)
        return linear.weight.detach()


@pytest.mark.parametrize("activation", GAINS)
@pytest.mark.parametrize(
    "scheme",
    ["default", "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal"],
)
def test_weights_are_distributed_as_in_torch(scheme: str, activation: str) -> None:
    """60,000 weights cannot be told from those of torch.nn.init of that name."""
    weights, expected = drawn(scheme, activation)["0.weight"], reference(scheme, activation)
    assert weights.std().item() == pytest.approx(expected.std().item(), rel=0.02)
    assert ks_2samp(weights.flatten().numpy(), expected.flatten().numpy()).pvalue > 1e-3


def test_the_default_is_that_of_a_linear_layer() -> None:
    """Weights and biases fill +-1/sqrt(inputs) of their own layer, and do not pass it."""
    parameters = drawn("default")
    for layer, inputs in ((0, INPUTS), (3, UNITS)):
        bound = 1 / math.sqrt(inputs)
        for kind in ("weight", "bias"):
            largest = parameters[f"{layer}.{kind}"].abs().max().item()
            assert 0.75 * bound < largest <= bound


def test_orthogonal_weights_are_orthogonal() -> None:
    """Rows are orthonormal, as torch.nn.init.orthogonal_ makes them; biases are zero."""
    parameters = drawn("orthogonal")
    product = parameters["0.weight"] @ parameters["0.weight"].T
    torch.testing.assert_close(product, torch.eye(UNITS), rtol=0, atol=1e-5)
    assert not parameters["0.bias"].any()


@pytest.mark.parametrize("scheme", ["default", "kaiming_normal", "orthogonal"])
def test_each_parameter_has_its_own_stream(scheme: str) -> None:
    """Parameters depend on seed and place alone: not on other layers or the global generator."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        before = torch.get_rng_state()
        first = drawn(scheme)
        assert torch.equal(torch.get_rng_state(), before)
        torch.manual_seed(4)
        again = initialize(mlp_layout(INPUTS, [UNITS, 7], 3), scheme, "relu", 0)
    assert torch.equal(first["0.weight"], again["0.weight"])
    assert torch.equal(first["0.bias"], again["0.bias"])
    assert not torch.equal(first["0.weight"], drawn(scheme, seed=1)["0.weight"])
    same_shape = initialize(mlp_layout(20, [20, 20], 3), scheme, "relu", 0)
    assert not torch.equal(same_shape["0.weight"], same_shape["3.weight"])
