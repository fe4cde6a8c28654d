"""The history that people see, in SQL: entries, and the ops by what they touch. Made of the ops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..history.journal import Entry
from ..history.touched import Touched
from ..ports import DocumentId, StoredOp
from .database import Database
from .dialect import database_url, execute_directly, make_engine
from .tables import entries, entry_marks, indexed, ops, touches

__all__ = ["FORM", "Indexed", "Piece", "Query", "SqlChronicle", "entry_of", "forget_histories"]

FORM: Final = 1
"""The rules by which entries are made; what was made by others is made anew."""

MOST_LOOKED_AT: Final = 1_000
"""Entries that one question looks at: where few of them fit, the answer is short and says how to go on."""

_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Indexed:
    """How far the history of a design goes: to `version`; its last entry begins at `base`."""

    version: int = 0
    base: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """What is to be entered: all entries from where the last one begins on, and what new ops touch."""

    entries: list[Entry]
    touches: list[tuple[int, Touched]]


@dataclass(frozen=True, slots=True)
class Query:
    """Which entries are asked for: those that end at or before `before`, and more; None asks nothing.

    `above`: only those that end above that version. `limit`: at most as many.
    """

    limit: int
    before: int | None = None
    above: int | None = None
    author: str | None = None
    kind: str | None = None
    element: str | None = None


class SqlChronicle:
    """Reads and writes the history of designs; raises `StoreUnavailable` as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def indexed(self, document: DocumentId) -> Indexed:
        """How far the history goes; nowhere if it was made by other rules."""
        row = await self._database.read(lambda c: _indexed(c, document))
        return Indexed(*row[:2]) if row is not None and row[2] == FORM else Indexed()

    async def save(
        self, document: DocumentId, before: Indexed, after: Indexed, piece: Piece
    ) -> bool:
        """Go on from `before` to `after`; False, and nothing is written, if another node has done so."""
        try:
            return await self._database.write(lambda c: _save(c, document, before, after, piece))
        except IntegrityError:
            return False

    async def entries(self, document: DocumentId, query: Query) -> tuple[list[Entry], int | None]:
        """Those asked for, newest first; and where to go on (`before`), None at the end."""
        return await self._database.read(lambda c: _entries(c, document, query))

    async def entry(self, document: DocumentId, version: int) -> Entry | None:
        """The entry that made `version`, or that it lies within."""
        return await self._database.read(lambda c: _entry(c, document, version))

    async def touches(
        self, document: DocumentId, element: str, version: int
    ) -> list[tuple[int, str]]:
        """(version, bucket) of the ops up to `version` that touch the element, newest first."""
        found = _TOUCHES, {**_key(document), "element": element, "version": version}
        return await self._database.read(lambda c: [tuple(row) for row in c.execute(*found)])

    async def ops(
        self, document: DocumentId, versions: Sequence[int], max_bytes: int
    ) -> list[StoredOp]:
        """The ops that made these versions, newest first; as many as `max_bytes` take, but one."""
        return await self._database.read(lambda c: _ops(c, document, versions, max_bytes))

    async def forget(self, document: DocumentId) -> None:
        """Make it anew, from the start, when it is next asked for."""
        await self._database.write(lambda c: _forget(c, document))


def forget_histories(url: str, documents: Iterable[DocumentId]) -> None:
    """Take away the history of designs, beside a running node, so that it is made anew.

    Raises: `StoreUnfit`, and the driver's errors. It runs in the caller's thread.
    """
    engine = make_engine(database_url(url), connections=1, writes=True)
    try:
        for document in documents:
            with engine.begin() as connection:
                _forget(connection, document)
    finally:
        engine.dispose()


def entry_of(row: Any) -> Entry:
    """A row of `entries` with all its columns as an entry."""
    return Entry(
        base=row.base,
        version=row.version,
        kind=row.kind,
        authors=tuple(orjson.loads(row.authors)),
        started_at=row.started_at,
        ended_at=row.ended_at,
        edits=row.edits,
        elements=row.elements,
        summary=row.summary,
        origin=None if row.origin is None else orjson.loads(row.origin),
    )


def _key(document: DocumentId) -> dict[str, Any]:
    return {"t": document.tenant, "d": document.id}


def _is_of(table: Table) -> Any:
    return (table.c.tenant == bindparam("t")) & (table.c.design == bindparam("d"))


_INDEXED = select(indexed.c.version, indexed.c.base, indexed.c.form).where(_is_of(indexed))
_TOUCHES = (
    select(touches.c.version, touches.c.bucket)
    .where(
        _is_of(touches)
        & (touches.c.element == bindparam("element"))
        & (touches.c.version <= bindparam("version"))
    )
    .order_by(touches.c.version.desc())
)
_NEWEST_TOUCH = (
    select(touches.c.version)
    .where(
        _is_of(touches)
        & (touches.c.element == bindparam("element"))
        & (touches.c.version <= bindparam("version"))
    )
    .order_by(touches.c.version.desc())
    .limit(1)
)
_ENTRY = (
    select(entries)
    .where(_is_of(entries) & (entries.c.base < bindparam("version")))
    .order_by(entries.c.base.desc())
    .limit(1)
)
_ENTRIES = (
    select(entries)
    .where(_is_of(entries) & (entries.c.version <= bindparam("version")))
    .where(entries.c.base < bindparam("version"))
    .order_by(entries.c.base.desc())
    .limit(_AT_ONCE)
)
_MARKED = (
    select(entries)
    .join(
        entry_marks,
        (entry_marks.c.tenant == entries.c.tenant)
        & (entry_marks.c.design == entries.c.design)
        & (entry_marks.c.base == entries.c.base),
    )
    .where(
        _is_of(entry_marks)
        & (entry_marks.c.mark == bindparam("mark"))
        & (entry_marks.c.base < bindparam("version"))
        & (entries.c.version <= bindparam("version"))
    )
    .order_by(entry_marks.c.base.desc())
    .limit(_AT_ONCE)
)
_IS_OP = (
    (ops.c.tenant == bindparam("t"))
    & (ops.c.collection == bindparam("c"))
    & (ops.c.document == bindparam("d"))
    & ops.c.version.in_(bindparam("numbers", expanding=True))
)
_OPS = (
    select(*(ops.c[name] for name in ("version", "src", "seq", "author", "time", "body")))
    .where(_IS_OP)
    .order_by(ops.c.version.desc())
)
_SIZES = select(ops.c.version, func.length(ops.c.body)).where(_IS_OP).order_by(ops.c.version.desc())
_ADD_TOUCH = "INSERT INTO touches (tenant, design, element, version, bucket) VALUES (?, ?, ?, ?, ?)"


