"""Opening a document: the newest sound milestone, and the ops since."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

from ot.types import OpError

from ..document.replay import Replay
from ..document.versioned import Snapshot, decode
from ..errors import DesignError
from ..ports import DocumentId, Store, StoredOp
from ..room.core import Room
from ..room.kind import Kind
from ..room.limits import RoomLimits
from .history import snapshot_of

__all__ = ["Damaged", "load_room"]

_NEWEST: Final = 2**62
"""Beyond any version."""


class Damaged(Exception):
    """What is stored of a document cannot be put together; the message says at which version."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    snapshot: Snapshot
    milestone: int
    recent: tuple[StoredOp, ...]
    last_time: int


async def load_room(store: Store, document: DocumentId, kind: Kind, limits: RoomLimits) -> Room:
    """A room at the document's head. A document that never existed is one at version 0.

    A milestone that does not fit the ops is passed over: then the ops alone are put together (A7).
    Raises: StoreUnavailable; Damaged. Cancelling is safe.
    """
    try:
        loaded = await _load(store, document, limits, await _milestone(store, document))
        return await _opened(kind, loaded, limits)
    except Damaged:
        loaded = await _load(store, document, limits, Snapshot(0, None, None))
        return await _opened(kind, loaded, limits)


async def _opened(kind: Kind, loaded: _Loaded, limits: RoomLimits) -> Room:
    """Beside the loop: a design of many megabytes takes a second, and everybody else would wait."""
    return await asyncio.to_thread(_open, kind, loaded, limits)


def _open(kind: Kind, loaded: _Loaded, limits: RoomLimits) -> Room:
    try:
        return Room(
            kind,
            loaded.snapshot,
            recent=loaded.recent,
            milestone=loaded.milestone,
            last_time=loaded.last_time,
            limits=limits,
        )
    except DesignError as error:
        raise Damaged(f"version {loaded.snapshot.version}: {error}") from error


async def _milestone(store: Store, document: DocumentId) -> Snapshot:
    milestone = await store.milestone(document, _NEWEST)
    if milestone is None:
        return Snapshot(0, None, None)
    try:
        return snapshot_of(milestone)
    except (ValueError, KeyError):
        return Snapshot(0, None, None)


async def _load(
    store: Store, document: DocumentId, limits: RoomLimits, snapshot: Snapshot
) -> _Loaded:
    milestone = snapshot.version
    state = Replay(snapshot, by_element=document.collection == "designs")
    head = (await store.head(document)).version
    recent: deque[StoredOp] = deque()
    size = last_time = 0
    at = max(milestone - 1, 0)  # the op before, too: the room wants to know its time
    while True:
        piece = await store.read(document, at, at + limits.piece_ops, max_bytes=limits.piece_bytes)
        for stored in piece:
            if stored.version != at:
                raise Damaged(f"version {at} is missing")
            at += 1
            last_time = stored.time
            if at <= milestone:  # not kept: of an import it is the whole design once more
                continue
            recent.append(stored)
            size += len(stored.body)
            while len(recent) > limits.recent_ops or (
                len(recent) > 1 and size > limits.recent_bytes
            ):
                size -= len(recent.popleft().body)
            try:
                state.advance(decode(stored.body)[0])
            except (OpError, ValueError) as error:
                raise Damaged(f"version {stored.version}: {error}") from error
        is_cut = sum(len(stored.body) for stored in piece) >= limits.piece_bytes
        if len(piece) < limits.piece_ops and not is_cut:
            if at < max(milestone, head):  # an old state is never shown as the newest (B8)
                raise Damaged(f"version {at} is missing")
            return _Loaded(state.snapshot, milestone, tuple(recent), last_time)
