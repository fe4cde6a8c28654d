"""Check a whole database: every row, every head, every milestone, the list of designs, the history (ST70-ST77).

It reads only, document by document, each in a transaction of its own, so a node may go on writing
meanwhile; memory is bounded by the largest document and a few ops. It runs in the caller's thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    and_,
    bindparam,
    exists,
    func,
    select,
    tuple_,
)
from sqlalchemy.exc import DBAPIError

from ..ports import DesignRow, DocumentId, Head, StoredOp, StoreUnavailable
from .audit import Audit, Fault, Kind, Row
from .derived import IndexAudit, label_faults
from .dialect import StoreUnfit, database_url, make_auditor
from .migrate import require_current
from .snapshots import unpacked
from .tables import designs, heads, milestones, ops
from .trail_check import check_trail, tenants_with_trail, trail_of

__all__ = ["Anchors", "Checked", "verify"]

ROWS_AT_ONCE = 32
"""Fetched together: an op may be 16 MB."""

Anchors = Mapping[DocumentId, Head]
"""Heads that an earlier check found."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One document's result: where it stands, how much was looked at, what was found."""

    document: DocumentId
    head: Head | None
    ops: int
    milestones: int
    faults: tuple[Fault, ...]


def verify(url: str, anchors: Anchors | None = None) -> Iterator[Checked]:
    """Check every document of the database, in the order of their keys, then each record of acts.

    Args:
        url: an SQLAlchemy URL. The database must have this version's tables.
        anchors: what an earlier check found: each of these versions must still be there as it was.
            That also finds a history that was written anew with all its hashes.
    Raises: `StoreUnfit` for what is no database of this version, or is damaged as a file;
        `StoreUnavailable`.
    """
    left = dict(anchors or {})
    engine = make_auditor(database_url(url))
    try:
        with _reading(engine) as connection:
            require_current(connection)
            _require_sound_file(connection)
        document: DocumentId | None = None
        while True:
            with _reading(engine) as connection:
                document = _next_document(connection, document)
                if document is None:
                    break
                checked = _check(connection, document, left.pop(document, None))
            yield checked
        with _reading(engine) as connection:
            tenants = tenants_with_trail(connection)
        for tenant in tenants:
            with _reading(engine) as connection:
                trail = trail_of(tenant)
                head, faults = check_trail(connection, tenant, left.pop(trail, None))
            yield Checked(trail, head, head.version, 0, faults)
        with _reading(engine) as connection:
            alone = list(_listed_alone(connection))
    finally:
        engine.dispose()
    gone = [
        Fault(document, Kind.MISSING, 0, "it is missing, with all that follow")
        for document, head in left.items()
        if head.version
    ]
    for fault in alone + gone:
        yield Checked(fault.document, None, 0, 0, (fault,))


@contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of the database."""
    try:
        with engine.connect() as connection, connection.begin():
            yield connection
    except DBAPIError as error:
        if "malformed" in str(error.orig) or "not a database" in str(error.orig):
            raise StoreUnfit(f"The database file is damaged: {error.orig}") from error
        raise StoreUnavailable(f"the database cannot be read now: {error.orig}") from error


def _require_sound_file(connection: Connection) -> None:
    """SQLite's own look at its pages: rows and keys agree, each key once."""
    if connection.dialect.name == "sqlite":
        found = [told for (told,) in connection.exec_driver_sql("PRAGMA integrity_check(3)")]
        if found != ["ok"]:
            raise StoreUnfit(f"The database file is damaged: {'; '.join(found)}")


def _next_document(connection: Connection, last: DocumentId | None) -> DocumentId | None:
    """The first document after `last` of which anything is kept."""
    statements = _FIRST if last is None else _NEXT
    key = {} if last is None else _key(last)
    found = [row for statement in statements for row in connection.execute(statement, key)]
    return min((DocumentId(*row) for row in found), default=None)


def _check(connection: Connection, document: DocumentId, anchor: Head | None) -> Checked:
    audit = Audit(document, anchor)
    kept = list(connection.execute(_MILESTONES, _key(document)).scalars())
    faults = tuple(_faults(connection, audit, document, kept))
    return Checked(document, _head(connection, document), audit.version, len(kept), faults)


