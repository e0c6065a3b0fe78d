"""Alembic runs this file: the migrations on the connection that `catalog.database` hands over."""

from __future__ import annotations

from alembic import context

from tracking.catalog.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
