"""Weights on disk: the same bits come back, and a file is written whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import torch
from lane_cases import config, prepared, train_all

from trainer.checkpoints import load_weights, save_weights
from trainer.datasets import Datasets
from trainer.errors import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path

WEIGHTS = {
    "0.weight": torch.tensor([[1.5, -0.0], [float("nan"), float("inf")]]),
    "0.bias": torch.tensor([1e-40, 3.0], dtype=torch.float64),
    "turned": torch.arange(6).view(2, 3).T,
}


def test_the_same_bits_come_back(tmp_path: Path) -> None:
    """Names, shapes, dtypes, every bit and the metadata survive; the folder is made."""
    path = tmp_path / "new" / "weights.safetensors"
    save_weights(path, WEIGHTS, {"run": "3.1", "note": "ä\n"})
    weights, metadata = load_weights(path)
    assert metadata == {"run": "3.1", "note": "ä\n"}
    assert weights.keys() == WEIGHTS.keys()
    for name, tensor in WEIGHTS.items():
        assert weights[name].dtype == tensor.dtype
        assert weights[name].numpy().tobytes() == tensor.contiguous().numpy().tobytes()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_runs_weights_can_be_kept(tmp_path: Path) -> None:
    """What a run ends with goes to disk and back, beside no metadata."""
    run = config(0, epochs=1)
    end = train_all(Datasets([prepared()]), [run])[1][run.id]
    save_weights(tmp_path / "w", end.weights, {})
    weights, metadata = load_weights(tmp_path / "w")
    assert metadata == {}
    assert all(torch.equal(weights[name], tensor) for name, tensor in end.weights.items())


def test_a_reader_finds_old_or_new(tmp_path: Path) -> None:
    """While a process writes one state after another, and after SIGKILL, every read is whole."""
    path = tmp_path / "weights"
    program = (
        "import itertools, sys, torch\n"
        "from pathlib import Path\n"
        "from trainer.checkpoints import save_weights\n"
        "for i in itertools.count():\n"
        "    save_weights(Path(sys.argv[1]), {'x': torch.full((400_000,), i)}, {'i': str(i)})\n"
        "    print(i, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        seen = int(writer.stdout.readline())
        while seen < 40:
            seen = read_whole(path, seen)
        os.kill(writer.pid, signal.SIGKILL)
    read_whole(path, seen)


def read_whole(path: Path, at_least: int) -> int:
    weights, metadata = load_weights(path)
    written = int(metadata["i"])
    assert written >= at_least
    assert bool((weights["x"] == written).all())
    return written


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """If the place cannot be taken, the error is the system's and nothing is left behind."""
    path = tmp_path / "weights"
    path.mkdir()
    with pytest.raises(OSError, match="weights"):
        save_weights(path, WEIGHTS, {})
    assert [entry.name for entry in tmp_path.iterdir()] == ["weights"]


def test_files_that_are_no_weights_are_refused(tmp_path: Path) -> None:
    """A file that is missing, cut short or something else gives a sentence with its path."""
    with pytest.raises(CheckpointError, match=f"there are no weights at {tmp_path}/none; train"):
        load_weights(tmp_path / "none")
    path = tmp_path / "weights"
    save_weights(path, WEIGHTS, {})
    whole = path.read_bytes()
    for content in (b"", b"hello", whole[:-1], whole[:40]):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=f"{path} cannot be read as safetensors"):
            load_weights(path)
