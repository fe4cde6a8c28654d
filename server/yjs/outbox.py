"""What waits to be sent to one Yjs client, bounded.

Replies wait in order; so do changes, but of those no more than `MAX_LIVE_BYTES`: a client that does
not read for so long is sent away, and comes back with its state vector to fetch just what it lacks.
Of each presence only the newest waits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from . import wire

__all__ = ["CLOSE_SLOW", "MAX_LIVE_BYTES", "Outbox"]

MAX_LIVE_BYTES: Final = 1_048_576
CLOSE_SLOW: Final = 4008


class Outbox:
    """Messages in order. One writer takes; anything may put, and never waits."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[bytes, int]] = deque()
        self._live_bytes = 0
        self._presences: dict[int, wire.State] = {}
        self._closing: tuple[int, str] | None = None
        self._changed = asyncio.Event()

    @property
    def closing(self) -> tuple[int, str] | None:
        """Code and reason of the end that is to come, once all before it is written."""
        return self._closing

    @property
    def waiting_bytes(self) -> int:
        """Bytes of changes that wait."""
        return self._live_bytes

    def reply(self, message: bytes) -> None:
        """An answer: the client gets no more of them than it asks for."""
        self._put(message, 0)

    def tell(self, message: bytes) -> None:
        """A change that the client did not ask for."""
        if self._live_bytes > MAX_LIVE_BYTES:
            self._waiting.clear()
            self.close(CLOSE_SLOW, "too slow")
            return
        self._put(message, len(message))

    def present(self, state: wire.State) -> None:
        """News of somebody's presence; replaces older ones that wait."""
        if self._closing is None:
            self._presences[state.client] = state
            self._changed.set()

    def close(self, code: int, reason: str) -> None:
        """End the connection when what waits is written. The first reason counts."""
        if self._closing is None:
            self._closing = code, reason
            self._presences.clear()
            self._changed.set()

    async def take(self) -> list[bytes]:
        """What waits, when something does; empty: it is time to close."""
        while not (self._waiting or self._presences or self._closing):
            self._changed.clear()
            await self._changed.wait()
        taken = [message for message, _ in self._waiting]
        self._waiting.clear()
        self._live_bytes = 0
        presences = list(self._presences.values())
        self._presences.clear()
        taken.extend(
            wire.presences(presences[start : start + wire.MOST_STATES])
            for start in range(0, len(presences), wire.MOST_STATES)
        )
        return taken

    def _put(self, message: bytes, live: int) -> None:
        if self._closing is None:
            self._waiting.append((message, live))
            self._live_bytes += live
            self._changed.set()
