"""A fresh Optuna sampler for each trial, so that what it asks follows from the history alone.

No sampler object outlives a trial: the state that Optuna keeps in one (generators, fitted kernels)
would be lost in a resumed sweep. What stays is in the study: TPE and GP read its trials, CMA-ES and
NSGA-II also their own attributes of trials and study; QMC needs the trial's number alone.
"""

from __future__ import annotations

import itertools
import warnings
from typing import TYPE_CHECKING, Any

from sweeps.sampler_options import SAMPLERS
from sweeps.space import distributions
from trainer.streams import seed_for

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler

    from sweeps.spec import SweepSpec


def build_sampler(spec: SweepSpec, trial_number: int) -> BaseSampler:
    """The sampler to ask exactly this trial with.

    Args:
        trial_number: the number that the study will give the trial it is asked for.
    Returns: a sampler whose choice depends on the study's history and `trial_number` only.
    """
    import optuna

    options = dict(spec.sampler.options)
    seed = fold(seed_for(spec.seed, "sampler", trial_number))
    if spec.sampler.name == "qmc":
        return _qmc_sampler(spec, trial_number, seed)
    if spec.sampler.name in ("cmaes", "gp"):
        # Choices and first trials are drawn at random by design; that is no news for each trial.
        options["warn_independent_sampling"] = False
    sampler_class = getattr(optuna.samplers, SAMPLERS[spec.sampler.name].optuna_class)
    with warnings.catch_warnings():
        # The file asks for an experimental option by name, so it is used knowingly.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler: BaseSampler = sampler_class(seed=seed, **options)
    return sampler


def grid_points(spec: SweepSpec) -> list[dict[str, Any]]:
    """Every configuration of a grid as Optuna parameters, in file order, last key fastest.

    The controller enqueues them; `build_sampler` stands behind for nothing but the form.
    """
    levels = [
        [dimension.to_optuna(value) for value in dimension.grid_values()]
        for dimension in spec.search.values()
    ]
    return [dict(zip(spec.search, point, strict=True)) for point in itertools.product(*levels)]


def fold(seed: int) -> int:
    """A 63-bit seed in 32 bits, which is what NumPy's RandomState takes."""
    return (seed ^ (seed >> 32)) & 0xFFFFFFFF


def _qmc_sampler(spec: SweepSpec, trial_number: int, seed: int) -> BaseSampler:
    """Point number `trial_number` of one sequence for the whole sweep.

    Optuna counts points in an attribute of the study, ahead of the trial: a process that dies
    between the two would skip a point for ever. The trial's number is the same count without that.
    """
    import optuna

    space: dict[str, BaseDistribution] = {
        name: distribution
        for name, distribution in distributions(spec.search).items()
        if not distribution.single()
    }

    class TrialNumberQMCSampler(optuna.samplers.QMCSampler):
        def infer_relative_search_space(self, *_: object) -> dict[str, BaseDistribution]:
            return space

        def _find_sample_id(self, *_: object) -> int:
            return trial_number

    options = {"scramble": True, **spec.sampler.options}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return TrialNumberQMCSampler(
            seed=fold(seed_for(spec.seed, "sampler")),
            independent_sampler=optuna.samplers.RandomSampler(seed=seed),
            warn_independent_sampling=False,
            **options,
        )
