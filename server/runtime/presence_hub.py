"""Presence of this node's connections, carried to each other at once and to other nodes by the bus.

Presence is worth nothing later, so nothing here is kept, waited for or sent again: what the bus
cannot take now is replaced by the newest of the same presence.
"""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Protocol, Self

import orjson

from ot.types import Json

from ..ports import Bus
from ..room.presence import Channel, Present, SayAgain, Tell

__all__ = ["Listener", "PresenceHub"]

_log = logging.getLogger("coweave.presence")

_MAX_OUTGOING = 10_000
_RETRY_SECONDS = 1.0


class Listener(Protocol):
    """A connection that hears of presence."""

    id: str

    def present(self, news: Present | SayAgain) -> None:
        """Never blocks, never raises."""
        ...


class PresenceHub:
    """All presence channels of one node. An async context manager that owns its tasks.

    Args:
        node: unique among the nodes; own messages that come back from the bus are known by it.
    """

    def __init__(self, bus: Bus, node: str) -> None:
        self._bus = bus
        self._node = node
        self._channels: dict[tuple[str, str], Channel] = {}
        self._listeners: dict[str, Listener] = {}
        self._joined: dict[str, set[tuple[str, str]]] = {}  # conn -> channels
        self._hearing: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._outgoing: dict[tuple[str, str, str, str], Present | SayAgain] = {}
        self._has_outgoing = asyncio.Event()
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._sender = self._tasks.create_task(self._send(), name="presence-out")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sender.cancel()
        for task in self._hearing.values():
            task.cancel()
        await self._tasks.__aexit__(None, None, None)  # the body's error is not this group's

    def subscribe(self, tenant: str, channel: str, listener: Listener, src: str) -> None:
        """`listener` hears of `channel` from now on."""
        self._tell(tenant, self._join(tenant, channel, listener).subscribe(listener.id, src))
        self._settle(tenant, channel)

    def unsubscribe(self, tenant: str, channel: str, listener: Listener) -> None:
        """`listener` hears no more, and what it held there is gone."""
        self._joined.get(listener.id, set()).discard((tenant, channel))
        if (known := self._channels.get((tenant, channel))) is not None:
            self._tell(tenant, known.leave(listener.id))
            self._settle(tenant, channel)

    def put(
        self, tenant: str, channel: str, listener: Listener, src: str, id: str, value: Json, pv: int
    ) -> None:
        """`listener` moves its presence `id`; None takes it away."""
        room = self._join(tenant, channel, listener)
        self._tell(tenant, room.put(listener.id, src, id, value, pv))
        self._settle(tenant, channel)

    def ask(self, tenant: str, channel: str, src: str) -> None:
        """All others on the channel shall say where they are."""
        known = self._channels.get((tenant, channel)) or Channel(channel)
        self._tell(tenant, known.ask(src))

    def leave(self, listener: Listener) -> None:
        """The connection has ended."""
        for tenant, channel in list(self._joined.get(listener.id, ())):
            self.unsubscribe(tenant, channel, listener)
        self._joined.pop(listener.id, None)
        self._listeners.pop(listener.id, None)

    def _join(self, tenant: str, channel: str, listener: Listener) -> Channel:
        self._listeners[listener.id] = listener
        self._joined.setdefault(listener.id, set()).add((tenant, channel))
        return self._channels.setdefault((tenant, channel), Channel(channel))

    def _tell(self, tenant: str, tells: list[Tell]) -> None:
        for tell in tells:
            for conn in tell.conns:
                self._listeners[conn].present(tell.news)
            if tell.publish:
                id = tell.news.id if isinstance(tell.news, Present) else ""
                key = (tenant, tell.news.channel, tell.news.src, id)
                if key in self._outgoing or len(self._outgoing) < _MAX_OUTGOING:
                    self._outgoing[key] = tell.news
                    self._has_outgoing.set()

    def _settle(self, tenant: str, channel: str) -> None:
        """Listen to the bus exactly while somebody here wants to hear."""
        key = (tenant, channel)
        known = self._channels[key]
        if known.is_heard and key not in self._hearing:
            self._hearing[key] = self._tasks.create_task(
                self._hear(tenant, channel), name=f"presence-in {channel}"
            )
        if not known.is_heard and (task := self._hearing.pop(key, None)) is not None:
            task.cancel()
        if known.is_empty:
            del self._channels[key]

    async def _send(self) -> None:
        while True:
            await self._has_outgoing.wait()
            self._has_outgoing.clear()
            outgoing, self._outgoing = self._outgoing, {}
            for (tenant, channel, _, _), news in outgoing.items():
                try:
                    await self._bus.publish(_topic(tenant, channel), self._payload(news))
                except Exception:  # whatever the bus's adapter raises: presence can be lost
                    _log.exception("presence was not published", extra={"channel": channel})
                    await asyncio.sleep(_RETRY_SECONDS)
                    break

    async def _hear(self, tenant: str, channel: str) -> None:
        while True:
            try:
                async for payload in self._bus.subscribe(_topic(tenant, channel)):
                    if (news := self._news(channel, payload)) is not None:
                        self._tell(tenant, self._channels[tenant, channel].remote([news]))
            except Exception:  # as above: the bus may be away for a while
                _log.exception("presence is not heard", extra={"channel": channel})
            await asyncio.sleep(_RETRY_SECONDS)

    def _payload(self, news: Present | SayAgain) -> bytes:
        message: dict[str, Json] = {"node": self._node, "src": news.src}
        if isinstance(news, Present):
            message |= {"id": news.id, "p": news.value, "pv": news.pv}
        return orjson.dumps(message)

    def _news(self, channel: str, payload: bytes) -> Present | SayAgain | None:
        message = orjson.loads(payload)
        if message["node"] == self._node:
            return None
        if "id" not in message:
            return SayAgain(channel, message["src"])
        return Present(channel, message["src"], message["id"], message["p"], message["pv"])


def _topic(tenant: str, channel: str) -> str:
    return f"presence:{tenant}/{channel}"
