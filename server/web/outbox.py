"""What waits to be written to one connection, bounded.

Three kinds of frames wait here. *Replies* are kept: a client gets no more of them than it asks for,
and is not read while too much waits. *Live ops* come unasked: when more than `MAX_LIVE_BYTES` of
them wait, the reader is too slow; they are dropped, and the document is `behind` from the first
dropped version on, to be caught up with from there when everything else is written. Of a *presence*
only the newest is kept.

A task per connection writes what waits (`take`), and watches that the reader reads. While the reader
keeps up there is nothing to watch, and waking a task costs more than all else of a delivery: then
what was put in one turn of the loop is given to the `Wire` at the turn's end.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ..ports import DocumentId

__all__ = ["MAX_LIVE_BYTES", "MAX_WAITING_BYTES", "Outbox", "Wire"]

MAX_LIVE_BYTES: Final = 1_048_576
MAX_WAITING_BYTES: Final = 1_048_576
"""Above it the client is not read until it has read."""

_CHUNK_BYTES = 65_536  # one write: about what a socket takes at once


@dataclass(eq=False, slots=True)
class _Waiting:
    frame: bytes
    document: DocumentId | None = None  # of a live op
    version: int = 0
    key: Hashable = None  # of a presence


class Wire(Protocol):
    """Takes frames at once, as long as the reader reads them."""

    @property
    def is_writable(self) -> bool: ...

    def write(self, frames: Sequence[bytes]) -> None: ...


class Outbox:
    """Frames in order. One writer takes; anything may put, and never waits.

    A frame may be several, one behind the other. `wire`, where there is one, is written to directly
    while the writer has nothing to do.
    """

    def __init__(self) -> None:
        self.wire: Wire | None = None
        self._waiting: deque[_Waiting] = deque()
        self._presences: dict[Hashable, _Waiting] = {}
        self._bytes = 0
        self._live_bytes = 0
        self._behind: dict[DocumentId, int] = {}
        self._awaiting: set[DocumentId] = set()
        self._closing: tuple[int, str] | None = None
        self._is_discarded = False
        self._is_called = False
        self._is_parked = False  # the writer waits in `take`
        self._is_flushing = False  # `_flush` is called at the end of this turn of the loop
        self._changed = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()

    @property
    def live_bytes(self) -> int:
        """Bytes of live ops that wait."""
        return self._live_bytes

    @property
    def waiting_bytes(self) -> int:
        """Bytes of all that waits."""
        return self._bytes

    def put(self, frame: bytes) -> None:
        """A reply, or an op of a catch-up."""
        self._append(_Waiting(frame))

    def put_live(self, document: DocumentId, version: int, frame: bytes) -> None:
        """Live ops from `version` on, or acks: what a catch-up from there would bring as well."""
        if self._is_behind(document, version) or self._closing or self._is_discarded:
            return
        self._live_bytes += len(frame)
        self._append(_Waiting(frame, document, version))
        if self._live_bytes > MAX_LIVE_BYTES:
            self._drop_live()

    def put_presence(self, key: Hashable, frame: bytes) -> None:
        """A presence, in the place of an older one with the same `key`."""
        if self._closing is not None or self._is_discarded:
            return
        waiting = self._presences.get(key)
        if waiting is None:
            self._presences[key] = entry = _Waiting(frame, key=key)
            self._append(entry)
        else:
            self._bytes += len(frame) - len(waiting.frame)
            waiting.frame = frame

    def call(self) -> None:
        """The writer is wanted for something else, once all that waits is written."""
        self._is_called = True
        self._changed.set()

    def close(self, code: int, reason: str) -> None:
        """Nothing more is taken; what waits is written, then the connection ends."""
        if self._closing is None:
            self._closing = (code, reason)
            self._changed.set()

    def discard(self) -> None:
        """There is nobody left to write to: drop everything, now and later."""
        self._is_discarded = True
        self._waiting.clear()
        self._presences.clear()
        self._behind.clear()
        self._bytes = self._live_bytes = 0
        self._has_room.set()

    @property
    def is_closing(self) -> bool:
        """Whether `close` was called."""
        return self._closing is not None

    @property
    def closing(self) -> tuple[int, str] | None:
        """Code and reason, once everything before the end has been taken."""
        return self._closing if not self._waiting else None

    async def take(self) -> list[bytes]:
        """The next frames to write at once; none when there is something else to do.

        That is to end, to catch up with what is `behind`, or what `call` was called for. Waits
        until there is one of these. Cancelling it is safe.
        """
        while not (self._waiting or self._closing or self._is_called or self._is_idle_behind):
            self._changed.clear()
            self._is_parked = True
            try:
                await self._changed.wait()
            finally:
                self._is_parked = False
        self._is_called = self._is_called and bool(self._waiting)
        return self._next()

    def _next(self) -> list[bytes]:
        frames: list[bytes] = []
        size = 0
        while self._waiting and size < _CHUNK_BYTES:
            entry = self._waiting.popleft()
            frames.append(entry.frame)
            size += len(entry.frame)
            if entry.document is not None:
                self._live_bytes -= len(entry.frame)
            if entry.key is not None:
                del self._presences[entry.key]
        self._bytes -= size
        if self._bytes <= MAX_WAITING_BYTES:
            self._has_room.set()
        return frames

    def behind(self) -> dict[DocumentId, int]:
        """The documents to catch up with, and from which version."""
        return {d: v for d, v in self._behind.items() if d not in self._awaiting}

    def is_behind(self, document: DocumentId) -> bool:
        """Whether ops of `document` were dropped that are to be caught up with."""
        return document in self._behind

    def advance(self, document: DocumentId, version: int) -> None:
        """Ops below `version` have been put."""
        if document in self._behind:
            self._behind[document] = version

    def await_rest(self, document: DocumentId) -> None:
        """The room was asked for the rest, and for live ops again: `caught_up` comes with them."""
        self._awaiting.add(document)

    def caught_up(self, document: DocumentId) -> None:
        """Nothing is missing any more, or nobody wants it: live ops of `document` are taken again."""
        self._behind.pop(document, None)
        self._awaiting.discard(document)

    async def has_room(self) -> None:
        """Waits while too much waits. Cancelling it is safe."""
        await self._has_room.wait()

    def _append(self, entry: _Waiting) -> None:
        if self._closing is not None or self._is_discarded:
            return
        self._waiting.append(entry)
        self._bytes += len(entry.frame)
        if self._bytes > MAX_WAITING_BYTES:
            self._has_room.clear()
        if not self._is_parked or self.wire is None:
            self._changed.set()
        elif not self._is_flushing:
            self._is_flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        """Write what waits, unless the writer is at it; what the reader is slow to take, it takes."""
        self._is_flushing = False
        wire = self.wire
        while self._is_parked and self._waiting and wire is not None and wire.is_writable:
            wire.write(self._next())
        if self._waiting:
            self._changed.set()

    @property
    def _is_idle_behind(self) -> bool:
        return len(self._behind) > len(self._awaiting)

    def _is_behind(self, document: DocumentId, version: int) -> bool:
        since = self._behind.get(document)
        return since is not None and version >= since

    def _drop_live(self) -> None:
        kept: deque[_Waiting] = deque()
        for entry in self._waiting:
            if entry.document is None:
                kept.append(entry)
            else:
                since = self._behind.get(entry.document, entry.version)
                self._behind[entry.document] = min(since, entry.version)
                self._bytes -= len(entry.frame)
        self._waiting = kept
        self._live_bytes = 0
        self._changed.set()  # to catch up is the writer's work
        if self._bytes <= MAX_WAITING_BYTES:
            self._has_room.set()
