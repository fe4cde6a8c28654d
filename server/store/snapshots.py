"""Milestones in SQL: compressed, checksummed, never believed. Rules ST30-ST32."""

from __future__ import annotations

import logging
from typing import Any

import zstandard
from sqlalchemy import Connection, insert, select

from ..ports import DocumentId, Milestone
from .chain import checksum
from .tables import milestones

__all__ = ["Packed", "newest_sound", "pack", "save"]

MOST_BYTES = 64 << 20
"""No state is larger (a document is at most 32 MB of JSON); a row that claims more is not sound."""

Packed = dict[str, Any]
"""A row of `milestones`."""

logger = logging.getLogger("coweave.store")


def pack(document: DocumentId, milestone: Milestone) -> Packed:
    """Compress and sum up. The slow part, done outside the transaction."""
    return {
        "tenant": document.tenant,
        "collection": document.collection,
        "document": document.id,
        "version": milestone.version,
        "size": len(milestone.body),
        "body": zstandard.compress(milestone.body),
        "checksum": checksum(document, milestone),
    }


def save(connection: Connection, row: Packed) -> None:
    """Keep it unless that version is kept already."""
    c = milestones.c
    key = [c[name] == row[name] for name in ("tenant", "collection", "document", "version")]
    if connection.execute(select(c.version).where(*key)).first() is None:
        connection.execute(insert(milestones), row)


def newest_sound(connection: Connection, document: DocumentId, version: int) -> Milestone | None:
    """The newest at or before `version` that is what was saved; unsound ones are logged."""
    c = milestones.c
    here = (
        c.tenant == document.tenant,
        c.collection == document.collection,
        c.document == document.id,
    )
    newest = select(c.version, c.size, c.body, c.checksum).order_by(c.version.desc()).limit(1)
    at = version + 1
    while row := connection.execute(newest.where(*here, c.version < at)).one_or_none():
        at, size, body, expected = row
        milestone = _unpacked(at, size, body)
        if milestone is not None and checksum(document, milestone) == expected:
            return milestone
        logger.error("milestone %d of %s is damaged; an older one is used", at, "/".join(document))
    return None


def _unpacked(version: int, size: int, body: bytes) -> Milestone | None:
    if not 0 <= size <= MOST_BYTES:
        return None
    try:
        # The size is ours to say: the frame's own is not believed, and `size` bytes is the bound.
        with zstandard.ZstdDecompressor().stream_reader(body) as stream:
            state = stream.read(size + 1)
    except zstandard.ZstdError:
        return None
    return Milestone(version, state) if len(state) == size else None
