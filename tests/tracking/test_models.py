from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import mlflow
import pytest
import torch

from tracking.errors import TrackingError
from tracking.events import BestModel
from tracking.reading import download_checkpoint, read_sweep

if TYPE_CHECKING:
    from pathlib import Path

    from tracking.store import Store

SWEEP = "digits-search"


class Untraceable(torch.nn.Module):
    """Its way depends on the data, which no traced graph can hold."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.sum() > 0 else -x


def small_net() -> torch.nn.Module:
    layers = [torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(8, 3)]
    return torch.nn.Sequential(*layers).eval()


def best(tmp_path: Path, module: torch.nn.Module, n_examples: int = 3) -> BestModel:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"weights")
    predict = tmp_path / "kept-elsewhere.py"
    predict.write_text("print('hello')\n")
    files = {"model.safetensors": str(weights), "predict.py": str(predict)}
    return BestModel("1.0", module, torch.randn(n_examples, 4), files)


def test_best_model_loads_with_mlflow(
    store: Store, script: Any, play: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model comes back from its run with the same outputs at any batch size, has a signature,
    and recording it leaves the process's own tracking URI alone.
    """
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///elsewhere.db")
    module = small_net()
    event = best(tmp_path, module, n_examples=1)
    play(script.started, *script.run(0), *script.run(1), event, script.end())
    assert os.environ["MLFLOW_TRACKING_URI"] == "sqlite:///elsewhere.db"

    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    uri = f"runs:/{read_sweep(store, SWEEP).runs[1].mlflow_id}/model"
    loaded = mlflow.pytorch.load_model(uri)
    inputs = torch.randn(7, 4)
    assert torch.equal(loaded(inputs), module(inputs))
    signature = mlflow.models.get_model_info(uri).signature
    assert signature.inputs.inputs[0].shape == (-1, 4)
    assert signature.outputs.inputs[0].shape == (-1, 3)


def test_best_model_is_logged_once(
    store: Store, script: Any, play: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Told again, in this process or another, it is there once; the parent names its run, its
    files lie beside it, no metric is doubled, and nothing is printed.
    """
    event = best(tmp_path, small_net())
    recorder = play(script.started, *script.run(0), *script.run(1), event, script.end())
    recorder.record(event)
    recorder.deliver()
    play(script.started, event, script.end())
    assert capfd.readouterr() == ("", "")

    record = read_sweep(store, SWEEP)
    run = record.runs[1]
    parent = store.client.get_run(record.parent_id)
    assert parent.data.tags["fairtrial.best_run"] == run.mlflow_id
    assert len(store.client.get_run(run.mlflow_id).outputs.model_outputs) == 1
    assert len(store.client.get_metric_history(run.mlflow_id, "train/loss")) == 3
    folder = tmp_path / "export"
    download_checkpoint(store, run, folder)
    assert (folder / "model.safetensors").read_bytes() == b"weights"
    assert (folder / "predict.py").read_text() == "print('hello')\n"


def test_model_that_cannot_be_traced(store: Store, script: Any, play: Any, tmp_path: Path) -> None:
    """A sweep with such a model ends well: a tag says why there is none, the files are there."""
    play(script.started, *script.run(1), best(tmp_path, Untraceable()), script.end())
    record = read_sweep(store, SWEEP)
    assert record.status == "FINISHED"
    tags = store.client.get_run(record.runs[0].mlflow_id).data.tags
    assert tags["fairtrial.model_problem"]
    download_checkpoint(store, record.runs[0], tmp_path / "export")
    assert (tmp_path / "export" / "predict.py").exists()


def test_run_without_checkpoint(store: Store, script: Any, play: Any, tmp_path: Path) -> None:
    """Asking for what was not kept is one sentence naming the run."""
    play(script.started, *script.run(3))
    with pytest.raises(TrackingError, match=r"trial 3, repeat 0\) has no checkpoint"):
        download_checkpoint(store, read_sweep(store, SWEEP).runs[0], tmp_path)
