"""Who listens to which channel within one process, and what each has yet to take."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

__all__ = ["MOST_WAITING", "Subscriptions"]

MOST_WAITING = 10_000
"""Messages kept for a subscriber that is slow; then it loses the oldest, as the port allows."""


class Subscriptions:
    """All subscriptions of one bus.

    Args:
        changed: called when a channel has got its first listener, or lost its last.
    """

    def __init__(
        self, max_waiting: int = MOST_WAITING, changed: Callable[[], None] = lambda: None
    ) -> None:
        self._max_waiting = max_waiting
        self._changed = changed
        self._by_channel: dict[str, set[_Subscription]] = {}
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    @property
    def channels(self) -> frozenset[str]:
        """Those that somebody listens to."""
        return frozenset(self._by_channel)

    def put(self, channel: str, payload: bytes) -> None:
        """Give it to all who listen to `channel` now."""
        for subscription in self._by_channel.get(channel, ()):
            subscription.put(payload)

    async def listen(self, channel: str) -> AsyncIterator[bytes]:
        """What is put into `channel` from the first `__anext__` on, until the iterator is closed.

        Cancelling the wait for a message ends the subscription.
        """
        if self._is_closed:
            return
        subscription = _Subscription(self._max_waiting)
        subscriptions = self._by_channel.setdefault(channel, set())
        subscriptions.add(subscription)
        if len(subscriptions) == 1:
            self._changed()
        try:
            while (payload := await subscription.take()) is not None:
                yield payload
        finally:
            subscriptions.discard(subscription)
            if not subscriptions and self._by_channel.get(channel) is subscriptions:
                del self._by_channel[channel]
                self._changed()

    def close(self) -> None:
        """Every subscription ends once its messages are taken; there are no new ones."""
        self._is_closed = True
        for subscriptions in self._by_channel.values():
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
