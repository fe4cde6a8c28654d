"""Milestones in SQL: compressed, checksummed, never believed. Rules ST30-ST32."""

from __future__ import annotations

import logging
from typing import Any

import zstandard
from sqlalchemy import ColumnElement, Connection, insert, select, update

from ..ports import DocumentId, Milestone
from .chain import checksum
from .tables import milestones

__all__ = ["Packed", "newest_sound", "pack", "save", "seal_all", "unpacked"]

MOST_BYTES = 64 << 20
"""No state is larger (a document is at most 32 MB of JSON); a row that claims more is not sound."""

Packed = dict[str, Any]
"""A row of `milestones`."""

MOST_TRIED = 8
"""Milestones looked at in one call: where as many are unsound, the ops are the quicker way."""

logger = logging.getLogger("coweave.store")


def pack(document: DocumentId, milestone: Milestone, key: bytes = b"") -> Packed:
    """Compress and seal. The slow part, done outside the transaction."""
    return {
        "tenant": document.tenant,
        "collection": document.collection,
        "document": document.id,
        "version": milestone.version,
        "size": len(milestone.body),
        "body": zstandard.compress(milestone.body),
        "checksum": checksum(document, milestone, key),
    }


def save(connection: Connection, row: Packed, key: bytes = b"") -> None:
    """Keep it, unless a sound one of that version is kept already."""
    c = milestones.c
    document = DocumentId(row["tenant"], row["collection"], row["document"])
    here = _at(document, row["version"])
    kept = connection.execute(select(c.size, c.body, c.checksum).where(*here)).one_or_none()
    if kept is None:
        connection.execute(insert(milestones), row)
    elif _sound(document, row["version"], *kept, key=key) is None:
        changes = {name: row[name] for name in ("size", "body", "checksum")}
        connection.execute(update(milestones).where(*here).values(changes))


def newest_sound(
    connection: Connection, document: DocumentId, version: int, key: bytes = b""
) -> Milestone | None:
    """The newest at or before `version` that is what was saved, if the last few hold one.

    Those that are not are logged.
    """
    c = milestones.c
    newest = select(c.version, c.size, c.body, c.checksum).where(*_of(document))
    newest = newest.order_by(c.version.desc()).limit(1)
    at, unsound = version + 1, list[int]()
    found: Milestone | None = None
    while found is None and len(unsound) < MOST_TRIED:
        row = connection.execute(newest.where(c.version < at)).one_or_none()
        if row is None:
            break
        at, size, body, expected = row
        found = _sound(document, at, size, body, expected, key=key)
        if found is None:
            unsound.append(at)
    if unsound:
        logger.error(
            "%s: the snapshots of versions %s are damaged, or made under another secret; "
            "they are passed over, and made anew with time",
            "/".join(document),
            unsound,
        )
    return found


def seal_all(connection: Connection, key: bytes) -> None:
    """Seal every milestone anew. Only for those that have just been found to be what the ops make."""
    c = milestones.c
    place = (c.tenant, c.collection, c.document, c.version)
    for *document, version in connection.execute(select(*place)).all():
        of = DocumentId(*document)
        size, body, old = connection.execute(
            select(c.size, c.body, c.checksum).where(*_at(of, version))
        ).one()
        milestone = unpacked(version, size, body)
        if milestone is not None and (new := checksum(of, milestone, key)) != old:
            connection.execute(update(milestones).where(*_at(of, version)).values(checksum=new))


def _of(document: DocumentId) -> list[ColumnElement[bool]]:
    c = milestones.c
    return [
        c.tenant == document.tenant,
        c.collection == document.collection,
        c.document == document.id,
    ]


def _at(document: DocumentId, version: int) -> list[ColumnElement[bool]]:
    return [*_of(document), milestones.c.version == version]


def _sound(
    document: DocumentId, version: int, size: int, body: bytes, expected: bytes, *, key: bytes
) -> Milestone | None:
    milestone = unpacked(version, size, body)
    if milestone is None or checksum(document, milestone, key) != expected:
        return None
    return milestone


def unpacked(version: int, size: int, body: bytes) -> Milestone | None:
    """What was compressed; None if it is not `size` bytes long, or cannot be read at all."""
    if not 0 <= size <= MOST_BYTES:
        return None
    try:
        # The size is ours to say: the frame's own is not believed, and `size` bytes is the bound.
        with zstandard.ZstdDecompressor().stream_reader(body) as stream:
            state = stream.read(size + 1)
    except zstandard.ZstdError:
        return None
    return Milestone(version, state) if len(state) == size else None
