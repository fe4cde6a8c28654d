from __future__ import annotations

import asyncio
import sqlite3
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from server.ports import (
    Commit,
    Committed,
    DesignRow,
    DocumentId,
    NewOp,
    OutcomeUnknown,
    Overtaken,
    StoreUnavailable,
)
from server.store import SqlStore, StoreUnfit, dialect
from server.store import database as module
from server.store.database import Database

DOCUMENT = DocumentId("acme", "scratch", "d")


def a_commit(base: int, *, size: int = 2) -> Commit:
    return Commit(DOCUMENT, base, (NewOp("s1", base + 1, "u1", 1, b"x" * size),))


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect, "LOCK_WAIT_MS", 50)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqlStore]:
    async with SqlStore(f"sqlite:///{path}") as store:
        yield store


@pytest.fixture
def database(store: SqlStore) -> Database:
    return store._database


@pytest.fixture
async def log(store: SqlStore) -> Callable[[], Any]:
    """The bodies that are stored, read in a process of its own as far as SQLite can tell."""

    async def read() -> list[tuple[int, int]]:
        return [(op.version, op.seq) for op in await store.read(DOCUMENT, 0)]

    return read


@contextmanager
def failing_commit(database: Database, *outcomes: str) -> Iterator[list[Any]]:
    """Let the next COMMITs fail: "before" it has happened, or "after". Yields their connections."""
    left = list(outcomes)
    used: list[Any] = []
    real = database._writer.dialect.do_commit

    def do_commit(connection: Any) -> None:
        used.append(connection.driver_connection)
        outcome = left.pop(0) if left else "well"
        if outcome != "before":
            real(connection)
        if outcome != "well":
            raise sqlite3.OperationalError("disk I/O error")

    database._writer.dialect.do_commit = do_commit  # type: ignore[method-assign]
    try:
        yield used
    finally:
        database._writer.dialect.do_commit = real  # type: ignore[method-assign]


# -- durable settings ------------------------------------------------------------------------------


@pytest.mark.parametrize("lane", ["read", "write"])
async def test_ST40_every_connection_is_durable(database: Database, lane: str) -> None:
    def settings(connection: Connection) -> dict[str, object]:
        asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return {p: connection.exec_driver_sql(f"PRAGMA {p}").scalar_one() for p in asked}

    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 50}
    assert await getattr(database, lane)(settings) == expected


async def test_ST40_a_database_that_cannot_be_made_durable_is_not_opened(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialect, "WAL_KEPT_BYTES", -7)
    store = SqlStore(f"sqlite:///{path}")
    with pytest.raises(StoreUnfit, match="journal_size_limit"):
        await store.open()
    await store.close()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite://", "plain file"),
        ("sqlite:///:memory:", "plain file"),
        ("sqlite:///db?mode=memory", "plain file"),
        ("mysql://host/db", "not mysql"),
        ("no url", "SQLAlchemy URL"),
        ("", "SQLAlchemy URL"),
    ],
)
def test_ST40_what_cannot_keep_is_refused(url: str, reason: str) -> None:
    with pytest.raises(StoreUnfit, match=reason):
        SqlStore(url)


def test_ST40_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    path.write_bytes(b"no database" * 1_000)

    async def open_it() -> None:
        store = SqlStore(f"sqlite:///{path}")
        with pytest.raises(StoreUnfit, match="not a database"):
            await store.open()
        await store.close()

    asyncio.run(open_it())
    assert path.read_bytes() == b"no database" * 1_000


async def test_ST40_a_folder_that_cannot_be_made_is_told(path: Path) -> None:
    async with SqlStore(f"sqlite:///{path}"):
        pass
    store = SqlStore(f"sqlite:///{path}/below/a/file/db")
    with pytest.raises(StoreUnfit, match="folder"):
        await store.open()
    await store.close()


async def test_what_was_stored_is_there_after_opening_again(path: Path) -> None:
    for base in range(3):
        async with SqlStore(f"sqlite:///{path}") as store:
            assert await store.commit([a_commit(base)]) == [Committed(base + 1)]


# -- threads ---------------------------------------------------------------------------------------


async def test_ST41_one_thread_writes_and_others_read(database: Database) -> None:
    def who(_: Connection) -> str:
        return threading.current_thread().name

    writers = set(await asyncio.gather(*(database.write(who) for _ in range(8))))
    readers = set(await asyncio.gather(*(database.read(who) for _ in range(8))))
    assert len(writers) == 1
    assert not writers & readers


async def test_ST41_reading_goes_on_during_a_long_write(database: Database) -> None:
    begun, end = threading.Event(), threading.Event()

    def long(_: Connection) -> bool:
        begun.set()
        return end.wait(10)

    async with asyncio.TaskGroup() as tasks:
        write = tasks.create_task(database.write(long))
        await asyncio.to_thread(begun.wait, 10)
        assert await database.read(lambda c: c.exec_driver_sql("select 1").scalar_one()) == 1
        assert not write.done()
        end.set()
    assert write.result()


async def test_ST41_the_queues_are_bounded(database: Database) -> None:
    database._write_lane._limit = 2
    begun, end = threading.Event(), threading.Event()

    def long(_: Connection) -> bool:
        begun.set()
        return end.wait(10)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(database.write(long))
        await asyncio.to_thread(begun.wait, 10)
        second = tasks.create_task(database.write(lambda _: "second"))
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable, match="2 calls wait"):
            await database.write(lambda _: "third")
        end.set()
    assert second.result() == "second"
    assert await database.write(lambda _: "fourth") == "fourth"


