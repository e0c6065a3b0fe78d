"""A lane that cannot go on fails alone, by name, and its neighbours' bits do not change."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from lane_cases import config, prepared, same_run, train_all

from trainer.data.prepared import Part
from trainer.datasets import Datasets

NEIGHBOURS = [
    config(1, 1, epochs=4, activation="tanh", dropout=0.2),
    config(2, 0, epochs=4, momentum=0.9, l1=1e-3),
    config(3, 5, epochs=6, gradient_clip=0.5, patience=1),
    config(4, 3, epochs=3, l2=1e25, learning_rate=1e-28),  # the norm of its gradient is infinite
]


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
def test_a_diverging_lane_fails_alone(optimizer: str) -> None:
    """A learning rate of 1e30 ends one run, in a sentence; every other run is as if alone."""
    data = Datasets([prepared()])
    runs = [
        dataclasses.replace(
            run, hyperparameters=dataclasses.replace(run.hyperparameters, optimizer=optimizer)
        )
        for run in NEIGHBOURS
    ]
    diverging = config(9, 1, optimizer=optimizer, learning_rate=1e30, epochs=50, l2=1e-3)
    results, ends = train_all(data, [runs[0], diverging, *runs[1:]])
    end = ends[diverging.id]
    assert end.reason == "failed"
    n_epochs = len(results[diverging.id])
    assert end.message == (
        f"the training loss or a weight became NaN or infinite in epoch {n_epochs}; "
        "a lower learning_rate or a gradient_clip may help"
    )
    assert not end.weights
    assert end.metrics["epochs_run"] == n_epochs
    assert all(math.isfinite(v) for r in results[diverging.id] for v in r.metrics.values())
    for run in runs:
        alone = train_all(data, [run])
        same_run((results[run.id], ends[run.id]), (alone[0][run.id], alone[1][run.id]))
        assert ends[run.id].reason != "failed"


def test_a_weight_that_overflows_in_the_last_step_is_noticed() -> None:
    """A weight is looked at after its epoch, though no loss has been measured with it yet."""
    run = config(0, batch_size=100, optimizer="sgd", learning_rate=3e38, l2=1e3)
    results, ends = train_all(Datasets([prepared()]), [run])
    assert len(results[run.id]) == 1
    assert ends[run.id].message.startswith("the training loss or a weight became NaN or infinite")


def test_a_validation_loss_that_is_not_finite_is_a_fault_of_its_own() -> None:
    """A run whose validation rows overflow fails with a sentence that says so."""
    data = prepared()
    far = Part(np.full_like(data.validation.inputs, 3e38), data.validation.targets)
    run = config(0, epochs=3)
    end = train_all(Datasets([dataclasses.replace(data, validation=far)]), [run])[1][run.id]
    assert (end.reason, end.message) == (
        "failed",
        "the validation loss was NaN or infinite after epoch 1",
    )


def test_a_run_that_costs_too_much_ends() -> None:
    """run_time_s bounds what one run may cost; a run that has none goes on."""
    bounded = dataclasses.replace(config(0, epochs=500), run_time_s=1e-9)
    ample = dataclasses.replace(config(1, epochs=3), run_time_s=1e9)
    results, ends = train_all(Datasets([prepared()]), [bounded, ample])
    assert len(results[bounded.id]) == 1
    assert ends[bounded.id].reason == "failed"
    assert ends[bounded.id].message == (
        "it had cost 0.0 s after epoch 1, above its run_time of 1e-09 s"
    )
    assert ends[ample.id].reason == "epochs"
    assert 0 < ends[bounded.id].metrics["train_seconds"] < 60
