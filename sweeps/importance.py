"""How much each factor mattered for reaching the best values of an observed sweep: PED-ANOVA."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

from sweeps.space import distributions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweeps.record import RecordedTrial
    from sweeps.spec import SweepSpec

LEAST_TRIALS = 30
"""Complete ones: the best tenth of fewer is one trial or two, which show nothing."""


def importance_of(spec: SweepSpec, trials: Sequence[RecordedTrial]) -> dict[str, float]:
    """The share of each factor, most important first, summing to 1.

    Returns: nothing for a grid, whose table says it better; where trials are too few or all
        alike; and where nothing but one factor varies.
    Source: Watanabe, Bansal and Hutter 2023, arXiv 2304.10255, by Optuna's evaluator.
    """
    complete = [trial for trial in trials if trial.state == "COMPLETE" and trial.value is not None]
    varied = [name for name, dimension in spec.search.items() if dimension.n_levels != 1]
    if spec.sampler.name == "grid" or len(complete) < LEAST_TRIALS or len(varied) < 2:  # noqa: PLR2004
        return {}
    shares = _ped_anova(spec, complete, varied)
    total = math.fsum(shares.values())
    return {name: share / total for name, share in shares.items()} if total > 0 else {}


def _ped_anova(
    spec: SweepSpec, complete: Sequence[RecordedTrial], varied: list[str]
) -> dict[str, float]:
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    known = distributions(spec.search)
    study = optuna.create_study(direction=spec.objective.direction)
    study.add_trials(
        optuna.trial.create_trial(
            params=dict(trial.params), distributions=dict(known), value=trial.value
        )
        for trial in complete
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of trials that are all alike: their shares are zero
        return get_param_importances(
            study, evaluator=PedAnovaImportanceEvaluator(), params=varied, normalize=False
        )
