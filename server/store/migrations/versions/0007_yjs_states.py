"""What is kept of Yjs documents: yjs_states."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "yjs_states",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("tenant", "collection", "document")
        ),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "collection", "document", "number", name="pk_yjs_states"),
    )
