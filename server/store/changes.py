"""Counts the changes of what people may do, per tenant, so that every node can tell that there were some."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from .tables import changes

__all__ = ["all_changes", "note_change"]


def note_change(connection: Connection, tenant: str) -> None:
    """One more, in the transaction that makes the change."""
    counted = connection.execute(
        update(changes).where(changes.c.tenant == tenant).values(number=changes.c.number + 1)
    )
    if counted.rowcount == 0:
        connection.execute(insert(changes), {"tenant": tenant, "number": 1})


def all_changes(connection: Connection) -> dict[str, int]:
    """How many there were, by tenant."""
    rows = connection.execute(select(changes.c.tenant, changes.c.number))
    return {row.tenant: row.number for row in rows}
