"""Runs a sweep from its file's specification to its record: everything between a door and a table.

`fairtrial run` and a notebook call the same function.
"""

from __future__ import annotations

import hashlib
import shlex
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeps.best import BestKeeper
from sweeps.controller import Controller
from sweeps.engines.in_process import InProcessEngine
from sweeps.errors import SweepConflict
from sweeps.fingerprint import versions
from sweeps.importance import importance_of
from sweeps.model_check import check_models
from sweeps.progress import Outcome, Silent
from sweeps.record import StudyRecord
from sweeps.runs import RunFactory
from sweeps.spec import differences
from sweeps.stage_page import Facts, as_markdown, data_lines
from sweeps.study import DecisionStudy
from sweeps.users_modules import module_digests
from tracking.errors import TrackingUnavailable
from tracking.events import Answers, BestModel, SweepEnded, SweepStarted, SweepTagged
from trainer.data.preparation import prepare_splits
from trainer.hyperparameters import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sweeps.progress import Observer
    from sweeps.spec import SweepSpec
    from sweeps.stores import Stores
    from tracking.events import Recorder
    from trainer.data.prepared import PreparedData
    from trainer.pretrained import Pretrained
    from trainer.runs import RunConfig

DEFAULT_LANES = 32


def prepare_data(spec: SweepSpec) -> tuple[PreparedData, ...]:
    """The splits a sweep trains on: one, or with `resplit` one a repeat.

    Raises: DataError, UserModuleError; SpecError when the objective has no meaning on this data.
    """
    splits = prepare_splits(spec.data, spec.seed, spec.repeats if spec.data.resplit else 1)
    spec.check_task(splits[0].task)
    return splits


def n_trials_of(spec: SweepSpec, asked: int | None = None) -> int | None:
    """The bound on trials: the grid's own size, the budget's and the one asked for."""
    grid = spec.grid_size if spec.sampler.name == "grid" else None
    budget = asked if asked is not None else spec.budget.trials
    return min((n for n in (grid, budget) if n is not None), default=None)


