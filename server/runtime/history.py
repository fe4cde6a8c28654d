"""Any version of a document: the nearest milestone, and the ops since then replayed on it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import orjson

from ot.types import OpError

from ..document.replay import Replay
from ..document.versioned import Snapshot, decode
from ..errors import Code, DesignError
from ..ports import DocumentId, Milestone, OutcomeUnknown, Store, StoredOp, StoreUnavailable

__all__ = ["History", "milestone_of", "snapshot_of"]

OPS_AT_ONCE = 500
BYTES_AT_ONCE = 4_000_000
"""Read and replayed in one piece: bounds memory, and gives other tasks their turn."""

MOST_REPLAYED = 1_000
"""Whoever replays as many ops or more keeps the result: rooms keep a milestone more often."""

_FEW_OPS = 50
_SMALL_BYTES = 262_144
"""What takes longer than about 2 ms is done beside the loop."""

_EMPTY = Snapshot(0, None, None)

_log = logging.getLogger("coweave.history")


def milestone_of(snapshot: Snapshot) -> Milestone:
    """How a snapshot is kept."""
    body = orjson.dumps({"type": snapshot.type, "data": snapshot.data})
    return Milestone(snapshot.version, body)


def snapshot_of(milestone: Milestone) -> Snapshot:
    """What was kept. Raises: ValueError if `milestone_of` did not make it."""
    parts = orjson.loads(milestone.body)
    return Snapshot(milestone.version, parts["type"], parts["data"])


class History:
    """Reads versions from the store; knows nothing of open rooms.

    Cancelling is safe everywhere. Everything raises `StoreUnavailable` as the store does.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def snapshot(self, document: DocumentId, version: int | None = None) -> Snapshot:
        """The document at `version` (None: now). Version 0 is there always, and empty.

        Raises: DesignError(VERSION_TOO_NEW) beyond the head; DesignError(UNAVAILABLE) when the log
            is damaged: a wrong state is never given instead.
        """
        head = (await self._store.head(document)).version
        if version is None:
            version = head
        if version < 0:
            raise DesignError(Code.MESSAGE_BADLY_FORMED, "Versions count from 0.", version=version)
        if version > head:
            raise DesignError(
                Code.VERSION_TOO_NEW,
                f"There is no version {version} yet: the newest is {head}.",
                version=head,
            )
        start = await self._start(document, version)
        try:
            snapshot = await self._replayed(document, start, version)
        except DesignError:
            if start.version == 0:
                raise
            # Perhaps it was the milestone that is not what it should be: the ops alone decide.
            start = _EMPTY
            snapshot = await self._replayed(document, start, version)
        if version - start.version >= MOST_REPLAYED:
            await self._keep(document, snapshot)
        return snapshot

    async def snapshot_at(self, document: DocumentId, time: int | None = None) -> Snapshot:
        """The document after the last op up to `time`, ms since 1970 (None: now)."""
        version = None if time is None else await self._store.version_at(document, time)
        return await self.snapshot(document, version)

    async def pair(self, document: DocumentId, low: int, high: int) -> tuple[Snapshot, Snapshot]:
        """Two versions. Where few ops lie between them they share what those do not touch."""
        first = await self.snapshot(document, low)
        if not 0 < high - low <= MOST_REPLAYED:
            return first, first if high == low else await self.snapshot(document, high)
        head = (await self._store.head(document)).version
        if high > head:
            return first, await self.snapshot(document, high)
        return first, await self._replayed(document, first, high)

    async def _start(self, document: DocumentId, version: int) -> Snapshot:
        """The nearest state before `version` that need not be made of ops."""
        milestone = await self._store.milestone(document, version)
        try:
            if milestone is None:
                return _EMPTY
            if len(milestone.body) > _SMALL_BYTES:
                return await asyncio.to_thread(snapshot_of, milestone)
            return snapshot_of(milestone)
        except (ValueError, KeyError, TypeError):
            return _EMPTY

    async def _replayed(self, document: DocumentId, start: Snapshot, version: int) -> Snapshot:
        """`start`, with the ops up to `version`, read piece by piece."""
        state = Replay(start, by_element=document.collection == "designs")
        while state.version < version:
            before = state.version
            end = min(version, before + OPS_AT_ONCE)
            ops = await self._store.read(document, before, end, max_bytes=BYTES_AT_ONCE)
            if len(ops) > _FEW_OPS:
                await asyncio.to_thread(
                    _advance, state, ops
                )  # milliseconds: others have their turn
            else:
                _advance(state, ops)
            if not ops:
                raise _damaged(before)
        return state.snapshot

    async def _keep(self, document: DocumentId, snapshot: Snapshot) -> None:
        """Make up for milestones that are missing or damaged, so that the next one is near."""
        try:
            await self._store.save_milestone(document, milestone_of(snapshot))
        except (StoreUnavailable, OutcomeUnknown) as error:
            _log.warning("%s: no snapshot of version %d: %s", document, snapshot.version, error)


def _advance(state: Replay, ops: Sequence[StoredOp]) -> None:
    for op in ops:
        if op.version != state.version:
            raise _damaged(state.version)
        try:
            edit, _ = decode(op.body)
            state.advance(edit)
        except (OpError, ValueError) as error:
            raise _damaged(op.version) from error


def _damaged(version: int) -> DesignError:
    return DesignError(
        Code.UNAVAILABLE,
        f"The log is damaged at version {version}: later versions cannot be shown.",
        version=version,
    )
