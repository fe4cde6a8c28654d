"""The op log in SQL: work for one connection, inside a transaction of `Database`. Rules ST1-ST23.

The caller runs in a thread, so nothing here is async.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, select, tuple_

from ..ports import Clock, Commit, Committed, DocumentId, Head, Overtaken, StoredOp
from .batch import LOG_CHUNK, answer_where_moved, is_judged_by, passed_at
from .chain import ROOT, row_hashes
from .dialect import execute_directly, select_directly
from .lease_rows import database_now, lease_table
from .tables import heads, ops

__all__ = ["append", "find", "head", "read", "version_at", "versions"]


class _HeadRow(NamedTuple):
    version: int
    hash: bytes
    leases: int


_NOWHERE = _HeadRow(0, ROOT, 0)
_NEWEST = 2**62  # beyond any version

_STORED = (ops.c.version, ops.c.src, ops.c.seq, ops.c.author, ops.c.time, ops.c.body)


def _is_of(table: Any) -> Any:
    """The rows of one document, given as bound parameters so that the statement is compiled once."""
    return (
        (table.c.tenant == bindparam("t"))
        & (table.c.collection == bindparam("c"))
        & (table.c.document == bindparam("d"))
    )


def _key(document: DocumentId) -> dict[str, Any]:
    return {"t": document.tenant, "c": document.collection, "d": document.id}


_HEAD = select(heads.c.version, heads.c.hash).where(_is_of(heads))
_HEADS_LOCKED = (
    select(heads)
    .where(
        tuple_(heads.c.tenant, heads.c.collection, heads.c.document).in_(
            bindparam("keys", expanding=True)
        )
    )
    .order_by(heads.c.tenant, heads.c.collection, heads.c.document)
    .with_for_update()
)
_VERSIONS = select(heads.c.tenant, heads.c.collection, heads.c.document, heads.c.version).where(
    tuple_(heads.c.tenant, heads.c.collection, heads.c.document).in_(
        bindparam("keys", expanding=True)
    )
)
_KEYS_AT_ONCE = 500
# What each commit writes: given to the driver as it is, since the way through SQLAlchemy costs more
# than the database's work (measured: 250 against 60 us a commit of one op). `?` is a parameter.
_ADD_OP = "INSERT INTO ops ({}) VALUES ({})".format(
    ", ".join(ops.c.keys()), ", ".join("?" for _ in ops.c)
)
_ADD_HEAD = (
    "INSERT INTO heads (tenant, collection, document, version, hash, leases)"
    " VALUES (?, ?, ?, ?, ?, 0)"
)
_OF_DOCUMENT = "WHERE tenant = ? AND collection = ? AND document = ?"
_HEAD_OF = f"SELECT version, hash, leases FROM heads {_OF_DOCUMENT}"
_MOVE_HEAD = f"UPDATE heads SET version = ?, hash = ? {_OF_DOCUMENT}"
_SHOW_DESIGN = (
    "UPDATE designs SET version = ?, updated_at = ?, name = coalesce(?, name)"
    " WHERE tenant = ? AND id = ?"
)
_READ = (
    select(*_STORED)
    .where(_is_of(ops) & (ops.c.version >= bindparam("start")))
    .order_by(ops.c.version)
)
_READ_TO = _READ.where(ops.c.version < bindparam("end"))
_SIZED = (
    select(*_STORED, func.sum(func.length(ops.c.body)).over(order_by=ops.c.version).label("sum"))
    .where(_is_of(ops) & (ops.c.version >= bindparam("start")) & (ops.c.version < bindparam("end")))
    .subquery()
)
_READ_SIZED = (
    select(*_SIZED.c[: len(_STORED)])
    .where(_SIZED.c.sum - func.length(_SIZED.c.body) < bindparam("max_bytes"))
    .order_by(_SIZED.c.version)
)
_FIND = select(*_STORED).where(
    _is_of(ops) & (ops.c.src == bindparam("src")) & (ops.c.seq == bindparam("seq"))
)
_TIME = select(ops.c.time).where(_is_of(ops) & (ops.c.version == bindparam("version")))


def append(
    connection: Connection, commits: Sequence[Commit], *, careful: bool, clock: Clock
) -> list[Committed | Overtaken]:
    """Write the batches whose document has not moved; see `Store.commit`.

    Args: careful: look for each (src, seq) first. Otherwise a stored one raises `IntegrityError`
        from the unique key: the usual case pays nothing for the rare one. clock: of a database
        that has none.
    Raises: IntegrityError also where another node creates the same document at this moment.
    """
    before = _lock_heads(connection, [commit.document for commit in commits])
    answers: list[Committed | Overtaken] = []
    fitting: list[Commit] = []
    for commit in commits:
        answer: Committed | Overtaken | None = None
        row = before.get(commit.document, _NOWHERE)
        if row.version != commit.base:
            end = commit.base + max(len(commit.ops), LOG_CHUNK)
            theirs = read(connection, commit.document, commit.base, end)
            answer = answer_where_moved(commit, theirs)
        else:
            answer = _judged_otherwise(connection, commit, row, clock)
            if answer is None and careful:
                answer = _doubled(connection, commit)
        if answer is None:
            fitting.append(commit)
            answer = Committed(commit.base + len(commit.ops))
        answers.append(answer)
    _write(connection, [commit for commit in fitting if commit.ops], before)
    return answers


def _lock_heads(
    connection: Connection, documents: Sequence[DocumentId]
) -> dict[DocumentId, _HeadRow]:
    """The head rows, held until the transaction ends; in the order of their keys: no deadlock."""
    if not documents:
        return {}
    if connection.dialect.name == "sqlite":  # which holds its one write lock already
        found = select_directly(connection, _HEAD_OF, documents)
        return {key: _HeadRow(*row) for key, row in zip(documents, found, strict=True) if row}
    rows = connection.execute(_HEADS_LOCKED, {"keys": sorted(documents)})
    return {DocumentId(t, c, d): _HeadRow(*row) for t, c, d, *row in rows}


def _judged_otherwise(
    connection: Connection, commit: Commit, row: _HeadRow, clock: Clock
) -> Overtaken | None:
    """The answer if who holds what is not what the batch was judged by. Reads on only if it may be."""
    if row.leases == commit.leases and not commit.tokens:
        return None
    now = database_now(connection, clock)
    leases = lease_table(connection, commit.document, row.leases, now).live()
    return None if is_judged_by(commit, leases) else Overtaken((), leases=leases)


def _doubled(connection: Connection, commit: Commit) -> Overtaken | None:
    found = (find(connection, commit.document, op.src, op.seq) for op in commit.ops)
    duplicates = tuple(op for op in found if op is not None)
    return Overtaken((), duplicates) if duplicates else None


def _write(
    connection: Connection, commits: Sequence[Commit], before: dict[DocumentId, _HeadRow]
) -> None:
    """A handful of statements, however many batches: the rows go in as lists.

    In the order of the documents' keys: of two nodes that make the same documents at once, one then
    waits for the other, and neither for ever.
    """
    op_rows: list[tuple[Any, ...]] = []
    added: list[tuple[Any, ...]] = []
    moved: list[tuple[Any, ...]] = []
    shown: list[tuple[Any, ...]] = []
    for commit in sorted(commits, key=lambda commit: commit.document):
        key = tenant, collection, document = commit.document
        old = before.get(commit.document)
        hashes = row_hashes(commit.document, commit.base, old.hash if old else ROOT, commit.ops)
        version = commit.base
        for op, hash in zip(commit.ops, hashes, strict=True):
            op_rows.append((*key, version, op.src, op.seq, op.author, op.time, op.body, hash))
            version += 1
        if old is None:
            added.append((*key, version, hashes[-1]))
        else:
            moved.append((version, hashes[-1], *key))
        if collection == "designs":
            shown.append((version, commit.ops[-1].time, commit.name, tenant, document))
    for statement, rows in (
        (_ADD_OP, op_rows),
        (_ADD_HEAD, added),
        (_MOVE_HEAD, moved),
        (_SHOW_DESIGN, shown),
    ):
        if rows:
            execute_directly(connection, statement, rows)


def head(connection: Connection, document: DocumentId) -> Head:
    row = connection.execute(_HEAD, _key(document)).one_or_none()
    return Head(0, ROOT) if row is None else Head(*row)


def versions(connection: Connection, documents: Sequence[DocumentId]) -> dict[DocumentId, int]:
    found: dict[DocumentId, int] = {}
    for start in range(0, len(documents), _KEYS_AT_ONCE):
        keys = list(documents[start : start + _KEYS_AT_ONCE])
        for tenant, collection, document, version in connection.execute(_VERSIONS, {"keys": keys}):
            found[DocumentId(tenant, collection, document)] = version
    return found


def read(
    connection: Connection,
    document: DocumentId,
    start: int,
    end: int | None,
    max_bytes: int | None = None,
) -> list[StoredOp]:
    if max_bytes is not None:
        bounds = {"start": start, "end": _NEWEST if end is None else end, "max_bytes": max_bytes}
        rows = connection.execute(_READ_SIZED, _key(document) | bounds)
    elif end is None:
        rows = connection.execute(_READ, _key(document) | {"start": start})
    else:
        rows = connection.execute(_READ_TO, _key(document) | {"start": start, "end": end})
    return [StoredOp(*row) for row in rows]


def find(connection: Connection, document: DocumentId, src: str, seq: int) -> StoredOp | None:
    row = connection.execute(_FIND, _key(document) | {"src": src, "seq": seq}).one_or_none()
    return None if row is None else StoredOp(*row)


def version_at(connection: Connection, document: DocumentId, time: int) -> int:
    key = _key(document)

    def time_of(version: int) -> int:
        found = connection.execute(_TIME, key | {"version": version}).scalar_one_or_none()
        return 0 if found is None else found  # missing: the log is damaged, as reading it will say

    return passed_at(head(connection, document).version, time_of, time)
