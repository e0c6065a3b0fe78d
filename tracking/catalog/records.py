"""What the catalog keeps, as plain records; times are UTC and aware."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Kind = Literal["sweep", "report"]
JobState = Literal["queued", "running", "done", "failed"]


@dataclass(frozen=True)
class Owner:
    """A process that holds something; `process` begins anew with each process, even of one pid."""

    host: str
    pid: int
    process: str


@dataclass(frozen=True)
class Schedule:
    """Something to be done again and again.

    Attributes:
        file: the sweep or report file, absolute; read anew each time.
        cron: five fields as in crontab(5); `timezone`: an IANA name.
        next_due: the next time it is to be done.
        last_due, last_state: of the last time, None and '' if there was none.
    """

    name: str
    kind: Kind
    file: str
    cron: str
    timezone: str
    created: datetime
    next_due: datetime | None
    last_due: datetime | None = None
    last_state: str = ""


@dataclass(frozen=True)
class Job:
    """One thing to do: a sweep that was submitted, or one time of a schedule.

    Attributes:
        file: absolute; `text`: of a submitted file as it was then, '' for a schedule's.
        options: such as {'overrides': [...], 'trials': 20}.
        priority: larger first; among equals the older first.
        schedule, due: of a schedule's time; unique together, so that it is done once.
        late: it was missed and is made up for.
        attempts: begun so far; `not_before`: of the next one, after a failure.
        message: the last failure in a sentence, or what came out.
    """

    id: int
    kind: Kind
    name: str
    file: str
    text: str
    options: Mapping[str, Any]
    priority: int
    state: JobState
    created: datetime
    schedule: str = ""
    due: datetime | None = None
    late: bool = False
    attempts: int = 0
    not_before: datetime | None = None
    owner: Owner | None = None
    heartbeat: datetime | None = None
    began: datetime | None = None
    ended: datetime | None = None
    message: str = ""


@dataclass(frozen=True)
class KeptReport:
    """A report that was made, or failed.

    Attributes:
        id: its number.
        key: a unique id of our own, from before it is made: a second try finds the first.
        folder: where its files lie, absolute.
        digest: SHA-256 of its report.json; '' when it failed.
        file: absolute; its paths are found from there.
        file_text: the report file as it was.
        mlflow_run: in experiment 'reports'; '' when not delivered there.
        deliveries: address name -> 'sent' or why not.
        details: of one that is done, {'sweeps': as `seen_to_json` writes them, 'alerts': [text],
            'last', 'against': numbers of the reports that `build_report` was given, or None,
            'mlflow_error': a sentence, or '' when the run is there}.
    """

    id: int
    key: str
    title: str
    made: datetime
    state: Literal["making", "done", "failed"]
    folder: str
    file: str
    file_text: str
    digest: str = ""
    mlflow_run: str = ""
    schedule: str = ""
    late: bool = False
    error: str = ""
    deliveries: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
