"""Every adapter of every port: a suite that asks for `store`, `locks` or `bus` runs on each."""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server.bus.memory import MemoryBus
from server.bus.redis import RedisBus
from server.locks.memory import MemoryLocks
from server.locks.redis import RedisLocks
from server.ports import Bus, Locks
from server.redis.link import Link
from server.store import MemoryStore, SqlStore
from tests.support.redis_server import RedisServer, free_port, needs_redis

from .postgres import postgres, postgres_database

__all__ = ["bus", "locks", "postgres", "postgres_database", "redis_server", "store"]


@pytest.fixture(scope="session")
def redis_process() -> Iterator[RedisServer]:
    """One node of a cluster that has all slots: as a single server, but keys must share a slot."""
    needs_redis()
    with (
        tempfile.TemporaryDirectory(prefix="coweave-redis-") as folder,
        RedisServer(
            "--cluster-enabled", "yes", "--cluster-port", str(free_port()), "--dir", folder
        ) as server,
    ):
        server.run("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        while "cluster_state:ok" not in str(server.run("CLUSTER", "INFO")):
            time.sleep(0.01)
        yield server


@pytest.fixture
def redis_server(redis_process: RedisServer) -> RedisServer:
    """A Redis that holds nothing."""
    redis_process.run("FLUSHALL")
    return redis_process


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[MemoryStore | SqlStore]:
    """An empty store of each kind."""
    if request.param == "memory":
        async with MemoryStore() as memory:
            yield memory
        return
    url = f"sqlite:///{tmp_path / 'coweave.sqlite3'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_database")
    async with SqlStore(url) as sql:
        yield sql


@pytest.fixture(params=["memory", "redis", "redis cluster"])
async def locks(request: pytest.FixtureRequest) -> AsyncIterator[Locks]:
    """Locks of each kind, none taken."""
    if request.param == "memory":
        memory = MemoryLocks()
        yield memory
        await memory.close()
        return
    redis = RedisLocks(_link(request))
    yield redis
    await redis.close()


@pytest.fixture(params=["memory", "redis", "redis cluster"])
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    """A bus of each kind."""
    if request.param == "memory":
        memory = MemoryBus()
        yield memory
        await memory.close()
        return
    async with RedisBus(_link(request)) as redis:
        yield redis


def _link(request: pytest.FixtureRequest) -> Link:
    server = request.getfixturevalue("redis_server")
    scheme = "redis+cluster" if request.param == "redis cluster" else "redis"
    return Link.parse(f"{scheme}://127.0.0.1:{server.port}")
