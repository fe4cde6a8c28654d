"""Redis is killed, emptied, full, deaf or another, under two nodes under load (PROMISES C3, B5).

Nothing acked is lost or doubled, and nobody waits for long: while it is away PostgreSQL orders.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.deployment import deployed
from tests.support.proxy import Proxy
from tests.support.redis_server import RedisServer, Sentinels, free_port, needs_redis, replicated

from .ledger import Ledger
from .load import under_load

Fault = Callable[[RedisServer, Proxy, float], Awaitable[None]]


async def killed(server: RedisServer, proxy: Proxy, seconds: float) -> None:
    server.kill()
    await asyncio.sleep(seconds)
    await asyncio.to_thread(server.start)  # empty


async def emptied(server: RedisServer, proxy: Proxy, seconds: float) -> None:
    for _ in range(20):
        await asyncio.to_thread(server.run, "FLUSHALL")
        await asyncio.sleep(seconds / 20)


async def stopped(server: RedisServer, proxy: Proxy, seconds: float) -> None:
    server.stop()
    await asyncio.sleep(seconds)
    server.go_on()


async def full(server: RedisServer, proxy: Proxy, seconds: float) -> None:
    await asyncio.to_thread(server.run, "CONFIG", "SET", "maxmemory", "1")
    await asyncio.sleep(seconds)
    await asyncio.to_thread(server.run, "CONFIG", "SET", "maxmemory", "0")


async def a_replica(server: RedisServer, proxy: Proxy, seconds: float) -> None:
    await asyncio.to_thread(server.run, "REPLICAOF", "127.0.0.1", free_port())
    await asyncio.sleep(seconds)
    await asyncio.to_thread(server.run, "REPLICAOF", "NO", "ONE")


async def unheard(server: RedisServer, proxy: Proxy, seconds: float) -> None:
    for _ in range(10):
        await asyncio.to_thread(server.run, "CLIENT", "KILL", "TYPE", "pubsub")
        await asyncio.sleep(seconds / 10)


async def cut(server: RedisServer, proxy: Proxy, seconds: float) -> None:
    proxy.cut()
    await asyncio.sleep(seconds)
    proxy.mend()


async def a_black_hole(server: RedisServer, proxy: Proxy, seconds: float) -> None:
    proxy.swallow()
    await asyncio.sleep(seconds)
    proxy.mend()


async def deaf(server: RedisServer, proxy: Proxy, seconds: float) -> None:
    """It does what it is told, and nobody hears of it."""
    proxy.deafen()
    await asyncio.sleep(seconds)
    proxy.mend()


FAULTS: list[Fault] = [
    *(killed, emptied, stopped, full, a_replica),
    *(unheard, cut, a_black_hole, deaf),
]


async def through(folder: Path, faults: list[Fault], seconds: float, seed: int) -> None:
    needs_redis()
    with RedisServer() as server:
        async with Proxy(server.port) as proxy:
            url = proxy.url.replace("http", "redis")
            with deployed(folder, redis=server, redis_url=url) as here:
                async with asyncio.timeout(600), under_load(here, writers=12, seed=seed) as ledger:
                    for fault in faults:
                        await one(ledger, fault(server, proxy, seconds), fault.__name__, most=3.0)


async def one(ledger: Ledger, fault: Awaitable[None], name: str, *, most: float) -> None:
    """Acks flow before, during and after it; nobody waits `most` seconds longer than usual."""
    usual = await ledger.usual_wait()
    began, before = time.monotonic(), len(ledger.acked)
    await fault
    assert len(ledger.acked) > before, f"{name}: nothing was acked meanwhile"
    await ledger.reach(len(ledger.acked) + 50)
    longest = ledger.longest_wait(began)
    assert longest < most + usual, f"{name}: {longest:.1f} s, without it {usual:.1f} s"


async def test_C3_whatever_befalls_redis(tmp_path: Path) -> None:
    await through(tmp_path, FAULTS, 1.0, seed=41)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", range(410, 415))
async def test_C3_whatever_befalls_redis_for_long(tmp_path: Path, seed: int) -> None:
    await through(tmp_path, FAULTS * 2, 5.0, seed)


async def failover(group: Sentinels) -> None:
    """The primary dies while its replica is behind: the replica's older state is what there is."""
    primary, replica = group.primary(), group.replica()
    replica.stop()  # what the primary takes from now on never gets there
    await asyncio.sleep(0.3)
    primary.kill()
    replica.go_on()
    async with asyncio.timeout(20):
        while await asyncio.to_thread(group.primary) is not replica:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await asyncio.to_thread(primary.start)  # comes back, and is made a replica


async def fail_over(folder: Path, times: int, seed: int) -> None:
    with replicated() as group, deployed(folder, redis=group) as here:
        async with asyncio.timeout(600), under_load(here, writers=12, seed=seed) as ledger:
            for _ in range(times):
                await one(ledger, failover(group), "failover", most=8.0)


async def test_C3_a_failover_to_an_older_replica(tmp_path: Path) -> None:
    await fail_over(tmp_path, 1, seed=42)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
async def test_C3_ten_failovers(tmp_path: Path) -> None:
    await fail_over(tmp_path, 10, seed=420)
