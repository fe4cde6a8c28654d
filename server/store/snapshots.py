"""Milestones in SQL: compressed, checksummed, never believed. Rules ST30-ST33."""

from __future__ import annotations

import logging
from typing import Any

import zstandard
from sqlalchemy import ColumnElement, Connection, insert, select, update

from ..ports import DocumentId, Milestone
from .chain import checksum
from .tables import milestones

__all__ = ["GROUP", "Packed", "leaning", "newest_sound", "pack", "save", "seal_all", "unpacked"]

MOST_BYTES = 64 << 20
"""No state is larger (a document is at most 32 MB of JSON); a row that claims more is not sound."""

Packed = dict[str, Any]
"""A row of `milestones`."""

MOST_TRIED = 8
"""Milestones looked at in one call: where as many are unsound, the ops are the quicker way."""

GROUP = 32
"""So many milestones in a row lean on one that stands alone, each over at most five others: it is
compressed against the one whose number in the group has one bit less."""

MOST_LINKS = 8
"""Milestones unpacked on the way to one, where others were saved in between; beyond it is not sound."""

_WINDOW_BITS = 27
"""Both states lie in the window: twice `MOST_BYTES`."""

logger = logging.getLogger("coweave.store")


def pack(
    document: DocumentId,
    milestone: Milestone,
    key: bytes = b"",
    against: Milestone | None = None,
) -> Packed:
    """Compress and seal. The slow part, done outside the transaction.

    Args: against: an older state. What both share then costs next to nothing (ST33).
    """
    body, base = milestone.body, None
    packed = None if against is None else _compressor(len(body), against.body).compress(body)
    if packed is None or len(packed) * 20 > len(body):
        alone = zstandard.compress(body)
        if packed is None or len(packed) * 2 > len(alone):
            packed, against = alone, None
    if against is not None:
        base = against.version
    return {
        "tenant": document.tenant,
        "collection": document.collection,
        "document": document.id,
        "version": milestone.version,
        "size": len(body),
        "body": packed,
        "checksum": checksum(document, milestone, key),
        "base": base,
    }


def _compressor(size: int, prefix: bytes) -> zstandard.ZstdCompressor:
    window = max(10, min(_WINDOW_BITS, (size + len(prefix)).bit_length()))
    level = 6 if size <= 4 << 20 else 3  # so that none takes longer than a tenth of a second
    parameters = zstandard.ZstdCompressionParameters.from_level(level, window_log=window)
    return zstandard.ZstdCompressor(dict_data=_prefix(prefix), compression_params=parameters)


def _prefix(body: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(body, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def leaning(
    connection: Connection, document: DocumentId, version: int, key: bytes = b""
) -> Milestone | None:
    """What a new milestone of `version` is to be compressed against; None: it is to stand alone."""
    c = milestones.c
    newest = select(c.version, c.base).where(*_of(document), c.version < version)
    rows = connection.execute(newest.order_by(c.version.desc()).limit(GROUP)).all()
    group: list[int] = []
    for each, base in rows:
        group.append(each)
        if base is None:
            break
    else:
        return None  # the group is full, or there is none
    number = len(group)
    if number == GROUP:
        return None
    at = group[::-1][number & (number - 1)]
    row = connection.execute(
        select(c.size, c.body, c.checksum, c.base).where(*_at(document, at))
    ).one_or_none()
    return None if row is None else _sound(connection, document, at, row, key)


def save(connection: Connection, row: Packed, key: bytes = b"") -> None:
    """Keep it, unless a sound one of that version is kept already."""
    c = milestones.c
    document = DocumentId(row["tenant"], row["collection"], row["document"])
    here = _at(document, row["version"])
    kept = connection.execute(select(c.size, c.body, c.checksum, c.base).where(*here)).one_or_none()
    if kept is None:
        connection.execute(insert(milestones), row)
    elif _sound(connection, document, row["version"], kept, key) is None:
        changes = {name: row[name] for name in ("size", "body", "checksum", "base")}
        connection.execute(update(milestones).where(*here).values(changes))


def newest_sound(
    connection: Connection, document: DocumentId, version: int, key: bytes = b""
) -> Milestone | None:
    """The newest at or before `version` that is what was saved, if the last few hold one.

    Those that are not are logged.
    """
    c = milestones.c
    newest = select(c.version, c.size, c.body, c.checksum, c.base).where(*_of(document))
    newest = newest.order_by(c.version.desc()).limit(1)
    at, unsound = version + 1, list[int]()
    found: Milestone | None = None
    while found is None and len(unsound) < MOST_TRIED:
        row = connection.execute(newest.where(c.version < at)).one_or_none()
        if row is None:
            break
        at = row.version
        found = _sound(connection, document, at, row[1:], key)
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
        old = connection.execute(select(c.checksum).where(*_at(of, version))).scalar_one()
        milestone = unpacked(connection, of, version)
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
    connection: Connection, document: DocumentId, version: int, row: Any, key: bytes
) -> Milestone | None:
    """The milestone in a row (size, body, checksum, base), if it is what was saved."""
    size, body, expected, base = row
    state = _unpacked(connection, document, size, body, base, MOST_LINKS)
    if state is None:
        return None
    milestone = Milestone(version, state)
    return milestone if checksum(document, milestone, key) == expected else None


def unpacked(connection: Connection, document: DocumentId, version: int) -> Milestone | None:
    """What was compressed; None if it cannot be read. Whether it is what was saved is not asked."""
    state = _state(connection, document, version, MOST_LINKS)
    return None if state is None else Milestone(version, state)


def _state(connection: Connection, document: DocumentId, version: int, links: int) -> bytes | None:
    c = milestones.c
    row = connection.execute(
        select(c.size, c.body, c.base).where(*_at(document, version))
    ).one_or_none()
    return None if row is None else _unpacked(connection, document, *row, links)


def _unpacked(
    connection: Connection,
    document: DocumentId,
    size: int,
    body: bytes,
    base: int | None,
    links: int,
) -> bytes | None:
    """The state, if it is `size` bytes long; through at most `links` others."""
    prefix = None
    if not 0 <= size <= MOST_BYTES:
        return None
    if base is not None:
        prefix = _state(connection, document, base, links - 1) if links else None
        if prefix is None:
            return None
    decompressor = zstandard.ZstdDecompressor(
        dict_data=None if prefix is None else _prefix(prefix), max_window_size=1 << _WINDOW_BITS
    )
    try:
        # The size is ours to say: the frame's own is not believed, and `size` bytes is the bound.
        with decompressor.stream_reader(body) as stream:
            state = stream.read(size + 1)
    except zstandard.ZstdError:
        return None
    return state if len(state) == size else None