def _faults(
    connection: Connection, audit: Audit, document: DocumentId, kept: Sequence[int]
) -> Iterator[Fault]:
    """Args: kept: the versions of the document's milestones, in order."""
    for version, src, seq in connection.execute(_TWICE, _key(document)):
        yield Fault(document, Kind.TWICE, version, f"{src}/{seq} is stored more than once")
    due = deque(kept)
    broken: set[int] = set()
    rows = _rows(connection, document)
    index = IndexAudit(connection, document) if document.collection == "designs" else None
    for row in rows:
        if fault := audit.take(row, rows):
            yield fault
            return
        if index is not None:
            index.take(row.op)
        while due and due[0] <= audit.version:
            yield from _milestone(connection, audit, document, due.popleft(), broken)
    if fault := audit.end(_head(connection, document)):
        yield fault
        return
    for version in due:
        yield from _milestone(connection, audit, document, version, broken)
    if index is None:
        return
    if fault := audit.listed(_row(connection, document)):
        yield fault
    if fault := index.end():
        yield fault
    yield from label_faults(connection, document)


def _milestone(
    connection: Connection, audit: Audit, document: DocumentId, version: int, broken: set[int]
) -> Iterator[Fault]:
    """Args: broken: milestones that cannot be unpacked; those that lean on them are not told of."""
    state = unpacked(connection, document, version)
    if state is None:
        key = _key(document) | {"version": version}
        leans = connection.execute(_BASE, key).scalar_one_or_none() in broken
        broken.add(version)
        if leans:
            return
    if fault := audit.milestone(version, state):
        yield fault


def _rows(connection: Connection, document: DocumentId) -> Iterator[Row]:
    found = connection.execute(_OPS, _key(document), execution_options={"yield_per": ROWS_AT_ONCE})
    for *op, hash in found:
        yield Row(StoredOp(*op), hash)


def _head(connection: Connection, document: DocumentId) -> Head | None:
    row = connection.execute(_HEAD, _key(document)).one_or_none()
    return None if row is None else Head(*row)


def _row(connection: Connection, document: DocumentId) -> DesignRow | None:
    row = connection.execute(_LISTED, _key(document)).one_or_none()
    return None if row is None else DesignRow(*row)


def _listed_alone(connection: Connection) -> Iterator[Fault]:
    """Entries of the list of designs without a design."""
    for tenant, id in connection.execute(_LISTED_ALONE):
        document = DocumentId(tenant, "designs", id)
        yield Fault(document, Kind.CATALOGUE, None, "it is in the list of designs, and has no log")


def _key(document: DocumentId) -> dict[str, Any]:
    return {"t": document.tenant, "c": document.collection, "d": document.id}


def _is_of(table: Table) -> ColumnElement[bool]:
    c = table.c
    return and_(
        c.tenant == bindparam("t"), c.collection == bindparam("c"), c.document == bindparam("d")
    )


_FIRST = [
    select(*key).order_by(*key).limit(1)
    for key in (
        (table.c.tenant, table.c.collection, table.c.document) for table in (ops, heads, milestones)
    )
]
_NEXT = [
    first.where(
        tuple_(*first.selected_columns) > tuple_(bindparam("t"), bindparam("c"), bindparam("d"))
    )
    for first in _FIRST
]
_OPS = (
    select(*(ops.c[name] for name in ("version", "src", "seq", "author", "time", "body", "hash")))
    .where(_is_of(ops))
    .order_by(ops.c.version)
)
_TWICE = (
    select(func.min(ops.c.version), ops.c.src, ops.c.seq)
    .where(_is_of(ops))
    .group_by(ops.c.src, ops.c.seq)
    .having(func.count() > 1)
)
_HEAD = select(heads.c.version, heads.c.hash).where(_is_of(heads))
_MILESTONES = select(milestones.c.version).where(_is_of(milestones)).order_by(milestones.c.version)
_BASE = select(milestones.c.base).where(
    _is_of(milestones) & (milestones.c.version == bindparam("version"))
)
_LISTED = select(*(designs.c[field.name] for field in fields(DesignRow))).where(
    designs.c.tenant == bindparam("t"), designs.c.id == bindparam("d")
)
_LISTED_ALONE = (
    select(designs.c.tenant, designs.c.id)
    .where(
        *(
            ~exists().where(
                table.c.tenant == designs.c.tenant,
                table.c.collection == "designs",
                table.c.document == designs.c.id,
            )
            for table in (heads, ops)
        )
    )
    .order_by(designs.c.tenant, designs.c.id)
)
