"""The descriptions, numbers, params and tags that a sweep and its runs have in MLflow."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tracking.events import BestModel, RunEnded, SweepTagged
from tracking.notes import ended_note
from tracking.params import MAX_TAG
from tracking.reading import find_parent
from tracking.recorder import MlflowRecorder

if TYPE_CHECKING:
    from mlflow.entities import Run

    from tracking.store import Store

NOTE = "mlflow.note.content"


def parent_of(store: Store) -> Run:
    experiment = store.client.get_experiment_by_name("digits-search")
    assert experiment is not None
    parent = find_parent(store, experiment.experiment_id, "digits-search")
    assert parent is not None
    return parent


def run_of(store: Store, id_: str) -> Run:
    runs = store.search_runs(["1"])
    (run,) = [run for run in runs if run.data.tags.get("fairtrial.run") == id_]
    return run


def test_the_verdict_comes_first(store: Store, script: Any, play: Any) -> None:
    """Whoever opens a controlled sweep in MLflow reads first what it shows, then how that was
    found; the experiment says it too."""
    started = replace(script.started, search={"learning_rate": [0.1, 0.01]}, sampler="grid")
    scores = {0.1: [0.7, 0.72, 0.71], 0.01: [0.9, 0.91, 0.92]}
    events = [
        event
        for trial, (rate, values) in enumerate(scores.items())
        for repeat, score in enumerate(values)
        for event in script.run(trial, repeat, learning_rate=rate, end={"test/accuracy": score})
    ]
    play(started, *events, script.end())
    note = parent_of(store).data.tags[NOTE]
    verdict = "test/accuracy by learning_rate: 0.01 is best; 0.1 is worse by 20 points"
    assert note.startswith(f"**{verdict} (p &lt; 0.001).**\n\nThree trials were trained.")
    assert "| 0.1&emsp; | 0.7100&emsp; |" in note
    assert "Controlled: every level was trained with the same other settings" in note
    assert store.client.get_experiment("1").tags[NOTE] == (
        f"{verdict} (p &lt; 0.001). Three trials were trained."
    )


def test_a_sweep_tells_how_to_repeat_it_and_what_is_best(
    store: Store, script: Any, play: Any
) -> None:
    """The parent names what is fixed, its data, its best run by a link, the command and its files;
    its params are what is fixed and its metrics the best trial's means and how trials ended."""
    started = replace(
        script.started,
        fixed={"hidden": [64], "optimizer": "adam"},
        data_summary={"rows": 10, "splits": {"train": {"shape": [8, 2]}, "test": {"shape": [2]}}},
        command="fairtrial run '/a b/sweep.yaml' --set train.epochs=5",
    )
    runs = [
        *script.run(0, 0, end={"test/accuracy": 0.8}),
        *script.run(0, 1, end={"test/accuracy": 0.6, "validation/accuracy": 0.9}),
        *script.run(1, 0, state="PRUNED"),
        *script.run(1, 1, state="PRUNED"),
        *script.run(2, 0, state="FAIL", message="the loss is NaN"),
        *script.run(2, 1),
    ]
    play(started, *runs, script.end())
    parent = parent_of(store)
    note, best = parent.data.tags[NOTE], run_of(store, "0.1").info.run_id
    for text in (
        f"Its best run: [lr=0.1 relu #0 s1](#/experiments/1/runs/{best}), validation/accuracy 0.9",
        "Fixed: hidden [64], optimizer adam. Data: digits, 10 rows (train 8, test 2), digest abab",
        "Sampler: tpe, pruner: none.",
        "Repeat it: `fairtrial run '/a b/sweep.yaml' --set train.epochs=5`\n",
        "- `figures.html`: charts",
    ):
        assert text in note, note
    assert parent.data.params == {"hidden": "[64]", "optimizer": "adam"}
    assert parent.data.metrics == {
        "trials/complete": 1,
        "trials/pruned": 1,
        "trials/failed": 1,
        "best/validation/accuracy": ((1 - 0.5 / 3) + 0.9) / 2,
        "best/test/accuracy": 0.7,
    }
    assert run_of(store, "1.0").data.tags[NOTE] == "Pruned after 3 epochs by the pruner 'none'."
    assert run_of(store, "2.0").data.tags[NOTE] == "Failed: the loss is NaN."
    assert NOTE not in run_of(store, "0.0").data.tags


