"""Presence of this node's connections, carried to each other at once and to other nodes by the bus.

Presence is worth nothing later, so nothing here is kept, waited for or sent again: what the bus
cannot take now is replaced by the newest of the same presence.
"""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Protocol, Self

from ot.types import Json

from ..ports import Bus
from ..protocol.packed import pack, unpack
from ..room.presence import Channel, Present, SayAgain, Tell
from .roll import BEAT_SECONDS, Roll

__all__ = ["Listener", "PresenceHub"]

_log = logging.getLogger("coweave.presence")

_MAX_OUTGOING = 10_000
_RETRY_SECONDS = 1.0
_NODES = "nodes"
"""The channel on which each node gives its signs of life."""


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
        beat_seconds: between two signs of life.
        roll: when the other nodes count as gone.
    """

    def __init__(
        self,
        bus: Bus,
        node: str,
        *,
        beat_seconds: float = BEAT_SECONDS,
        roll: Roll | None = None,
    ) -> None:
        self._bus = bus
        self._node = node
        self._beat_seconds = beat_seconds
        self._roll = roll or Roll()
        self._channels: dict[tuple[str, str], Channel] = {}
        self._listeners: dict[str, Listener] = {}
        self._joined: dict[str, set[tuple[str, str]]] = {}  # conn -> channels
        self._hearing: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._outgoing: dict[tuple[str, str, str, str], Present | SayAgain] = {}
        self._has_outgoing = asyncio.Event()
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._services = [
            self._tasks.create_task(self._send(), name="presence-out"),
            self._tasks.create_task(self._beat(), name="presence-beat"),
            self._tasks.create_task(self._call_the_roll(), name="presence-nodes"),
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in (*self._services, *self._hearing.values()):
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
                    if (heard := self._news(channel, payload)) is not None:
                        node, news = heard
                        # A node may die before its first sign of life has come.
                        self._note(node)
                        self._tell(tenant, self._channels[tenant, channel].remote(node, [news]))
            except Exception:  # as above: the bus may be away for a while
                _log.exception("presence is not heard", extra={"channel": channel})
            await asyncio.sleep(_RETRY_SECONDS)

    async def _beat(self) -> None:
        """Show the other nodes that this one lives, and notice who of them does not any more."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                await self._bus.publish(_NODES, self._node.encode())
            except Exception:
                _log.exception("other nodes are not told of this one")
            for node in self._roll.gone(loop.time()):
                _log.info("node %s is gone", node)
                for (tenant, _), channel in list(self._channels.items()):
                    self._tell(tenant, channel.lost(node))
            await asyncio.sleep(self._beat_seconds)

    async def _call_the_roll(self) -> None:
        """Hear the other nodes' signs of life."""
        while True:
            try:
                async for payload in self._bus.subscribe(_NODES):
                    node = payload.decode()
                    if node != self._node:
                        self._note(node)
            except Exception:
                _log.exception("other nodes are not heard")
            await asyncio.sleep(_RETRY_SECONDS)

    def _note(self, node: str) -> None:
        """Another node lives. One that comes, or comes back, is asked who is there."""
        if self._roll.heard(node, asyncio.get_running_loop().time()):
            _log.info("node %s is there", node)
            for (tenant, name), channel in list(self._channels.items()):
                if channel.is_heard:
                    self._tell(tenant, [Tell((), SayAgain(name, ""), publish=True)])

    def _payload(self, news: Present | SayAgain) -> bytes:
        message: dict[str, Json] = {"node": self._node, "src": news.src}
        if isinstance(news, Present):
            message |= {"id": news.id, "p": news.value, "pv": news.pv}
        return pack(message)

    def _news(self, channel: str, payload: bytes) -> tuple[str, Present | SayAgain] | None:
        """What came, and of which node; None if it is our own."""
        message = unpack(payload)
        node = message["node"]
        if node == self._node:
            return None
        if "id" not in message:
            return node, SayAgain(channel, message["src"])
        return node, Present(channel, message["src"], message["id"], message["p"], message["pv"])


def _topic(tenant: str, channel: str) -> str:
    return f"presence:{tenant}/{channel}"
