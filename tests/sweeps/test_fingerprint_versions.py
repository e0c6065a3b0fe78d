from __future__ import annotations

import torch

from sweeps.fingerprint import TRAINER_REVISION, versions


def test_versions_are_those_that_train() -> None:
    """The record names the very torch, trainer and device that the numbers come from."""
    assert versions() == {
        "trainer": str(TRAINER_REVISION),
        "device": "cpu",
        "torch": torch.__version__,
    }
