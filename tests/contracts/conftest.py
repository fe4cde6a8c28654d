"""Every adapter of every port: a suite that asks for `store`, `locks` or `bus` runs on each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from server.bus.memory import MemoryBus
from server.locks.memory import MemoryLocks
from server.ports import Bus, Locks
from server.store import MemoryStore, SqlStore
from server.store.dialect import database_url
from tests.contracts import postgres

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not postgres.found():
        pytest.skip("PostgreSQL is not on this machine")
    with postgres.running(tmp_path_factory.mktemp("postgres") / "cluster") as url:
        yield url


@pytest.fixture
def postgres_database(postgres_url: str) -> str:
    """The URL of an empty database."""
    name = f"coweave{next(_numbers)}"
    engine = create_engine(database_url(f"{postgres_url}/postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    return f"{postgres_url}/{name}"


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
