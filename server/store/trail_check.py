"""Is the record of acts what was recorded? Rule ST94."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
from sqlalchemy import Connection, select

from ..ports import DocumentId, Head
from .audit import Fault, Kind
from .chain import ROOT
from .tables import audit, audit_heads
from .trail import entry_hash, entry_of

__all__ = ["check_trail", "tenants_with_trail", "trail_of"]

_ROWS_AT_ONCE = 500


def trail_of(tenant: str) -> DocumentId:
    """What a tenant's record is called where documents are checked."""
    return DocumentId(tenant, "audit", "acts")


def tenants_with_trail(connection: Connection) -> list[str]:
    """Those of whom anything was recorded."""
    found: set[str] = set()
    for table in (audit, audit_heads):
        found.update(connection.execute(select(table.c.tenant).distinct()).scalars())
    return sorted(found)


def check_trail(
    connection: Connection, tenant: str, anchor: Head | None
) -> tuple[Head, tuple[Fault, ...]]:
    """Where a tenant's record stands, and the first thing that is wrong with it.

    Args: anchor: the head that an earlier check found.
    """
    document = trail_of(tenant)
    number, previous = 0, ROOT
    rows = connection.execute(
        select(audit).where(audit.c.tenant == tenant).order_by(audit.c.number),
        execution_options={"yield_per": _ROWS_AT_ONCE},
    )
    for row in rows:
        told = _wrong(row, number + 1, previous)
        if told is not None:
            kind = Kind.MISSING if row.number != number + 1 else Kind.CHANGED
            return Head(number, previous), (Fault(document, kind, number + 1, told),)
        number, previous = row.number, row.hash
        if anchor is not None and anchor.version == number and anchor.hash != previous:
            message = "the record up to here is not the one that an earlier check found"
            fault = Fault(document, Kind.REWRITTEN, number, message)
            return Head(number, previous), (fault,)
    head = Head(number, previous)
    return head, tuple(_end(connection, tenant, head, anchor))


def _wrong(row: object, number: int, previous: bytes) -> str | None:
    try:
        record = entry_of(row)
    except orjson.JSONDecodeError:
        return "it was changed: it cannot be read"
    if record.number != number:
        return "it is missing"
    details = bytes(row.details)  # type: ignore[attr-defined]
    if entry_hash(previous, number, record.entry, details) != record.hash:
        return "it was changed, or entries before it were taken out and the others numbered anew"
    return None


def _end(connection: Connection, tenant: str, head: Head, anchor: Head | None) -> Iterator[Fault]:
    document = trail_of(tenant)
    kept = connection.execute(
        select(audit_heads.c.number, audit_heads.c.hash).where(audit_heads.c.tenant == tenant)
    ).one_or_none()
    if kept is None or (kept.number, kept.hash) != (head.version, head.hash):
        at = 0 if kept is None else kept.number
        kind = Kind.MISSING if at > head.version else Kind.HEAD
        yield Fault(document, kind, head.version + 1, f"the record ends here; its head is at {at}")
    elif anchor is not None and anchor.version > head.version:
        message = f"it is missing: an earlier check found the record at {anchor.version}"
        yield Fault(document, Kind.MISSING, head.version + 1, message)
