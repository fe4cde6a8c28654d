"""Messages between nodes by Redis' publish and subscribe: at most once, and none while it is away.

Whoever relies on a message looks for itself as well: rooms compare their versions with the store's
(`server.runtime.heads`), presence is told again (`server.runtime.presence_hub`).
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Final, Self

from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from ..redis.link import AWAY, Link
from .subscription import MOST_WAITING, Subscriptions

__all__ = ["RedisBus"]

_NAME_BYTES: Final = 8
"""With which each message begins: who sent it has heard it already."""

_AT_ONCE: Final = 500
"""Messages sent in one round trip."""

_QUIET_SECONDS: Final = 1.0
"""Without a message; then Redis is asked whether it is still there."""

_DEAD_SECONDS: Final = 2.0
"""Without any sign, that answer neither; then the connection is made anew."""

_RETRY_SECONDS: Final = 0.25
_SEND_REST_SECONDS: Final = 0.5

_log = logging.getLogger("coweave.bus")


class RedisBus:
    """The port `Bus` on Redis. An async context manager that owns its connections and tasks."""

    def __init__(self, link: Link, *, max_waiting: int = MOST_WAITING) -> None:
        self._name = secrets.token_bytes(_NAME_BYTES)
        self._sender = link.client()
        self._listener = link.listener()
        self._outgoing: deque[tuple[str, bytes]] = deque(maxlen=max_waiting)
        self._has_outgoing = asyncio.Event()
        self._has_changed = asyncio.Event()
        self._subscriptions = Subscriptions(max_waiting, self._has_changed.set)
        self._pubsub: PubSub | None = None
        self._heard: frozenset[str] = frozenset()
        self._is_away = False
        self._is_closing = False
        self._tasks = asyncio.TaskGroup()
        self._running: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._running = [
            self._tasks.create_task(self._send(), name="bus-out"),
            self._tasks.create_task(self._receive(), name="bus-in"),
            self._tasks.create_task(self._follow(), name="bus-channels"),
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
        await self._tasks.__aexit__(None, None, None)

    @property
    def is_reachable(self) -> bool:
        return self._pubsub is not None and not self._is_away

    async def publish(self, channel: str, payload: bytes) -> None:
        """As the port says; never waits. What is too much loses the oldest.

        Subscribers of this process are given it at once, also while Redis is away.
        """
        self._subscriptions.put(channel, payload)
        self._outgoing.append((channel, self._name + payload))
        self._has_outgoing.set()

    def subscribe(self, channel: str) -> AsyncIterator[bytes]:
        return self._subscriptions.listen(channel)

    async def close(self) -> None:
        # The client library swallows a cancellation that comes together with an answer.
        self._is_closing = True
        self._subscriptions.close()
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
        await self._sender.aclose()
        await self._listener.aclose()

    # -- out -----------------------------------------------------------------------------------------

    async def _send(self) -> None:
        """Publish what waits, many at a time. Runs until cancelled."""
        while not self._is_closing:
            await self._has_outgoing.wait()
            self._has_outgoing.clear()
            while self._outgoing:
                some = [self._outgoing.popleft() for _ in range(min(_AT_ONCE, len(self._outgoing)))]
                try:
                    await self._publish(some)
                except AWAY as error:  # what it was to carry is lost, as it may be
                    self._note_away(error)
                    self._outgoing.clear()
                    await asyncio.sleep(_SEND_REST_SECONDS)

    async def _publish(self, messages: list[tuple[str, bytes]]) -> None:
        if not isinstance(self._sender, Redis):
            for message in messages:
                await self._sender.execute_command("PUBLISH", *message)
            return
        async with self._sender.pipeline(transaction=False) as pipeline:
            for channel, payload in messages:
                pipeline.publish(channel, payload)
            await pipeline.execute()

    # -- in ------------------------------------------------------------------------------------------

    async def _receive(self) -> None:
        """Take in what comes, on one connection after the other. Runs until cancelled."""
        while not self._is_closing:
            try:
                async with self._listener.pubsub() as pubsub:
                    await self._take_in(pubsub)
            except AWAY as error:
                self._note_away(error)
            finally:
                self._pubsub, self._heard = None, frozenset()
            await asyncio.sleep(_RETRY_SECONDS)

    async def _take_in(self, pubsub: PubSub) -> None:
        # One channel of its own, so that there is always something to be subscribed to.
        await pubsub.subscribe("coweave:quiet")
        self._pubsub = pubsub
        self._has_changed.set()
        loop = asyncio.get_running_loop()
        last = loop.time()
        while not self._is_closing:
            message = await pubsub.get_message(timeout=_QUIET_SECONDS)
            now = loop.time()
            if message is not None:
                last = now
                self._note_back()
                if message["type"] == "message":
                    self._put(message["channel"].decode(), message["data"])
            elif now - last > _DEAD_SECONDS:
                raise TimeoutError("nothing is heard from Redis")
            else:
                await pubsub.ping()

    def _put(self, channel: str, message: bytes) -> None:
        sender, payload = message[:_NAME_BYTES], message[_NAME_BYTES:]
        if sender != self._name:
            self._subscriptions.put(channel, payload)

    async def _follow(self) -> None:
        """Tell Redis which channels are listened to here. Runs until cancelled."""
        while not self._is_closing:
            await self._has_changed.wait()
            self._has_changed.clear()
            pubsub = self._pubsub
            if pubsub is None:  # it says so when there is one
                continue
            wanted = self._subscriptions.channels
            more, less = wanted - self._heard, self._heard - wanted
            self._heard = wanted
            try:
                if more:
                    await pubsub.subscribe(*more)
                if less:
                    await pubsub.unsubscribe(*less)
            except (*AWAY, RuntimeError) as error:  # the connection is made anew, with all channels
                self._note_away(error)

    def _note_away(self, error: Exception) -> None:
        if not self._is_away:
            _log.warning("other nodes are neither heard nor told: %r", error)
        self._is_away = True

    def _note_back(self) -> None:
        if self._is_away:
            _log.info("other nodes are heard again")
        self._is_away = False
