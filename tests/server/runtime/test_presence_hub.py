"""Presence between the connections of two nodes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.bus.memory import MemoryBus
from server.room.presence import Present, SayAgain
from server.runtime.presence_hub import PresenceHub
from server.runtime.roll import Roll

CHANNEL = "designs.d1"


class Ear:
    """A listener that remembers."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.heard: list[Present | SayAgain] = []
        self._news = asyncio.Event()

    def present(self, news: Present | SayAgain) -> None:
        self.heard.append(news)
        self._news.set()

    async def until(self, count: int) -> list[Present | SayAgain]:
        async with asyncio.timeout(10):
            while len(self.heard) < count:
                self._news.clear()
                await self._news.wait()
        return self.heard


@pytest.fixture
async def hubs() -> AsyncIterator[tuple[PresenceHub, PresenceHub]]:
    bus = MemoryBus()
    async with PresenceHub(bus, "node-1") as one, PresenceHub(bus, "node-2") as two:
        yield one, two
    await bus.close()


async def test_news_reach_this_node_at_once_and_the_other_by_the_bus(
    hubs: tuple[PresenceHub, PresenceHub],
) -> None:
    here, there = hubs
    ann, bob, cyd = Ear("c1"), Ear("c2"), Ear("c1")
    there.subscribe("t", CHANNEL, cyd, "cyd")
    here.subscribe("t", CHANNEL, bob, "bob")
    here.subscribe("t", CHANNEL, ann, "ann")
    assert bob.heard == [SayAgain(CHANNEL, "ann")]
    await asyncio.sleep(0)  # the other node's task begins to listen
    here.put("t", CHANNEL, ann, "ann", "cursor", {"x": 1}, 0)
    moved = Present(CHANNEL, "ann", "cursor", {"x": 1}, 0)
    assert bob.heard[-1] == moved
    assert ann.heard == []
    while moved not in await cyd.until(1):
        await cyd.until(len(cyd.heard) + 1)
    here.leave(ann)
    gone = Present(CHANNEL, "ann", "cursor", None, 1)
    assert bob.heard[-1] == gone
    while gone not in cyd.heard:
        await cyd.until(len(cyd.heard) + 1)


async def test_tenants_and_channels_are_apart(hubs: tuple[PresenceHub, PresenceHub]) -> None:
    here, _ = hubs
    ann, bob, cyd = Ear("c1"), Ear("c2"), Ear("c3")
    here.subscribe("t1", CHANNEL, ann, "ann")
    here.subscribe("t2", CHANNEL, bob, "bob")
    here.subscribe("t1", "designs.d2", cyd, "cyd")
    here.put("t1", CHANNEL, ann, "ann", "cursor", {}, 0)
    assert bob.heard == [] and cyd.heard == []


async def test_leaving_takes_everything_along(hubs: tuple[PresenceHub, PresenceHub]) -> None:
    here, _ = hubs
    ann, bob = Ear("c1"), Ear("c2")
    for channel in (CHANNEL, "designs.d2"):
        here.subscribe("t", channel, bob, "bob")
        here.put("t", channel, ann, "ann", "cursor", {}, 0)
    here.put("t", "designs.d3", ann, "ann", "cursor", {}, 0)
    here.put("t", "designs.d3", ann, "ann", "cursor", None, 1)
    here.unsubscribe("t", CHANNEL, bob)
    here.leave(ann)
    here.leave(ann)
    gone = [news for news in bob.heard if isinstance(news, Present) and news.value is None]
    assert [news.channel for news in gone] == ["designs.d2"]
    here.leave(bob)
    assert here._channels == {} and here._hearing == {} and here._listeners == {}
    assert here._joined == {}


async def test_asking_makes_the_others_say_again(hubs: tuple[PresenceHub, PresenceHub]) -> None:
    here, _ = hubs
    ann, bob = Ear("c1"), Ear("c2")
    here.subscribe("t", CHANNEL, bob, "bob")
    here.ask("t", CHANNEL, "ann")
    assert bob.heard == [SayAgain(CHANNEL, "ann")]
    here.ask("t", "designs.nobody", "ann")
    assert ann.heard == []


async def test_B5_the_presence_of_a_dead_node_goes_and_comes_back_with_it() -> None:
    bus = MemoryBus()
    ann, bob = Ear("c1"), Ear("c2")
    quick = {"beat_seconds": 0.01}
    async with PresenceHub(bus, "node-1", roll=Roll(0.1), **quick) as here:  # type: ignore[arg-type]
        here.subscribe("t", CHANNEL, ann, "ann")
        await asyncio.sleep(0.02)
        there = PresenceHub(bus, "node-2", roll=Roll(0.1), **quick)  # type: ignore[arg-type]
        async with there:
            there.subscribe("t", CHANNEL, bob, "bob")
            there.put("t", CHANNEL, bob, "bob", "cursor", {"x": 1}, 3)
            await _hears(ann, Present(CHANNEL, "bob", "cursor", {"x": 1}, 3))
            assert SayAgain(CHANNEL, "") in await bob.until(1)  # one has seen the other come
        # It ended without a word of whom it had.
        await _hears(ann, Present(CHANNEL, "bob", "cursor", None, 4))
    await bus.close()


async def _hears(ear: Ear, news: Present) -> None:
    while news not in ear.heard:
        await ear.until(len(ear.heard) + 1)


async def test_B5_a_node_that_dies_before_its_first_sign_of_life_is_missed_all_the_same() -> None:
    bus = MemoryBus()
    ann, bob = Ear("c1"), Ear("c2")
    async with PresenceHub(bus, "node-2", roll=Roll(0.05), beat_seconds=0.01) as there:
        there.subscribe("t", CHANNEL, bob, "bob")
        await asyncio.sleep(0)
        async with PresenceHub(DeafToBeats(bus), "node-1") as here:
            here.put("t", CHANNEL, ann, "ann", "cursor", {"x": 1}, 0)
            moved = Present(CHANNEL, "ann", "cursor", {"x": 1}, 0)
            while moved not in bob.heard:
                await bob.until(len(bob.heard) + 1)
        while not any(isinstance(news, Present) and news.value is None for news in bob.heard):
            await bob.until(len(bob.heard) + 1)
    await bus.close()


class DeafToBeats:
    """Carries everything but signs of life."""

    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus
        self.is_reachable = True

    async def publish(self, channel: str, payload: bytes) -> None:
        if channel.startswith("presence:"):
            await self._bus.publish(channel, payload)

    def subscribe(self, channel: str) -> AsyncIterator[bytes]:
        return self._bus.subscribe(channel)

    async def close(self) -> None:
        """The bus behind it is closed by itself."""
