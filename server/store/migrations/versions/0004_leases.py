"""Leases: leases, lease_events, and the epoch in heads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_DOCUMENT = ("tenant", "collection", "document")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    op.add_column("heads", sa.Column("leases", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "leases",
        *_texts(*_DOCUMENT, "element", "principal", "session", "kind"),
        *_numbers("contents", "token", "since", "until", "expires"),
        *_texts("reason"),
        sa.PrimaryKeyConstraint(*_DOCUMENT, "element", name="pk_leases"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lease_events",
        *_texts(*_DOCUMENT),
        *_numbers("epoch", "position", "time"),
        *_texts("what", "element", "holder", "by", "kind"),
        *_numbers("contents", "token"),
        *_texts("reason", "why"),
        sa.PrimaryKeyConstraint(*_DOCUMENT, "epoch", "position", name="pk_lease_events"),
        sqlite_with_rowid=False,
    )
