"""A bus on a Redis that comes and goes; what every adapter does is in tests/contracts (B5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, aclosing

import pytest

from server.bus.redis import RedisBus
from server.redis.link import Link
from tests.support.redis_server import RedisServer, needs_redis


@pytest.fixture
def server() -> Iterator[RedisServer]:
    needs_redis()
    with RedisServer() as server:
        yield server


@pytest.fixture
async def nodes(server: RedisServer) -> AsyncIterator[tuple[RedisBus, RedisBus]]:
    async with AsyncExitStack() as stack:
        link = Link.parse(server.url)
        one = await stack.enter_async_context(RedisBus(link))
        two = await stack.enter_async_context(RedisBus(link))
        yield one, two


async def until(is_so: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Heard:
    """What comes to one bus on the channel "a"."""

    def __init__(self, bus: RedisBus) -> None:
        self.payloads: list[bytes] = []
        self._bus = bus

    async def run(self) -> None:
        async with aclosing(self._bus.subscribe("a")) as messages:  # type: ignore[type-var]
            async for payload in messages:
                self.payloads.append(payload)


async def arrives(sender: RedisBus, heard: Heard) -> None:
    """Say it again until it is heard: what was said before may be lost."""
    before = len(heard.payloads)
    async with asyncio.timeout(15):
        while len(heard.payloads) == before:
            await sender.publish("a", b"x")
            await asyncio.sleep(0.02)


async def test_nodes_hear_each_other_and_themselves_once(nodes: tuple[RedisBus, RedisBus]) -> None:
    one, two = nodes
    mine, theirs = Heard(one), Heard(two)
    async with asyncio.TaskGroup() as tasks:
        listening = [tasks.create_task(heard.run()) for heard in (mine, theirs)]
        await arrives(one, theirs)
        mine.payloads.clear()
        theirs.payloads.clear()
        for n in range(300):
            await one.publish("a", b"%d" % n)
        said = [b"%d" % n for n in range(300)]
        await until(lambda: theirs.payloads[-300:] == said)
        assert mine.payloads == said
        for task in listening:
            task.cancel()


@pytest.mark.parametrize("fault", ["killed", "stopped", "cut", "overrun"])
async def test_B5_they_hear_each_other_again(
    server: RedisServer, nodes: tuple[RedisBus, RedisBus], fault: str
) -> None:
    one, two = nodes
    mine, theirs = Heard(one), Heard(two)
    async with asyncio.TaskGroup() as tasks:
        listening = [tasks.create_task(heard.run()) for heard in (mine, theirs)]
        await arrives(one, theirs)
        match fault:
            case "killed":
                server.kill()
                await until(lambda: not one.is_reachable and not two.is_reachable)
                before = len(mine.payloads)
                await one.publish("a", b"to ourselves")
                await until(lambda: len(mine.payloads) == before + 1)
                server.start()
            case "stopped":
                server.stop()
                await until(lambda: not two.is_reachable)
                server.go_on()
            case "cut":
                server.run("CLIENT", "KILL", "TYPE", "pubsub")
            case "overrun":
                server.run("CONFIG", "SET", "client-output-buffer-limit", "pubsub 65536 0 0")
                for _ in range(200):
                    await one.publish("a", bytes(100_000))
        await arrives(one, theirs)
        await arrives(two, mine)
        await until(lambda: one.is_reachable and two.is_reachable)
        for task in listening:
            task.cancel()


async def test_a_redis_that_was_never_there(server: RedisServer) -> None:
    server.kill()
    async with RedisBus(Link.parse(server.url)) as bus:
        heard = Heard(bus)
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(heard.run())
            await arrives(bus, heard)
            assert not bus.is_reachable
            server.start()
            await until(lambda: bus.is_reachable)
            listening.cancel()
