"""An exported module is of torch.nn's own layers and gives what the lane reported."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lane_cases import config, prepared, train_all
from torch import nn
from torch_loop import loss_of, tensors

from trainer.datasets import Datasets
from trainer.errors import CheckpointError, HyperparameterError
from trainer.export import export_module
from trainer.hyperparameters import Hyperparameters, Task

DATA = {task: prepared(task) for task in ("classification", "regression")}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    task=st.sampled_from(["classification", "regression"]),
    values=st.fixed_dictionaries(
        {
            "activation": st.sampled_from(["relu", "tanh", "sigmoid", "gelu", "leaky_relu"]),
            "dropout": st.sampled_from([0.0, 0.4]),
            "hidden": st.sampled_from([[], [1], [12], [9, 5, 3]]),
            "loss": st.sampled_from(["mse", "mae", "huber"]),
            "label_smoothing": st.sampled_from([0.0, 0.2]),
        }
    ),
)
def test_a_module_gives_what_the_lane_reported(task: Task, values: dict[str, object]) -> None:
    """Test accuracy is the same and the loss agrees to 1e-6, whatever the configuration."""
    if task == "classification" and values["loss"] == "mae":
        values["loss"] = "cross_entropy"
    run = config(0, 3, task, epochs=3, learning_rate=0.02, **values)
    data = DATA[task]
    end = train_all(Datasets([data]), [run])[1][run.id]
    module = export_module(run.hyperparameters, end.weights, (7,), data.outputs)
    assert not module.training
    x, y = tensors(data.test, torch.float32)
    outputs = module(x)
    loss = loss_of(run.hyperparameters, outputs, y)
    loss.backward()  # the weights are ordinary parameters: they can be trained on
    assert end.metrics["test/loss"] == pytest.approx(loss.item(), rel=1e-6)
    if task == "classification":
        accuracy = (outputs.argmax(1) == y).double().mean().item()
        assert end.metrics["test/accuracy"] == accuracy


def test_a_module_has_the_layers_of_its_configuration() -> None:
    """Linear, activation and, if any, dropout layers, in order; and weights of its own."""
    run = config(0, epochs=1, hidden=[5, 4], activation="leaky_relu", dropout=0.25)
    end = train_all(Datasets([DATA["classification"]]), [run])[1][run.id]
    module = export_module(run.hyperparameters, end.weights, (7,), 3)
    hidden = [nn.Linear, nn.LeakyReLU, nn.Dropout]
    assert [type(layer) for layer in module] == [*hidden, *hidden, nn.Linear]
    assert module[2].p == 0.25
    with torch.no_grad():
        module[0].weight.zero_()
    assert end.weights["0.weight"].any()


def test_weights_of_another_model_are_refused() -> None:
    """A model we do not have, and weights of another shape or depth, give a sentence."""
    run = config(0, epochs=1, hidden=[5])
    end = train_all(Datasets([DATA["classification"]]), [run])[1][run.id]
    with pytest.raises(HyperparameterError, match="cnn needs images, and this data has none"):
        export_module(Hyperparameters(model="cnn"), end.weights, (7,), 3)
    for hidden in ((), (6,), (5, 5)):
        with pytest.raises(CheckpointError, match="the weights are not of this configuration"):
            export_module(Hyperparameters(hidden=hidden), end.weights, (7,), 3)
