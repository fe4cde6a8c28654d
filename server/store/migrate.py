"""Bring a database's tables up to date. Rules ST50-ST52."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

from .dialect import StoreUnfit, lock_schema

__all__ = ["require_current", "upgrade"]

_SCRIPTS = Path(__file__).with_name("migrations")


def upgrade(engine: Engine) -> None:
    """Run the migrations that are missing, all in one transaction.

    Whoever opens the same database at the same time waits, then finds nothing to do. Raises
    `StoreUnfit` when a newer Coweave made the tables, or when they are not Coweave's.
    """
    config, scripts = _scripts()
    with engine.begin() as connection:
        lock_schema(connection)
        if _revision(connection, scripts) == scripts.get_current_head():
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def require_current(connection: Connection) -> None:
    """Refuse a database that has not exactly this version's tables. Raises `StoreUnfit`."""
    _, scripts = _scripts()
    if _revision(connection, scripts) != scripts.get_current_head():
        raise StoreUnfit(
            "This database has not been brought to this version's tables: "
            "`coweave migrate` does that."
        )


def _scripts() -> tuple[Config, ScriptDirectory]:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config, ScriptDirectory.from_config(config)


def _revision(connection: Connection, scripts: ScriptDirectory) -> str | None:
    """The migration that the database is at; None if it is empty. Raises `StoreUnfit`."""
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None and inspect(connection).get_table_names():
        raise StoreUnfit("This database holds tables of something else; give another one.")
    if revision is not None and revision not in {s.revision for s in scripts.walk_revisions()}:
        raise StoreUnfit(
            f"This database was made by a newer Coweave (its schema is {revision!r}): "
            "install that version, or restore the backup made before the upgrade."
        )
    return revision
