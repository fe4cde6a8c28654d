"""Any version of a document: the nearest milestone, and the ops since then replayed on it."""

from __future__ import annotations

import orjson

from ot.types import OpError

from ..document.versioned import Snapshot, decode, replay
from ..errors import Code, DesignError
from ..ports import DocumentId, Milestone, Store

__all__ = ["History", "milestone_of", "snapshot_of"]

OPS_AT_ONCE = 500
"""Read and replayed in one piece: bounds memory, and gives other tasks their turn."""


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
        milestone = await self._store.milestone(document, version)
        snapshot = Snapshot(0, None, None) if milestone is None else snapshot_of(milestone)
        while snapshot.version < version:
            snapshot = await self._further(document, snapshot, version)
        return snapshot

    async def snapshot_at(self, document: DocumentId, time: int | None = None) -> Snapshot:
        """The document after the last op up to `time`, ms since 1970 (None: now)."""
        version = None if time is None else await self._store.version_at(document, time)
        return await self.snapshot(document, version)

    async def _further(self, document: DocumentId, snapshot: Snapshot, version: int) -> Snapshot:
        """One piece nearer to `version`."""
        start = snapshot.version
        ops = await self._store.read(document, start, min(version, start + OPS_AT_ONCE))
        if not ops:
            raise _damaged(start)
        for op in ops:
            if op.version != snapshot.version:
                raise _damaged(snapshot.version)
            try:
                edit, _ = decode(op.body)
                snapshot = replay(snapshot, edit)
            except (OpError, ValueError) as error:
                raise _damaged(op.version) from error
        return snapshot


def _damaged(version: int) -> DesignError:
    return DesignError(
        Code.UNAVAILABLE,
        f"The log is damaged at version {version}: later versions cannot be shown.",
        version=version,
    )
