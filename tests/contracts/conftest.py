"""Every adapter of every port: a suite that asks for `store`, `locks` or `bus` runs on each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.bus.memory import MemoryBus
from server.locks.memory import MemoryLocks
from server.ports import Bus, Locks
from server.store import MemoryStore, SqlStore

from .postgres import postgres, postgres_database

__all__ = ["bus", "locks", "postgres", "postgres_database", "store"]


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


@pytest.fixture(params=["memory"])
async def locks(request: pytest.FixtureRequest) -> AsyncIterator[Locks]:
    """Locks of each kind, none taken."""
    memory = MemoryLocks()
    yield memory
    await memory.close()


@pytest.fixture(params=["memory"])
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    """A bus of each kind."""
    memory = MemoryBus()
    yield memory
    await memory.close()
