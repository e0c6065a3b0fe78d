"""Samplers: a fresh one for each trial, whose choice follows from the study's history alone."""

from __future__ import annotations

import inspect
import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from sweeps.sampler_options import SAMPLERS
from sweeps.samplers import build_sampler, fold, grid_points
from sweeps.space import distributions
from sweeps.spec import SweepSpec, load_spec
from trainer.streams import seed_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = """\
name: small
data: {source: digits}
search:
  learning_rate: {low: 1.0e-4, high: 0.1, log: true}
  hidden: [[8], [16, 8]]
  dropout: {low: 0.0, high: 0.5, step: 0.1}
  epochs: {low: 2, high: 9}
  momentum: {low: 0.5, high: 0.5}
budget: {trials: 20}
"""
VARIANTS = [
    "random",
    "{name: tpe, n_startup_trials: 4}",
    "{name: tpe, n_startup_trials: 4, multivariate: false, constant_liar: false}",
    "{name: tpe, n_startup_trials: 0, group: true}",
    "qmc",
    "{name: qmc, qmc_type: halton, scramble: false}",
    pytest.param(
        "{name: gp, n_startup_trials: 11, deterministic_objective: true}",
        marks=pytest.mark.skipif(
            find_spec("greenlet") is None,
            reason="without greenlet Optuna's GP search takes another path, slower, and says so",
        ),
    ),
    "{name: cmaes, popsize: 4}",
    "{name: cmaes, with_margin: true, consider_pruned_trials: true}",
    "{name: cmaes, use_separable_cma: true}",
    "{name: cmaes, lr_adapt: true}",
    "{name: nsga2, population_size: 4, mutation_prob: null}",
]
IN_FLIGHT = 3


@pytest.fixture(autouse=True)
def _no_word_from_optuna() -> Iterator[None]:
    """Optuna's warnings go to its own logger, past pytest's filter: none may be there either."""
    words: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: words.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("optuna")
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)
    assert words == []


def spec_of(tmp_path: Path, sampler: str, text: str = FILE) -> SweepSpec:
    path = tmp_path / "sweep.yaml"
    path.write_text(f"{text}sampler: {sampler}\n")
    return load_spec(path)


def value_of(params: dict[str, Any]) -> float:
    layers = 1 if params["hidden"] == "[8]" else 2
    return layers - (params["learning_rate"] - 0.01) ** 2 - params["dropout"] + params["epochs"] / 9


def advance(study: optuna.Study, spec: SweepSpec, n_trials: int) -> None:
    """Asks up to `n_trials`, always `IN_FLIGHT` ahead of what is told; every fifth is pruned."""
    while len(study.trials) < n_trials:
        running = study.get_trials(states=(optuna.trial.TrialState.RUNNING,))
        if len(running) == IN_FLIGHT:
            first = running[0]
            if first.number % 5 == 4:
                study.tell(first.number, state=optuna.trial.TrialState.PRUNED)
            else:
                study.tell(first.number, value_of(first.params))
        study.sampler = build_sampler(spec, len(study.trials))
        study.ask(distributions(spec.search))


def create(spec: SweepSpec, **options: Any) -> optuna.Study:
    return optuna.create_study(study_name=spec.name, direction=spec.objective.direction, **options)


def configurations(study: optuna.Study, spec: SweepSpec) -> list[dict[str, Any]]:
    return [spec.values(trial.params) for trial in study.trials]


@pytest.mark.parametrize("sampler", VARIANTS)
def test_the_same_history_gives_the_same_trials(tmp_path: Path, sampler: str) -> None:
    """Uninterrupted in memory, or read again from disk every few trials: bit for bit the same."""
    spec = spec_of(tmp_path, sampler)
    whole = create(spec)
    advance(whole, spec, 17)
    storage = JournalStorage(JournalFileBackend(str(tmp_path / "journal")))
    create(spec, storage=storage)
    for n_trials in (1, 2, 7, 11, 16, 17):
        storage = JournalStorage(JournalFileBackend(str(tmp_path / "journal")))
        resumed = optuna.load_study(study_name=spec.name, storage=storage)
        advance(resumed, spec, n_trials)
    expected = configurations(whole, spec)
    assert configurations(resumed, spec) == expected
    assert len({str(values) for values in expected}) > 10


@pytest.mark.parametrize("name", ["random", "tpe", "qmc", "cmaes", "nsga2"])
def test_another_seed_gives_other_trials(tmp_path: Path, name: str) -> None:
    """The sweep's seed reaches every sampler."""
    one, two = (spec_of(tmp_path, f"{name}\nseed: {seed}") for seed in (1, 2))
    firsts = []
    for spec in (one, two):
        study = create(spec)
        advance(study, spec, 3)
        firsts.append(configurations(study, spec))
    assert firsts[0] != firsts[1]


def test_qmc_takes_the_point_of_the_trials_number(tmp_path: Path) -> None:
    """Trial n gets point n of SciPy's Sobol sequence, whatever was asked or lost before it."""
    from scipy.stats import qmc

    text = FILE.replace("search:\n", "search:\n  min_delta: {low: 0, high: 1}\n").replace(
        "  momentum: {low: 0.5, high: 0.5}\n", ""
    )
    spec = spec_of(tmp_path, "qmc", text)
    seed = fold(seed_for(spec.seed, "sampler"))
    points = qmc.Sobol(5, seed=seed, scramble=True).random(8)
    column = list(spec.search).index("min_delta")
    for number in (0, 5, 2):
        study = create(spec)
        study.sampler = build_sampler(spec, number)
        drawn = study.ask(distributions(spec.search)).params["min_delta"]
        assert drawn == points[number][column]


def test_a_grid_is_every_configuration_in_file_order(tmp_path: Path) -> None:
    """The last key moves fastest, and an enqueued point comes out of Optuna as it went in."""
    text = FILE.replace("  learning_rate: {low: 1.0e-4, high: 0.1, log: true}\n", "").replace(
        "high: 9", "high: 8, step: 3"
    )
    spec = spec_of(tmp_path, "grid", text)
    points = grid_points(spec)
    assert len(points) == spec.grid_size == 2 * 6 * 3 * 1
    assert points[0] == {"hidden": "[8]", "dropout": 0.0, "epochs": 2, "momentum": 0.5}
    assert [point["epochs"] for point in points[:4]] == [2, 5, 8, 2]
    assert points[4]["dropout"] == 0.1
    study = create(spec)
    for point in points:
        study.enqueue_trial(point)
    study.sampler = build_sampler(spec, 0)
    asked = [study.ask(distributions(spec.search)).params for _ in points]
    assert asked == points
    assert spec.values(points[-1])["hidden"] == (16, 8)


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_table_of_options_is_optunas_own(name: str) -> None:
    """Every option that Optuna's class takes is offered or refused with a reason, and no other."""
    offer = SAMPLERS[name]
    if name == "random":
        assert set(offer.refused) == {"seed"}
    signature = inspect.signature(getattr(optuna.samplers, offer.optuna_class).__init__)
    theirs = set(signature.parameters) - {"self"}
    assert set(offer.options) | set(offer.refused) == theirs
    assert not set(offer.options) & set(offer.refused)


def test_seeds_are_folded_to_32_bits() -> None:
    """Every seed fits NumPy's RandomState, and neighbours stay apart."""
    seeds = {fold(seed_for(0, "sampler", n)) for n in range(1000)}
    assert len(seeds) == 1000
    assert max(seeds) < 2**32
