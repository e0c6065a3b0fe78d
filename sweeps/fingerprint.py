"""What a run is known by: a hash of everything that decides its numbers."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainer.runs import RunConfig

TRAINER_REVISION = 1  # raised when the same configuration gives other numbers than before
DEVICE_CLASS = "cpu"


def fingerprint(
    run: RunConfig,
    data_digest: str,
    pretrained_digest: str = "",
    module_digest: str = "",
    device_class: str = DEVICE_CLASS,
) -> str:
    """SHA-256 (hex) of the canonical JSON of a run's hyperparameters, seed, data and trainer.

    Args:
        data_digest: of the split it trains on.
        pretrained_digest: of the weights it begins with, if any.
        module_digest: of the file that a user's module stands in, if it has one.
    """
    known_by = {
        "hyperparameters": run.hyperparameters.flat(),
        "seed": run.seed,
        "data": data_digest,
        "trainer": TRAINER_REVISION,
        "device": device_class,
    }
    if pretrained_digest:
        known_by["pretrained"] = pretrained_digest
    if module_digest:
        known_by["module"] = module_digest
    text = json.dumps(known_by, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def versions() -> dict[str, str]:
    """What else decides the numbers of all runs of a sweep, for its record; read, not loaded."""
    return {
        "trainer": str(TRAINER_REVISION),
        "device": DEVICE_CLASS,
        "torch": version("torch"),
    }
