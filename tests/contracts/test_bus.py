"""The contract of the port `Bus`, held by every adapter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from server.ports import Bus

PROBE = b"is anybody there?"


class Listener:
    """A subscription that has begun: it has seen a probe."""

    def __init__(self, messages: AsyncIterator[bytes]) -> None:
        self._messages = messages

    async def next(self) -> bytes:
        async with asyncio.timeout(5):
            while (message := await anext(self._messages)) == PROBE:
                pass
            return message


@asynccontextmanager
async def listening(bus: Bus, channel: str) -> AsyncIterator[Listener]:
    async with aclosing(bus.subscribe(channel)) as messages, asyncio.TaskGroup() as tasks:
        first = tasks.create_task(anext(messages))
        while not first.done():
            await bus.publish(channel, PROBE)
            await asyncio.wait([first], timeout=0.01)
        yield Listener(messages)


async def test_every_subscriber_hears_what_is_published(bus: Bus) -> None:
    async with listening(bus, "a") as one, listening(bus, "a") as two:
        await bus.publish("a", b"hello")
        assert [await one.next(), await two.next()] == [b"hello", b"hello"]


async def test_messages_of_one_publisher_keep_their_order(bus: Bus) -> None:
    async with listening(bus, "a") as listener:
        for n in range(100):
            await bus.publish("a", b"%d" % n)
        assert [await listener.next() for _ in range(100)] == [b"%d" % n for n in range(100)]


async def test_channels_do_not_meet(bus: Bus) -> None:
    names = ["a", "A", "a.b", "a:b", "a*", "*", "é"]
    for name in names:
        async with listening(bus, name) as listener:
            for other in names:
                if other != name:
                    await bus.publish(other, b"for another")
            await bus.publish(name, b"for us")
            assert await listener.next() == b"for us"


async def test_a_payload_is_bytes_of_any_kind(bus: Bus) -> None:
    payloads = [b"", bytes(range(256)), b"x" * 1_000_000]
    async with listening(bus, "a") as listener:
        for payload in payloads:
            await bus.publish("a", payload)
            assert await listener.next() == payload


async def test_nobody_listens_and_nothing_is_kept(bus: Bus) -> None:
    await bus.publish("a", b"lost")
    async with listening(bus, "a") as listener:
        await bus.publish("a", b"heard")
        assert await listener.next() == b"heard"


async def test_one_who_leaves_does_not_disturb_the_others(bus: Bus) -> None:
    async with listening(bus, "a") as stays:
        async with listening(bus, "a"):
            pass
        await bus.publish("a", b"hello")
        assert await stays.next() == b"hello"


async def test_a_slow_subscriber_holds_up_nobody(bus: Bus) -> None:
    async with listening(bus, "a"), listening(bus, "a") as quick:
        async with asyncio.timeout(10):
            for n in range(2_000):
                await bus.publish("a", b"%d" % n)
                assert await quick.next() == b"%d" % n


async def test_closing_ends_every_subscription(bus: Bus) -> None:
    async with listening(bus, "a") as one, listening(bus, "b") as two:
        await bus.close()
        for listener in (one, two):
            with pytest.raises(StopAsyncIteration):
                await listener.next()
    async with aclosing(bus.subscribe("a")) as late:
        with pytest.raises(StopAsyncIteration):
            async with asyncio.timeout(5):
                await anext(late)
