"""The study as it is kept: an Optuna study in a database, written once a trial, read to carry on.

Decisions are not taken on it (see sweeps/study.py); optuna-dashboard and `optuna.load_study` can
open it at any time.
"""

from __future__ import annotations

import json
import logging
import weakref
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from sweeps.errors import RecordError
from tracking.catalog.address import fault, with_driver
from tracking.catalog.database import one_at_a_time
from tracking.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from optuna.distributions import BaseDistribution
    from optuna.storages import RDBStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from sweeps.stores import Stores

Direction = Literal["minimize", "maximize"]

_DEFINITION = "fairtrial.definition"
_SPEC_TEXT = "fairtrial.file"
_SECONDS = "fairtrial.seconds"
_FINISHED = "fairtrial.finished"
_TICKS = "fairtrial.ticks"
_MESSAGE = "fairtrial.message"
_METRIC_NAMES = "study:metric_names"


@dataclass(frozen=True)
class RecordedTrial:
    """What the record says of one trial.

    Attributes:
        state: 'RUNNING' (it was in flight), 'COMPLETE', 'PRUNED' or 'FAIL'.
        ticks: epochs of the logical clock it was in flight, when it has ended.
        reports: value by epoch, where a pruner made them count.
    """

    number: int
    params: Mapping[str, Any]
    state: str
    value: float | None
    ticks: int
    reports: Mapping[int, float]
    message: str


class StudyRecord:
    """One sweep's study in the database."""

    def __init__(self, stores: Stores, storage: RDBStorage, study: Study) -> None:
        self._stores = stores
        self._storage = storage
        self._study = study

    @classmethod
    def open(
        cls,
        stores: Stores,
        name: str,
        direction: Direction,
        definition: Mapping[str, Any],
        text: str,
    ) -> StudyRecord:
        """The record of a sweep, made if there is none.

        Raises: RecordError when the database can't be opened.
        """
        import optuna

        storage = open_storage(stores)
        with _faults(stores):
            study = optuna.create_study(
                storage=storage,
                study_name=name,
                direction=direction,
                load_if_exists=True,
                sampler=optuna.samplers.RandomSampler(),
            )
            if _DEFINITION not in study.user_attrs:
                study.set_user_attr(_SPEC_TEXT, text)
                if metric := definition.get("objective.metric"):
                    # As `study.set_metric_names`, which warns that it may change, and as
                    # optuna-dashboard calls the values.
                    storage.set_study_system_attr(study._study_id, _METRIC_NAMES, [metric])  # noqa: SLF001
                study.set_user_attr(_DEFINITION, json.dumps(definition))
        return cls(stores, storage, study)

    @property
    def definition(self) -> dict[str, Any]:
        """What the sweep was defined as when it was first run."""
        definition: dict[str, Any] = json.loads(self._attributes[_DEFINITION])
        return definition

    @property
    def seconds(self) -> float:
        """How long the sweep has run, over all its sessions."""
        return float(self._attributes.get(_SECONDS, 0.0))

    def set_seconds(self, seconds: float) -> None:
        """Keep how long the sweep has run."""
        with _faults(self._stores):
            self._study.set_user_attr(_SECONDS, round(seconds, 3))

    @property
    def finished(self) -> int | None:
        """How many trials there were when the sweep was last done, or None if it never was."""
        finished = self._attributes.get(_FINISHED)
        return None if finished is None else int(finished)

    def set_finished(self, n_trials: int) -> None:
        """Note that the sweep is done with so many trials, and all of it is in MLflow."""
        with _faults(self._stores):
            self._study.set_user_attr(_FINISHED, n_trials)

    def trials(self) -> list[RecordedTrial]:
        """Every trial ever asked, by number."""
        with _faults(self._stores):
            return [_recorded(trial) for trial in self._study.get_trials(deepcopy=False)]

    def begin(
        self, params: Mapping[str, Any], distributions: Mapping[str, BaseDistribution]
    ) -> None:
        """Note that the next trial was asked."""
        from optuna.trial import TrialState, create_trial

        trial = create_trial(
            state=TrialState.RUNNING, params=dict(params), distributions=dict(distributions)
        )
        with _faults(self._stores):
            self._study.add_trial(trial)

    def end(
        self,
        number: int,
        *,
        state: str,
        value: float | None,
        ticks: int,
        reports: Mapping[int, float],
        message: str = "",
    ) -> None:
        """Note how a trial ended; the state is written last, so a trial that has one is whole."""
        from optuna.trial import TrialState

        storage = self._storage
        with _faults(self._stores):
            study_id = storage.get_study_id_from_name(self._study.study_name)
            trial_id = storage.get_trial_id_from_study_id_trial_number(study_id, number)
            for epoch, report in reports.items():
                storage.set_trial_intermediate_value(trial_id, epoch, report)
            storage.set_trial_user_attr(trial_id, _TICKS, ticks)
            if message:
                storage.set_trial_user_attr(trial_id, _MESSAGE, message)
            storage.set_trial_state_values(
                trial_id, TrialState[state], None if value is None else [value]
            )

    @property
    def _attributes(self) -> dict[str, Any]:
        with _faults(self._stores):
            return self._study.user_attrs


