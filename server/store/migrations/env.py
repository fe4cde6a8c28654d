"""Alembic's entry. The connection comes from `server.store.migrate`, inside its transaction."""

from __future__ import annotations

from alembic import context

from server.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite can; Alembic does not take it for granted
)
context.run_migrations()
