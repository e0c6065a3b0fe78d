"""`fairtrial run`: start a sweep, or carry on the one of that name."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Annotated

import typer

from cli.arguments import Json, Set, SweepFile
from cli.output import DONE, FAILED, INTERRUPTED, data, duration, json_data, talk, talk_of_log

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweeps.probe import Estimate
    from sweeps.progress import Outcome
    from sweeps.spec import SweepSpec
    from trainer.data.prepared import PreparedData
    from trainer.pretrained import Pretrained


def command(
    file: SweepFile,
    set_: Set = None,
    trials: Annotated[
        int | None, typer.Option("--trials", min=1, help="In place of the budget's trials.")
    ] = None,
    lanes: Annotated[
        int | None,
        typer.Option("--lanes", min=1, help="Runs trained side by side; changes speed only."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan and an estimate; write nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Start a sweep, or carry on the one of that name; print its table.

    The data is loaded, cleaned and split; the file's grid or sampler says which configurations
    are trained; every run is recorded in MLflow, every trial in an Optuna study. Ctrl-C once ends
    the tick at work, and everything so far is kept: the same command carries on, and the numbers
    are those of a sweep that was never interrupted, also after kill -9. A finished sweep is not
    trained again: only its table is printed.

    Files: mlflow.db and mlruns (or MLflow's server) hold the runs, .fairtrial the study and the
    best weights. FILE's own folder is where its paths and modules are found from.

    Environment: MLFLOW_TRACKING_URI, where runs are recorded; FAIRTRIAL_DATABASE_URL, where the
    study is kept.

    Exit codes: 0 done; 1 every trial failed, or a store can't be reached; 2 the file, the data or
    an option is wrong; 130 interrupted.

    Examples: fairtrial run examples/learning_rate.yaml
    fairtrial run examples/search.yaml --trials 20 --set train.epochs=5 --json
    fairtrial run examples/search.yaml --dry-run
    """
    from sweeps.spec import load_spec

    spec = load_spec(file, set_ or ())
    run_and_conclude(
        spec, words=str(file), lanes=lanes, trials=trials, dry_run=dry_run, as_json=json
    )


def run_and_conclude(
    spec: SweepSpec,
    *,
    words: str,
    lanes: int | None = None,
    trials: int | None = None,
    dry_run: bool = False,
    as_json: bool = False,
) -> None:
    """Run a sweep in sight of a person, and print its table.

    Args:
        words: what `fairtrial run` takes to carry it on.
    Raises: typer.Exit with how it ended; SweepError, TrackingError, TrainerError.
    """
    from sweeps.launch import DEFAULT_LANES, prepare_data
    from sweeps.pretrained import find_pretrained
    from tracking.store import open_store
    from trainer.data.summary import summary_lines

    talk_of_log()
    splits = prepare_data(spec)
    pretrained = find_pretrained(spec, open_store)
    for line in summary_lines(splits[0]):
        talk(line)
    lanes = lanes or DEFAULT_LANES
    if dry_run:
        from sweeps.probe import estimate

        _plan(spec, estimate(spec, splits, lanes, trials, pretrained), lanes, as_json=as_json)
        return
    outcome = _run(spec, splits, pretrained, lanes, trials)
    _conclude(spec, outcome, words, as_json=as_json)
    raise typer.Exit(_exit_code(outcome))


def _run(
    spec: SweepSpec,
    splits: Sequence[PreparedData],
    pretrained: Mapping[str, Pretrained],
    lanes: int,
    trials: int | None,
) -> Outcome:
    from cli.display import display
    from sweeps.interrupts import interruptible
    from sweeps.launch import run_sweep
    from sweeps.stores import Stores
    from tracking.recorder import MlflowRecorder
    from tracking.store import open_store

    recorder = MlflowRecorder(open_store())
    signals = (signal.SIGINT, signal.SIGTERM)
    with (
        interruptible(signals, _say_stopping) as interrupted,
        display(spec.name, spec.objective.metric) as observer,
    ):
        return run_sweep(
            spec,
            splits,
            stores=Stores.here(),
            recorder=recorder,
            pretrained=pretrained,
            lanes=lanes,
            n_trials=trials,
            observer=observer,
            should_stop=interrupted,
        )


def _say_stopping() -> None:
    talk("stopping after this tick; Ctrl-C again stops at once")


def _plan(spec: SweepSpec, plan: Estimate, lanes: int, *, as_json: bool) -> None:
    from cli.validate import describe

    if as_json:
        json_data(
            {
                "sweep": spec.name,
                "definition": spec.definition(),
                "trials": plan.trials,
                "runs": plan.runs,
                "seconds": plan.seconds,
            }
        )
        return
    for line in describe(spec):
        data(line)
    fixed = ", ".join(f"{name} {value}" for name, value in spec.train.items())
    data(f"fixed      {fixed or '-'}")
    runs = "as many as fit" if plan.runs is None else f"{plan.trials} trials, {plan.runs} runs"
    data(f"runs       {runs}, {lanes} lanes")
    data(f"time       about {duration(plan.seconds)}")
    talk("nothing was written")


def _conclude(spec: SweepSpec, outcome: Outcome, words: str, *, as_json: bool) -> None:
    from sweeps.launch import summary

    talk(f"{spec.name}: {summary(spec, outcome)} {duration(outcome.seconds)}.")
    if outcome.state == "interrupted":
        talk(f"interrupted; everything so far is recorded. Carry on with: fairtrial run {words}")
    elif outcome.trained == 0:
        talk("nothing was left to train; raise its budget to add trials")
    table = None
    if outcome.counts.get("COMPLETE"):
        from cli.compare import table_of
        from tracking.formats import render

        table = table_of([spec.name], [next(iter(spec.search))])
        if not as_json:
            data(render(table, "table"))
    if as_json:
        best = outcome.best
        json_data(
            {
                "sweep": spec.name,
                "state": outcome.state,
                "trials": dict(outcome.counts),
                "best": None
                if best is None
                else {"trial": best.trial, "value": best.value, "params": dict(best.params)},
                "digest": None if table is None else table.digest,
            }
        )
    if table is not None:
        talk("every run is in MLflow; look at it with: fairtrial ui")


def _exit_code(outcome: Outcome) -> int:
    if outcome.state == "interrupted":
        return INTERRUPTED
    return DONE if outcome.counts.get("COMPLETE") else FAILED