def _indexed(connection: Connection, document: DocumentId) -> Any:
    return connection.execute(_INDEXED, _key(document)).one_or_none()


def _save(
    connection: Connection, document: DocumentId, before: Indexed, after: Indexed, piece: Piece
) -> bool:
    kept = connection.execute(_INDEXED.with_for_update(), _key(document)).one_or_none()
    key = {"tenant": document.tenant, "design": document.id}
    values = {"version": after.version, "base": after.base, "form": FORM}
    if kept is not None and kept.form != FORM:
        _forget(connection, document)
        kept = None
    if kept is None:
        if before != Indexed():
            return False
        connection.execute(insert(indexed), {**key, **values})
    elif (kept.version, kept.base) != (before.version, before.base):
        return False
    else:
        connection.execute(update(indexed).where(*_rows(indexed, document)).values(**values))
    for table in (entries, entry_marks):
        connection.execute(
            delete(table).where(*_rows(table, document), table.c.base >= before.base)
        )
    if piece.entries:
        connection.execute(insert(entries), [{**key, **_row(each)} for each in piece.entries])
        connection.execute(
            insert(entry_marks),
            [{**key, "mark": m, "base": e.base} for e in piece.entries for m in _marks(e)],
        )
    if piece.touches:
        scope = (document.tenant, document.id)
        execute_directly(
            connection,
            _ADD_TOUCH,
            [(*scope, each.element, version, each.bucket) for version, each in piece.touches],
        )
    return True


def _ops(
    connection: Connection, document: DocumentId, versions: Sequence[int], max_bytes: int
) -> list[StoredOp]:
    # An op is numbered by the version that it was made on.
    numbers = sorted((version - 1 for version in versions), reverse=True)[:_AT_ONCE]
    key = _key(document) | {"c": document.collection}
    fitting: list[int] = []
    for number, size in connection.execute(_SIZES, key | {"numbers": numbers}):
        max_bytes -= size
        if fitting and max_bytes < 0:
            break
        fitting.append(number)
    rows = connection.execute(_OPS, key | {"numbers": fitting})
    return [StoredOp(*row) for row in rows]


def _rows(table: Table, document: DocumentId) -> tuple[Any, Any]:
    return table.c.tenant == document.tenant, table.c.design == document.id


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "base": entry.base,
        "version": entry.version,
        "kind": entry.kind,
        "authors": orjson.dumps(entry.authors).decode(),
        "started_at": entry.started_at,
        "ended_at": entry.ended_at,
        "edits": entry.edits,
        "elements": entry.elements,
        "summary": entry.summary,
        "origin": None if entry.origin is None else orjson.dumps(entry.origin).decode(),
    }


def _marks(entry: Entry) -> Iterator[str]:
    yield f"k:{entry.kind}"
    for author in entry.authors:
        yield f"a:{author}"


def _forget(connection: Connection, document: DocumentId) -> None:
    for table in (entries, entry_marks, touches, indexed):
        connection.execute(delete(table).where(*_rows(table, document)))


def _entry(connection: Connection, document: DocumentId, version: int) -> Entry | None:
    row = connection.execute(_ENTRY, _key(document) | {"version": version}).one_or_none()
    return entry_of(row) if row is not None and row.version >= version else None


def _entries(
    connection: Connection, document: DocumentId, query: Query
) -> tuple[list[Entry], int | None]:
    found: list[Entry] = []
    above = query.above or 0
    seen = 0
    for entry in _candidates(connection, document, query):
        if entry.version <= above:
            return found, None
        if len(found) == query.limit or seen == MOST_LOOKED_AT:
            return found, entry.version
        seen += 1
        if _fits(query, entry):
            found.append(entry)
    return found, None


def _candidates(connection: Connection, document: DocumentId, query: Query) -> Iterable[Entry]:
    """Entries that may fit, newest first, by the rarest of what is asked for."""
    key = _key(document)
    at = 2**62 if query.before is None else query.before
    if query.element is not None:
        while at > 0:
            place = key | {"element": query.element, "version": at}
            version = connection.execute(_NEWEST_TOUCH, place).scalar_one_or_none()
            if version is None:
                return
            entry = _entry(connection, document, version)
            if entry is None:
                return
            if query.before is None or entry.version <= query.before:
                yield entry
            at = entry.base
        return
    statement = _ENTRIES
    if query.author is not None or query.kind is not None:
        statement = _MARKED
        key["mark"] = f"k:{query.kind}" if query.author is None else f"a:{query.author}"
    while True:
        rows = connection.execute(statement, key | {"version": at}).all()
        for row in rows:
            yield entry_of(row)
        if len(rows) < _AT_ONCE:
            return
        at = rows[-1].base


def _fits(query: Query, entry: Entry) -> bool:
    return (query.author is None or query.author in entry.authors) and (
        query.kind is None or query.kind == entry.kind
    )
