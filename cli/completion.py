"""What a shell offers when a word is begun: names of sweeps, of factors, of metrics.

Files are left to the shell. Whatever goes wrong, nothing is offered and nothing is said.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

METRICS = (
    "test/accuracy", "test/loss", "test/rmse", "test/mae", "test/r2", "validation/accuracy",
    "validation/loss", "validation/rmse", "epochs_run", "train_seconds", "gap",
)  # fmt: skip


def sweep_names(incomplete: str) -> list[str]:
    """The sweeps of this folder that are not on the line yet."""
    from sweeps.study_names import searched_names

    words = _words()
    return _begun(incomplete, [name for name in searched_names() if name not in words])


def factor_names(incomplete: str) -> list[str]:
    """What the sweeps on the line vary; every hyperparameter where none is known."""
    from sweeps.study_names import factors
    from trainer.hyperparameters import RULES

    return _begun(incomplete, factors(_words()) or list(RULES))


def metric_names(incomplete: str) -> list[str]:
    """What a sweep may have measured."""
    return _begun(incomplete, METRICS)


def _begun(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _words() -> list[str]:
    """The whole words of the line: Typer gives up parsing at an option whose value is begun."""
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or ""
    whole, _, _ = line.rpartition(" ")
    return whole.split()
