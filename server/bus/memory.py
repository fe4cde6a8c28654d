"""Messages within one process: all that a single node needs."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

__all__ = ["MemoryBus"]

_MAX_WAITING = 10_000
"""Messages kept for a subscriber that is slow; then it loses the oldest, as the port allows."""


class MemoryBus:
    """The port `Bus`. Several nodes may share one instance, which is how tests play them."""

    def __init__(self, max_waiting: int = _MAX_WAITING) -> None:
        self._max_waiting = max_waiting
        self._subscriptions: dict[str, set[_Subscription]] = {}
        self._is_closed = False

    @property
    def is_reachable(self) -> bool:
        return not self._is_closed

    async def publish(self, channel: str, payload: bytes) -> None:
        for subscription in self._subscriptions.get(channel, ()):
            subscription.put(payload)

    async def subscribe(self, channel: str) -> AsyncIterator[bytes]:
        """As the port says. Cancelling the wait for a message ends the subscription."""
        if self._is_closed:
            return
        subscription = _Subscription(self._max_waiting)
        subscriptions = self._subscriptions.setdefault(channel, set())
        subscriptions.add(subscription)
        try:
            while (payload := await subscription.take()) is not None:
                yield payload
        finally:
            subscriptions.discard(subscription)
            if not subscriptions and self._subscriptions.get(channel) is subscriptions:
                del self._subscriptions[channel]

    async def close(self) -> None:
        self._is_closed = True
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.close()


class _Subscription:
    """The messages that one subscriber has yet to take."""

    def __init__(self, max_waiting: int) -> None:
        self._waiting: deque[bytes] = deque(maxlen=max_waiting)
        self._wake = asyncio.Event()
        self._is_closed = False

    def put(self, payload: bytes) -> None:
        self._waiting.append(payload)
        self._wake.set()

    def close(self) -> None:
        self._is_closed = True
        self._wake.set()

    async def take(self) -> bytes | None:
        """The next message; None when closed."""
        while not self._waiting:
            if self._is_closed:
                return None
            self._wake.clear()
            await self._wake.wait()
        return self._waiting.popleft()