def test_a_description_stays_within_what_mlflow_keeps(store: Store, script: Any, play: Any) -> None:
    """A table too long for a tag is cut at a row's end, and all that is not the table stays."""
    started = replace(script.started, search={"activation": ["relu"]})
    runs = [
        event
        for trial in range(60)
        for event in script.run(trial, activation=f"{'long ' * 30}{trial}")
    ]
    end = replace(script.end(), factors=("activation",), summary="Told. " * 1000)
    play(replace(started, command=f"fairtrial run {'x' * 1000}"), *runs, end)
    note = parent_of(store).data.tags[NOTE]
    assert MAX_TAG - 700 < len(note) <= MAX_TAG
    cut = note.partition("\n\n(cut here; the whole table is in table.md)\n\n")
    assert cut[0].endswith(" |")
    assert cut[2].endswith("how it was cleaned, split and scaled")


def test_a_message_of_any_length_fits(script: Any) -> None:
    """Why a run failed is its description, cut where it has no end, in words if it is none."""
    ended = script.run(0, state="FAIL", message="<" * 100_000)[-1]
    assert isinstance(ended, RunEnded)
    assert len(ended_note(ended, "none")) <= MAX_TAG
    assert ended_note(replace(ended, message=""), "none") == "Failed: no reason is known."
    assert ended_note(replace(ended, state="PRUNED", epoch=1, message=""), "median") == (
        "Pruned after 1 epoch by the pruner 'median'."
    )


def test_params_of_an_earlier_definition_are_told(store: Store, script: Any, play: Any) -> None:
    """MLflow changes no param: a sweep begun anew under its old name says which are out of date."""
    for hidden in ([64], [8]):
        play(
            replace(script.started, fixed={"hidden": hidden, "model": "mlp"}),
            *script.run(0),
            script.end(),
        )
    parent = parent_of(store)
    assert parent.data.params == {"hidden": "[64]", "model": "mlp"}
    assert "Fixed: hidden [8], model mlp." in parent.data.tags[NOTE]
    assert "Of the parameters below, hidden are those of an earlier" in parent.data.tags[NOTE]


def test_the_users_tags(store: Store, script: Any, play: Any) -> None:
    """A user's tags are on the sweep, its runs and its experiment; those that change in the file
    are changed on a sweep that is over too, and its runs and its end stay as they are."""
    tags = {"team": "vision"}
    play(replace(script.started, tags=tags), *script.run(0), script.end())
    before = parent_of(store)
    assert before.data.tags["team"] == run_of(store, "0.0").data.tags["team"] == "vision"
    recorder = MlflowRecorder(store)
    for event in (SweepTagged("digits-search", {"team": "audio", "quarter": "Q4"}),
                  SweepTagged("no-such-sweep", {"team": "audio"})):  # fmt: skip
        recorder.record(event)
        recorder.deliver()
    after = parent_of(store)
    assert after.data.tags == {**before.data.tags, "team": "audio", "quarter": "Q4"}
    assert (after.info.status, after.info.end_time) == ("FINISHED", before.info.end_time)
    assert store.client.get_experiment("1").tags["quarter"] == "Q4"
    assert run_of(store, "0.0").data.tags["team"] == "vision"


def test_views_are_kept_up_to_date(store: Store, script: Any, play: Any) -> None:
    """The saved views of a sweep's runs are those of its search, made anew only if that changes."""

    def views() -> dict[str, Any]:
        tags = store.client.get_experiment("1").tags
        return {k: json.loads(v) for k, v in tags.items() if k.startswith("mlflow.sharedViewState")}

    play(script.started, *script.run(0))
    first = views()
    assert sorted(view["name"] for view in first.values()) == [
        "Best runs first",
        "Pruned and failed runs",
    ]
    play(replace(script.started, time_ms=5_000_000), script.end())
    assert views() == first
    play(replace(script.started, search={"dropout": [0.1]}, time_ms=6_000_000))
    assert all("params.`dropout`" in json.loads(view["state"])["selectedColumns"]
               and view["createdAt"] == 6_000_000 for view in views().values())  # fmt: skip


def test_only_one_run_is_called_the_best(store: Store, script: Any, play: Any) -> None:
    """The best run says that it is, with its files; when another takes its place, it was."""
    best = BestModel("0.0", None, None, {}, explain=lambda _metrics: "# Stages\n")
    recorder = play(script.started, *script.run(0), *script.run(1), best, script.end())
    first = run_of(store, "0.0")
    assert first.data.tags[NOTE].startswith("The best run of the sweep digits-search.")
    assert "- `explain.md`: its training" in first.data.tags[NOTE]
    recorder.record(script.started)
    recorder.record(replace(best, id="1.0"))
    recorder.record(script.end())
    recorder.deliver()
    assert run_of(store, "0.0").data.tags[NOTE] == (
        "Was the best run of the sweep digits-search, until it went on."
    )
    assert run_of(store, "1.0").data.tags[NOTE].startswith("The best run of the sweep")
