"""Leases as rows: work for one connection, inside a transaction of `Database`. Rules ST100-ST103."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from ..leases.lease import Holder, Kind, Lease, LeaseEvent, LeaseTable, What
from ..leases.rules import Change
from ..ports import Clock, DocumentId
from .tables import designs, heads, lease_events, leases

__all__ = [
    "database_now",
    "events",
    "lease_epoch",
    "lease_table",
    "next_epoch",
    "write_change",
]


def _is_of(table: Any) -> Any:
    return (
        (table.c.tenant == bindparam("t"))
        & (table.c.collection == bindparam("c"))
        & (table.c.document == bindparam("d"))
    )


def _key(document: DocumentId) -> dict[str, Any]:
    return {"t": document.tenant, "c": document.collection, "d": document.id}


_EPOCH = select(heads.c.leases).where(_is_of(heads))
_ROWS = select(*leases.c[3:]).where(_is_of(leases)).order_by(leases.c.element)
_PROTECTED = select(designs.c.protected_at).where(
    designs.c.tenant == bindparam("t"), designs.c.id == bindparam("d")
)
_DROP = delete(leases).where(_is_of(leases) & (leases.c.element == bindparam("e")))
_NEXT = update(heads).where(_is_of(heads)).values(leases=heads.c.leases + 1)
_MOVE = update(heads).where(_is_of(heads)).values(leases=bindparam("epoch"))
_EVENTS = (
    select(*lease_events.c[3:])
    .where(_is_of(lease_events))
    .order_by(lease_events.c.epoch.desc(), lease_events.c.position.desc())
)


def database_now(connection: Connection, clock: Clock) -> int:
    """The database's clock in ms, which moves on within a transaction; `clock` for SQLite."""
    if connection.dialect.name == "sqlite":
        return clock()
    now = select(func.floor(func.extract("epoch", func.clock_timestamp()) * 1_000))
    return int(connection.execute(now).scalar_one())


def lease_epoch(connection: Connection, document: DocumentId, *, lock: bool) -> int | None:
    """Of the document's head row, held until the transaction ends if it is to be changed."""
    # SQLite holds its one write lock already, and leaves the clause out.
    rows = _EPOCH.with_for_update() if lock else _EPOCH
    found: int | None = connection.execute(rows, _key(document)).scalar_one_or_none()
    return found


def lease_table(connection: Connection, document: DocumentId, epoch: int, now: int) -> LeaseTable:
    rows = connection.execute(_ROWS, _key(document))
    found = tuple(_lease(*row) for row in rows)
    is_protected = False
    if document.collection == "designs":
        at = connection.execute(_PROTECTED, _key(document)).scalar_one_or_none()
        is_protected = at is not None
    return LeaseTable(epoch, found, now, is_protected)


def next_epoch(connection: Connection, document: DocumentId) -> None:
    """Have every batch that was judged before judged anew."""
    connection.execute(_NEXT, _key(document))


def _lease(
    element: str,
    principal: str,
    session: str,
    kind: str,
    contents: int,
    token: int,
    since: int,
    until: int,
    expires: int,
    reason: str,
) -> Lease:
    holder = Holder(principal, session)
    return Lease(element, holder, Kind(kind), bool(contents), token, since, until, expires, reason)


def write_change(
    connection: Connection, document: DocumentId, before: LeaseTable, change: Change
) -> None:
    """Make the rows what the change says. The head row must be held."""
    key = _key(document)
    after = change.table
    old, new = set(before.leases), set(after.leases)
    if gone := sorted({lease.element for lease in old - new}):
        connection.execute(_DROP, [{**key, "e": element} for element in gone])
    tenant, collection, id = document
    names = {"tenant": tenant, "collection": collection, "document": id}
    if come := new - old:
        rows = [{**names, **_row(lease)} for lease in sorted(come, key=lambda each: each.element)]
        connection.execute(insert(leases), rows)
    if after.epoch != before.epoch:
        connection.execute(_MOVE, {**key, "epoch": after.epoch})
    if change.events:
        told = [{**names, **_event_row(event)} for event in change.events]
        connection.execute(insert(lease_events), told)


def _row(lease: Lease) -> dict[str, Any]:
    return {
        "element": lease.element,
        "principal": lease.holder.principal,
        "session": lease.holder.session,
        "kind": lease.kind.value,
        "contents": int(lease.contents),
        "token": lease.token,
        "since": lease.since,
        "until": lease.until,
        "expires": lease.expires,
        "reason": lease.reason,
    }


def _event_row(event: LeaseEvent) -> dict[str, Any]:
    return {
        "epoch": event.epoch,
        "position": event.position,
        "time": event.time,
        "what": event.what.value,
        "element": event.element,
        "holder": event.holder,
        "by": event.by,
        "kind": event.kind.value,
        "contents": int(event.contents),
        "token": event.token,
        "reason": event.reason,
        "why": event.why,
    }


def events(
    connection: Connection, document: DocumentId, before: int | None, limit: int
) -> list[LeaseEvent]:
    rows = _EVENTS.limit(limit)
    if before is not None:
        rows = rows.where(lease_events.c.epoch < before)
    return [
        LeaseEvent(
            epoch=row.epoch,
            position=row.position,
            time=row.time,
            what=What(row.what),
            element=row.element,
            holder=row.holder,
            by=row.by,
            kind=Kind(row.kind),
            contents=bool(row.contents),
            token=row.token,
            reason=row.reason,
            why=row.why,
        )
        for row in connection.execute(rows, _key(document))
    ]
