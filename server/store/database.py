"""One SQL database behind an async face: one thread writes, a few read. Rules ST40-ST46."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import Self, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ..ports import OutcomeUnknown, StoreUnavailable
from .dialect import StoreUnfit, database_url, flush, is_sqlite, make_engine, make_room
from .migrate import upgrade

__all__ = ["Database"]

T = TypeVar("T")

logger = logging.getLogger("coweave.store")


class _CommitFailed(Exception):
    """COMMIT itself failed: whether it happened is open."""


class _Disconnected(StoreUnavailable):
    """The connection was dead; another may work."""


class _Lane:
    """A few threads and a bounded queue before them."""

    def __init__(self, name: str, *, threads: int, limit: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=f"coweave-{name}")
        self._limit = limit
        self._queued = 0
        self._lock = Lock()

    async def run(self, work: Callable[[], T]) -> T:
        with self._lock:
            if self._queued >= self._limit:
                raise StoreUnavailable(f"{self._limit} calls wait for the database already")
            self._queued += 1
        try:
            future = self._executor.submit(work)
        except RuntimeError as error:  # shut down
            self._leave(None)
            raise StoreUnavailable("the store is closed") from error
        future.add_done_callback(self._leave)
        return await asyncio.wrap_future(future)

    def _leave(self, _: Future[T] | None) -> None:
        with self._lock:
            self._queued -= 1

    def close(self) -> None:
        self._executor.shutdown()


class Database:
    """Runs work on connections; says honestly what failed.

    Cancelling `read` or `write`: work that still waits is dropped, work that has begun goes on to
    its end, and nobody learns of its outcome.
    """

    def __init__(self, url: str, *, readers: int = 4) -> None:
        self._url = database_url(url)
        self._writer = make_engine(self._url, connections=1, writes=True)
        self._readers = make_engine(self._url, connections=readers + 1, writes=False)
        self._anchor: Connection | None = None
        self._write_lane = _Lane("writer", threads=1, limit=1_000)
        self._read_lane = _Lane("reader", threads=readers, limit=1_000)

    @property
    def is_shared(self) -> bool:
        """Whether other nodes may serve the same database."""
        return not is_sqlite(self._url)

    async def open(self) -> None:
        """Bring the tables up to date. Raises `StoreUnfit`, `StoreUnavailable`."""
        await self._write_lane.run(self._open)

    async def close(self) -> None:
        """Wait for the work that has begun, then close all connections."""
        for lane in (self._write_lane, self._read_lane):
            await asyncio.to_thread(lane.close)
        if self._anchor is not None:
            self._anchor.close()
        for engine in (self._readers, self._writer):
            engine.dispose()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a connection that reads. Raises `StoreUnavailable`."""
        return await self._read_lane.run(lambda: self._read(work))

    async def aside(self, work: Callable[[], T]) -> T:
        """Run `work`, which needs no connection, in a thread of the readers'."""
        return await self._read_lane.run(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction of its own, durable when this returns.

        `work` may be run twice and must find out by itself whether it is done already. What it
        raises rolls back and is raised here; so does `IntegrityError`. Raises `StoreUnavailable`
        when nothing was committed, `OutcomeUnknown` when that cannot be told.
        """
        return await self._write_lane.run(lambda: self._write(work))

    def _open(self) -> None:
        make_room(self._url)
        with _mapped(opening=True):
            upgrade(self._writer)
        _attempt(self._readers, flush)
        if is_sqlite(self._url):
            # What a failed COMMIT left in SQLite's log is hidden as long as one connection stays:
            # only the first to open a database reads the log's end anew.
            self._anchor = self._readers.connect()

    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            return _attempt(self._readers, work)
        except _Disconnected:
            # The database was restarted; the pool has been emptied by this first failure.
            return _attempt(self._readers, work)

    def _write(self, work: Callable[[Connection], T]) -> T:
        undecided = False
        try:
            return self._transact(work)
        except _Disconnected:
            pass  # nothing was committed
        except _CommitFailed as failure:
            logger.warning("COMMIT failed: %s; trying again on a new connection", failure)
            undecided = True
        try:
            return self._transact(work)
        except (_CommitFailed, StoreUnavailable) as failure:
            undecided = undecided or isinstance(failure, _CommitFailed)
            message = f"the database cannot commit now: {failure}"
            # SQLite makes a commit visible after its fsync as the very last step: one that failed
            # did not happen. PostgreSQL may have committed before the connection was lost.
            if undecided and not is_sqlite(self._url):
                raise OutcomeUnknown(message) from failure
            raise StoreUnavailable(message) from failure

    def _transact(self, work: Callable[[Connection], T]) -> T:
        with _mapped(), self._writer.connect() as connection:
            try:
                transaction = connection.begin()
                result = work(connection)
            except IntegrityError:
                raise  # the transaction is rolled back; the connection is sound
            except DBAPIError:
                connection.invalidate()
                raise
            try:
                transaction.commit()
            except DBAPIError as error:
                connection.invalidate()
                raise _CommitFailed(str(error.orig)) from error
            return result


def _attempt(engine: Engine, work: Callable[[Connection], T]) -> T:
    with _mapped(), engine.connect() as connection:
        return work(connection)


@contextmanager
def _mapped(*, opening: bool = False) -> Iterator[None]:
    """Turn the database's faults into the port's; a fault of ours stays what it is."""
    try:
        yield
    except (IntegrityError, DataError, ProgrammingError):
        raise
    except DBAPIError as error:
        fault = _Disconnected if error.connection_invalidated else StoreUnavailable
        raise fault(f"the database cannot serve now: {error.orig}") from error
    except PoolTimeout as error:
        raise StoreUnavailable(str(error)) from error
    except StoreUnfit as error:
        if opening:
            raise
        raise StoreUnavailable(str(error)) from error