async def test_ST41_cancelled_work_that_waits_is_dropped(store: SqlStore, log: Any) -> None:
    begun, end = threading.Event(), threading.Event()

    def long(_: Connection) -> bool:
        begun.set()
        return end.wait(10)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(store._database.write(long))
        await asyncio.to_thread(begun.wait, 10)
        dropped = tasks.create_task(store.commit([a_commit(0)]))
        await asyncio.sleep(0)
        dropped.cancel()
        await asyncio.wait([dropped])
        end.set()
    assert await store.commit([]) == []
    assert await log() == []


async def test_a_closed_store_is_unavailable(path: Path) -> None:
    store = SqlStore(f"sqlite:///{path}")
    await store.open()
    await store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.head(DOCUMENT)
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.commit([a_commit(0)])


# -- faults before COMMIT --------------------------------------------------------------------------


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process writes."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


async def test_ST42_a_lock_held_too_long_is_unavailable(
    store: SqlStore, path: Path, log: Any
) -> None:
    with locked(path):
        with pytest.raises(StoreUnavailable, match="locked"):
            await store.commit([a_commit(0)])
        assert await log() == []
    assert await store.commit([a_commit(0)]) == [Committed(1)]


@pytest.mark.parametrize("made", [False, True])
async def test_ST42_a_lock_while_opening_is_unavailable(path: Path, made: bool) -> None:
    if made:
        async with SqlStore(f"sqlite:///{path}"):
            pass
    store = SqlStore(f"sqlite:///{path}")
    with locked(path), pytest.raises(StoreUnavailable, match="locked"):
        await store.open()
    await store.open()
    assert await store.commit([a_commit(0)]) == [Committed(1)]
    await store.close()


async def test_ST42_a_full_disk_is_unavailable_and_what_was_acked_stays(
    store: SqlStore, database: Database, log: Any
) -> None:
    def limit(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")

    await database.write(limit)
    stored = 0
    with pytest.raises(StoreUnavailable, match="full"):
        while stored < 1_000:
            await store.commit([a_commit(stored, size=10_000)])
            stored += 1
    assert stored > 2
    assert await log() == [(n, n + 1) for n in range(stored)]
    # The fault closed the connection, and with it the limit went: as if room had been made.
    assert await store.commit([a_commit(stored)]) == [Committed(stored + 1)]


async def test_ST46_a_fault_of_ours_is_raised_as_it_is(store: SqlStore, log: Any) -> None:
    too_large = Commit(DOCUMENT, 0, (NewOp("s1", 2**70, "u1", 1, b"{}"),))
    with pytest.raises(struct.error):
        await store.commit([too_large])
    assert await log() == []
    assert await store.commit([a_commit(0)]) == [Committed(1)]


# -- faults of COMMIT ------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["before", "after"])
async def test_ST43_a_commit_that_failed_is_decided_on_a_new_connection(
    store: SqlStore, database: Database, log: Any, outcome: str
) -> None:
    assert await store.commit([a_commit(0)]) == [Committed(1)]
    with failing_commit(database, outcome) as used:
        assert await store.commit([a_commit(1)]) == [Committed(2)]
    assert used[0] is not used[1], "the connection whose COMMIT failed was used again"
    assert await log() == [(0, 1), (1, 2)]


async def test_ST43_a_group_is_decided_batch_by_batch(store: SqlStore, database: Database) -> None:
    other = DOCUMENT._replace(id="other")
    late = Commit(DOCUMENT, 0, (NewOp("late", 1, "u1", 1, b"{}"),))
    await store.commit([a_commit(0)])
    with failing_commit(database, "after"):
        answers = await store.commit([late, replace(a_commit(0), document=other)])
    assert isinstance(answers[0], Overtaken)
    assert answers[1] == Committed(1)


async def test_ST43_on_sqlite_what_fails_twice_did_not_happen(
    store: SqlStore, database: Database, log: Any
) -> None:
    with failing_commit(database, "before", "before"):
        with pytest.raises(StoreUnavailable, match="disk I/O error"):
            await store.commit([a_commit(0)])
        assert await log() == []
        assert await store.commit([a_commit(0)]) == [Committed(1)]
    assert await log() == [(0, 1)]


@pytest.mark.parametrize("second", ["before", "after"])
async def test_ST43_elsewhere_what_fails_twice_is_unknown(
    store: SqlStore, database: Database, log: Any, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "is_sqlite", lambda _: False)
    with failing_commit(database, "before", second), pytest.raises(OutcomeUnknown):
        await store.commit([a_commit(0)])
    # Whatever it was: the same batch again is stored once.
    assert await store.commit([a_commit(0)]) == [Committed(1)]
    assert await log() == [(0, 1)]


async def test_ST43_other_writes_are_done_once_as_well(store: SqlStore, database: Database) -> None:
    row = DesignRow("d", "Claims", 1, "u1", 1, 0, None)
    with failing_commit(database, "after"):
        await store.designs.add("acme", row)
    with failing_commit(database, "after"):
        ada = await store.people.named("acme", "Ada")
    assert await store.designs.list("acme", trashed=False) == [row]
    assert await store.people.named("acme", "Ada") == ada


async def test_ST44_one_connection_stays_open(database: Database, path: Path) -> None:
    # The write-ahead log is removed when the last connection closes.
    database._writer.dispose()
    database._readers.dispose()
    assert path.with_name("db-wal").exists()


async def test_ST45_at_the_start_everything_is_brought_to_the_file(path: Path) -> None:
    async with SqlStore(f"sqlite:///{path}") as first:
        await first.commit([a_commit(0)])
        assert path.with_name("db-wal").stat().st_size > 0
        first._database._anchor.close()  # type: ignore[union-attr]
        first._database._anchor = None
        async with SqlStore(f"sqlite:///{path}"):
            assert path.with_name("db-wal").stat().st_size == 0
