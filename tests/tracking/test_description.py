from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tracking.reading import find_parent

if TYPE_CHECKING:
    from tracking.store import Store


def test_the_verdict_comes_along(store: Store, script: Any, play: Any) -> None:
    """Whoever opens a controlled sweep in MLflow reads under its table what it shows."""
    started = replace(script.started, search={"learning_rate": [0.1, 0.01]}, sampler="grid")
    scores = {0.1: [0.7, 0.72, 0.71], 0.01: [0.9, 0.91, 0.92]}
    events = [
        event
        for trial, (rate, values) in enumerate(scores.items())
        for repeat, score in enumerate(values)
        for event in script.run(trial, repeat, learning_rate=rate, end={"test/accuracy": score})
    ]
    play(started, *events, script.end())
    experiment = store.client.get_experiment_by_name("digits-search")
    assert experiment is not None
    parent = find_parent(store, experiment.experiment_id, "digits-search")
    assert parent is not None
    note = parent.data.tags["mlflow.note.content"]
    table, _, verdict = note.partition("| 0.1 | 0.7100 |")
    assert "| learning_rate | mean |" in table
    assert "0.01 is best; 0.1 is worse by 20 points (p &lt; 0.001)." in verdict
