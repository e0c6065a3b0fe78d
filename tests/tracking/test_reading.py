from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tracking.errors import TrackingError, UnknownSweep
from tracking.reading import best_run, list_sweeps, read_sweep

if TYPE_CHECKING:
    from tracking.store import Store


def test_a_sweep_reads_back_as_it_was_told(store: Store, script: Any, play: Any) -> None:
    """Search, objective and every run come back with their own types, in order of trial."""
    settings = {"learning_rate": 0.01, "activation": "tanh", "hidden": [32, 16], "patience": 3}
    events = [*script.run(1, 1, **settings), *script.run(0, state="PRUNED"), *script.run(1, 0)]
    play(script.started, *events, script.end())
    record = read_sweep(store, "digits-search")
    assert record.search == script.started.search
    assert list(record.search) == list(script.started.search)
    assert record.objective == script.started.objective
    assert (record.sampler, record.pruner, record.data_digest) == ("tpe", "none", "ab" * 32)
    assert [(run.trial, run.repeat, run.state, run.seed) for run in record.runs] == [
        (0, 0, "PRUNED", 1000),
        (1, 0, "COMPLETE", 1000),
        (1, 1, "COMPLETE", 1001),
    ]
    assert record.runs[2].params == settings
    assert record.runs[2].metrics["validation/accuracy"] == 1 - 0.5 / 3


def test_metrics_of_kept_weights_stand_for_the_run(store: Store, script: Any, play: Any) -> None:
    """Where an earlier epoch's weights were kept, a table gets what they measured."""
    end = {"kept/validation/accuracy": 0.7, "kept_epoch": 2.0, "test/accuracy": 0.6}
    play(script.started, *script.run(0, end=end))
    metrics = read_sweep(store, "digits-search").runs[0].metrics
    assert metrics["validation/accuracy"] == 0.7
    assert not [name for name in metrics if name.startswith("kept/")]


def test_more_runs_than_a_page(
    store: Store, script: Any, play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs on later pages count too."""
    monkeypatch.setattr("tracking.store.PAGE_SIZE", 3)
    play(script.started, *(event for trial in range(8) for event in script.run(trial)))
    assert [run.trial for run in read_sweep(store, "digits-search").runs] == [*range(8)]


def test_unknown_sweep(store: Store, script: Any, play: Any) -> None:
    """A wrong name is answered with the nearest, and with what there is when none is near."""
    assert list_sweeps(store) == []
    with pytest.raises(UnknownSweep, match="no sweep 'digits'; there is none yet: start one"):
        read_sweep(store, "digits")
    for name in ("digits-search", "iris"):
        play(replace(script.started, sweep=name), replace(script.end("interrupted"), factors=()))
    assert list_sweeps(store) == ["digits-search", "iris"]
    with pytest.raises(UnknownSweep, match=r"'digit-serch'; did you mean 'digits-search'\?"):
        read_sweep(store, "digit-serch")
    with pytest.raises(UnknownSweep, match="'zzz'; there are: digits-search, iris"):
        read_sweep(store, "zzz")
    store.client.create_experiment("not-a-sweep")
    with pytest.raises(UnknownSweep):
        read_sweep(store, "not-a-sweep")


def test_best_run_is_of_the_best_whole_trial(sweep_of: Any) -> None:
    """The best mean over all repeats wins, not the best single run, and no trial with gaps."""
    scores = {0: [0.8, 0.8], 1: [0.95, 0.5], 2: [0.85, 0.82], 3: [0.99]}
    rows = [
        {"trial": trial, "repeat": repeat, "validation/accuracy": score}
        for trial, values in scores.items()
        for repeat, score in enumerate(values)
    ]
    rows.append({"trial": 3, "repeat": 1, "validation/accuracy": 0.99, "state": "FAIL"})
    record = sweep_of(rows, {})
    assert (best_run(record).trial, best_run(record).repeat) == (2, 0)
    down = sweep_of(rows, {}, objective={"metric": "validation/accuracy", "direction": "minimize"})
    assert (best_run(down).trial, best_run(down).repeat) == (1, 1)
    with pytest.raises(TrackingError, match="sweep 'digits' has no finished trial yet"):
        best_run(sweep_of(rows[-1:], {}))
