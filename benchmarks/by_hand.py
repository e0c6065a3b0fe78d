"""The rival: a random sweep as people write it today, with Optuna, MLflow and torch by hand."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import mlflow
import optuna
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

if TYPE_CHECKING:
    from pathlib import Path

EPOCHS, BATCH, HIDDEN = 10, 32, 64
ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
CROSS_ENTROPY = nn.CrossEntropyLoss()


class Splits(NamedTuple):
    """Digits, as in our sweep: 1257 rows to train on, 270 and 270 to look at."""

    train: TensorDataset
    validation: TensorDataset
    test: TensorDataset


def sweep_by_hand(folder: Path, name: str, trials: int) -> float:
    """Seconds of the sweep, its data loaded beforehand."""
    torch.set_num_threads(1)  # as ours; faster than two for nets this small, and steadier
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow_by_hand.db")
    mlflow.set_experiment(name)
    study = optuna.create_study(
        study_name=name,
        direction="maximize",
        sampler=optuna.samplers.RandomSampler(seed=0),
        storage=f"sqlite:///{folder}/optuna_by_hand.db",
    )
    splits = load()
    started = time.perf_counter()
    study.optimize(lambda trial: objective(trial, splits), n_trials=trials)
    return time.perf_counter() - started


def load() -> Splits:
    """The data, split by classes and scaled by its training part."""
    x, y = load_digits(return_X_y=True)
    rest_x, test_x, rest_y, test_y = train_test_split(
        x, y, test_size=270, stratify=y, random_state=0
    )
    train_x, valid_x, train_y, valid_y = train_test_split(
        rest_x, rest_y, test_size=270, stratify=rest_y, random_state=0
    )
    scaler = StandardScaler().fit(train_x)

    def tensors(inputs: object, targets: object) -> TensorDataset:
        scaled = torch.tensor(scaler.transform(inputs), dtype=torch.float32)
        return TensorDataset(scaled, torch.tensor(targets))

    return Splits(tensors(train_x, train_y), tensors(valid_x, valid_y), tensors(test_x, test_y))


def objective(trial: optuna.Trial, splits: Splits) -> float:
    """One trial, recorded in MLflow."""
    params = {
        "learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True),
        "dropout": trial.suggest_float("dropout", 0.0, 0.5),
        "activation": trial.suggest_categorical("activation", list(ACTIVATIONS)),
    }
    with mlflow.start_run(run_name=f"trial-{trial.number}"):
        mlflow.log_params(params)
        torch.manual_seed(trial.number)
        model = nn.Sequential(
            nn.Linear(64, HIDDEN),
            ACTIVATIONS[params["activation"]](),
            nn.Dropout(params["dropout"]),
            nn.Linear(HIDDEN, 10),
        )
        optimizer = torch.optim.Adam(model.parameters(), lr=params["learning_rate"])
        loader = DataLoader(splits.train, batch_size=BATCH, shuffle=True)
        for epoch in range(1, EPOCHS + 1):
            metrics = train_epoch(model, optimizer, loader)
            metrics |= evaluate(model, splits.validation, "validation")
            mlflow.log_metrics(metrics, step=epoch)
        mlflow.log_metrics(evaluate(model, splits.test, "test"))
        return metrics["validation/accuracy"]


def train_epoch(
    model: nn.Module, optimizer: torch.optim.Optimizer, loader: DataLoader[tuple[torch.Tensor, ...]]
) -> dict[str, float]:
    """The loop of every tutorial."""
    model.train()
    total, correct, n = 0.0, 0, 0
    for inputs, targets in loader:
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = CROSS_ENTROPY(outputs, targets)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(targets)
        correct += int((outputs.argmax(1) == targets).sum())
        n += len(targets)
    return {"train/loss": total / n, "train/accuracy": correct / n}


def evaluate(model: nn.Module, data: TensorDataset, part: str) -> dict[str, float]:
    """Loss and accuracy on all of it."""
    model.eval()
    with torch.no_grad():
        inputs, targets = data.tensors
        outputs = model(inputs)
        return {
            f"{part}/loss": CROSS_ENTROPY(outputs, targets).item(),
            f"{part}/accuracy": (outputs.argmax(1) == targets).float().mean().item(),
        }
