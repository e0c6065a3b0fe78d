from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tracking.errors import TrackingUnavailable
from tracking.reading import best_run, read_sweep
from tracking.recorder import MlflowRecorder

if TYPE_CHECKING:
    from mlflow.entities import Run

    from tracking.events import Event
    from tracking.store import Store

SWEEP = "digits-search"


def runs_in(store: Store) -> list[Run]:
    """Everything MLflow has, the parent first."""
    experiment = store.client.get_experiment_by_name(SWEEP)
    assert experiment is not None
    found = store.search_runs([experiment.experiment_id])
    return sorted(found, key=lambda run: run.data.tags["fairtrial.kind"] != "sweep")


def history(store: Store, run: Run) -> dict[str, list[tuple[int, float, int]]]:
    """Every row of every metric."""
    return {
        name: sorted(
            (m.step, m.value, m.timestamp)
            for m in store.client.get_metric_history(run.info.run_id, name)
        )
        for name in run.data.metrics
    }


def everything(store: Store) -> list[Any]:
    """All that MLflow has of the children."""
    return [
        (run.info.run_id, run.info.status, run.data.tags, run.data.params, history(store, run))
        for run in runs_in(store)
        if run.data.tags["fairtrial.kind"] == "run"
    ]


def test_parent_holds_what_is_fixed(store: Store, script: Any, play: Any) -> None:
    """A finished sweep's parent has its file, its table and all that is needed to repeat it."""
    runs = script.run(0) + script.run(1, learning_rate=0.01) + script.run(2, activation="tanh")
    play(script.started, *runs, script.end())
    parent = runs_in(store)[0]
    assert parent.info.status == "FINISHED"
    assert parent.info.run_name == SWEEP
    tags = parent.data.tags
    assert tags["fairtrial.kind"] == "sweep"
    assert tags["fairtrial.sweep"] == SWEEP
    assert tags["fairtrial.data_digest"] == "ab" * 32
    assert list(json.loads(tags["fairtrial.search"])) == ["learning_rate", "activation"]
    note = tags["mlflow.note.content"]
    assert note.startswith("Three trials were trained.")
    assert "| learning_rate&emsp; | mean&emsp; |" in note
    assert "`fairtrial run sweep.yaml`" in note
    client, parent_id = store.client, parent.info.run_id
    names = {artifact.path for artifact in client.list_artifacts(parent_id)}
    tables = {"table.md", "table.csv", "table.json"}
    assert names == {"sweep.yaml", "data.json", "figures.html", *tables}
    path = client.download_artifacts(parent_id, "sweep.yaml")
    with open(path) as file:  # noqa: PTH123 - as a user would
        assert file.read() == script.started.definition


def test_child_holds_what_is_fixed(store: Store, script: Any, play: Any) -> None:
    """A run has its tags, params, metrics per epoch and at the end, data set and readable name."""
    play(script.started, *script.run(17, 2, learning_rate=0.01))
    parent, run = runs_in(store)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "lr=0.01 relu #17 s2"
    assert (run.info.start_time, run.info.end_time) == (1_000_000, 1_003_000)
    expected = {
        "mlflow.parentRunId": parent.info.run_id,
        "fairtrial.kind": "run",
        "fairtrial.sweep": SWEEP,
        "fairtrial.trial": "17",
        "fairtrial.repeat": "2",
        "optuna.state": "COMPLETE",
    }
    assert expected.items() <= run.data.tags.items()
    assert run.data.params == {
        "learning_rate": "0.01",
        "activation": "relu",
        "hidden": "[64]",
        "patience": "null",
        "seed": "1002",
    }
    assert history(store, run) == {
        "train/loss": [(1, 1.0, 1001000), (2, 0.5, 1002000), (3, 1 / 3, 1003000)],
        "validation/accuracy": [(1, 0.5, 1001000), (2, 0.75, 1002000), (3, 1 - 0.5 / 3, 1003000)],
        "test/accuracy": [(3, 0.8, 1003001)],
        "epochs_run": [(3, 3.0, 1003001)],
    }
    for owner in (parent, run):
        (data,) = store.client.get_run(owner.info.run_id).inputs.dataset_inputs
        assert (data.dataset.name, data.dataset.digest) == ("digits", "ab" * 16)
        assert json.loads(data.dataset.profile)["sha256"] == "ab" * 32


