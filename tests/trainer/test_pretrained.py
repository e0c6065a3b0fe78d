"""Beginning with other weights, and freezing first layers."""

from __future__ import annotations

import pytest
import torch
from lane_cases import config, prepared, train_all

from trainer.datasets import Datasets
from trainer.errors import HyperparameterError
from trainer.lanes import LaneArray
from trainer.pretrained import Pretrained

DATA = Datasets([prepared(inputs=7, outputs=3)])


def learned(**values: object) -> dict[str, torch.Tensor]:
    run = config(0, epochs=2, hidden=[5], **values)
    return dict(train_all(DATA, [run])[1][run.id].weights)


def begin(pretrained: Pretrained, **values: object) -> dict[str, torch.Tensor]:
    run = config(0, hidden=[5], pretrained_from="old", **values)
    array = LaneArray(DATA, [run], {"old": pretrained})
    return array.model.layout.views(array.tensors["weights"])


def test_weights_of_the_same_task_are_taken_whole() -> None:
    """With the same classes every parameter begins as it was learned, the head too."""
    weights = learned()
    started = begin(Pretrained("old", weights, "", DATA.classes))
    for name, tensor in weights.items():
        assert torch.equal(started[name][0], tensor)


def test_a_head_of_other_classes_is_replaced() -> None:
    """Layers before the head are taken; the head is the fresh one, though its shape would fit."""
    weights = learned()
    started = begin(Pretrained("old", weights, "", ["a", "b", "c"]))
    fresh = LaneArray(DATA, [config(0, hidden=[5])])
    head = fresh.model.layout.views(fresh.tensors["weights"])["3.weight"]
    assert torch.equal(started["0.weight"][0], weights["0.weight"])
    assert torch.equal(started["3.weight"], head)
    assert not torch.equal(started["3.weight"][0], weights["3.weight"])


def test_weights_of_another_shape_are_refused() -> None:
    """The first parameter before the head that does not fit is named, with both shapes."""
    weights = {**learned(), "0.weight": torch.zeros(6, 7)}
    with pytest.raises(
        HyperparameterError,
        match=r"0\.weight is \[5, 7\] here and \[6, 7\] in 'old'; take the same model and layers",
    ):
        begin(Pretrained("old", weights, "", None))


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
def test_frozen_layers_stay_as_they_were(optimizer: str) -> None:
    """With freeze 1 the first layer has the same bits after training, the second has not."""
    values = {"optimizer": optimizer, "weight_decay": 0.1, "l2": 0.1, "momentum": 0.5}
    run = config(0, hidden=[5], epochs=2, freeze=1, **values)
    array = LaneArray(DATA, [run])
    started = {
        name: view[0].clone()
        for name, view in array.model.layout.views(array.tensors["weights"]).items()
    }
    ended = train_all(DATA, [run])[1][run.id].weights
    for name in ("0.weight", "0.bias"):
        assert torch.equal(ended[name], started[name])
    assert not torch.equal(ended["3.weight"], started["3.weight"])


def test_freezing_everything_is_refused() -> None:
    """Two layers can't both be frozen."""
    with pytest.raises(HyperparameterError, match="nothing to train of 2 layers; take at most 1"):
        LaneArray(DATA, [config(0, hidden=[5], freeze=2)])
