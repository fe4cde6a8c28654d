"""Leases in SQL, and in memory. The rules are `server/leases`; here they meet their rows and clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from ..errors import Code, DesignError
from ..leases.lease import LeaseEvent, LeaseTable
from ..leases.rules import Change
from ..ports import Clock, Decide, DocumentId
from .database import Database
from .lease_rows import database_now, events, lease_epoch, lease_table, write_change

__all__ = ["MemoryLeases", "SqlLeases", "SteadyClock"]


class SteadyClock:
    """Milliseconds since 1970 as they were when it started, and what has passed since.

    What a database without a clock of its own goes by: setting the machine's clock ends no lease and
    keeps none.
    """

    def __init__(self) -> None:
        self._start = time.time_ns() - time.monotonic_ns()

    def __call__(self) -> int:
        return (self._start + time.monotonic_ns()) // 1_000_000


class SqlLeases:
    """The port `Leases`.

    Args: clock: of SQLite, which has none; PostgreSQL's is its own.
    """

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self.clock = clock or SteadyClock()

    async def change(self, document: DocumentId, decide: Decide) -> Change:
        def work(connection: Connection) -> Change:
            epoch = lease_epoch(connection, document, lock=True)
            if epoch is None:
                raise _missing()
            now = database_now(connection, self.clock)
            table = lease_table(connection, document, epoch, now)
            change = decide(table)
            if change.table is not table:
                write_change(connection, document, table, change)
            return change

        return await self._database.write(work)

    async def read(self, document: DocumentId) -> LeaseTable:
        def work(connection: Connection) -> LeaseTable:
            # The epoch first: a change between makes the table look older than it is, never newer.
            epoch = lease_epoch(connection, document, lock=False)
            now = database_now(connection, self.clock)
            return lease_table(connection, document, epoch or 0, now)

        return await self._database.read(work)

    async def events(
        self, document: DocumentId, before: int | None, limit: int
    ) -> list[LeaseEvent]:
        return await self._database.read(lambda c: events(c, document, before, limit))


class MemoryLeases:
    """The port `Leases`, without durability.

    Args: exists: whether a document has ops.
    """

    def __init__(self, exists: Callable[[DocumentId], bool], clock: Clock | None = None) -> None:
        self._exists = exists
        self._clock = clock or SteadyClock()
        self._tables: dict[DocumentId, LeaseTable] = {}
        self._events: dict[DocumentId, list[LeaseEvent]] = {}

    def table(self, document: DocumentId) -> LeaseTable:
        """As `read`, at once."""
        return replace(self._tables.get(document, LeaseTable()), now=self._clock())

    def protect(self, document: DocumentId, is_protected: bool) -> None:
        """Whether it changes by merges only; batches that were judged before are judged anew."""
        table = self._tables.get(document, LeaseTable())
        self._tables[document] = replace(table, epoch=table.epoch + 1, is_protected=is_protected)

    async def change(self, document: DocumentId, decide: Decide) -> Change:
        if not self._exists(document):
            raise _missing()
        change = decide(self.table(document))
        self._tables[document] = change.table
        self._events.setdefault(document, []).extend(change.events)
        return change

    async def read(self, document: DocumentId) -> LeaseTable:
        return self.table(document)

    async def events(
        self, document: DocumentId, before: int | None, limit: int
    ) -> list[LeaseEvent]:
        told = reversed(self._events.get(document, []))
        return [each for each in told if before is None or each.epoch < before][:limit]


def _missing() -> DesignError:
    return DesignError(Code.NOT_FOUND, "There is no such design")
