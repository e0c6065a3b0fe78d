"""An array of lanes is nothing but its lanes: each equals its solo run, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from image_cases import images
from lane_cases import SOAK, config, prepared, same_run, train_all

from trainer.datasets import Datasets

if TYPE_CHECKING:
    from trainer.hyperparameters import Task

LANE = st.fixed_dictionaries(
    {
        "activation": st.sampled_from(["relu", "tanh", "sigmoid", "gelu", "leaky_relu"]),
        "dropout": st.sampled_from([0.0, 0.1, 0.5]),
        "learning_rate": st.sampled_from([1e-3, 1e-2, 0.1, 30.0]),
        "momentum": st.sampled_from([0.0, 0.9]),
        "schedule": st.sampled_from(["constant", "cosine", "step"]),
        "epochs": st.integers(1, 4),
        "patience": st.sampled_from([None, 1, 2]),
        "min_delta": st.sampled_from([0.0, 0.05]),
        "label_smoothing": st.sampled_from([0.0, 0.1]),
        "l1": st.sampled_from([0.0, 1e-3]),
        "l2": st.sampled_from([0.0, 1e-3]),
        "weight_decay": st.sampled_from([0.0, 1e-2]),
        "gradient_clip": st.sampled_from([None, 0.1, 5.0]),
        "initialization": st.sampled_from(
            ["default", "xavier_normal", "kaiming_uniform", "orthogonal"]
        ),
    }
)
ARRAY = st.fixed_dictionaries(
    {
        "hidden": st.sampled_from([[], [1], [5], [64], [10, 3], [7, 7, 7]]),
        "batch_size": st.sampled_from([1, 4, 13, 16, 26, 32, 100]),
        "optimizer": st.sampled_from(["sgd", "adam", "adamw", "rmsprop"]),
        "freeze": st.sampled_from([0, 0, 1]),
    }
)


@settings(max_examples=60 * SOAK, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    array=ARRAY,
    lanes=st.lists(st.tuples(LANE, st.integers(0, 3)), min_size=2, max_size=9),
    task=st.sampled_from(["classification", "regression"]),
    loss=st.sampled_from(["cross_entropy", "mse", "mae", "huber"]),
    shape=st.sampled_from([(1, 2), (7, 3), (13, 10), (64, 10)]),
)
def test_a_lane_equals_its_solo_run(
    array: dict[str, object],
    lanes: list[tuple[dict[str, object], int]],
    task: Task,
    loss: str,
    shape: tuple[int, int],
) -> None:
    """Any mix of lane settings gives, lane by lane, the bits of each trained alone."""
    if not array["hidden"]:
        array = {**array, "freeze": 0}  # the only layer
    if task == "regression" and loss == "cross_entropy":
        loss = "mse"
    data = Datasets([prepared(task, inputs=shape[0], outputs=shape[1])])
    runs = [
        config(k, seed, task, **array, loss=loss, **lane) for k, (lane, seed) in enumerate(lanes)
    ]
    together = train_all(data, runs)
    for run in runs:
        alone = train_all(data, [run])
        same_run((together[0][run.id], together[1][run.id]), (alone[0][run.id], alone[1][run.id]))


CHANGES = st.fixed_dictionaries(
    {
        "rotation_degrees": st.sampled_from([0.0, 15.0, 180.0]),
        "crop_padding": st.sampled_from([None, 1, 9]),
        "flip_probability": st.sampled_from([0.0, 0.5, 1.0]),
    }
)
IMAGES = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["cnn", "cnn", "cnn", "mlp"]),
        "channels": st.sampled_from([[], [1], [3, 5], [8, 1], [9, 8]]),
        "kernel": st.sampled_from([1, 3, 5]),
        "pooling": st.sampled_from(["max", "average", "none"]),
        "hidden": st.sampled_from([[], [1], [6]]),
        "batch_size": st.sampled_from([1, 4, 13, 16, 100]),
        "optimizer": st.sampled_from(["sgd", "adam"]),
        "augmentation": st.sampled_from(
            [[], ["rotation"], ["crop"], ["flip"], ["rotation", "crop", "flip"]]
        ),
    }
)


@settings(max_examples=50 * SOAK, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    array=IMAGES,
    lanes=st.lists(
        st.tuples(LANE, CHANGES, st.integers(0, 2), st.integers(0, 1)), min_size=2, max_size=6
    ),
    task=st.sampled_from(["classification", "regression"]),
    shape=st.sampled_from([(1, 8, 8), (3, 8, 8), (1, 5, 7), (9, 4, 4), (1, 4, 4)]),
)
def test_a_lane_on_images_equals_its_solo_run(
    array: dict[str, object],
    lanes: list[tuple[dict[str, object], dict[str, object], int, int]],
    task: Task,
    shape: tuple[int, int, int],
) -> None:
    """Also with convolutions, pooling and augmentation, and with lanes on two splits."""
    data = Datasets([images(shape, task, seed=seed) for seed in range(2)])
    runs = [
        replace(config(k, seed, task, **array, **lane, **changes), split=split)
        for k, (lane, changes, seed, split) in enumerate(lanes)
    ]
    together = train_all(data, runs)
    for run in runs:
        alone = train_all(data, [run])
        same_run((together[0][run.id], together[1][run.id]), (alone[0][run.id], alone[1][run.id]))