@pytest.mark.parametrize(
    ("state", "status"), [("COMPLETE", "FINISHED"), ("PRUNED", "KILLED"), ("FAIL", "FAILED")]
)
def test_status(store: Store, script: Any, play: Any, state: str, status: str) -> None:
    """Optuna's state and MLflow's status agree, and a message is kept."""
    play(script.started, *script.run(0, state=state, message="why it ended"))
    run = runs_in(store)[1]
    assert run.info.status == status
    assert run.data.tags["optuna.state"] == state
    assert run.data.tags["fairtrial.message"] == "why it ended"


def test_end_metrics_are_not_repeated(store: Store, script: Any, play: Any) -> None:
    """The last epoch's value is not logged twice, and a differing one becomes the run's own."""
    end = {"train/loss": 1 / 3, "validation/accuracy": 0.5}
    play(script.started, *script.run(0, end=end))
    run = runs_in(store)[1]
    rows = history(store, run)
    assert [step for step, _, _ in rows["train/loss"]] == [1, 2, 3]
    assert [step for step, _, _ in rows["validation/accuracy"]] == [1, 2, 3, 3]
    assert run.data.metrics["validation/accuracy"] == 0.5


def test_nonfinite_metrics_are_told_not_logged(store: Store, script: Any, play: Any) -> None:
    """MLflow would keep infinity as 1.8e308: it is left out, and a tag names metric and epoch."""
    end = {"test/loss": math.inf, "gap": math.nan, "test/accuracy": 0.1}
    play(script.started, *script.run(0, end=end))
    run = runs_in(store)[1]
    assert set(run.data.metrics) == {"train/loss", "validation/accuracy", "test/accuracy"}
    assert run.data.tags["fairtrial.nonfinite"] == "test/loss at epoch 3: inf; gap at epoch 3: nan"


def test_replay_changes_nothing(store: Store, script: Any, play: Any) -> None:
    """The same events again, in the same process and in another, leave MLflow as it was."""
    events: list[Event] = [
        script.started,
        *script.run(0),
        *script.run(1, state="PRUNED"),
        *script.run(2, state="FAIL", message="loss is nan"),
        script.end(),
    ]
    recorder = play(*events)
    before = everything(store)
    for event in events:
        recorder.record(event)
    recorder.deliver()
    play(*events)
    assert everything(store) == before
    assert len(runs_in(store)) == 4


def test_interrupted_sweep_carries_on(store: Store, script: Any, play: Any) -> None:
    """What was in flight waits as SCHEDULED, is taken up again, and keeps its rows' first times."""
    play(
        script.started,
        *script.run(0),
        *script.run(1, epochs=(1, 2), state=None),
        script.end("interrupted"),
    )
    parent, *runs = runs_in(store)
    assert (parent.info.status, parent.data.tags["fairtrial.state"]) == ("KILLED", "interrupted")
    waiting = next(run for run in runs if run.data.tags["fairtrial.trial"] == "1")
    assert (waiting.info.status, waiting.data.tags["optuna.state"]) == ("SCHEDULED", "RUNNING")
    before = history(store, waiting)

    later: list[Event] = [
        replace(event, time_ms=event.time_ms + 5_000_000) for event in script.run(1)
    ]
    recorder = play(script.started)
    assert runs_in(store)[0].info.status == "RUNNING"
    for event in (*later, script.end()):
        recorder.record(event)
    recorder.deliver()
    assert len(runs_in(store)) == 3
    run = store.client.get_run(waiting.info.run_id)
    assert (run.info.status, run.data.tags["optuna.state"]) == ("FINISHED", "COMPLETE")
    rows = history(store, run)
    assert [row[0] for row in rows["train/loss"]] == [1, 2, 3]
    assert rows["train/loss"][:2] == before["train/loss"]
    assert runs_in(store)[0].info.status == "FINISHED"


