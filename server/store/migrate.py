"""Bring a database's tables up to date. Rules ST50-ST52."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from .dialect import StoreUnfit, lock_schema

__all__ = ["upgrade"]

_SCRIPTS = Path(__file__).with_name("migrations")


def upgrade(engine: Engine) -> None:
    """Run the migrations that are missing, all in one transaction.

    Whoever opens the same database at the same time waits, then finds nothing to do. Raises
    `StoreUnfit` when a newer Coweave made the tables, or when they are not Coweave's.
    """
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    with engine.begin() as connection:
        lock_schema(connection)
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision == scripts.get_current_head():
            return
        if revision is None and inspect(connection).get_table_names():
            raise StoreUnfit("This database holds tables of something else; give another one.")
        if revision is not None and revision not in {s.revision for s in scripts.walk_revisions()}:
            raise StoreUnfit(
                f"This database was made by a newer Coweave (its schema is {revision!r}): "
                "install that version, or restore the backup made before the upgrade."
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
