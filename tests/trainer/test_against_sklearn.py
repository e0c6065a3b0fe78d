"""A run is as good as scikit-learn's multilayer perceptron of the same shape and settings."""

from __future__ import annotations

import numpy as np
import pytest
from lane_cases import config, train_all
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from trainer.data.preparation import prepare
from trainer.data.request import DataRequest
from trainer.datasets import Datasets

EPOCHS, SEEDS = 20, range(3)


def test_digits_as_accurate_as_scikit_learn() -> None:
    """Over three seeds on one split, mean test accuracies are within a point, and above 95 %."""
    data = prepare(DataRequest("digits"), split_seed=0)
    runs = [
        config(seed, seed, hidden=[64], batch_size=32, optimizer="adam", epochs=EPOCHS)
        for seed in SEEDS
    ]
    ends = train_all(Datasets([data]), runs)[1]
    ours = np.mean([ends[run.id].metrics["test/accuracy"] for run in runs])
    theirs = []
    for seed in SEEDS:
        model = MLPClassifier((64,), batch_size=32, alpha=0, max_iter=EPOCHS, random_state=seed)
        with pytest.warns(ConvergenceWarning, match="Maximum iterations"):
            model.fit(data.train.inputs, data.train.targets)
        theirs.append(model.score(data.test.inputs, data.test.targets))
    assert abs(ours - np.mean(theirs)) <= 0.01
    assert ours > 0.95
