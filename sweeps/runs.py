"""From a trial's parameters to its runs: configurations, seeds, splits and fingerprints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweeps.fingerprint import fingerprint
from sweeps.trials import LiveTrial
from sweeps.users_modules import module_digest
from trainer.runs import RunConfig, run_id
from trainer.streams import seed_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweeps.spec import SweepSpec
    from trainer.data.prepared import PreparedData
    from trainer.hyperparameters import Task
    from trainer.pretrained import Pretrained


class RunFactory:
    """Makes the runs of one sweep's trials."""

    def __init__(
        self,
        spec: SweepSpec,
        task: Task,
        digests: Sequence[str],
        pretrained: Mapping[str, Pretrained] | None = None,
    ) -> None:
        """Args: digests: of each split of the data. pretrained: by `pretrained_from`."""
        self._spec, self._task, self._digests = spec, task, digests
        self.pretrained = pretrained or {}

    @classmethod
    def of(
        cls,
        spec: SweepSpec,
        splits: Sequence[PreparedData],
        pretrained: Mapping[str, Pretrained] | None = None,
    ) -> RunFactory:
        """For a sweep on prepared data."""
        return cls(spec, splits[0].task, [split.digest for split in splits], pretrained)

    def trial(self, number: int, params: Mapping[str, Any]) -> LiveTrial:
        """A trial at its start: one run a repeat, its seed shared by every configuration.

        Args:
            params: as Optuna has them.
        """
        hyperparameters = self._spec.resolve(params, self._task)
        runs = [
            RunConfig(
                run_id(number, repeat),
                hyperparameters,
                seed_for(self._spec.seed, "run", repeat),
                split=repeat if self._spec.data.resplit else 0,
                run_time_s=self._spec.budget.run_time_s,
                folder=self._spec.data.folder,
            )
            for repeat in range(self._spec.repeats)
        ]
        return LiveTrial(number, params, runs, self._spec.objective.metric)

    def fingerprint(self, run: RunConfig) -> str:
        """What the run is known by."""
        h = run.hyperparameters
        begin = self.pretrained.get(h.pretrained_from or "")
        module = module_digest(h.model, h.pretrained_from, run.folder)
        return fingerprint(run, self._digests[run.split], begin.digest if begin else "", module)
