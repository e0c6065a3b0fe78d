"""The numbers of the first step are those that plain PyTorch gives for the same run."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch
from lane_cases import config, prepared, train_all
from torch import nn
from torch_loop import loss_of, optimizer_of, tensors

from trainer.datasets import Datasets
from trainer.export import export_module
from trainer.lanes import LaneArray
from trainer.models.build import build_model
from trainer.stages import stages_of
from trainer.streams import generator_for

if TYPE_CHECKING:
    from trainer.data.prepared import PreparedData
    from trainer.hyperparameters import Task
    from trainer.runs import RunConfig

DATA = {task: prepared(task) for task in ("classification", "regression")}
IMAGES = replace(prepared(inputs=36), shape=(1, 6, 6))


def initial_module(run: RunConfig, data: PreparedData) -> nn.Sequential:
    """The exported module of a run before its first step."""
    rows = LaneArray(Datasets([data]), [run]).tensors["weights"]
    layout = build_model(run.hyperparameters, data.shape, data.outputs).layout
    weights = {name: view[0] for name, view in layout.views(rows).items()}
    return export_module(run.hyperparameters, weights, data.shape, data.outputs)


@pytest.mark.parametrize(
    ("task", "data", "values"),
    [
        ("classification", DATA["classification"], {"hidden": [9, 5], "label_smoothing": 0.1}),
        ("classification", DATA["classification"], {"loss": "huber", "optimizer": "sgd"}),
        ("classification", DATA["classification"], {"batch_size": 64, "hidden": []}),  # one step
        ("classification", IMAGES, {"model": "cnn", "channels": [3], "batch_size": 8}),
        ("regression", DATA["regression"], {"activation": "tanh", "weight_decay": 0.1}),
        ("regression", DATA["regression"], {"loss": "mae", "optimizer": "rmsprop"}),
    ],
    ids=["smoothed", "huber", "one step", "cnn", "regression", "mae"],
)
def test_the_first_step_is_that_of_plain_torch(
    task: Task, data: PreparedData, values: dict[str, object]
) -> None:
    """Loss at the start, gradient norm of each layer by autograd, and the optimizer's step."""
    run = config(0, 5, task, **{"batch_size": 16, **values})
    h, module = run.hyperparameters, initial_module(run, data)
    found = stages_of(run, data)
    x, y = tensors(data.train, torch.float32)
    assert found.initial_loss == pytest.approx(loss_of(h, module(x), y).item(), rel=1e-5)
    zero = torch.zeros(len(x), data.outputs)
    assert found.expected_loss == pytest.approx(loss_of(h, zero, y).item(), rel=1e-5)

    first = torch.from_numpy(generator_for(run.seed, "order", 1).permutation(len(x)))
    rows = first[: h.batch_size]
    loss_of(h, module(x[rows]), y[rows]).backward()
    before = nn.utils.parameters_to_vector(module.parameters()).detach().clone()
    for layer, numbers in zip(module, found.layers, strict=True):
        own = list(layer.parameters())
        norm = torch.cat([p.grad.flatten() for p in own]).norm().item() if own else 0.0
        assert numbers.gradient_norm == pytest.approx(norm, rel=1e-4)
        assert numbers.kind == type(layer).__name__
        assert numbers.n_parameters == sum(p.numel() for p in own)
    optimizer_of(h, module).step()
    after = nn.utils.parameters_to_vector(module.parameters()).detach()
    assert found.update_norm == pytest.approx((after - before).norm().item(), rel=1e-3)
    assert found.weight_norm == pytest.approx(before.norm().item(), rel=1e-5)


def test_the_expected_loss_is_that_of_equal_chances_or_of_the_mean() -> None:
    """ln(classes) for cross entropy, whatever the smoothing; the targets' variance for mse."""
    for smoothing in (0.0, 0.3):
        run = config(label_smoothing=smoothing)
        found = stages_of(run, DATA["classification"])
        assert found.expected_loss == pytest.approx(math.log(3), rel=1e-6)
    targets = DATA["regression"].train.targets
    found = stages_of(config(task="regression"), DATA["regression"])
    assert found.expected_loss == pytest.approx(float((targets**2).mean()), rel=1e-5)


def test_shapes_steps_and_frozen_layers() -> None:
    """What a batch becomes layer by layer; a frozen layer has no gradient; nothing else moves."""
    data = DATA["classification"]
    run = config(hidden=[9, 5], dropout=0.3, batch_size=10, freeze=1)
    found = stages_of(run, data)
    assert found.n_rows == (53, 17, 19)
    assert found.steps_per_epoch == 6
    assert found.inputs == (10, 7)
    shapes = [(layer.kind, layer.shape) for layer in found.layers]
    assert shapes[0] == ("Linear", (10, 9))
    assert shapes[-1] == ("Linear", (10, 3))
    assert [layer.gradient_norm > 0 for layer in found.layers if layer.n_parameters] == [
        False,
        True,
        True,
    ]
    assert found.n_parameters == 7 * 9 + 9 + 9 * 5 + 5 + 5 * 3 + 3


def test_a_run_is_the_same_after_it_was_looked_at() -> None:
    """The stages of a run are the same twice, and so is its training between them."""
    data, run = DATA["classification"], config(dropout=0.2, epochs=2)
    first, before = stages_of(run, data), train_all(Datasets([data]), [run])[1][run.id]
    second, after = stages_of(run, data), train_all(Datasets([data]), [run])[1][run.id]
    assert first == second
    assert before.metrics["test/loss"] == after.metrics["test/loss"]
