"""What a run is called in MLflow's list: what differs, its trial, its repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracking.pages import level_text
from tracking.params import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHORT = {
    "learning_rate": "lr",
    "batch_size": "bs",
    "weight_decay": "wd",
    "label_smoothing": "smooth",
    "gradient_clip": "clip",
    "min_delta": "delta",
    "pretrained_from": "from",
}
MAX_NAME = 200  # of the 250 that MLflow's column holds
MAX_PART = 40


def run_name(
    hyperparameters: Mapping[str, Any], searched: Iterable[str], trial: int, repeat: int
) -> str:
    """Such as 'lr=0.01 relu bs=32 #17 s2': repeat 2 of trial 17."""
    parts = [_part(name, hyperparameters[name]) for name in searched if name in hyperparameters]
    tail = f"#{trial} s{repeat}"
    return f"{' '.join(parts)[: MAX_NAME - len(tail) - 1]} {tail}".strip()


def _part(name: str, value: object) -> str:
    if isinstance(value, str):
        return level_text(" ".join(value.split()))[:MAX_PART]
    text = f"{value:.3g}" if isinstance(value, float) else encode(value).replace(" ", "")
    return f"{SHORT.get(name, name)}={text}"[:MAX_PART]
