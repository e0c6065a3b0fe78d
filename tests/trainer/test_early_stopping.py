"""Early stopping: when a run ends, and that the best epoch's weights are kept and tested."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lane_cases import config, prepared, train_all
from torch_loop import loss_of, tensors, train_plainly

from trainer.datasets import Datasets
from trainer.export import export_module
from trainer.stopping import EarlyStopping

if TYPE_CHECKING:
    from trainer.runs import EpochResult, RunConfig, RunEnd

DATA = prepared()


def trained(**values: object) -> tuple[RunConfig, list[EpochResult], RunEnd]:
    run = config(3, 2, **{"learning_rate": 0.1, "hidden": [30], **values})
    others = [config(k, k, hidden=[30], epochs=70, dropout=0.5) for k in range(3)]
    results, ends = train_all(Datasets([DATA]), [*others, run])
    return run, results[run.id], ends[run.id]


def best_of(losses: list[float], min_delta: float) -> int:
    """The epoch that is kept, by the definition: counted from 1."""
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best] - min_delta:
            best = epoch
    return best + 1


@pytest.mark.parametrize("min_delta", [0.0, 0.05])
def test_the_best_epoch_is_kept_and_tested(min_delta: float) -> None:
    """What a plain module makes of the kept weights is what that epoch and the test reported."""
    run, results, end = trained(patience=3, min_delta=min_delta, epochs=60)
    losses = [result.metrics["validation/loss"] for result in results]
    best = best_of(losses, min_delta)
    assert end.reason == "patience"
    assert len(losses) == end.metrics["epochs_run"] == best + 3
    assert end.metrics["kept_epoch"] == best
    assert results[best - 1].metrics.items() <= end.metrics.items()
    module = export_module(run.hyperparameters, end.weights, (7,), 3)
    for part in ("validation", "test"):
        x, y = tensors(getattr(DATA, part), torch.float32)
        outputs = module(x).detach()
        loss = loss_of(run.hyperparameters, outputs, y).item()
        assert end.metrics[f"{part}/loss"] == pytest.approx(loss, rel=1e-6)
        accuracy = (outputs.argmax(1) == y).double().mean().item()
        assert end.metrics[f"{part}/accuracy"] == accuracy


def test_the_kept_weights_are_those_of_a_run_of_so_many_epochs() -> None:
    """A plain loop of as many epochs as were kept ends at the kept weights."""
    run, _, end = trained(patience=3, epochs=60)
    plain = config(3, 2, hidden=[30], learning_rate=0.1, epochs=int(end.metrics["kept_epoch"]))
    for name, expected in train_plainly(DATA, plain, torch.float32).weights.items():
        torch.testing.assert_close(end.weights[name], expected, rtol=1e-4, atol=1e-5)
    assert run.hyperparameters.epochs == 60


def test_a_run_out_of_epochs_keeps_its_best() -> None:
    """A budget that ends before patience does is the reason, and the best weights still stay."""
    _, results, end = trained(patience=50, epochs=30)
    losses = [result.metrics["validation/loss"] for result in results]
    assert end.reason == "epochs"
    assert len(losses) == end.metrics["epochs_run"] == 30
    assert end.metrics["kept_epoch"] == best_of(losses, 0.0) < 30


def test_without_patience_the_last_epoch_is_kept() -> None:
    """Whatever the validation loss did, the run's budget is used and its last weights tested."""
    _, results, end = trained(epochs=30)
    assert (end.reason, end.metrics["kept_epoch"]) == ("epochs", 30)
    assert results[-1].metrics.items() <= end.metrics.items()


@given(
    losses=st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.9]), min_size=1, max_size=30),
    patience=st.integers(1, 5),
    min_delta=st.sampled_from([0.0, 0.15]),
)
def test_stopping_is_as_defined(losses: list[float], patience: int, min_delta: float) -> None:
    """It stops at the first epoch with `patience` epochs and none better since the best."""
    stopping = EarlyStopping(patience, min_delta)
    for epoch, loss in enumerate(losses, 1):
        best = best_of(losses[:epoch], min_delta)
        assert stopping.better(epoch, loss) == (best == epoch)
        assert stopping.best_epoch == best
        assert stopping.should_stop(epoch) == (epoch - best >= patience)


def test_the_first_epoch_is_the_best_so_far() -> None:
    """Even an infinite loss is kept if there is no other."""
    assert EarlyStopping(2, 0.1).better(1, math.inf)
