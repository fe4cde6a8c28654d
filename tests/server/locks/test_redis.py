"""Locks in a Redis that comes and goes; what every adapter does is in tests/contracts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from server.locks import redis as module
from server.locks.redis import RedisLocks
from server.ports import DocumentId, LocksUnavailable
from server.redis.breaker import Breaker
from server.redis.link import Link
from tests.support.redis_server import RedisServer, free_port, needs_redis

CLAIMS = DocumentId("acme", "designs", "claims")
A, B = frozenset({"components/a"}), frozenset({"components/b"})


@pytest.fixture
def server() -> Iterator[RedisServer]:
    needs_redis()
    with RedisServer() as server:
        yield server


@pytest.fixture
async def locks(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RedisLocks]:
    """Which ask again 50 ms after Redis did not answer."""
    monkeypatch.setattr(module, "Breaker", lambda: Breaker(rest=0.05))
    locks = RedisLocks(Link.parse(server.url), ttl_ms=300)
    yield locks
    await locks.close()


async def come_back(locks: RedisLocks) -> list[bool]:
    async with asyncio.timeout(10):
        while True:
            try:
                return await locks.acquire(CLAIMS, [A], "one")
            except LocksUnavailable:
                await asyncio.sleep(0.02)


async def test_every_lock_ends_by_itself(server: RedisServer, locks: RedisLocks) -> None:
    assert await locks.acquire(CLAIMS, [A, B, A | B], "one") == [True] * 3
    assert await locks.acquire(CLAIMS, [B], "one") == [True]
    for element in "ab":
        left = server.run("PTTL", f"design:{{acme/claims}}:components/{element}#w")
        assert isinstance(left, int) and 0 < left <= 300
    async with asyncio.timeout(5):
        while await locks.acquire(CLAIMS, [A | B], "two") == [False]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_lock_that_ended_is_not_given_back_for_another(
    server: RedisServer, locks: RedisLocks
) -> None:
    await locks.acquire(CLAIMS, [A], "one")
    server.run("FLUSHALL")
    await locks.acquire(CLAIMS, [A], "two")
    await locks.release(CLAIMS, A, "one")
    assert await locks.acquire(CLAIMS, [A], "one") == [False]


async def test_a_restarted_redis_is_taken_as_it_is(server: RedisServer, locks: RedisLocks) -> None:
    """It has neither the locks nor the scripts."""
    await locks.acquire(CLAIMS, [A], "two")
    server.kill()
    server.start()
    assert await come_back(locks) == [True]


async def test_a_redis_that_cannot_write_is_as_one_that_is_away(
    server: RedisServer, locks: RedisLocks
) -> None:
    server.run("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(LocksUnavailable, match="OutOfMemory"):
        await locks.acquire(CLAIMS, [A], "one")
    server.run("CONFIG", "SET", "maxmemory", "0")
    assert await come_back(locks) == [True]
    server.run("REPLICAOF", "127.0.0.1", free_port())
    with pytest.raises(LocksUnavailable, match=r"ReadOnly|read only"):
        await locks.acquire(CLAIMS, [A], "one")
    server.run("REPLICAOF", "NO", "ONE")
    assert await come_back(locks) == [True]


async def test_a_redis_that_hangs_costs_one_wait(server: RedisServer) -> None:
    locks = RedisLocks(Link.parse(server.url))
    await locks.acquire(CLAIMS, [A], "one")
    server.stop()
    started = time.monotonic()
    with pytest.raises(LocksUnavailable, match="cannot lock now"):
        await locks.acquire(CLAIMS, [A], "one")
    assert time.monotonic() - started < 2
    started = time.monotonic()
    for _ in range(100):
        with pytest.raises(LocksUnavailable, match="a moment ago"):
            await locks.acquire(CLAIMS, [A], "one")
    assert time.monotonic() - started < 0.5
    server.go_on()
    await locks.close()


async def test_nobody_listens_there() -> None:
    locks = RedisLocks(Link.parse(f"redis://127.0.0.1:{free_port()}"))
    with pytest.raises(LocksUnavailable):
        await locks.acquire(CLAIMS, [A], "one")
    assert await locks.acquire(CLAIMS, [frozenset()], "one") == [True]
    await locks.release(CLAIMS, A, "one")  # nothing is held: nobody is asked
    await locks.close()
