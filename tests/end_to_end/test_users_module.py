"""A module from a folder outside the project: trained, tuned, compared, carried on, explained."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

FAIRTRIAL = str(Path(sys.executable).with_name("fairtrial"))
NETS = """\
from torch import nn


def make(shape, outputs, hyperparameters):
    width = hyperparameters["width"]
    if width == 13:
        raise ValueError("an unlucky width")
    first = nn.Linear(shape[0], width)
    return nn.Sequential(first, nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, outputs))
"""
FILE = """\
name: own
data: {source: iris}
train: {model: "mine.nets:make", epochs: 25}
search:
  width: [8, 13, 32]
  learning_rate: [0.01, 0.03]
sampler: grid
generation: 2
repeats: 2
"""


def type_in(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([FAIRTRIAL, *words], capture_output=True, text=True, check=False)


def written(folder: Path, name: str = "own") -> Path:
    """A sweep file and the module it names, in a folder that is not the current one."""
    (folder / "mine").mkdir(parents=True)
    (folder / "mine" / "nets.py").write_text(NETS)
    file = folder / "sweep.yaml"
    file.write_text(FILE.replace("name: own", f"name: {name}"))
    return file


@pytest.mark.usefixtures("project")
def test_a_users_module_is_tuned_compared_carried_on_and_explained(tmp_path: Path) -> None:
    """Interrupted and carried on it gives the digest of a sweep in one go; an edited module is
    another sweep, and a factory that refuses a width fails those trials alone."""
    file = written(tmp_path / "elsewhere")
    words = [FAIRTRIAL, "run", str(file), "--lanes", "1"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        said = []
        for line in run.stderr:
            said.append(line)
            if "failed" in line:
                run.send_signal(signal.SIGINT)
                break
        said += run.stderr.readlines()
    assert run.returncode == 130, said
    assert len([line for line in said if line.startswith("model mine.nets:make: ")]) >= 1
    assert (
        "trial 2 failed: run 2.0: model: 'mine.nets:make' raised ValueError: an unlucky"
        in "".join(said)
    )
    assert type_in("run", str(file)).returncode == 0
    compared = type_in("compare", "own", "--by", "width", "--format", "json")
    rows = json.loads(compared.stdout)["rows"]
    assert [(row["width"], row["n"]) for row in rows] == [(8, 4), (32, 4)]
    whole = type_in("run", str(written(tmp_path / "again", "whole")), "--json", "--lanes", "64")
    both = [
        json.loads(type_in("compare", name, "--by", "width", "--format", "json").stdout)["rows"]
        for name in ("own", "whole")
    ]
    assert json.loads(whole.stdout)["trials"] == {
        "COMPLETE": 4,
        "PRUNED": 0,
        "FAIL": 2,
        "RUNNING": 0,
    }
    assert both[0] == both[1]
    explained = type_in("explain", "own")
    assert "Only what is on record" not in explained.stdout
    assert "BatchNorm1d" in explained.stdout
    nets = file.parent / "mine" / "nets.py"
    nets.write_text(NETS.replace("ReLU", "Tanh"))
    refused = type_in("run", str(file))
    assert refused.returncode == 2
    assert "is defined otherwise: module.mine.nets:make: was " in refused.stderr
    nets.unlink()
    gone = type_in("run", str(file), "--dry-run")
    assert gone.returncode == 2
    assert (
        f"'mine.nets:make': no module mine.nets on the Python path or in {file.parent}"
        in gone.stderr
    )
