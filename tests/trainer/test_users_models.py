"""A user's own module trains in lanes as ours do: exact, movable, and its faults are its own."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from lane_cases import config, prepared, same_run, train_all
from torch_loop import loss_of, optimizer_of, tensors

from trainer.datasets import Datasets
from trainer.errors import HyperparameterError, UserModuleError
from trainer.export import export_module
from trainer.lanes import LaneArray
from trainer.streams import generator_for
from trainer.training import _chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from trainer.runs import EpochResult, RunConfig, RunEnd

NETS = """
import torch
from torch import nn

def plain(shape, outputs, h):
    width = h.get("width", 32)
    return nn.Sequential(nn.Linear(shape[0], width), nn.Sigmoid(), nn.Linear(width, outputs))

def normed(shape, outputs, h):
    first = nn.Linear(shape[0], 32)
    return nn.Sequential(first, nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, outputs))

def narrow(shape, outputs, h):
    first = nn.Linear(shape[0], 7)
    return nn.Sequential(first, nn.BatchNorm1d(7), nn.GELU(), nn.Linear(7, outputs))

def dropping(shape, outputs, h):
    return nn.Sequential(nn.Linear(shape[0], 16), nn.Dropout(0.4), nn.Linear(16, outputs))

def convolved(shape, outputs, h):
    first = [nn.Conv2d(shape[0], 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten()]
    return nn.Sequential(*first, nn.Linear(144, outputs))

class Counting(nn.Module):
    # state of every kind: whole numbers that a pass replaces, truth values, a frozen parameter
    def __init__(self, inputs, outputs):
        super().__init__()
        self.register_buffer("passes", torch.zeros((), dtype=torch.int64))
        self.register_buffer("mask", torch.rand(inputs) < 0.9)
        self.scale = nn.Parameter(torch.rand(inputs), requires_grad=False)
        self.layer = nn.Linear(inputs, outputs)

    def forward(self, x):
        if self.training:
            self.passes = self.passes + 1
        return self.layer(torch.where(self.mask, x * self.scale, 0.0)) / (1 + self.passes // 8)

def counting(shape, outputs, h):
    return Counting(shape[0], outputs)
"""
MODELS = ("plain", "normed", "narrow", "dropping", "counting")
DATA = Datasets([prepared(rows=(133, 17, 19)), prepared(rows=(133, 17, 19), seed=1)])


@pytest.fixture
def users(tmp_path: Path) -> Iterator[Callable[..., RunConfig]]:
    """Runs of modules in a folder of the user's: `name` of the module's file, or its text."""
    before = list(sys.path)
    file = f"nets_{tmp_path.name}"
    (tmp_path / f"{file}.py").write_text(NETS)

    def run(name: str, index: int = 0, seed: int = 0, **values: object) -> RunConfig:
        split = values.pop("split", 0)
        made = config(index, seed, model=f"{file}:{name}", **values)
        return dataclasses.replace(made, folder=tmp_path, split=split)

    yield run
    sys.path[:] = before
    sys.modules.pop(file, None)


def write(folder: Path, body: str) -> None:
    """Another function in the module's file, before it is imported."""
    path = next(folder.glob("nets_*.py"))
    path.write_text(f"{path.read_text()}\n{body}\n")


def ended(data: Datasets, run: RunConfig) -> tuple[list[EpochResult], RunEnd]:
    results, ends = train_all(data, [run])
    return results[run.id], ends[run.id]


@pytest.mark.parametrize("batch_size", [32, 20])
@pytest.mark.parametrize("name", MODELS)
def test_a_lane_equals_its_solo_run(users: Callable, name: str, batch_size: int) -> None:
    """Stacked or not, with running means or dropout of its own, on its own split: bit for bit."""
    lanes = (
        {"learning_rate": 0.1, "epochs": 2},
        {"epochs": 4, "patience": 1},
        {"momentum": 0.9, "epochs": 3, "l1": 0.01},
        {"learning_rate": 1e30, "epochs": 2},
        {"weight_decay": 0.1, "schedule": "cosine", "epochs": 3, "label_smoothing": 0.1},
    )
    runs = [
        users(name, k, k % 2, optimizer="rmsprop", batch_size=batch_size, split=k % 2, **lane)
        for k, lane in enumerate(lanes)
    ]
    results, ends = train_all(DATA, runs)
    for run in runs:
        same_run((results[run.id], ends[run.id]), ended(DATA, run))
    assert {ends[run.id].reason for run in runs if run is not runs[3]} <= {"epochs", "patience"}


def test_many_stacked_lanes_equal_their_solo_runs(users: Callable) -> None:
    """32 lanes through one vmap have the bits of each alone."""
    runs = [users("plain", k, k, epochs=1, learning_rate=0.01 * (k + 1)) for k in range(32)]
    results, ends = train_all(DATA, runs)
    for run in runs[::5]:
        same_run((results[run.id], ends[run.id]), ended(DATA, run))


@pytest.mark.parametrize("name", MODELS)
def test_a_run_does_not_notice_being_moved(users: Callable, name: str) -> None:
    """Joined, split and thinned out between epochs, state and all, a run is as if alone."""
    runs = [users(name, k, k, epochs=4) for k in range(4)]
    found: dict[str, list[EpochResult]] = {run.id: [] for run in runs}

    def advance(array: LaneArray) -> None:
        for result in array.advance():
            found[result.id].append(result)

    one, other = LaneArray(DATA, runs[:2]), LaneArray(DATA, runs[2:])
    advance(one)
    one.join(other)
    advance(one)
    rest = one.split(1)
    rest.drop({runs[1].id})
    for array in (rest, one):
        while len(array):
            advance(array)
    for run in (runs[0], *runs[2:]):
        end = found[run.id][-1].end
        assert end is not None
        same_run((found[run.id], end), ended(DATA, run))


@pytest.mark.parametrize("name", ["plain", "normed", "counting"])
def test_a_lane_follows_a_plain_torch_loop(users: Callable, name: str) -> None:
    """The user's module under autograd and torch.optim gives the same weights and state, 1e-6."""
    data = prepared(rows=(133, 17, 19))
    run = users(name, 0, 5, epochs=3, optimizer="adam", learning_rate=0.02)
    h = run.hyperparameters
    with torch.random.fork_rng():
        array = LaneArray(Datasets([data], torch.float64), [run])
    start = array.model.layout.named(array.tensors["weights"][0])
    module = export_module(h, start, (7,), 3, run.folder).train()
    optimizer = optimizer_of(h, module)
    x, y = tensors(data.train, torch.float64)
    for epoch in range(1, 4):
        order = torch.from_numpy(generator_for(5, "order", epoch).permutation(len(x)))
        for first, steps, batch in _chunks(len(x), 32):
            for rows in order[first : first + steps * batch].split(batch):
                optimizer.zero_grad()
                loss_of(h, module(x[rows]), y[rows]).backward()
                optimizer.step()
    while len(array):
        (result,) = array.advance()
    assert result.end is not None
    expected = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    assert result.end.weights.keys() == expected.keys()
    for key, tensor in expected.items():
        assert result.end.weights[key].dtype == tensor.dtype
        torch.testing.assert_close(result.end.weights[key], tensor.detach(), rtol=1e-6, atol=1e-9)
    module.eval()
    loss = loss_of(
        h, module(tensors(data.test, torch.float64)[0]), tensors(data.test, torch.float64)[1]
    )
    assert result.end.metrics["test/loss"] == pytest.approx(loss.item(), rel=1e-6)


def test_images_come_in_their_shape(users: Callable) -> None:
    """A factory is told (channels, height, width) and its module is given such examples."""
    split = dataclasses.replace(prepared(rows=(70, 17, 19), inputs=64, outputs=4), shape=(1, 8, 8))
    data = Datasets([split])
    runs = [users("convolved", k, k, epochs=2) for k in range(3)]
    results, ends = train_all(data, runs)
    for run in runs:
        same_run((results[run.id], ends[run.id]), ended(data, run))
    module = export_module(
        runs[0].hyperparameters, ends[runs[0].id].weights, (1, 8, 8), 4, runs[0].folder
    )
    with torch.no_grad():
        found = module(torch.from_numpy(split.test.inputs)).argmax(1).numpy()
    assert np.mean(found == split.test.targets) == ends[runs[0].id].metrics["test/accuracy"]


@pytest.mark.parametrize(
    ("name", "batch_size", "said"),
    [
        ("plain", 32, "lanes are stacked"),
        ("normed", 64, "lanes are stacked"),
        ("plain", 20, "one lane at a time: a batch_size of 20 is no multiple of 32"),
        ("narrow", 32, "one lane at a time: stacked, a lane's bits would depend on the lanes"),
        (
            "dropping",
            32,
            "one lane at a time: torch.func.vmap refuses it (RuntimeError: vmap: call",
        ),
    ],
)
def test_how_lanes_go_through_is_logged_once(
    users: Callable, caplog: pytest.LogCaptureFixture, *, name: str, batch_size: int, said: str
) -> None:
    """One line says whether they are stacked, or why they are not, however often it is made."""
    run = users(name, epochs=1, batch_size=batch_size)
    with caplog.at_level("INFO", "fairtrial"):
        for _ in range(2):
            LaneArray(DATA, [run])
    (record,) = caplog.records
    assert f"model {run.hyperparameters.model}: {said}" in record.getMessage()


@pytest.mark.parametrize("name", ["plain", "dropping"])
def test_randomness_is_its_runs_own(users: Callable, name: str) -> None:
    """The global generator neither decides anything nor is moved on; the seed decides all."""
    first = ended(DATA, users(name, 0, 1, epochs=2))
    torch.manual_seed(99)
    before = torch.get_rng_state()
    same_run(ended(DATA, users(name, 0, 1, epochs=2)), first)
    assert torch.equal(torch.get_rng_state(), before)
    assert ended(DATA, users(name, 0, 2, epochs=2))[1].metrics != first[1].metrics


def test_its_own_hyperparameters_reach_the_factory(users: Callable) -> None:
    """What is not ours is told to it and keeps lanes apart; what lanes differ in is not told."""
    wide, narrow = (users("plain", width=width).hyperparameters for width in (9, 4))
    assert (wide.flat()["width"], wide.told()["width"], wide.told()["hidden"]) == (9, 9, [64])
    assert wide.array_key() != narrow.array_key()
    assert "learning_rate" not in wide.told()
    assert (
        users("plain", dropout=0.5).hyperparameters.array_key()
        != users("plain").hyperparameters.array_key()
    )
    assert ended(DATA, users("plain", width=9, epochs=1))[1].weights["0.weight"].shape == (9, 7)
    with pytest.raises(HyperparameterError, match="width: not a hyperparameter"):
        config(0, width=9)
    with pytest.raises(HyperparameterError, match=r"width: .1. is no number, text, true, false"):
        users("plain", width=[1])


@pytest.mark.parametrize("name", ["plain", "dropping"])
def test_first_layers_can_be_frozen(users: Callable, name: str) -> None:
    """`freeze` counts the submodules that hold parameters; those keep their initial weights."""
    run = users(name, 0, 3, epochs=2, freeze=1)
    start = LaneArray(DATA, [run])
    begin = start.model.layout.named(start.tensors["weights"][0])
    end = ended(DATA, run)[1].weights
    assert torch.equal(begin["0.weight"], end["0.weight"])
    assert not torch.equal(begin["2.weight"], end["2.weight"])
    with pytest.raises(
        HyperparameterError, match="freeze: 2 would leave nothing to train of 2 layers"
    ):
        LaneArray(DATA, [users(name, freeze=2)])


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            "return 1 / 0",
            "model: '{it}' raised ZeroDivisionError: division by zero; it is called with",
        ),
        ("return nn.Linear", "model: '{it}' returned a type; return a torch.nn.Module"),
        ("return nn.ReLU()", "model: the module of '{it}' has no parameters to train"),
        (
            "return nn.Linear(7, 3, dtype=torch.complex64)",
            "model: the module of '{it}' has complex numbers in it; take real ones",
        ),
        (
            "return nn.Linear(7, 5)",
            "model: '{it}': its output is [2, 5], where [batch, outputs] = [2, 3] is expected",
        ),
        (
            "return nn.Linear(8, 3)",
            (
                "model: the module of '{it}' raised RuntimeError: mat1 and mat2 shapes cannot be "
                "multiplied (2x7 and 8x3) for inputs of shape [2, 7]"
            ),
        ),
        ("return nn.LSTM(7, 3)", "model: '{it}': its output is a tuple, where"),
    ],
)
def test_a_factory_that_is_wrong_gives_a_sentence(
    users: Callable, tmp_path: Path, body: str, sentence: str
) -> None:
    """What the factory or its module did, and what is expected of it."""
    write(tmp_path, f"def wrong(shape, outputs, h):\n    {body}")
    run = users("wrong")
    with pytest.raises(UserModuleError) as raised:
        LaneArray(DATA, [run])
    assert sentence.format(it=run.hyperparameters.model) in str(raised.value)


