"""The engine inside the controller's own process: arrays of lanes on one thread."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from trainer.datasets import Datasets
from trainer.errors import UserModuleError
from trainer.lanes import LaneArray
from trainer.runs import EpochResult, RunEnd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trainer.data.prepared import PreparedData
    from trainer.pretrained import Pretrained
    from trainer.runs import RunConfig, RunId


class InProcessEngine:
    """Runs that agree in `array_key` are packed into arrays of at most `lanes` lanes."""

    def __init__(
        self,
        splits: Sequence[PreparedData],
        lanes: int,
        pretrained: Mapping[str, Pretrained] | None = None,
    ) -> None:
        """Args: pretrained: what each `pretrained_from` of the runs to come names."""
        self._data = Datasets(splits)
        self._pretrained = pretrained
        self._lanes = lanes
        self._arrays: dict[tuple[Any, ...], list[LaneArray]] = {}

    def advance(self, start: Sequence[RunConfig], stop: Sequence[RunId]) -> list[EpochResult]:
        """See Engine."""
        if stop:
            for arrays in self._arrays.values():
                for array in arrays:
                    array.drop(set(stop))
        by_key: dict[tuple[Any, ...], list[RunConfig]] = {}
        for run in start:
            by_key.setdefault(run.hyperparameters.array_key(), []).append(run)
        results = []
        for key, runs in by_key.items():
            try:
                array = LaneArray(self._data, runs, self._pretrained)
            except UserModuleError as error:  # of these hyperparameters; others may do
                results += [_failed(run, error) for run in runs]
            else:
                self._arrays.setdefault(key, []).append(array)
        for key in list(self._arrays):
            self._arrays[key] = packed = _pack(self._arrays[key], self._lanes)
            for array in packed:
                results += array.advance()
        return results


def _failed(run: RunConfig, error: UserModuleError) -> EpochResult:
    end = RunEnd("failed", str(error), {"epochs_run": 0, "train_seconds": 0.0})
    return EpochResult(run.id, 1, {}, int(time.time() * 1000), end)


def _pack(arrays: list[LaneArray], lanes: int) -> list[LaneArray]:
    """The same lanes in as few arrays of at most `lanes` as there can be."""
    full = [array for array in arrays if len(array) == lanes]
    rest = [array for array in arrays if 0 < len(array) != lanes]
    if not rest:
        return full
    pool, *others = rest
    for other in others:
        pool.join(other)
    while len(pool) > lanes:
        tail = pool.split(lanes)
        full.append(pool)
        pool = tail
    return [*full, pool]
