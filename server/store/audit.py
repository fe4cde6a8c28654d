"""Is a document's log what was committed? Pure; rules ST70-ST75.

`Chain` follows the rows of one document; `misfit` names what is wrong with the first that does not
follow; `Audit` replays the sound ones beside that, and compares what else is kept of the document.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import orjson

from ot import same
from ot.types import OpError

from ..document.replay import Replay
from ..document.versioned import Snapshot, decode
from ..ports import DesignRow, DocumentId, Head, Milestone, StoredOp
from .chain import ROOT, row_hashes

__all__ = ["Audit", "Chain", "Fault", "Kind", "Row", "misfit"]


class Kind(StrEnum):
    """What is wrong. All but `UNLISTED` are faults."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    ADDED = "added"
    TWICE = "twice"
    UNREADABLE = "unreadable"
    HEAD = "head"
    MILESTONE = "milestone"
    INDEX = "index"
    CATALOGUE = "catalogue"
    REWRITTEN = "rewritten"
    UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True)
class Fault:
    """One finding. `version` is that of the row it is about; None if it is about no row."""

    document: DocumentId
    kind: Kind
    version: int | None
    message: str

    @property
    def is_note(self) -> bool:
        """Whether it is worth telling and yet nothing is wrong."""
        return self.kind is Kind.UNLISTED

    def __str__(self) -> str:
        at = "" if self.version is None else f", version {self.version}"
        return f"{'/'.join(self.document)}{at}: {self.message}"


class Row(NamedTuple):
    """A row of `ops`, and the hash that stands in it."""

    op: StoredOp
    hash: bytes


class Chain:
    """The rows of one document so far: which version comes next, the hashes of the last two rows."""

    __slots__ = ("before", "document", "hash", "version")

    def __init__(self, document: DocumentId) -> None:
        self.document = document
        self.version = 0
        self.hash = ROOT
        self.before = ROOT

    def follows(self, row: Row) -> bool:
        """Whether this is the very row that came next, whatever number it stands under."""
        return _is(self.document, row, self.version, self.hash)

    def take(self, row: Row) -> bool:
        """One row on; False, and nothing changes, if it is not the next."""
        if row.op.version != self.version or not self.follows(row):
            return False
        self.version, self.before, self.hash = self.version + 1, self.hash, row.hash
        return True


def _is(document: DocumentId, row: Row, version: int, previous: bytes) -> bool:
    return row_hashes(document, version, previous, (row.op,))[0] == row.hash


def misfit(chain: Chain, row: Row, later: Iterable[Row]) -> Fault:
    """What is wrong with `row`, the first that `chain` does not take.

    Args: later: the rows after it, in the order of their versions.
    """
    version, number = chain.version, row.op.version

    def fault(kind: Kind, message: str, at: int = version) -> Fault:
        return Fault(chain.document, kind, at, message)

    if number < version:
        return fault(Kind.ADDED, "a row of this version was added", number)
    other, before = _find(chain, row, later)
    if number > version:
        if other is not None:
            return fault(Kind.REORDERED, f"it was moved and stands as version {other.op.version}")
        more = f", and so are all to {number - 1}" if number > version + 1 else ""
        return fault(Kind.MISSING, f"it is missing{more}")
    if version and _is(chain.document, row, version - 1, chain.before):
        told = f"this row was added; what was committed here stands as version {version}"
        return fault(Kind.ADDED, told, version - 1)
    if other is None:
        told = "it was changed, or rows before it were taken out and the others numbered anew"
        return fault(Kind.CHANGED, told)
    at = other.op.version
    # Next to each other, the row in front was made on the one that stands behind it now.
    if _is(chain.document, row, at, other.hash if at == version + 1 else before):
        return fault(Kind.REORDERED, f"it has changed places with version {at}")
    return fault(Kind.ADDED, f"this row was added; what was committed here stands as version {at}")


def _find(chain: Chain, row: Row, later: Iterable[Row]) -> tuple[Row | None, bytes]:
    """The row that came next in truth, wherever it stands, and the hash in the row before it."""
    before = chain.hash
    for other in itertools.chain((row,), later):
        if chain.follows(other):
            return other, before
        before = other.hash
    return None, before


