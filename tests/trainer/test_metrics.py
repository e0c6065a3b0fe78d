"""What is measured of a lane, against sklearn.metrics on the outputs of a plain module."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
import torch
from lane_cases import config, prepared, train_all
from sklearn import metrics
from torch_loop import tensors

from trainer.datasets import Datasets
from trainer.export import export_module

if TYPE_CHECKING:
    from trainer.data.prepared import PreparedData
    from trainer.hyperparameters import Task
    from trainer.runs import RunConfig, RunEnd

MANY = (40, 2500, 1024)  # three chunks of validation rows, exactly one of test rows
FEW = (40, 1, 3)


def outputs_and_targets(
    run: RunConfig, end: RunEnd, data: PreparedData, part: str
) -> tuple[torch.Tensor, torch.Tensor]:
    module = export_module(run.hyperparameters, end.weights, (7,), data.outputs)
    x, y = tensors(getattr(data, part), torch.float32)
    with torch.inference_mode():
        return module(x), y


@pytest.mark.parametrize("rows", [MANY, FEW])
def test_accuracy_is_that_of_scikit_learn(rows: tuple[int, int, int]) -> None:
    """Accuracy is exact on any number of chunks, and gap is train less validation accuracy."""
    data = prepared(rows=rows)
    run = config(epochs=3, learning_rate=0.01)
    end = train_all(Datasets([data]), [config(1, seed=1, epochs=3), run])[1][run.id]
    found = {}
    for part in ("train", "validation", "test"):
        outputs, targets = outputs_and_targets(run, end, data, part)
        found[part] = metrics.accuracy_score(targets, outputs.argmax(1))
        if part != "train":
            assert end.metrics[f"{part}/accuracy"] == found[part]
            loss = torch.nn.functional.cross_entropy(outputs.double(), targets).item()
            assert end.metrics[f"{part}/loss"] == pytest.approx(loss, rel=1e-6)
    assert end.metrics["gap"] == pytest.approx(found["train"] - found["validation"], abs=1e-15)


@pytest.mark.parametrize("rows", [MANY, (40, 2, 3)])
def test_errors_of_numbers_are_those_of_scikit_learn(rows: tuple[int, int, int]) -> None:
    """rmse, mae (in the target's own unit) and r2, of lanes that are on different splits."""
    task: Task = "regression"
    splits = [
        dataclasses.replace(prepared(task, rows, seed=seed), target_scale=scale, target_mean=9.0)
        for seed, scale in ((0, 1.0), (1, 250.0))
    ]
    runs = [
        dataclasses.replace(config(k, 0, task, epochs=3, learning_rate=0.01), split=k)
        for k in range(2)
    ]
    ends = train_all(Datasets(splits), runs)[1]
    for run in runs:
        data, end = splits[run.split], ends[run.id]
        for part in ("validation", "test"):
            outputs, targets = outputs_and_targets(run, end, data, part)
            predicted, true = (9.0 + data.target_scale * t.double() for t in (outputs, targets))
            expected = {
                "rmse": metrics.root_mean_squared_error(true, predicted),
                "mae": metrics.mean_absolute_error(true, predicted),
                "r2": metrics.r2_score(true, predicted),
            }
            for name, value in expected.items():
                assert end.metrics[f"{part}/{name}"] == pytest.approx(value, rel=1e-5), name


def test_a_share_of_the_rows_is_not_rounded() -> None:
    """An accuracy is the 64-bit quotient of two counts."""
    data = prepared(rows=(53, 17, 19))
    run = config(epochs=1)
    metrics_found = train_all(Datasets([data]), [run])[1][run.id].metrics
    assert round(metrics_found["test/accuracy"] * 19) / 19 == metrics_found["test/accuracy"]
