"""Pruners: each can prune, says nothing, and decides from the study alone."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import optuna
import pytest

from sweeps.pruner_options import DEFAULTS, PRUNERS
from sweeps.pruners import build_pruner
from sweeps.samplers import build_sampler
from sweeps.space import distributions
from sweeps.spec import SweepSpec, load_spec

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
name: small
data: {source: digits}
search:
  learning_rate: {low: 1.0e-4, high: 0.1, log: true}
  epochs: [6, 9]
budget: {trials: 30}
"""
VARIANTS = [
    "median",
    "percentile",
    "{name: percentile, percentile: 60.0, n_warmup_steps: 2, interval_steps: 2}",
    "halving",
    "{name: halving, min_resource: 2, reduction_factor: 2, bootstrap_count: 1}",
    "hyperband",
    "{name: hyperband, min_resource: 2, max_resource: 9, reduction_factor: 2}",
    "{name: wilcoxon, p_threshold: 0.3}",
]


def spec_of(tmp_path: Path, pruner: str, sampler: str = "random") -> SweepSpec:
    path = tmp_path / "sweep.yaml"
    path.write_text(f"{FILE}pruner: {pruner}\nsampler: {sampler}\n")
    return load_spec(path)


def states(spec: SweepSpec, *, keep: bool) -> list[tuple[str, float, int | None]]:
    """State, learning rate and last epoch of each trial, with one pruner or a fresh one each."""
    study = optuna.create_study(
        study_name=spec.name, direction="maximize", pruner=build_pruner(spec)
    )
    for number in range(30):
        if not keep:
            study.pruner = build_pruner(spec)
        study.sampler = build_sampler(spec, number)
        trial = study.ask(distributions(spec.search))
        values = spec.values(trial.params)
        state = optuna.trial.TrialState.COMPLETE
        for epoch in range(1, values["epochs"] + 1):
            trial.report(1 - abs(values["learning_rate"] - 0.01) ** 0.5 - 0.5 / epoch, epoch)
            if not keep:
                study.pruner = build_pruner(spec)
            if trial.should_prune():
                state = optuna.trial.TrialState.PRUNED
                break
        is_complete = state == optuna.trial.TrialState.COMPLETE
        study.tell(trial, 1 - values["learning_rate"] if is_complete else None, state=state)
    return [(t.state.name, t.params["learning_rate"], t.last_step) for t in study.trials]


@pytest.mark.parametrize("pruner", VARIANTS)
def test_a_pruner_prunes_the_same_after_a_resume(tmp_path: Path, pruner: str) -> None:
    """With a fresh pruner before every epoch, as after a kill, the same trials are pruned."""
    spec = spec_of(tmp_path, pruner)
    kept = states(spec, keep=True)
    assert states(spec, keep=False) == kept
    names = [name for name, *_ in kept]
    assert "PRUNED" in names
    assert "COMPLETE" in names


@pytest.mark.parametrize("sampler", ["tpe", "qmc", "cmaes", "{name: nsga2, population_size: 4}"])
def test_a_sampler_under_hyperband_is_the_same_after_a_resume(tmp_path: Path, sampler: str) -> None:
    """Hyperband shows a sampler one bracket's trials; which one must not hang on past prunings."""
    spec = spec_of(tmp_path, "hyperband", sampler)
    assert states(spec, keep=False) == states(spec, keep=True)


def test_none_never_prunes(tmp_path: Path) -> None:
    """Without a pruner every trial runs to its end."""
    assert {state for state, *_ in states(spec_of(tmp_path, "none"), keep=True)} == {"COMPLETE"}


@pytest.mark.parametrize("name", PRUNERS)
def test_the_table_of_options_is_optunas_own(name: str) -> None:
    """Every option that Optuna's class takes is offered, and its defaults are those we know."""
    pruner_class = getattr(optuna.pruners, PRUNERS[name].optuna_class)
    theirs = dict(inspect.signature(pruner_class.__init__).parameters)
    for no_option in ("self", "args", "kwargs"):
        theirs.pop(no_option, None)
    assert set(PRUNERS[name].options) == set(theirs)
    ours = {"halving": {"min_resource": 1}, "percentile": {"percentile": 25.0}}.get(name, {})
    for key, value in DEFAULTS[name].items():
        assert value == ours.get(key, theirs[key].default)