def run_sweep(
    spec: SweepSpec,
    splits: Sequence[PreparedData],
    *,
    stores: Stores,
    recorder: Recorder,
    pretrained: Mapping[str, Pretrained] | None = None,
    lanes: int = DEFAULT_LANES,
    n_trials: int | None = None,
    observer: Observer | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Start the sweep, or carry on the one of that name.

    Args:
        splits: from `prepare_data`.
        pretrained: from `find_pretrained`, where the sweep begins with other weights.
        lanes: how many runs share one array at most; changes speed, never a number.
        n_trials: in place of the budget's `trials`.
    Raises: SweepHeld, SweepConflict, RecordError, TrackingUnavailable.
    """
    with stores.hold(spec.name):
        definition = {**spec.definition(), "data.digest": _digest(splits)}
        for reference, found in (pretrained or {}).items():
            definition[f"pretrained_from.{reference}"] = found.digest
        for model, digest in module_digests(spec).items():
            definition[f"module.{model}"] = digest
        runs = RunFactory.of(spec, splits, pretrained)
        check_models(spec, runs, splits, pretrained)
        record = StudyRecord.open(
            stores, spec.name, spec.objective.direction, definition, spec.text
        )
        changed = differences(record.definition, definition)
        if changed:
            raise SweepConflict(
                f"a sweep '{spec.name}' exists and is defined otherwise: {'; '.join(changed)}; "
                "give this one another name"
            )
        keeper = BestKeeper(spec, runs, splits, stores.checkpoint(spec.name))
        bound = n_trials_of(spec, n_trials)
        ended = _has_ended(spec, record, bound)
        recorder.record(
            SweepTagged(spec.name, spec.tags) if ended else _started(spec, splits, n_trials)
        )
        recorder.deliver()
        controller = Controller(
            spec,
            study=DecisionStudy(spec),
            record=record,
            recorder=recorder,
            engine=InProcessEngine(splits, lanes, pretrained),
            runs=runs,
            keeper=keeper,
            observer=observer or Silent(),
            runs_in_flight=2 * lanes,
            n_trials=bound,
        )
        try:
            outcome = controller.run(should_stop)
        except TrackingUnavailable:
            raise
        except Exception as error:
            with suppress(TrackingUnavailable):
                recorder.record(SweepEnded("failed", (), f"Stopped by an error: {error}", _now()))
                recorder.deliver()
            raise
        if ended:
            return outcome
        with tempfile.TemporaryDirectory() as folder:
            if outcome.state == "done" and keeper.best is not None:
                recorder.record(_best_model(keeper, splits, spec, pretrained, Path(folder)))
            text = summary(spec, outcome)
            importance = importance_of(spec, record.trials())
            recorder.record(SweepEnded(outcome.state, tuple(spec.search), text, _now(), importance))
            recorder.deliver()
        if outcome.state == "done":
            record.set_finished(sum(outcome.counts.values()))
        return outcome


def summary(spec: SweepSpec, outcome: Outcome) -> str:
    """How the sweep stands, in one or two sentences."""
    words = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "in flight"}
    parts = [f"{n} {words[state]}" for state, n in outcome.counts.items() if n]
    text = f"{sum(outcome.counts.values())} trials: {', '.join(parts) or 'none'}."
    if outcome.best is not None:
        settings = ", ".join(f"{name} {_shown(name, v)}" for name, v in outcome.best.params.items())
        text += (
            f" Best is trial {outcome.best.trial} with {spec.objective.metric} "
            f"{outcome.best.value:.4f}: {settings}."
        )
    return text


def _has_ended(spec: SweepSpec, record: StudyRecord, bound: int | None) -> bool:
    """Whether the sweep was done before and its budget has not been raised since."""
    n_trials = len(record.trials())
    if record.finished != n_trials:
        return False
    limit = spec.budget.time_s
    return (bound is not None and bound <= n_trials) or (
        limit is not None and record.seconds >= limit
    )


def _digest(splits: Sequence[PreparedData]) -> str:
    if len(splits) == 1:
        return splits[0].digest
    return hashlib.sha256("".join(split.digest for split in splits).encode()).hexdigest()


def _command(spec: SweepSpec, n_trials: int | None) -> str:
    """That runs this sweep again, as for a shell."""
    # A mapping given in a notebook has no file but the sweep.yaml among the artifacts.
    file = str(spec.path.absolute()) if spec.path.exists() else spec.path.name
    words = ["fairtrial", "run", file]
    for text in spec.overrides:
        words += ["--set", text]
    if n_trials is not None:
        words += ["--trials", str(n_trials)]
    return shlex.join(words)


def _started(spec: SweepSpec, splits: Sequence[PreparedData], n_trials: int | None) -> SweepStarted:
    return SweepStarted(
        sweep=spec.name,
        definition=spec.text,
        search=spec.search_json(),
        objective={"metric": spec.objective.metric, "direction": spec.objective.direction},
        data_source=spec.data.source,
        data_digest=splits[0].digest,
        data_summary=splits[0].summary,
        data_preprocessing=splits[0].preprocessing,
        sampler=spec.sampler.name,
        pruner=spec.pruner.name,
        time_ms=_now(),
        folder=str(spec.path.absolute().parent),
        overrides=spec.overrides,
        versions=versions(),
        fixed={name: plain(name, value) for name, value in spec.train.items()},
        tags=spec.tags,
        command=_command(spec, n_trials),
    )


def _best_model(
    keeper: BestKeeper,
    splits: Sequence[PreparedData],
    spec: SweepSpec,
    pretrained: Mapping[str, Pretrained] | None,
    folder: Path,
) -> BestModel:
    from trainer.export import export_module, write_export

    run, weights = keeper.weights()
    data = splits[run.split]
    h = run.hyperparameters
    module = export_module(h, weights, data.shape, data.outputs, run.folder)
    assert keeper.best is not None
    about = {
        "sweep": spec.name,
        "run": run.id,
        spec.objective.metric: f"{keeper.best.value}",
        "data": spec.data.source,
    }
    write_export(folder, h, weights, data, about, users_folder=run.folder)
    files = {path.name: str(path) for path in sorted(folder.iterdir())}
    return BestModel(
        run.id,
        module,
        data.validation.inputs[:5],
        files,
        answers=_answers(module, data),
        explain=lambda metrics: as_markdown(_facts(spec, run, data, pretrained, metrics)),
    )


def _answers(module: Any, data: PreparedData) -> Answers:  # noqa: ANN401 - a torch.nn.Module
    from trainer.confusion import confusion_matrix, predictions

    if data.task == "regression":
        return Answers(predictions=predictions(module, data))
    return Answers(tuple(data.summary["classes"]), confusion_matrix(module, data))


def _facts(
    spec: SweepSpec,
    run: RunConfig,
    data: PreparedData,
    pretrained: Mapping[str, Pretrained] | None,
    metrics: Mapping[str, float],
) -> Facts:
    from trainer.stages import stages_of

    return Facts(
        sweep=spec.name,
        run=run,
        data=data_lines(data),
        n_classes=data.outputs if data.task == "classification" else 0,
        n_test=len(data.test.inputs),
        metrics=metrics,
        state="COMPLETE",
        n_epochs=int(metrics["epochs_run"]),
        stages=stages_of(run, data, pretrained),
    )


def _now() -> int:
    return int(time.time() * 1000)


def _shown(name: str, value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(plain(name, value))
