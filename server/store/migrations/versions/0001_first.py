"""The first tables: ops, heads, milestones, designs, people."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _column(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _text(*names: str) -> list[sa.Column[Any]]:
    return [_column(name, sa.Text()) for name in names]


def upgrade() -> None:
    op.create_table(
        "ops",
        *_text("tenant", "collection", "document"),
        _column("version", sa.BigInteger()),
        _column("src", sa.Text()),
        _column("seq", sa.BigInteger()),
        _column("author", sa.Text()),
        _column("time", sa.BigInteger()),
        _column("body", sa.LargeBinary()),
        _column("hash", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("tenant", "collection", "document", "version", name="pk_ops"),
        sa.UniqueConstraint(
            "tenant", "collection", "document", "src", "seq", name="uq_ops_src_seq"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "heads",
        *_text("tenant", "collection", "document"),
        _column("version", sa.BigInteger()),
        _column("hash", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("tenant", "collection", "document", name="pk_heads"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "milestones",
        *_text("tenant", "collection", "document"),
        _column("version", sa.BigInteger()),
        _column("size", sa.BigInteger()),
        _column("body", sa.LargeBinary()),
        _column("checksum", sa.LargeBinary()),
        sa.PrimaryKeyConstraint(
            "tenant", "collection", "document", "version", name="pk_milestones"
        ),
    )
    op.create_table(
        "designs",
        *_text("tenant", "id", "name"),
        _column("created_at", sa.BigInteger()),
        _column("created_by", sa.Text()),
        _column("updated_at", sa.BigInteger()),
        _column("version", sa.BigInteger()),
        sa.Column("trashed_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_designs"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "people",
        *_text("tenant", "id", "name"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_people"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_people_name", "people", ["tenant", "name"])
