"""Keeps the weights of the best run so far, and gets them again when they were lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweeps.engines.in_process import InProcessEngine
from sweeps.progress import Best
from sweeps.trials import LiveTrial
from trainer.checkpoints import load_weights, save_weights
from trainer.errors import TrainerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sweeps.runs import RunFactory
    from sweeps.spec import SweepSpec
    from sweeps.trials import Ending, ReplayedTrial
    from trainer.data.prepared import PreparedData
    from trainer.runs import RunConfig


class BestKeeper:
    """The best trial by its value (the earlier one of equals), and its best run's weights."""

    def __init__(
        self, spec: SweepSpec, runs: RunFactory, splits: Sequence[PreparedData], path: Path
    ) -> None:
        """Args: path: where the weights are kept between sessions."""
        self._spec, self._runs, self._splits, self._path = spec, runs, splits, path
        self._sign = 1 if spec.objective.direction == "maximize" else -1
        self._params: Mapping[str, object] = {}
        self.best: Best | None = None

    def take(self, trial: LiveTrial | ReplayedTrial, ending: Ending) -> None:
        """Look at a trial that ended."""
        if ending.state != "COMPLETE" or ending.value is None:
            return
        if self.best is not None:
            ahead = self._sign * (ending.value - self.best.value)
            if ahead < 0 or (ahead == 0 and trial.number > self.best.trial):
                return
        self.best = Best(trial.number, ending.value, self._spec.values(trial.params))
        self._params = trial.params
        if isinstance(trial, LiveTrial):
            self._save(trial)

    def weights(self) -> tuple[RunConfig, Mapping[str, Any]]:
        """The best run and its weights, from the disk or by training its trial again."""
        assert self.best is not None
        trial = self._runs.trial(self.best.trial, self._params)
        try:
            weights, about = load_weights(self._path)
        except (OSError, TrainerError):
            about = {}
        for run in trial.runs:
            if about.get("fingerprint") == self._runs.fingerprint(run):
                return run, weights
        engine = InProcessEngine(self._splits, len(trial.runs), self._runs.pretrained)
        start = trial.runs
        while trial.training:
            trial.tick({result.id: result for result in engine.advance(start, [])})
            start = []
        self._save(trial)
        run = self._best_run(trial)
        return run, trial.ends[run.id].weights

    def _save(self, trial: LiveTrial) -> None:
        run = self._best_run(trial)
        about = {"run": run.id, "fingerprint": self._runs.fingerprint(run)}
        save_weights(self._path, trial.ends[run.id].weights, about)

    def _best_run(self, trial: LiveTrial) -> RunConfig:
        return max(trial.runs, key=lambda run: self._sign * trial.latest[run.id])
