"""The history that people see: entries and what they touch, names of versions; milestones against others."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _bytes(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.LargeBinary(), nullable=False) for name in names]


def upgrade() -> None:
    op.add_column("milestones", sa.Column("base", sa.BigInteger()))
    op.create_table(
        "indexed",
        *_texts("tenant", "design"),
        *_numbers("version", "base", "form"),
        sa.PrimaryKeyConstraint("tenant", "design", name="pk_indexed"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entries",
        *_texts("tenant", "design"),
        *_numbers("base", "version"),
        *_texts("kind", "authors"),
        *_numbers("started_at", "ended_at", "edits", "elements"),
        *_texts("summary"),
        sa.Column("origin", sa.Text()),
        sa.PrimaryKeyConstraint("tenant", "design", "base", name="pk_entries"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entry_marks",
        *_texts("tenant", "design", "mark"),
        *_numbers("base"),
        sa.PrimaryKeyConstraint("tenant", "design", "mark", "base", name="pk_entry_marks"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "touches",
        *_texts("tenant", "design", "element"),
        *_numbers("version"),
        *_texts("bucket"),
        sa.PrimaryKeyConstraint(
            "tenant", "design", "element", "version", "bucket", name="pk_touches"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "labels",
        *_texts("tenant", "design"),
        *_numbers("number", "version"),
        *_texts("name", "note"),
        *_numbers("protected"),
        *_texts("author"),
        *_numbers("at"),
        *_bytes("anchor", "hash"),
        sa.PrimaryKeyConstraint("tenant", "design", "number", name="pk_labels"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_labels_version", "labels", ["tenant", "design", "version", "number"])
    op.create_table(
        "label_heads",
        *_texts("tenant", "design"),
        *_numbers("number"),
        *_bytes("hash"),
        sa.PrimaryKeyConstraint("tenant", "design", name="pk_label_heads"),
        sqlite_with_rowid=False,
    )
