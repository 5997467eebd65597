"""Alembic's entry: migrate over the connection that `cloud.database.migrate` hands in."""

from __future__ import annotations

from alembic import context

from cloud.database.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
