"""Branches, reviews, comments and releases; a design may be a branch of another, and protected."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    op.add_column("designs", sa.Column("root", sa.Text()))
    op.add_column("designs", sa.Column("protected_at", sa.BigInteger()))
    op.create_table(
        "branches",
        *_texts("tenant", "id", "root", "name", "state"),
        *_numbers("created_at"),
        *_texts("created_by", "base_design"),
        *_numbers("base_version", "own_version"),
        sa.Column("merged_version", sa.BigInteger()),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_branches"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_branches_root", "branches", ["tenant", "root"])
    op.create_table(
        "merges",
        *_texts("tenant", "id", "branch", "kind", "author"),
        *_numbers("at", "main_version", "branch_version"),
        *_texts("resolutions", "renamed", "contributors"),
        sa.Column("version", sa.BigInteger()),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_merges"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_merges_branch", "merges", ["tenant", "branch"])
    op.create_table(
        "rules",
        *_texts("tenant", "design", "body"),
        sa.PrimaryKeyConstraint("tenant", "design", name="pk_rules"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reviews",
        *_texts("tenant", "id", "design"),
        sa.Column("branch", sa.Text()),
        sa.Column("from_version", sa.BigInteger()),
        sa.Column("to_version", sa.BigInteger()),
        *_texts("title", "description", "state"),
        *_numbers("created_at"),
        *_texts("created_by"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_reviews"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_reviews_design", "reviews", ["tenant", "design"])
    op.create_table(
        "verdicts",
        *_texts("tenant", "review"),
        *_numbers("number"),
        *_texts("author", "verdict"),
        *_numbers("version"),
        *_texts("hash"),
        *_numbers("at"),
        *_texts("text"),
        sa.PrimaryKeyConstraint("tenant", "review", "number", name="pk_verdicts"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "comments",
        *_texts("tenant", "id", "design"),
        sa.Column("review", sa.Text()),
        sa.Column("thread", sa.Text()),
        *_texts("author"),
        *_numbers("at"),
        *_texts("text"),
        sa.Column("anchor", sa.Text()),
        *_numbers("version"),
        sa.Column("edited_at", sa.BigInteger()),
        sa.Column("resolved_at", sa.BigInteger()),
        sa.Column("resolved_by", sa.Text()),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_comments"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_comments_design", "comments", ["tenant", "design"])
    op.create_table(
        "asks",
        *_texts("tenant", "person", "kind", "subject"),
        sa.PrimaryKeyConstraint("tenant", "person", "kind", "subject", name="pk_asks"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_asks_subject", "asks", ["tenant", "kind", "subject"])
    op.create_table(
        "releases",
        *_texts("tenant", "design", "environment"),
        *_numbers("number", "version"),
        *_texts("hash", "kind", "reason"),
        *_numbers("at"),
        *_texts("author", "approvals"),
        sa.PrimaryKeyConstraint("tenant", "design", "environment", "number", name="pk_releases"),
        sqlite_with_rowid=False,
    )
