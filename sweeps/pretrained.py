"""Finds what `pretrained_from` names: an MLflow run, an exported folder, or a sweep's best run."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.errors import SweepError
from sweeps.users_modules import choices
from trainer.hyperparameters import PRETRAINED
from trainer.pretrained import Pretrained

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweeps.spec import SweepSpec
    from tracking.store import Store

_WEIGHTS = "weights.safetensors"
_PREPROCESSING = "preprocessing.json"
_RUN = "runs:/"


def references(spec: SweepSpec) -> list[str]:
    """Every `pretrained_from` that a trial of this sweep may have."""
    if PRETRAINED in choices(spec, "model"):
        return []  # there it names a model of the transformers library
    return [name for name in dict.fromkeys(choices(spec, "pretrained_from")) if name is not None]


def find_pretrained(spec: SweepSpec, open_store: Callable[[], Store]) -> dict[str, Pretrained]:
    """The weights of each reference.

    Args:
        open_store: called only when a reference names a run or a sweep.
    Raises: SweepError, CheckpointError, UnknownSweep, TrackingError: what was not found, and where.
    """
    folder = spec.path.absolute().parent
    found = {}
    for reference in references(spec):
        with tempfile.TemporaryDirectory() as fetched:
            place = folder / reference
            if not place.is_dir():
                place = Path(fetched)
                _fetch(reference, folder, open_store(), place)
            found[reference] = _read(reference, place)
    return found


def _fetch(reference: str, folder: Path, store: Store, place: Path) -> None:
    from tracking.errors import UnknownSweep
    from tracking.reading import best_run, download_checkpoint, read_run, read_sweep

    if reference.startswith(_RUN):
        run = read_run(store, reference.removeprefix(_RUN))
    else:
        try:
            run = best_run(read_sweep(store, reference))
        except UnknownSweep as error:
            raise SweepError(
                f"pretrained_from: '{reference}' is neither a folder in {folder} nor a sweep "
                f"({error}); give runs:/ID, an exported folder, or a sweep's name"
            ) from error
    download_checkpoint(store, run, place)


def _read(reference: str, place: Path) -> Pretrained:
    from trainer.checkpoints import load_weights

    weights, _ = load_weights(place / _WEIGHTS)
    digest = hashlib.sha256((place / _WEIGHTS).read_bytes()).hexdigest()
    about = json.loads((place / _PREPROCESSING).read_text(encoding="utf-8"))
    return Pretrained(reference, weights, digest, about.get("classes"))
