"""The study as it is kept: whole or not at all, readable by Optuna, its faults in a sentence."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import optuna
import pytest

from sweeps.errors import RecordError
from sweeps.record import StudyRecord, summaries
from sweeps.space import distributions
from sweeps.stores import Stores

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SEARCH = "search: {learning_rate: [0.1, 0.2], hidden: [[4], [8, 4]]}\nbudget: {trials: 4}\n"
PARAMS = {"learning_rate": 0.1, "hidden": "[8, 4]"}


@pytest.fixture
def record(desk: Callable[[str], Any]) -> StudyRecord:
    """A record with a trial that has ended and one in flight."""
    sweep = desk(SEARCH)
    record: StudyRecord = sweep.record
    for _ in range(2):
        record.begin(PARAMS, distributions(sweep.spec.search))
    reports = {1: 0.1 + 0.2, 2: 1 / 3}
    record.end(0, state="PRUNED", value=1 / 3, ticks=2, reports=reports, message="")
    return record


@pytest.mark.usefixtures("record")
def test_what_was_written_is_read_bit_for_bit() -> None:
    """Every float comes back as it was, since decisions are taken again from it."""
    first, second = StudyRecord.open(Stores.here(), "small", "maximize", {}, "").trials()
    assert (first.number, first.state, first.value, first.ticks) == (0, "PRUNED", 1 / 3, 2)
    assert first.reports == {1: 0.1 + 0.2, 2: 1 / 3}
    assert first.params == PARAMS
    assert (second.number, second.state, second.value) == (1, "RUNNING", None)


def test_a_trial_half_written_is_still_in_flight(record: StudyRecord) -> None:
    """A process that dies before the state leaves a trial that runs again, and ends as a whole."""
    trial_id = record._study.get_trials()[1]._trial_id
    record._storage.set_trial_intermediate_value(trial_id, 1, 0.9)
    record._storage.set_trial_user_attr(trial_id, "fairtrial.ticks", 1)
    assert record.trials()[1].state == "RUNNING"
    record.end(1, state="FAIL", value=None, ticks=3, reports={1: 0.8}, message="it broke")
    again = record.trials()[1]
    assert (again.state, again.ticks, again.reports, again.message) == (
        "FAIL", 3, {1: 0.8}, "it broke"
    )  # fmt: skip


def test_the_first_definition_stays(record: StudyRecord) -> None:
    """Opening a sweep with another definition reads the one it was begun with."""
    first = record.definition
    assert first["search.learning_rate"] == [0.1, 0.2]
    again = StudyRecord.open(Stores.here(), "small", "maximize", {"seed": 1}, "other")
    assert again.definition == first


def test_optuna_can_open_it(record: StudyRecord) -> None:
    """optuna.load_study reads the study at any time: its own tools work on it."""
    record.end(1, state="COMPLETE", value=0.75, ticks=3, reports={})
    study = optuna.load_study(study_name="small", storage=Stores.here().database_url)
    assert study.best_trial.params == PARAMS
    assert study.best_value == 0.75
    (line,) = summaries(Stores.here())
    assert (line.name, line.done, line.best) == ("small", False, 0.75)
    assert line.counts == {"COMPLETE": 1, "RUNNING": 0, "PRUNED": 1, "FAIL": 0}


@pytest.mark.usefixtures("record")
def test_studies_of_others_are_not_ours() -> None:
    """In a database that is shared, only what Fairtrial began is a sweep."""
    url = Stores.here().database_url
    optuna.create_study(storage=url, study_name="theirs", directions=["minimize", "maximize"])
    assert [line.name for line in summaries(Stores.here())] == ["small"]


def test_a_sweep_is_done_until_trials_are_added(record: StudyRecord) -> None:
    """'done' holds for as many trials as there were then."""
    record.set_finished(2)
    assert summaries(Stores.here())[0].done
    record.begin(PARAMS, record._study.get_trials()[0].distributions)
    assert not summaries(Stores.here())[0].done


@pytest.mark.parametrize(
    "use",
    [
        lambda record: record.trials(),
        lambda record: record.begin({}, {}),
        lambda record: record.end(1, state="FAIL", value=None, ticks=1, reports={}),
        lambda record: record.set_seconds(1.0),
        lambda record: record.seconds,
    ],
    ids=["trials", "begin", "end", "set_seconds", "seconds"],
)
def test_a_database_that_breaks_meanwhile_is_one_sentence(
    record: StudyRecord, folder: Path, use: Callable[[StudyRecord], object]
) -> None:
    """Whatever is asked of it, the error names the database and is ours."""
    with closing(sqlite3.connect(folder / ".fairtrial" / "fairtrial.db")) as database:
        for table in ("studies", "trials", "study_user_attributes"):
            database.execute(f"DROP TABLE {table}")
    with pytest.raises(RecordError, match=r"fairtrial\.db can't be used: .*no such table"):
        use(record)
