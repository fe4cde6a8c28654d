"""The record of acts in SQL, and the hashes that chain it. Rules ST90-ST93."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from hashlib import sha256
from struct import Struct
from typing import Any

import orjson
from sqlalchemy import Connection, Select, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from ..ports import AuditEntry, AuditFilter, AuditRecord, StoreUnavailable
from .chain import ROOT
from .database import Database
from .tables import audit, audit_heads

__all__ = ["SqlAudit", "entry_hash", "entry_of", "stored_details"]

_whole = Struct(">q").pack


def stored_details(entry: AuditEntry) -> bytes:
    """The details as they are stored and hashed: JSON with its keys in order."""
    return orjson.dumps(dict(entry.details), option=orjson.OPT_SORT_KEYS)


def entry_hash(previous: bytes, number: int, entry: AuditEntry, details: bytes) -> bytes:
    """What chains an entry to the one before it, whose hash is `previous` (`ROOT` for the first)."""
    texts = (
        entry.tenant,
        entry.principal,
        entry.action,
        entry.design or "",
        entry.element or "",
        entry.request or "",
        entry.address or "",
    )
    fields = [text.encode() for text in texts] + [details]
    parts = [previous, _whole(number), _whole(entry.time)]
    for field in fields:  # length first: no two entries give the same bytes
        parts += (_whole(len(field)), field)
    return sha256(b"".join(parts)).digest()


class SqlAudit:
    """The port `Audit`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, *entries: AuditEntry) -> None:
        for tenant in sorted({entry.tenant for entry in entries}):
            append = partial(
                _append,
                tenant=tenant,
                entries=[entry for entry in entries if entry.tenant == tenant],
            )
            try:
                await self._database.write(append)
            except IntegrityError:  # another node began the tenant's record just now
                try:
                    await self._database.write(append)
                except IntegrityError as error:
                    raise StoreUnavailable("another node recorded at the same time") from error

    async def read(
        self,
        tenant: str,
        wanted: AuditFilter | None = None,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int = 1_000,
    ) -> list[AuditRecord]:
        rows = _selected(tenant, wanted or AuditFilter()).where(audit.c.number > after)
        if before is None:
            rows = rows.order_by(audit.c.number)
        else:
            rows = rows.where(audit.c.number < before).order_by(audit.c.number.desc())
        found = await self._database.read(lambda c: c.execute(rows.limit(limit)).all())
        return [entry_of(row) for row in found]


def entry_of(row: Any) -> AuditRecord:
    """A row of `audit` with all its columns as a record."""
    entry = AuditEntry(
        tenant=row.tenant,
        time=row.time,
        principal=row.principal,
        action=row.action,
        design=row.design or None,
        element=row.element or None,
        request=row.request or None,
        address=row.address or None,
        details=orjson.loads(row.details),
    )
    return AuditRecord(row.number, entry, row.hash)


def _append(connection: Connection, tenant: str, entries: Iterable[AuditEntry]) -> None:
    head = connection.execute(
        select(audit_heads.c.number, audit_heads.c.hash)
        .where(audit_heads.c.tenant == tenant)
        .with_for_update()
    ).one_or_none()
    number, hash = (0, ROOT) if head is None else (head.number, head.hash)
    rows = []
    for entry in entries:
        number += 1
        details = stored_details(entry)
        hash = entry_hash(hash, number, entry, details)
        rows.append(
            {
                "tenant": tenant,
                "number": number,
                "time": entry.time,
                "principal": entry.principal,
                "action": entry.action,
                "design": entry.design or "",
                "element": entry.element or "",
                "request": entry.request or "",
                "address": entry.address or "",
                "details": details,
                "hash": hash,
            }
        )
    moved = {"number": number, "hash": hash}
    if head is None:
        connection.execute(insert(audit_heads), {"tenant": tenant, **moved})
    else:
        connection.execute(
            update(audit_heads).where(audit_heads.c.tenant == tenant).values(**moved)
        )
    connection.execute(insert(audit), rows)


def _selected(tenant: str, wanted: AuditFilter) -> Select[Any]:
    rows = select(audit).where(audit.c.tenant == tenant)
    if wanted.principal is not None:
        rows = rows.where(audit.c.principal == wanted.principal)
    if wanted.action is not None:
        noun = wanted.action + "."
        rows = rows.where(
            or_(
                audit.c.action == wanted.action,
                audit.c.action.startswith(noun, autoescape=True),
            )
        )
    if wanted.design is not None:
        rows = rows.where(audit.c.design == wanted.design)
    if wanted.element is not None:
        rows = rows.where(audit.c.element == wanted.element)
    if wanted.since is not None:
        rows = rows.where(audit.c.time >= wanted.since)
    if wanted.until is not None:
        rows = rows.where(audit.c.time < wanted.until)
    return rows
