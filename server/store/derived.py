"""What is kept beside a design's log, held against it: the history that people see, names of versions.

Rules ST76 and ST77. The first is made of the ops and can be made anew; the second is a log of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, select

from ..errors import DesignError
from ..history.journal import Entry, Made, Outline
from ..history.touched import Touched, touched
from ..ports import DocumentId, StoredOp
from .audit import Fault, Kind
from .chain import ROOT
from .chronicle import FORM, Indexed, entry_of
from .labels import Label, StoredLabel, label_hash
from .tables import entries, indexed, label_heads, labels, ops, touches

__all__ = ["IndexAudit", "label_faults"]

ROWS_AT_ONCE = 500


class IndexAudit:
    """Gathers a design's ops anew beside the audit of its log; give it each, then ask `end`.

    What an entry is about in words is not compared: it may have been said by another version.
    """

    def __init__(self, connection: Connection, document: DocumentId) -> None:
        self._connection = connection
        self._document = document
        key = _key(document)
        row = connection.execute(_INDEXED, key).one_or_none()
        known = row is not None and row.form == FORM
        self._upto = Indexed(row.version, row.base) if known and row is not None else Indexed()
        self._entries = _pages(connection, key) if self._upto.version else iter(())
        self._outline = Outline(0)
        self._touches = _Sum()
        self._fault: Fault | None = None

    def take(self, op: StoredOp) -> None:
        """One op on; those that are not looked at yet are passed over."""
        if op.version >= self._upto.version or self._fault is not None:
            return
        try:
            made = Made.of(op)
            ended = self._outline.take(made)
            if isinstance(made.edit, list):
                for each in touched(made.edit):
                    self._touches.add(made.version, each)
        except (ValueError, DesignError, LookupError, TypeError):
            return  # what the audit of the log tells of
        if ended is not None:
            self._compare(ended)

    def end(self) -> Fault | None:
        """What is wrong; asked after the last op."""
        if self._fault is not None or not self._upto.version:
            return self._fault
        if (last := self._outline.entry()) is not None:
            self._compare(last)
            if last.base != self._upto.base or last.version != self._upto.version:
                self._differs(last.version)
        if self._fault is None and next(self._entries, None) is not None:
            self._differs(self._outline.version)
        if self._fault is None:
            kept = _Sum()
            key = _key(self._document)
            for row in self._connection.execute(
                _TOUCHES, key, execution_options={"yield_per": ROWS_AT_ONCE}
            ):
                kept.add(row.version, Touched(row.element, row.bucket))
            if kept != self._touches:
                told = "what is kept of which edit touches what is not what the log says"
                self._fault = Fault(self._document, Kind.INDEX, None, told)
        return self._fault

    def _compare(self, entry: Entry) -> None:
        kept = next(self._entries, None)
        if kept is None or _bare(kept) != _bare(entry):
            self._differs(entry.version)

    def _differs(self, version: int) -> None:
        if self._fault is None:
            told = "its entry in the history is not what the log says"
            self._fault = Fault(self._document, Kind.INDEX, version - 1, told)


def _pages(connection: Connection, key: dict[str, Any]) -> Iterator[Entry]:
    """The entries in their order; read page by page, since nobody may ask to the end."""
    after = -1
    while rows := connection.execute(_ENTRIES, key | {"after": after}).all():
        yield from map(entry_of, rows)
        after = rows[-1].base


class _Sum:
    """Many rows as one number, whatever their order."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0

    def add(self, version: int, each: Touched) -> None:
        digest = sha256(f"{version}\0{each.element}\0{each.bucket}".encode()).digest()
        self.count += 1
        self.total = (self.total + int.from_bytes(digest, "big")) % (1 << 256)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Sum) and (self.count, self.total) == (other.count, other.total)

    __hash__ = None  # type: ignore[assignment]


class _Bare(NamedTuple):
    place: tuple[int, int, str, tuple[str, ...]]
    size: tuple[int, int, int, int]
    origin: bytes


def _bare(entry: Entry) -> _Bare:
    return _Bare(
        (entry.base, entry.version, entry.kind, entry.authors),
        (entry.started_at, entry.ended_at, entry.edits, entry.elements),
        orjson.dumps(entry.origin, option=orjson.OPT_SORT_KEYS),
    )


def label_faults(connection: Connection, document: DocumentId) -> Iterator[Fault]:
    """The first name of a version that is not what was given, in the order of the giving."""
    key = _key(document)
    rows = [_stored(row) for row in connection.execute(_LABELS, key)]
    head = connection.execute(_LABEL_HEAD, key).one_or_none()
    previous = ROOT
    for number, row in enumerate(rows, 1):
        if row.number != number or not _follows(previous, document, number, row):
            yield _misfit(document, previous, number, rows)
            return
        previous = row.hash
        anchor = connection.execute(_ANCHOR, key | {"version": row.label.version - 1})
        if anchor.scalar_one_or_none() != row.anchor:
            told = f"it was named {row.label.name!r}, and is not any more what it was then"
            yield Fault(document, Kind.REWRITTEN, row.label.version - 1, told)
            return
    last = 0 if head is None else head.number
    if last > len(rows):
        yield _fault(document, Kind.MISSING, len(rows) + 1, "is missing, with all that follow")
    elif last < len(rows):
        yield _fault(document, Kind.ADDED, last + 1, "was added")
    elif head is not None and head.hash != previous:
        yield _fault(document, Kind.HEAD, last, "is not the one that the head tells of")


def _misfit(document: DocumentId, previous: bytes, number: int, rows: list[StoredLabel]) -> Fault:
    """What is wrong with the row that should be `number`."""
    after = deque(row for row in rows if row.number >= number)
    other = next((row for row in after if _follows(previous, document, number, row)), None)
    if other is not None:
        told = f"was moved and stands as number {other.number}"
        return _fault(document, Kind.REORDERED, number, told)
    if after and after[0].number > number:
        return _fault(document, Kind.MISSING, number, "is missing")
    return _fault(document, Kind.CHANGED, number, "was changed")


def _follows(previous: bytes, document: DocumentId, number: int, row: StoredLabel) -> bool:
    return label_hash(previous, document, number, row.label, row.anchor) == row.hash


def _fault(document: DocumentId, kind: Kind, number: int, told: str) -> Fault:
    return Fault(document, kind, None, f"the name number {number} of a version {told}")


def _stored(row: Any) -> StoredLabel:
    label = Label(row.version, row.name, row.note, bool(row.protected), row.author, row.at)
    return StoredLabel(row.number, label, row.anchor, row.hash)


def _key(document: DocumentId) -> dict[str, Any]:
    return {"t": document.tenant, "c": document.collection, "d": document.id}


def _is_of(table: Table) -> ColumnElement[bool]:
    return and_(table.c.tenant == bindparam("t"), table.c.design == bindparam("d"))


_INDEXED = select(indexed).where(_is_of(indexed))
_ENTRIES = (
    select(entries)
    .where(_is_of(entries) & (entries.c.base > bindparam("after")))
    .order_by(entries.c.base)
    .limit(ROWS_AT_ONCE)
)
_TOUCHES = select(touches.c.version, touches.c.element, touches.c.bucket).where(_is_of(touches))
_LABELS = select(labels).where(_is_of(labels)).order_by(labels.c.number)
_LABEL_HEAD = select(label_heads.c.number, label_heads.c.hash).where(_is_of(label_heads))
_ANCHOR = select(ops.c.hash).where(
    (ops.c.tenant == bindparam("t"))
    & (ops.c.collection == bindparam("c"))
    & (ops.c.document == bindparam("d"))
    & (ops.c.version == bindparam("version"))
)
