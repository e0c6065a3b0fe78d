"""The catalog's tables as they are now; how they came to be so is in `migrations`.

`fairtrial_` stands before every name: Optuna's tables lie in the same database.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from tracking.catalog.columns import AnyText, Json, Moment

REVISION = "0001"  # of the newest migration; four digits, so that they compare as text
VERSION_TABLE = "fairtrial_version"  # Optuna's is alembic_version

_IDS = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only INTEGER by itself

metadata = MetaData()

schedules = Table(
    "fairtrial_schedules",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("file", AnyText, nullable=False),
    Column("cron", String(200), nullable=False),
    Column("timezone", String(100), nullable=False),
    Column("created", Moment, nullable=False),
    Column("next_due", Moment),
)

jobs = Table(
    "fairtrial_jobs",
    metadata,
    Column("id", _IDS, primary_key=True, autoincrement=True),
    Column("kind", String(20), nullable=False),
    Column("name", AnyText, nullable=False),
    Column("file", AnyText, nullable=False),
    Column("text", AnyText, nullable=False),
    Column("options", Json, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("created", Moment, nullable=False),
    Column("schedule", String(200), nullable=False),
    Column("due", Moment),
    Column("late", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Moment),
    Column("owner_host", AnyText),
    Column("owner_pid", BigInteger),
    Column("owner_process", AnyText),
    Column("heartbeat", Moment),
    Column("began", Moment),
    Column("ended", Moment),
    Column("message", AnyText, nullable=False),
    # A submitted job has no due time, and no two NULLs are equal: only schedules are held to it.
    UniqueConstraint("schedule", "due", name="fairtrial_jobs_once"),
    Index("fairtrial_jobs_queue", "state", "priority", "id"),
)

reports = Table(
    "fairtrial_reports",
    metadata,
    Column("id", _IDS, primary_key=True, autoincrement=True),
    Column("key", String(500), nullable=False),
    Column("title", AnyText, nullable=False),
    Column("made", Moment, nullable=False),
    Column("state", String(20), nullable=False),
    Column("folder", AnyText, nullable=False),
    Column("file", AnyText, nullable=False),
    Column("file_text", AnyText, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("mlflow_run", String(64), nullable=False),
    Column("schedule", String(200), nullable=False),
    Column("late", Boolean, nullable=False),
    Column("error", AnyText, nullable=False),
    Column("deliveries", Json, nullable=False),
    Column("details", Json, nullable=False),
    UniqueConstraint("key", name="fairtrial_reports_key"),
)
