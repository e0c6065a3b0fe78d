from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tracking.errors import ReportError
from tracking.reading import find_parents, read_sweep
from tracking.reports.json_format import report_digest
from tracking.reports.seen import seen_from_json, seen_to_json, what_is_over

if TYPE_CHECKING:
    from tracking.store import Store


def test_only_runs_that_are_over_are_seen(filled: Store) -> None:
    """A run in flight may still change, so it is counted but enters no digest."""
    record, seen = what_is_over(read_sweep(filled, "search"))
    assert [run.state for run in record.runs] == ["COMPLETE", "COMPLETE", "FAIL", "FAIL", "PRUNED"]
    assert seen.run_ids == tuple(sorted(run.mlflow_id for run in record.runs))
    assert seen.facts["in_flight"] == 1
    assert seen.facts["importance"] == {"learning_rate": 0.75, "activation": 0.25}
    assert seen.facts["versions"] == [{"trainer": "1", "device": "cpu", "torch": "2.13.0"}]
    assert (seen.facts["source"], seen.facts["state"]) == ("digits", "done")
    assert seen.facts["rows"] == {"all": 100, "train": 70}


def test_the_digest_is_of_all_that_is_read(filled: Store) -> None:
    """Each part of a run, and what defines the sweep, changes it; what others tag does not."""
    record = what_is_over(read_sweep(filled, "search"))[0]
    digests = {what_is_over(record)[1].digest}
    run = record.runs[0]
    for change in (
        {"state": "PRUNED"},
        {"seed": 7},
        {"params": {**run.params, "hidden": [32]}},
        {"metrics": {**run.metrics, "test/accuracy": 0.7000001}},
        {"message": "x"},
        {"ended_ms": 5},
    ):
        other = replace(record, runs=(replace(run, **change), *record.runs[1:]))  # type: ignore[arg-type]
        digests.add(what_is_over(other)[1].digest)
    digests.add(what_is_over(replace(record, data_digest="ef" * 32))[1].digest)
    assert len(digests) == 8
    tagged = replace(record, tags={**record.tags, "team": "vision"})
    assert what_is_over(tagged)[1].digest in digests


def test_kept_and_read_back(made: Any) -> None:
    """What was seen survives JSON as it was."""
    for seen in made().seen:
        assert seen_from_json(json.loads(json.dumps(seen_to_json(seen)))) == seen


def test_made_again_from_what_was_seen(made: Any, add: Any) -> None:
    """More runs, new sweeps and other tags since: from the frozen runs the same report comes."""
    text = "sweeps: [search, 'grid-*', 'none-*']\nbaseline: grid-relu"
    first = made(text)
    assert made(text) == first
    rates = (0.01, 0.1, 0.5)  # trials 0 and 1 are there already: what is told of them is no news
    tanh = [({"learning_rate": rate, "activation": "tanh"}, [0.99] * 4) for rate in rates]
    add("grid-tanh", tanh, end="interrupted")
    settings = tanh[0][0]
    add("grid-new", [(settings, [0.5])])
    now = made(text)
    assert report_digest(now) != report_digest(first)
    assert [seen.name for seen in now.seen] == ["grid-new", "grid-relu", "grid-tanh", "search"]
    again = made(text, frozen=[seen_from_json(seen_to_json(seen)) for seen in first.seen])
    assert again == first
    assert report_digest(again) == report_digest(first)


def test_what_is_gone_is_named(made: Any, filled: Store) -> None:
    """Every sweep that is gone, has lost a run or has a changed one stands in the error."""
    seen = made().seen
    runs = {name: read_sweep(filled, name).runs for name in find_parents(filled)}
    filled.client.delete_run(runs["grid-relu"][0].mlflow_id)
    filled.client.set_tag(runs["search"][2].mlflow_id, "fairtrial.message", "another reason")
    experiment = filled.client.get_experiment_by_name("grid-tanh")
    assert experiment is not None
    filled.client.delete_experiment(experiment.experiment_id)
    with pytest.raises(ReportError) as caught:
        made(frozen=seen)
    said = str(caught.value)
    assert "can't be made again as it was: " in said
    assert f"sweep 'grid-relu' lacks 1 of 8 runs ({runs['grid-relu'][0].mlflow_id})" in said
    assert "sweep 'grid-tanh' is gone" in said
    assert "the runs of sweep 'search' are there but changed since" in said
    assert "other-data" not in said
    assert "fairtrial report FILE" in said


def test_tags_that_someone_broke_say_nothing(filled: Store) -> None:
    """A tag of ours that no longer is JSON, or of another kind, is as if it were not there."""
    parent = find_parents(filled)["search"].info.run_id
    for name, text in (("importance", "{"), ("versions", "7"), ("data_rows", "[1]")):
        filled.client.set_tag(parent, f"fairtrial.{name}", text)
    facts = what_is_over(read_sweep(filled, "search"))[1].facts
    assert (facts["importance"], facts["versions"], facts["rows"]) == ({}, [], {})
