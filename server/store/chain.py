"""Hashes that make a changed, missing, moved or added row visible. Pure; SPEC.md ST10-ST13."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256
from struct import Struct

from ..ports import DocumentId, Milestone, NewOp, StoredOp

__all__ = ["ROOT", "checksum", "row_hashes"]

ROOT = bytes(32)
"""What comes before the first op of a document."""

_whole = Struct(">q").pack  # 8 bytes, big-endian, two's complement


def _field(value: bytes) -> bytes:
    """Length first: no two rows of different fields give the same bytes."""
    return _whole(len(value)) + value


def _scope(document: DocumentId) -> bytes:
    return b"".join(_field(part.encode()) for part in document)


def row_hashes(
    document: DocumentId, base: int, previous: bytes, ops: Iterable[NewOp | StoredOp]
) -> list[bytes]:
    """The row hash of each op, the first being version `base`; the last is the document's new head.

    Args: previous: the hash of op `base - 1`, or `ROOT`. A version that an op has is not looked at.
    """
    scope = _scope(document)
    hashes = []
    for version, op in enumerate(ops, base):
        src, author = op.src.encode(), op.author.encode()
        previous = sha256(
            b"".join(
                (
                    previous,
                    scope,
                    _whole(version),
                    _whole(len(src)),
                    src,
                    _whole(op.seq),
                    _whole(len(author)),
                    author,
                    _whole(op.time),
                    _whole(len(op.body)),
                    op.body,
                )
            )
        ).digest()
        hashes.append(previous)
    return hashes


def checksum(document: DocumentId, milestone: Milestone, key: bytes = b"") -> bytes:
    """Of the state *and* of where it belongs: a sound body in another's row is not sound.

    Args: key: without it nobody can make the checksum of a state of their own; empty: anybody can.
    """
    place = _scope(document) + _whole(milestone.version)
    sealed = place + _field(milestone.body)
    return hmac.digest(key, sealed, "sha256") if key else sha256(sealed).digest()
