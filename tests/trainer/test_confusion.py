"""What is counted on the test set is what scikit-learn counts of the exported model's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from lane_cases import config, prepared, train_all
from sklearn.metrics import confusion_matrix as reference

from trainer.confusion import confusion_matrix, predictions
from trainer.datasets import Datasets
from trainer.export import export_module

if TYPE_CHECKING:
    from trainer.data.prepared import PreparedData
    from trainer.hyperparameters import Task


def trained(task: Task, rows: int) -> tuple[torch.nn.Module, PreparedData, dict[str, float]]:
    data = prepared(task, rows=(53, 17, rows))
    run = config(0, 1, task, epochs=2, learning_rate=0.01)
    end = train_all(Datasets([data]), [run])[1][run.id]
    module = export_module(run.hyperparameters, end.weights, data.shape, data.outputs)
    return module, data, dict(end.metrics)


def test_the_confusion_matrix_is_scikit_learns() -> None:
    """Cell for cell, on more rows than are computed at once; its diagonal is the accuracy."""
    module, data, metrics = trained("classification", 1500)
    found = confusion_matrix(module, data)
    predicted = module(torch.from_numpy(data.test.inputs)).argmax(1)
    assert np.array_equal(found, reference(data.test.targets, predicted))
    assert sum(found[i][i] for i in range(3)) / 1500 == metrics["test/accuracy"]


def test_predictions_are_in_units_of_the_target() -> None:
    """Their root mean squared error is the one that was reported."""
    module, data, metrics = trained("regression", 40)
    pairs = np.array(predictions(module, data))
    assert pairs.shape == (40, 2)
    rmse = np.sqrt(np.mean((pairs[:, 0] - pairs[:, 1]) ** 2))
    assert np.isclose(rmse, metrics["test/rmse"], rtol=1e-5)
