"""Convolution and pooling in stacked form, against torch's own layers and autograd."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from image_cases import images
from lane_cases import config, prepared, train_all
from torch import nn
from torch_loop import ACTIVATIONS, _batches, loss_of, optimizer_of, scheduler_of, tensors

import trainer.training
from trainer.datasets import Datasets
from trainer.errors import HyperparameterError
from trainer.export import export_module
from trainer.hyperparameters import Hyperparameters
from trainer.models.build import build_model
from trainer.models.convolution import Convolve, Pool
from trainer.models.initialization import initialize
from trainer.models.layers import Pass

if TYPE_CHECKING:
    from torch import Tensor

    from trainer.runs import RunConfig

NOTHING = Pass([])
SIDES = st.integers(1, 7)


def torch_images(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """[C * H * W, B] as torch has it, [B, C, H, W]."""
    return x.view(*shape, -1).permute(3, 0, 1, 2)


@settings(max_examples=60, deadline=None)
@given(
    lanes=st.integers(1, 3),
    batch=st.integers(1, 4),
    shape=st.tuples(st.sampled_from([1, 3, 8, 9]), SIDES, SIDES),
    channels=st.integers(1, 4),
    kernel=st.sampled_from([1, 3, 5, 7, 31]),
)
def test_a_convolution_is_torchs(
    lanes: int, batch: int, shape: tuple[int, int, int], channels: int, kernel: int
) -> None:
    """Outputs and all gradients are those of nn.Conv2d, lane by lane, also of kernels larger
    than the image.
    """
    draw = torch.Generator().manual_seed(lanes + 10 * batch + 100 * kernel + channels)
    layer = Convolve("0", shape, channels, kernel)
    weights = {
        p.name: torch.randn(lanes, *p.shape, dtype=torch.float64, generator=draw)
        for p in layer.parameters
    }
    size = shape[0] * shape[1] * shape[2]
    x = torch.randn(lanes, batch, size, dtype=torch.float64, generator=draw).transpose(1, 2)
    into = {name: torch.full_like(weight, torch.nan) for name, weight in weights.items()}
    out = layer.forward(weights, x, NOTHING)
    above = torch.randn(out.shape, dtype=torch.float64, generator=draw)
    below = layer.backward(weights, above, into, first=False)
    for k in range(lanes):
        twin = layer.module(Hyperparameters()).double()
        twin.load_state_dict({name[2:]: weight[k] for name, weight in weights.items()})
        given_x = torch_images(x[k], shape).detach().clone().requires_grad_()
        expected = twin(given_x)
        expected.backward(torch_images(above[k], layer.shape))
        torch.testing.assert_close(torch_images(out[k], layer.shape), expected)
        torch.testing.assert_close(torch_images(below[k], shape), given_x.grad)
        for name, parameter in twin.named_parameters():
            torch.testing.assert_close(into[f"0.{name}"][k], parameter.grad)


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["max", "average"]),
    lanes=st.integers(1, 3),
    batch=st.integers(1, 5),
    shape=st.tuples(st.integers(1, 3), st.integers(2, 7), st.integers(2, 7)),
    levels=st.sampled_from([1, 2, 1000]),
)
def test_pooling_is_torchs(
    kind: str, lanes: int, batch: int, shape: tuple[int, int, int], levels: int
) -> None:
    """Outputs and gradients are torch's, of odd sizes and of ties too: the first of equals has
    the whole gradient.
    """
    draw = torch.Generator().manual_seed(batch + 10 * levels)
    layer = Pool(shape, kind)
    size = shape[0] * shape[1] * shape[2]
    x = torch.randint(levels, (lanes, size, batch), generator=draw).double()
    out = layer.forward({}, x, NOTHING)
    above = torch.randn(out.shape, dtype=torch.float64, generator=draw)
    below = layer.backward({}, above, {}, first=False)
    twin = {"max": nn.MaxPool2d(2), "average": nn.AvgPool2d(2)}[kind]
    assert type(layer.module(Hyperparameters())) is type(twin)
    for k in range(lanes):
        given_x = torch_images(x[k], shape).contiguous().requires_grad_()
        expected = twin(given_x)
        expected.backward(torch_images(above[k], layer.shape))
        torch.testing.assert_close(torch_images(out[k], layer.shape), expected, rtol=0, atol=0)
        torch.testing.assert_close(torch_images(below[k], shape), given_x.grad, rtol=0, atol=0)


def plain_network(h: Hyperparameters, shape: tuple[int, int, int], outputs: int) -> nn.Sequential:
    """As anyone would write it; of dropout, the place alone."""
    pools = {"max": [nn.MaxPool2d(2)], "average": [nn.AvgPool2d(2)], "none": []}
    layers: list[nn.Module] = [nn.Unflatten(1, shape)]
    depth, height, width = shape
    for channels in h.channels:
        layers.append(nn.Conv2d(depth, channels, h.kernel, padding="same"))
        layers += [ACTIVATIONS[h.activation](), *pools[h.pooling]]
        depth = channels
        if h.pooling != "none":
            height, width = height // 2, width // 2
    layers.append(nn.Flatten())
    widths = [depth * height * width, *h.hidden, outputs]
    for inputs, units in itertools.pairwise(widths):
        layers += [nn.Linear(inputs, units), ACTIVATIONS[h.activation](), nn.Dropout(0)]
    return nn.Sequential(*layers[:-2])


def train_plainly(
    run: RunConfig, shape: tuple[int, int, int]
) -> tuple[list[float], dict[str, Tensor]]:
    """Training losses by epoch and the final weights."""
    h, data = run.hyperparameters, images(shape)
    network = plain_network(h, shape, 3).double()
    layout = build_model(h, shape, 3).layout
    network.load_state_dict(initialize(layout, h.initialization, h.activation, run.seed))
    optimizer = optimizer_of(h, network)
    scheduler = scheduler_of(h, optimizer)
    x, y = tensors(data.train, torch.float64)
    losses = []
    for epoch in range(1, h.epochs + 1):
        total = 0.0
        for rows, masks in _batches(run, epoch, len(x), torch.float64):
            waiting = list(masks)
            out = x[rows]
            for layer in network:
                drops = waiting and isinstance(layer, nn.Dropout)
                out = out * waiting.pop(0) if drops else layer(out)
            loss = loss_of(h, out, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        scheduler.step()
        losses.append(total / len(x))
    return losses, network.state_dict()


CASES: dict[str, tuple[tuple[int, int, int], dict[str, object]]] = {
    "one": ((1, 8, 8), {"channels": [4], "hidden": [6], "dropout": 0.3}),
    "two": ((3, 5, 7), {"channels": [8, 9], "kernel": 5, "pooling": "average", "hidden": []}),
    "none": ((1, 3, 2), {"channels": [9, 3, 1], "pooling": "none", "activation": "gelu"}),
    "wide": ((9, 4, 4), {"channels": [10, 8], "optimizer": "sgd", "momentum": 0.9}),
    "no convolution": ((1, 4, 4), {"channels": [], "schedule": "cosine"}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_lane_trains_as_a_plain_loop(case: str) -> None:
    """Three epochs give the losses and weights of nn.Sequential, autograd and torch.optim, in
    64 bits to 1e-9; two lanes of other seeds lie beside it.
    """
    shape, values = CASES[case]
    runs = [
        config(k, k, model="cnn", batch_size=8, epochs=3, learning_rate=0.01, **values)
        for k in range(3)
    ]
    results, ends = train_all(Datasets([images(shape)], torch.float64), runs)
    for run in runs[:2]:
        losses, weights = train_plainly(run, shape)
        found = [result.metrics["train/loss"] for result in results[run.id]]
        assert found == pytest.approx(losses, rel=1e-9)
        assert list(ends[run.id].weights) == list(weights)
        for name, tensor in weights.items():
            torch.testing.assert_close(ends[run.id].weights[name], tensor, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("pooling", ["max", "average", "none"])
def test_an_exported_network_gives_what_the_lane_reported(pooling: str) -> None:
    """The module is of torch's own layers, its accuracy is the lane's, its loss to 1e-6."""
    run = config(
        0, 3, model="cnn", channels=[8, 5], pooling=pooling, dropout=0.4, epochs=3, hidden=[6]
    )
    data = images((3, 5, 7))
    end = train_all(Datasets([data]), [run])[1][run.id]
    module = export_module(run.hyperparameters, end.weights, data.shape, data.outputs)
    pools = [] if pooling == "none" else [nn.MaxPool2d if pooling == "max" else nn.AvgPool2d]
    step = [nn.Conv2d, nn.ReLU, *pools]
    tail = [nn.Flatten, nn.Linear, nn.ReLU, nn.Dropout, nn.Linear]
    assert [type(layer) for layer in module] == [nn.Unflatten, *step, *step, *tail]
    x, y = tensors(data.test, torch.float32)
    outputs = module(x)
    assert end.metrics["test/loss"] == pytest.approx(
        loss_of(run.hyperparameters, outputs, y).item(), rel=1e-6
    )
    assert end.metrics["test/accuracy"] == (outputs.argmax(1) == y).double().mean().item()


def test_the_size_of_a_block_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lanes that go through one by one, or all at once, have the same weights."""
    data = Datasets([images((3, 8, 8))])
    runs = [
        config(k, k, model="cnn", channels=[4, 8], epochs=2, dropout=0.2, activation=name)
        for k, name in enumerate(["relu", "tanh", "relu", "gelu", "tanh"])
    ]
    found = []
    for size in (1, 3 * 4 * 64 * 32, 2**40):
        monkeypatch.setattr(trainer.training, "_BLOCK", size)
        found.append(train_all(data, runs)[1])
    for run in runs:
        for name, weights in found[0][run.id].weights.items():
            assert all(torch.equal(weights, ends[run.id].weights[name]) for ends in found)


def test_what_has_no_meaning_is_refused() -> None:
    """Data without images, and more pooling than the image has halves, give a sentence."""
    with pytest.raises(
        HyperparameterError, match=r"^model: cnn needs images, and this data has none; take mlp$"
    ):
        train_all(Datasets([prepared()]), [config(model="cnn")])
    too_much = (
        "^channels: 3 layers of pooling leave nothing of 5 x 7 images; take fewer, "
        "or pooling: none$"
    )
    data = Datasets([images((1, 5, 7))])
    with pytest.raises(HyperparameterError, match=too_much):
        train_all(data, [config(model="cnn", channels=[2, 2, 2])])
    train_all(data, [config(model="cnn", channels=[2, 2], epochs=1)])
    train_all(data, [config(model="cnn", channels=[2, 2, 2], pooling="none", epochs=1)])
