"""`coweave` of a later version: one whose schema has one migration more, which old nodes do not know.

Run as a program in place of `coweave`. The folder of the further migration: `COWEAVE_MIGRATIONS`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory

from server import cli
from server.store import migrate

REVISION = '''"""What a later version might need."""

import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = {before!r}


def upgrade() -> None:
    op.add_column("heads", sa.Column("later", sa.Text))
    op.add_column("ops", sa.Column("later", sa.Integer, server_default="7", nullable=False))
    op.create_table("later", sa.Column("id", sa.Integer, primary_key=True))
'''


def write_revision(folder: Path) -> None:
    """Put the further migration into `folder`."""
    _, scripts = migrate._scripts()
    text = REVISION.format(before=scripts.get_current_head())
    folder.mkdir(exist_ok=True)
    (folder / "later.py").write_text(text)


def arm(folder: str) -> None:
    inner = migrate._scripts

    def scripts(*arguments: Any) -> tuple[Config, ScriptDirectory]:
        config, known = inner(*arguments)
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", f"{known.versions}\n{folder}")
        return config, ScriptDirectory.from_config(config)

    migrate._scripts = scripts


if __name__ == "__main__":
    arm(os.environ["COWEAVE_MIGRATIONS"])
    sys.exit(cli.main())
