"""Messages within one process: all that a single node needs."""

from __future__ import annotations

from collections.abc import AsyncIterator

from .subscription import MOST_WAITING, Subscriptions

__all__ = ["MemoryBus"]


class MemoryBus:
    """The port `Bus`. Several nodes may share one instance, which is how tests play them."""

    def __init__(self, max_waiting: int = MOST_WAITING) -> None:
        self._subscriptions = Subscriptions(max_waiting)

    @property
    def is_reachable(self) -> bool:
        return not self._subscriptions.is_closed

    async def publish(self, channel: str, payload: bytes) -> None:
        self._subscriptions.put(channel, payload)

    def subscribe(self, channel: str) -> AsyncIterator[bytes]:
        return self._subscriptions.listen(channel)

    async def close(self) -> None:
        self._subscriptions.close()
