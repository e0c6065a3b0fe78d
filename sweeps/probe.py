"""How long a sweep will take, from training a few of its runs for one epoch."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeps.engines.in_process import InProcessEngine
from sweeps.launch import n_trials_of
from sweeps.runs import RunFactory
from sweeps.study import DecisionStudy
from sweeps.users_modules import module_digests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweeps.spec import SweepSpec
    from trainer.data.prepared import PreparedData
    from trainer.pretrained import Pretrained

_SAMPLE = 32
_RECORDING_S = 0.035  # a run's share of MLflow and the study, SQLite on a local disk


@dataclass(frozen=True)
class Estimate:
    """What a sweep will come to.

    Attributes:
        trials, runs: how many, or None when time is the bound.
        seconds: about how long it will take; at most the budget's time.
    """

    trials: int | None
    runs: int | None
    seconds: float


def estimate(
    spec: SweepSpec,
    splits: Sequence[PreparedData],
    lanes: int,
    n_trials: int | None = None,
    pretrained: Mapping[str, Pretrained] | None = None,
) -> Estimate:
    """Train the first trials for an epoch, in memory; nothing is written.

    Raises: UserModuleError for a model of the user's that can't be found.
    """
    module_digests(spec)
    trials = n_trials_of(spec, n_trials)
    study, factory = DecisionStudy(spec), RunFactory.of(spec, splits)
    sample = [
        factory.trial(number, study.ask()).runs[0]
        for number in range(min(_SAMPLE, trials or _SAMPLE))
    ]
    engine = InProcessEngine(splits, lanes, pretrained)
    engine.advance(sample, [])  # the first epoch warms caches up; lanes of one epoch end with it
    runs = [run for run in sample if run.hyperparameters.epochs > 1] or sample
    started = time.perf_counter()
    InProcessEngine(splits, lanes, pretrained).advance(runs, [])
    epoch_s = (time.perf_counter() - started) / len(runs)
    if trials is None:
        assert spec.budget.time_s is not None
        return Estimate(None, None, spec.budget.time_s)
    n_runs = trials * spec.repeats
    mean_epochs = math.fsum(run.hyperparameters.epochs for run in sample) / len(sample)
    seconds = n_runs * (mean_epochs * epoch_s + _RECORDING_S)
    return Estimate(trials, n_runs, min(seconds, spec.budget.time_s or math.inf))
