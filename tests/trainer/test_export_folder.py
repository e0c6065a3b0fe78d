"""An exported folder predicts by itself, on raw rows, what the trainer measured."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml
from lane_cases import config, train_all

from trainer.data.cleaning import CleanTable, clean
from trainer.data.loading import load_raw
from trainer.data.preparation import prepare
from trainer.data.request import DataRequest
from trainer.data.splitting import split_rows
from trainer.datasets import Datasets
from trainer.export import write_export
from trainer.hyperparameters import Hyperparameters, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from trainer.runs import RunEnd

# stands in for a machine without Fairtrial and its other dependencies
ISOLATED = """
import runpy, sys
for name in ("trainer", "sweeps", "tracking", "cli", "sklearn", "yaml", "mlflow", "optuna"):
    sys.modules[name] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@dataclass
class Exported:
    """A run that was exported, and the raw rows it was tested on."""

    folder: Path
    end: RunEnd
    table: CleanTable
    tested: NDArray[np.int64]


def export(request: DataRequest, folder: Path, **values: object) -> Exported:
    data = prepare(request, split_seed=1)
    run = replace(
        config(0, 0, data.task, **{"learning_rate": 0.01, **values}), folder=request.folder
    )
    end = train_all(Datasets([data]), [run])[1][run.id]
    about = {"sweep": "a\nb", "trial": "7"}
    write_export(folder, run.hyperparameters, end.weights, data, about, users_folder=run.folder)
    table = clean(load_raw(request), request)
    return Exported(folder, end, table, split_rows(table, request, 1).test)


def predicted(exported: Exported, rows: Path) -> list[dict[str, str]]:
    """What predict.py says in a process of its own, in another folder."""
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", ISOLATED, exported.folder / "predict.py", rows],
        cwd=rows.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return list(csv.DictReader(io.StringIO(done.stdout)))


def written(path: Path, n_rows: int = 240) -> list[str]:
    """A CSV with numbers, truth values, text, categories that look like numbers, and gaps."""
    draw = np.random.default_rng(4)
    lines = ['length,"size, code",colour,wet,kind']
    for _ in range(n_rows):
        code = draw.choice(["1", "10.0", "x", "y", "z"])
        colour = draw.choice(["red", "deep blue", "green"])
        length, wet = draw.normal(), draw.random() < 0.5
        kind = "big" if length + (code in "1x") + wet > 1 else "Kleines, ä"
        shown = "" if draw.random() < 0.05 else f"{length:.6f}"
        truth = "" if draw.random() < 0.05 else str(wet)
        code = "" if draw.random() < 0.05 else code
        lines.append(f'{shown},{code},{colour},{truth},"{kind}"')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return lines


@pytest.mark.parametrize("loss", ["cross_entropy", "huber"])
def test_a_table_is_predicted_as_it_was_tested(tmp_path: Path, loss: str) -> None:
    """Raw test rows of a CSV with text and gaps give the trainer's own test accuracy."""
    lines = written(tmp_path / "data.csv")
    request = DataRequest("data.csv", tmp_path, target="kind", missing="median")
    exported = export(request, tmp_path / "out", epochs=20, dropout=0.1, loss=loss)
    assert exported.table.raw.lines is not None
    numbers = [exported.table.raw.lines[row] for row in exported.table.rows[exported.tested]]
    (tmp_path / "new.csv").write_text(
        "\n".join([lines[0], *(lines[number - 1] for number in numbers)]), encoding="utf-8"
    )
    found = predicted(exported, tmp_path / "new.csv")
    labels = [exported.table.labels[i] for i in exported.table.target[exported.tested]]
    hits = [row["prediction"] == label for row, label in zip(found, labels, strict=True)]
    assert np.mean(hits) == exported.end.metrics["test/accuracy"] > 0.8
    assert all(0.5 <= float(row["probability"]) <= 1 for row in found)
    if loss == "cross_entropy":
        sure = [
            float(row["probability"]) if hit else 1 - float(row["probability"])
            for row, hit in zip(found, hits, strict=True)
        ]
        cost = -np.mean(np.log(sure))
        assert cost == pytest.approx(exported.end.metrics["test/loss"], rel=1e-5)


NETS = """
from torch import nn

def make(shape, outputs, h):
    first = [nn.Conv2d(shape[0], 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.1)]
    return nn.Sequential(*first, nn.Flatten(), nn.Linear(288, outputs))

class Branching(nn.Linear):
    def forward(self, x):
        x = x.flatten(1)
        return super().forward(x if x.sum() > 0 else -x)

def branching(shape, outputs, h):
    return Branching(64, outputs)
"""


