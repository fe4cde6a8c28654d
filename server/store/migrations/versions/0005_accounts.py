"""People and what they may do: tenants, grants, identities, members, sessions, tokens; frozen designs.

Until now everybody of a tenant could edit every design: what there is stays so, and belongs to
whoever made it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _times(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _maybe(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger()) for name in names]


def _bytes(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _table(name: str, *columns: Any, key: tuple[str, ...]) -> None:
    primary = sa.PrimaryKeyConstraint(*key, name=f"pk_{name}")
    op.create_table(name, *columns, primary, sqlite_with_rowid=False)


def upgrade() -> None:
    op.add_column("designs", sa.Column("frozen_at", sa.BigInteger()))
    _table(
        "tenants",
        *_texts("tenant", "name"),
        *_times("created_at"),
        *_maybe("disabled_at"),
        *_texts("quotas"),
        key=("tenant",),
    )
    _table("changes", *_texts("tenant"), *_times("number"), key=("tenant",))
    _table(
        "grants",
        *_texts("tenant", "design", "scope", "kind", "subject", "role", "granted_by"),
        *_times("granted_at"),
        key=("tenant", "design", "scope", "kind", "subject"),
    )
    op.create_index("ix_grants_subject", "grants", ["tenant", "kind", "subject"])
    _table(
        "identities",
        *_texts("tenant", "issuer", "subject", "person"),
        key=("tenant", "issuer", "subject"),
    )
    op.create_index("ix_identities_person", "identities", ["tenant", "person"])
    _table(
        "members",
        *_texts("tenant", "person"),
        *_times("is_admin", "joined_at", "seen_at"),
        *_maybe("blocked_at"),
        *_times("signed_out_at"),
        key=("tenant", "person"),
    )
    _table(
        "sessions",
        *_texts("tenant"),
        _bytes("hash"),
        *_texts("person", "groups"),
        *_times("created_at", "expires_at"),
        *_texts("address"),
        key=("tenant", "hash"),
    )
    op.create_index("ix_sessions_person", "sessions", ["tenant", "person"])
    _table(
        "tokens",
        *_texts("tenant", "id", "name"),
        _bytes("hash"),
        *_texts("scopes", "created_by"),
        *_times("created_at", "expires_at"),
        *_maybe("used_at", "revoked_at"),
        key=("tenant", "id"),
    )
    for kind, subject, role in (("person", "created_by", "owner"), ("everyone", "''", "editor")):
        op.execute(
            "INSERT INTO grants (tenant, design, scope, kind, subject, role, granted_by, granted_at)"
            f" SELECT tenant, id, '', '{kind}', {subject}, '{role}', created_by, created_at"
            " FROM designs"
        )
