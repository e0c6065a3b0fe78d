"""What happens in a sweep, as plain records: the one language the tracking side takes.

Whoever trains turns what happened into events; a recorder delivers them. No MLflow in here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

State = Literal["COMPLETE", "PRUNED", "FAIL"]


@dataclass(frozen=True)
class SweepStarted:
    """A sweep begins, or carries on: told once, before any of its runs.

    Attributes:
        definition: the sweep file as the user wrote it.
        search: what varies, as in the file: a list of choices, or {low, high, log, step}.
        objective: {'metric': ..., 'direction': 'maximize' or 'minimize'}.
        data_source: where the data came from, as in the file.
        data_digest: SHA-256 of the prepared data (hex).
        data_summary: what the preparation did, as JSON types.
        data_preprocessing: how a raw row becomes an input, as JSON types.
        sampler, pruner: their names.
        folder: of the sweep file, absolute: what its relative paths are found from.
        overrides: the `--set` texts on top of the file.
        versions: what else decides the numbers, by name: trainer, device, torch.
        fixed: the hyperparameters that the file fixes for all runs.
        tags: of the user's own, put on the sweep and on each of its runs.
        command: that makes the sweep again, as for a shell.
    """

    sweep: str
    definition: str
    search: Mapping[str, Any]
    objective: Mapping[str, str]
    data_source: str
    data_digest: str
    data_summary: Mapping[str, Any]
    data_preprocessing: Mapping[str, Any]
    sampler: str
    pruner: str
    time_ms: int
    folder: str = ""
    overrides: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    command: str = ""


@dataclass(frozen=True)
class SweepTagged:
    """The tags of a sweep that is over are others in its file now."""

    sweep: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class RunStarted:
    """A run begins. Told again for the same id when an interrupted sweep carries on."""

    id: str
    trial: int
    repeat: int
    hyperparameters: Mapping[str, Any]
    seed: int
    fingerprint: str
    time_ms: int


@dataclass(frozen=True)
class EpochReported:
    """What a run measured in one epoch (from 1)."""

    id: str
    epoch: int
    metrics: Mapping[str, float]
    time_ms: int


@dataclass(frozen=True)
class RunEnded:
    """A run is over; `metrics` were measured once, at its end, at `epoch`."""

    id: str
    state: State
    epoch: int
    time_ms: int
    metrics: Mapping[str, float] = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True)
class Answers:
    """What a model answered on the test set.

    Attributes:
        classes: their labels, in the order of the outputs; none for a regression.
        confusion: rows of each true class by the predicted one; none for a regression.
        predictions: (true, predicted) of each row, in units of the target; of a regression.
    """

    classes: tuple[str, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    predictions: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class BestModel:
    """The model of the best run of a finished sweep.

    Attributes:
        id: the run.
        module: a torch.nn.Module on the CPU, in evaluation mode.
        example: [n, F] float32 prepared inputs, for the signature.
        files: name -> local path of what lies beside it (weights, configuration, predict.py).
        answers: what it answered on the test set.
        explain: the run's metrics, as MLflow has them, to a page on its stages in Markdown.
    """

    id: str
    module: Any
    example: Any
    files: Mapping[str, str]
    answers: Answers | None = None
    explain: Callable[[Mapping[str, float]], str] | None = None


@dataclass(frozen=True)
class SweepEnded:
    """The sweep is over for now.

    Attributes:
        state: 'done', 'interrupted' (it can carry on) or 'failed'.
        factors: the names of what varied, in the file's order: a table is made for the first.
        summary: one or two sentences for the parent run's description.
        importance: of each factor for reaching the best values, summing to 1; empty when unknown.
    """

    state: Literal["done", "interrupted", "failed"]
    factors: tuple[str, ...]
    summary: str
    time_ms: int
    importance: Mapping[str, float] = field(default_factory=dict)


Event = SweepStarted | SweepTagged | RunStarted | EpochReported | RunEnded | BestModel | SweepEnded


class Recorder(Protocol):
    """Takes events and keeps them for good."""

    def record(self, event: Event) -> None:
        """Take one event; delivery may wait for `deliver`."""

    def deliver(self) -> None:
        """Return when everything recorded so far is kept for good.

        Raises: TrackingUnavailable when the store can't be reached.
        """
