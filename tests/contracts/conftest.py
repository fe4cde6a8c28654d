"""Every adapter of every port: a suite that asks for `store`, `locks` or `bus` runs on each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.bus.memory import MemoryBus
from server.locks.memory import MemoryLocks
from server.ports import Bus, Locks
from server.store import MemoryStore, SqlStore


@pytest.fixture(params=["memory", "sqlite"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[MemoryStore | SqlStore]:
    """An empty store of each kind."""
    if request.param == "memory":
        async with MemoryStore() as memory:
            yield memory
    else:
        async with SqlStore(f"sqlite:///{tmp_path / 'coweave.sqlite3'}") as sql:
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