@pytest.fixture
def nets(tmp_path: Path) -> Iterator[str]:
    """A user's module in `tmp_path`, by its name."""
    before, name = list(sys.path), f"nets_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(NETS)
    yield name
    sys.path[:] = before
    sys.modules.pop(name, None)


@pytest.mark.parametrize(
    "values",
    [
        {"activation": "gelu"},
        {"model": "cnn", "channels": [4, 8], "dropout": 0.1, "activation": "leaky_relu"},
        {"model": "cnn", "channels": [3], "kernel": 5, "pooling": "average"},
        {"model": "NETS:make"},
    ],
    ids=str,
)
def test_images_are_predicted_as_they_were_tested(
    tmp_path: Path, nets: str, values: dict[str, object]
) -> None:
    """Raw digits, [N, 8, 8] or by name in an archive, give the trainer's own test accuracy: of a
    perceptron, of a cnn, and of a user's module whose code is not there."""
    values = {k: v.replace("NETS", nets) if isinstance(v, str) else v for k, v in values.items()}
    exported = export(DataRequest("digits", tmp_path), tmp_path / "out", epochs=5, **values)
    inputs = exported.table.inputs.to_numpy()[exported.tested]
    np.save(tmp_path / "new.npy", inputs.reshape(-1, 8, 8))
    np.savez(tmp_path / "new.npz", y=np.zeros(3), X=inputs)
    found = predicted(exported, tmp_path / "new.npy")
    labels = [exported.table.labels[i] for i in exported.table.target[exported.tested]]
    hits = [int(row["prediction"]) == label for row, label in zip(found, labels, strict=True)]
    assert np.mean(hits) == exported.end.metrics["test/accuracy"] > 0.9
    assert predicted(exported, tmp_path / "new.npz") == found


def test_numbers_come_in_the_unit_of_the_target(tmp_path: Path) -> None:
    """A regression's predictions have the rmse that the trainer measured, in the target's unit."""
    exported = export(DataRequest("diabetes"), tmp_path / "out", epochs=20)
    tested = exported.table.inputs.iloc[exported.tested]
    tested.to_csv(tmp_path / "new.csv", index=False)
    found = predicted(exported, tmp_path / "new.csv")
    assert all(row.keys() == {"prediction"} for row in found)
    errors = [float(row["prediction"]) for row in found] - exported.table.target[exported.tested]
    expected = exported.end.metrics["test/rmse"]
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(expected, rel=1e-5)
    assert expected > 10


def test_a_module_that_torch_export_refuses_has_no_script(tmp_path: Path, nets: str) -> None:
    """Then config.yaml says why there is no predict.py; the weights are there all the same."""
    values = {"epochs": 1, "model": f"{nets}:branching"}
    folder = export(DataRequest("digits", tmp_path), tmp_path / "out", **values).folder
    names = {path.name for path in folder.iterdir()}
    assert names == {"config.yaml", "weights.safetensors", "preprocessing.json"}
    head = (folder / "config.yaml").read_text().partition("\nmodel: ")[0]
    assert f"# no predict.py: torch.export can't take {nets}:branching: " in head


def test_the_folder_says_what_is_in_it(tmp_path: Path) -> None:
    """config.yaml resolves to the run's hyperparameters, after a comment of where it is from."""
    values = {"hidden": [9, 4], "epochs": 2, "patience": 1, "weight_decay": 1e-5}
    exported = export(DataRequest("iris"), tmp_path / "new" / "out", **values)
    names = {path.name for path in exported.folder.iterdir()}
    assert names == {"config.yaml", "weights.safetensors", "preprocessing.json", "predict.py"}
    text = (exported.folder / "config.yaml").read_text()
    assert text.startswith("# sweep: a b\n# trial: 7\nmodel: mlp\n")
    flat = yaml.safe_load(text)
    given = {name: value for name, value in flat.items() if value is not None}
    expected: Hyperparameters = resolve({"learning_rate": 0.01, **values}, "classification")
    assert resolve(given, "classification") == expected
    preprocessing = json.loads((exported.folder / "preprocessing.json").read_text())
    assert (preprocessing["task"], preprocessing["outputs"]) == ("classification", 3)
    script = (exported.folder / "predict.py").read_text()
    assert "trainer" not in script
    for check in (["check", "--select", "F,E9"], ["format", "--check", "--line-length", "100"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *check, exported.folder / "predict.py"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