def test_another_configuration_of_the_same_trial(store: Store, script: Any, play: Any) -> None:
    """A sweep begun anew under its old name does not lose its runs, nor mix them with the old."""
    play(script.started, *script.run(0), *script.run(1), script.end())
    begun, *rest = script.run(0, learning_rate=0.5)
    play(script.started, replace(begun, time_ms=begun.time_ms + 1), *rest, script.end())
    assert len(runs_in(store)) == 4
    record = read_sweep(store, SWEEP)
    assert [(run.trial, run.params["learning_rate"]) for run in record.runs] == [(0, 0.5), (1, 0.1)]


def test_runs_in_flight_are_seen(store: Store, script: Any) -> None:
    """Curves grow while a run trains; what was delivered once is not logged again."""
    recorder = MlflowRecorder(store, interval_s=0)
    recorder.record(script.started)
    seen = []
    for event in script.run(0):
        recorder.record(event)
        run = runs_in(store)[1]
        seen.append((run.info.status, len(history(store, run).get("train/loss", []))))
    assert seen == [("RUNNING", n) for n in range(4)] + [("FINISHED", 3)]


def test_a_finished_run_is_written_at_once(store: Store, script: Any, play: Any) -> None:
    """A run that ended is in MLflow before anyone asks; one in flight may wait."""
    play(script.started, *script.run(0), *script.run(1, state=None), deliver=False)
    assert [run.data.tags.get("fairtrial.trial") for run in runs_in(store)] == [None, "0"]


def test_params_too_long_are_told(store: Store, script: Any, play: Any) -> None:
    """A value that MLflow would cut without a word ends in a note, and a tag names it."""
    play(script.started, *script.run(0, hidden=[64] * 3000))
    run = runs_in(store)[1]
    assert run.data.tags["fairtrial.shortened"] == "hidden"
    assert "[shortened: 12000 characters, SHA-256 " in run.data.params["hidden"]
    assert read_sweep(store, SWEEP).runs[0].finished


def test_more_than_a_batch_of_metrics(store: Store, script: Any, play: Any) -> None:
    """A run of more points than one MLflow batch holds is recorded as a whole."""
    play(script.started, *script.run(0, epochs=range(1, 701)))
    assert [row[0] for row in history(store, runs_in(store)[1])["train/loss"]] == [*range(1, 701)]


def test_a_search_longer_than_a_tag_reads_back(store: Store, script: Any, play: Any) -> None:
    """MLflow cuts tags at 8000 characters; a long search space still reads back as it was."""
    search = {"activation": [f"choice-{i:05d}" for i in range(2000)]}
    play(replace(script.started, search=search), *script.run(0), script.end())
    assert read_sweep(store, SWEEP).search == search


def test_deleted_experiment(store: Store, script: Any, play: Any) -> None:
    """A sweep whose experiment was deleted in MLflow says how to get it back."""
    play(script.started, script.end("interrupted"))
    store.client.delete_experiment(runs_in(store)[0].info.experiment_id)
    with pytest.raises(TrackingUnavailable, match="mlflow experiments restore --experiment-id"):
        play(script.started)


def test_nothing_on_stdout(
    store: Store, script: Any, play: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """Stdout is for data: recording a sweep prints nothing, nor does it chat on stderr."""
    play(script.started, *script.run(0), script.end())
    assert capfd.readouterr() == ("", "")
    assert best_run(read_sweep(store, SWEEP)).trial == 0


def test_sweep_without_finished_run(store: Store, script: Any, play: Any) -> None:
    """A sweep that failed early ends without a table and says why; its run may carry on."""
    play(script.started, *script.run(0, state=None), script.end("failed"))
    parent, run = runs_in(store)
    assert parent.info.status == "FAILED"
    assert (
        "No table: sweep 'digits-search': no run has finished"
        in (parent.data.tags["mlflow.note.content"])
    )
    assert run.info.status == "SCHEDULED"