def test_a_factory_that_is_not_there_gives_a_sentence(users: Callable) -> None:
    """A name that the module has not, or that is no function, is named; so is another init."""
    plain = users("plain")
    with pytest.raises(UserModuleError, match="has no 'gone'"):
        LaneArray(DATA, [users("gone")])
    number = dataclasses.replace(plain, hyperparameters=config(model="sys:maxsize").hyperparameters)
    with pytest.raises(UserModuleError, match="model: 'sys:maxsize' is a int; name a function"):
        LaneArray(DATA, [number])
    with pytest.raises(HyperparameterError, match="initialization: orthogonal has no meaning for"):
        LaneArray(DATA, [users("plain", initialization="orthogonal")])


@pytest.mark.parametrize("batch_size", [32, 20])
def test_a_module_that_fails_fails_its_own_run(
    users: Callable, tmp_path: Path, batch_size: int
) -> None:
    """A forward that raises in one lane ends that run by name; the others do not notice."""
    write(
        tmp_path,
        """
class Careful(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.layer = nn.Linear(inputs, outputs)

    def forward(self, x):
        y = self.layer(x)
        if not torch._C._functorch.is_batchedtensor(y) and y.abs().max() > 1e3:
            raise ValueError("too\\n  large")
        return y

def careful(shape, outputs, h):
    return Careful(shape[0], outputs)
""",
    )
    rates = (0.01, 1e5, 0.02)
    runs = [
        users("careful", k, 0, optimizer="sgd", batch_size=batch_size, epochs=2, learning_rate=rate)
        for k, rate in enumerate(rates)
    ]
    results, ends = train_all(DATA, runs)
    for run in runs:
        same_run((results[run.id], ends[run.id]), ended(DATA, run))
    assert [ends[run.id].reason for run in runs] == ["epochs", "failed", "epochs"]
    model = runs[0].hyperparameters.model
    assert (
        ends[runs[1].id].message == f"model '{model}': it raised ValueError: too large, in epoch 1"
    )
