"""The study that decisions are taken on: in memory, asked and told by the controller alone.

Every decision follows from the sweep file and the results so far. So a sweep carries on by
deciding everything again from the results on record, and comes to stand exactly where it stood.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweeps.pruners import build_pruner
from sweeps.samplers import build_sampler, grid_points
from sweeps.space import distributions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optuna.trial import Trial

    from sweeps.spec import SweepSpec

_FIXED = ("grid", "random", "qmc")  # samplers that learn nothing from results


def learns(spec: SweepSpec) -> bool:
    """Whether results change what is tried next, or for how long."""
    return spec.sampler.name not in _FIXED or spec.pruner.name != "none"


class DecisionStudy:
    """Optuna's sampler and pruner of one sweep, on an in-memory study."""

    def __init__(self, spec: SweepSpec) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._spec = spec
        self._grid = grid_points(spec) if spec.sampler.name == "grid" else []
        self.distributions = distributions(spec.search)
        self._study = optuna.create_study(
            study_name=spec.name,  # Hyperband draws a trial's bracket from this name
            direction=spec.objective.direction,
            sampler=build_sampler(spec, 0),
            pruner=build_pruner(spec),
        )
        self._trials: list[Trial] = []

    @property
    def n_asked(self) -> int:
        """How many trials have been asked."""
        return len(self._trials)

    def ask(self) -> Mapping[str, Any]:
        """The parameters of the next trial, which has the number `n_asked` had before."""
        number = self.n_asked
        if self._grid:
            self._study.enqueue_trial(self._grid[number])
        self._study.sampler = build_sampler(self._spec, number)
        trial = self._study.ask(self.distributions)
        assert trial.number == number
        self._trials.append(trial)
        return trial.params

    def report(self, number: int, epoch: int, value: float) -> None:
        """Tell what a trial's value was after an epoch."""
        self._trials[number].report(value, epoch)

    def should_prune(self, number: int) -> bool:
        """Whether the trial is to be pruned after the epoch reported last."""
        return self._trials[number].should_prune()

    def tell(self, number: int, state: str, value: float | None) -> None:
        """Tell how a trial ended: COMPLETE with a value, PRUNED or FAIL."""
        from optuna.trial import TrialState

        self._study.sampler = build_sampler(self._spec, number)
        self._study.tell(
            self._trials[number], value if state == "COMPLETE" else None, TrialState[state]
        )