class Audit:
    """Replays one document's log beside its chain, and compares what is kept of it elsewhere.

    Give it the rows in order, and each milestone when it stands at its version; then ask `end`, and
    `listed`. After the first fault of the log nothing more can be said of the document.

    Args: anchor: the head that an earlier check found.
    """

    def __init__(self, document: DocumentId, anchor: Head | None = None) -> None:
        self._document = document
        self._anchor = anchor
        self._chain = Chain(document)
        start = Snapshot(0, None, None)
        self._replay = Replay(start, by_element=document.collection == "designs")

    @property
    def version(self) -> int:
        return self._chain.version

    def take(self, row: Row, later: Iterable[Row]) -> Fault | None:
        """One row on. `later`: those after it, looked at only to say what is wrong."""
        if not self._chain.take(row):
            return misfit(self._chain, row, later)
        version = row.op.version
        try:
            edit, _ = decode(row.op.body)
            self._replay.advance(edit)
        except (OpError, ValueError, KeyError, TypeError, AttributeError) as error:
            told = f"it is what was committed, and yet cannot be replayed: {error}"
            return self._fault(Kind.UNREADABLE, version, told)
        if self._anchor is not None and self._anchor.version == self.version:
            if self._anchor.hash != row.hash:
                told = "the log up to here is not the one that an earlier check found"
                return self._fault(Kind.REWRITTEN, version, told)
        return None

    def milestone(self, version: int, milestone: Milestone | None) -> Fault | None:
        """Compare the milestone kept of this version. None: it cannot be unpacked."""
        if milestone is None:
            return self._fault(Kind.MILESTONE, version, "its milestone cannot be unpacked")
        if version != self.version:
            told = f"a milestone of it is kept, and the log stands at {self.version}"
            return self._fault(Kind.MILESTONE, version, told)
        state = self._replay.snapshot
        try:
            kept = orjson.loads(milestone.body)
        except ValueError:
            kept = None
        if not same(kept, {"type": state.type, "data": state.data}):
            return self._fault(Kind.MILESTONE, version, "its milestone is not what the ops make")
        return None

    def end(self, head: Head | None) -> Fault | None:
        """Compare the head row with the last row of the log."""
        version = self.version
        if head is None:
            if version == 0:
                return None
            return self._fault(Kind.HEAD, None, "the document has ops and no head")
        if head.version > version:
            told = f"it is missing, with all that follow: the head is at {head.version}"
            return self._fault(Kind.MISSING, version, told)
        if head.version < version:
            told = f"it was added, or the head was put back: the head is at {head.version}"
            return self._fault(Kind.ADDED, head.version, told)
        if head.hash != self._chain.hash:
            told = "the head has another hash than the last row of the log"
            return self._fault(Kind.HEAD, version - 1 if version else None, told)
        if self._anchor is not None and self._anchor.version > version:
            told = f"it is missing: an earlier check found the head at {self._anchor.version}"
            return self._fault(Kind.MISSING, version, told)
        return None

    def listed(self, row: DesignRow | None) -> Fault | None:
        """Compare the entry in the list of designs, once `end` has found nothing."""
        if row is None:
            # A node that dies while it makes a design leaves such a one, and nobody has seen it.
            return self._fault(Kind.UNLISTED, None, "the design is not in the list of designs")
        if row.version != self.version:
            told = f"the list of designs says version {row.version}, the log {self.version}"
            return self._fault(Kind.CATALOGUE, None, told)
        state = self._replay.snapshot
        if state.type is None:
            return None
        meta = state.data.get("meta") if type(state.data) is dict else None
        if type(meta) is not dict or meta.get("name") != row.name:
            told = f"the list of designs says it is named {row.name!r}, the design itself does not"
            return self._fault(Kind.CATALOGUE, None, told)
        return None

    def _fault(self, kind: Kind, version: int | None, message: str) -> Fault:
        return Fault(self._document, kind, version, message)
