"""Names that people gave to versions, in SQL: rows are only ever added, and chained (ST80)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..ports import DocumentId, StoreUnavailable
from .chain import ROOT
from .database import Database
from .tables import label_heads, labels, ops

__all__ = ["Label", "SqlLabels", "StoredLabel", "label_hash"]


@dataclass(frozen=True, slots=True)
class Label:
    """A version's name. `author` gave it at `at` (ms). An empty name takes an earlier one back."""

    version: int
    name: str
    note: str
    protected: bool
    author: str
    at: int


@dataclass(frozen=True, slots=True)
class StoredLabel:
    """A row: numbered from 1 within its design. `anchor`: the hash of the op that made the version."""

    number: int
    label: Label
    anchor: bytes
    hash: bytes


def label_hash(
    previous: bytes, document: DocumentId, number: int, label: Label, anchor: bytes
) -> bytes:
    """The hash of a row: of all of it, of where it belongs, and of the row before."""
    fields = [*document, number, label.version, label.name, label.note, label.protected]
    body = orjson.dumps([*fields, label.author, label.at, anchor.hex()])
    return sha256(previous + body).digest()


class SqlLabels:
    """Reads and adds labels. Raises `StoreUnavailable` as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, document: DocumentId, label: Label) -> bool:
        """Name a version, or take its name back; durable when it returns. False: no such version."""

        def work(connection: Connection) -> bool:
            return _add(connection, document, label)

        try:
            return await self._database.write(work)
        except IntegrityError as error:  # another node named a version of it just now
            raise StoreUnavailable("another node named a version at the same time") from error

    async def get(self, document: DocumentId, version: int) -> Label | None:
        """The name that the version has now."""
        found = await self.within(document, version - 1, version, 1)
        return found[0] if found else None

    async def within(self, document: DocumentId, above: int, upto: int, limit: int) -> list[Label]:
        """The names of the versions from above `above` up to `upto`, newest version first."""
        bounds = {"above": above, "upto": upto, "limit": limit}
        key = {"t": document.tenant, "d": document.id, **bounds}
        return await self._database.read(lambda c: [_label(row) for row in c.execute(_WITHIN, key)])


_newer = labels.alias()
_WITHIN = (
    select(labels)
    .where(
        (labels.c.tenant == bindparam("t"))
        & (labels.c.design == bindparam("d"))
        & (labels.c.version > bindparam("above"))
        & (labels.c.version <= bindparam("upto"))
        & (labels.c.name != "")
    )
    .where(
        ~select(_newer.c.number)
        .where(
            (_newer.c.tenant == labels.c.tenant)
            & (_newer.c.design == labels.c.design)
            & (_newer.c.version == labels.c.version)
            & (_newer.c.number > labels.c.number)
        )
        .exists()
    )
    .order_by(labels.c.version.desc())
    .limit(bindparam("limit"))
)


def _label(row: Any) -> Label:
    return Label(row.version, row.name, row.note, bool(row.protected), row.author, row.at)


def _add(connection: Connection, document: DocumentId, label: Label) -> bool:
    key = {"tenant": document.tenant, "design": document.id}
    anchor = connection.execute(
        select(ops.c.hash).where(
            ops.c.tenant == document.tenant,
            ops.c.collection == document.collection,
            ops.c.document == document.id,
            ops.c.version == label.version - 1,
        )
    ).scalar_one_or_none()
    if anchor is None:
        return False
    here = (label_heads.c.tenant == document.tenant) & (label_heads.c.design == document.id)
    head = connection.execute(
        select(label_heads.c.number, label_heads.c.hash).where(here).with_for_update()
    ).one_or_none()
    number, previous = (0, ROOT) if head is None else head
    number += 1
    hash = label_hash(previous, document, number, label, anchor)
    if head is None:
        connection.execute(insert(label_heads), {**key, "number": number, "hash": hash})
    else:
        connection.execute(update(label_heads).where(here).values(number=number, hash=hash))
    row = {
        "version": label.version,
        "name": label.name,
        "note": label.note,
        "protected": int(label.protected),
        "author": label.author,
        "at": label.at,
    }
    connection.execute(
        insert(labels), {**key, "number": number, **row, "anchor": anchor, "hash": hash}
    )
    return True
