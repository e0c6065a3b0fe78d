from __future__ import annotations

import subprocess
import sys

import pytest

from trainer.data.preparation import prepare, prepare_splits
from trainer.data.request import DataRequest

PRINT_DIGEST = """
from trainer.data.preparation import prepare
from trainer.data.request import DataRequest
print(prepare(DataRequest("{source}", missing="mean", train_rows=90), 11).digest)
"""


@pytest.mark.parametrize("source", ["wine", "diabetes"])
def test_another_process_gets_the_same_bytes(source: str) -> None:
    """The digest is the same in a fresh process with another hash seed."""
    here = prepare(DataRequest(source, missing="mean", train_rows=90), 11).digest
    there = subprocess.run(
        [sys.executable, "-c", PRINT_DIGEST.format(source=source)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "12", "PYTHONPATH": ":".join(sys.path)},
    )
    assert there.stdout.strip() == here


def test_the_digest_of_digits_stays() -> None:
    """The default split of digits keeps the digest that recorded runs are known by."""
    [digits] = prepare_splits(DataRequest("digits"), 0, 1)
    assert digits.digest == "713584872b37a7c4676f07d4f58908f971c40e2c6c1e296ed4ca878b525d273b"


def test_whatever_changes_the_arrays_changes_the_digest() -> None:
    """Seed, scale, shares, classes and training rows each give another digest."""
    digests = [
        prepare(request, seed).digest
        for request, seed in [
            (DataRequest("wine"), 0),
            (DataRequest("wine"), 1),
            (DataRequest("wine", scale="minmax"), 0),
            (DataRequest("wine", test=0.2), 0),
            (DataRequest("wine", classes=(0, 2)), 0),
            (DataRequest("wine", train_rows=50), 0),
        ]
    ]
    assert len(set(digests)) == len(digests)


def test_a_request_costs_no_heavy_import() -> None:
    """Naming data loads neither pandas nor scikit-learn nor PyTorch: that comes with preparing."""
    code = (
        "import sys, trainer.data.preparation, trainer.data.prepared, trainer.data.request\n"
        "print([m for m in ('pandas', 'sklearn', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
