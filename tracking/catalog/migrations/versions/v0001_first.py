"""Version 0001: schedules, jobs and kept reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

_IDS = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables of the first version."""
    op.create_table(
        "fairtrial_schedules",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("cron", sa.String(200), nullable=False),
        sa.Column("timezone", sa.String(100), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("next_due", _MOMENT),
    )
    op.create_table(
        "fairtrial_jobs",
        sa.Column("id", _IDS, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("schedule", sa.String(200), nullable=False),
        sa.Column("due", _MOMENT),
        sa.Column("late", sa.Boolean, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("not_before", _MOMENT),
        sa.Column("owner_host", sa.Text),
        sa.Column("owner_pid", sa.BigInteger),
        sa.Column("owner_process", sa.Text),
        sa.Column("heartbeat", _MOMENT),
        sa.Column("began", _MOMENT),
        sa.Column("ended", _MOMENT),
        sa.Column("message", sa.Text, nullable=False),
        sa.UniqueConstraint("schedule", "due", name="fairtrial_jobs_once"),
        sqlite_autoincrement=True,
    )
    op.create_index("fairtrial_jobs_queue", "fairtrial_jobs", ["state", "priority", "id"])
    op.create_table(
        "fairtrial_reports",
        sa.Column("id", _IDS, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(500), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("made", _MOMENT, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("file_text", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("mlflow_run", sa.String(64), nullable=False),
        sa.Column("schedule", sa.String(200), nullable=False),
        sa.Column("late", sa.Boolean, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("deliveries", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.UniqueConstraint("key", name="fairtrial_reports_key"),
        sqlite_autoincrement=True,
    )