@dataclass(frozen=True)
class SweepSummary:
    """One line of `fairtrial status`.

    Attributes:
        counts: trials by state; `seconds`: it has run, over all sessions.
        done: whether it came to its end, rather than being interrupted.
    """

    name: str
    done: bool
    counts: Mapping[str, int]
    best: float | None
    seconds: float
    started: datetime | None


def summaries(stores: Stores) -> list[SweepSummary]:
    """Every sweep in the database, by name.

    Raises: RecordError when it can't be opened.
    """
    import optuna

    if not stores.exists():
        return []
    storage = open_storage(stores)
    lines = []
    with _faults(stores):
        for summary in optuna.get_all_study_summaries(storage):
            if _DEFINITION not in summary.user_attrs:
                continue  # a study of somebody else's, in a database that is shared
            study = optuna.load_study(storage=storage, study_name=summary.study_name)
            trials = study.get_trials(deepcopy=False)
            states = [trial.state.name for trial in trials]
            seconds = float(study.user_attrs.get(_SECONDS, 0.0))
            started = summary.datetime_start
            lines.append(
                SweepSummary(
                    summary.study_name,
                    study.user_attrs.get(_FINISHED) == len(trials),
                    {s: states.count(s) for s in ("COMPLETE", "RUNNING", "PRUNED", "FAIL")},
                    study.best_value if "COMPLETE" in states else None,
                    seconds,
                    started.astimezone(UTC) if started else None,
                )
            )
    return sorted(lines, key=lambda line: line.name)


def open_storage(stores: Stores) -> RDBStorage:
    """Optuna's storage in the stores' database, made if it is not there.

    Raises: RecordError when it can't be opened.
    """
    import optuna
    import sqlalchemy

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    url = with_driver(stores.database_url)
    # The lock of the folder keeps the others on this machine out, that of the database all others.
    with stores.lock("database"), _faults(stores), one_at_a_time(url):
        storage = optuna.storages.RDBStorage(url, engine_kwargs={"pool_pre_ping": True})
    weakref.finalize(storage, storage.engine.dispose)
    if storage.engine.dialect.name == "sqlite":
        # One writer and its readers: with a write-ahead log a trial costs 10 ms, not 27.
        storage.engine.dispose()
        sqlalchemy.event.listen(storage.engine, "connect", _write_ahead)
    return storage


def _write_ahead(connection: Any, _record: object) -> None:  # noqa: ANN401 - any DBAPI connection
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


@contextmanager
def _faults(stores: Stores) -> Iterator[None]:
    """Faults of the database as one sentence."""
    import sqlalchemy
    from optuna.exceptions import StorageInternalError

    url = with_driver(stores.database_url)
    try:
        yield
    except CatalogError as error:
        raise RecordError(str(error)) from error
    except (sqlalchemy.exc.SQLAlchemyError, StorageInternalError, ImportError) as error:
        raise RecordError(f"the study's database {fault(url, error)}") from error


def _recorded(trial: FrozenTrial) -> RecordedTrial:
    return RecordedTrial(
        number=trial.number,
        params=trial.params,
        state=trial.state.name,
        value=trial.value,
        ticks=int(trial.user_attrs.get(_TICKS, 0)),
        reports=trial.intermediate_values,
        message=str(trial.user_attrs.get(_MESSAGE, "")),
    )
