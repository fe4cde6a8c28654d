"""The store on SQL: SQLite for one node, PostgreSQL for many. Rules: SPEC.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from ..ports import (
    Commit,
    Committed,
    DocumentId,
    Head,
    Milestone,
    Overtaken,
    StoredOp,
    StoreUnavailable,
)
from . import oplog, snapshots
from .accounts import SqlAccounts, SqlTenants, SqlTokens
from .batch import check
from .catalogue import SqlDesigns, SqlPeople
from .chronicle import SqlChronicle
from .database import Database
from .grants import SqlGrants
from .labels import SqlLabels
from .leases import SqlLeases
from .records import sql_records
from .trail import SqlAudit
from .yjs_states import SqlYjsStates

__all__ = ["SqlStore"]


class SqlStore:
    """The port `Store` on an SQL database, with the other ports: `designs`, `people`, `audit`,
    `grants`, `accounts`, `tokens`, `tenants`, `leases`, and those in `records`; and the history that
    is made of the ops in `chronicle`, with `labels`.

    Args: url: an SQLAlchemy URL of SQLite (a file) or PostgreSQL. key: what milestones are sealed
        with; only those that bear the seal are given back (ST12, ST32).
    """

    def __init__(self, url: str, *, key: bytes = b"") -> None:
        self._key = key
        self._database = Database(url)
        self.designs = SqlDesigns(self._database)
        self.people = SqlPeople(self._database)
        self.audit = SqlAudit(self._database)
        self.yjs_states = SqlYjsStates(self._database)
        self.records = sql_records(self._database)
        self.leases = SqlLeases(self._database)
        self.grants = SqlGrants(self._database)
        self.accounts = SqlAccounts(self._database)
        self.tokens = SqlTokens(self._database)
        self.tenants = SqlTenants(self._database)
        self.chronicle = SqlChronicle(self._database)
        self.labels = SqlLabels(self._database)

    @property
    def is_shared(self) -> bool:
        """Whether other nodes may serve the same database (see `claim`)."""
        return self._database.is_shared

    async def open(self) -> None:
        """Make or migrate the tables. Raises `StoreUnfit`, `StoreUnavailable`."""
        await self._database.open()

    async def close(self) -> None:
        """Wait for what has begun, then close all connections. Later calls are unavailable."""
        await self._database.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def commit(self, commits: Sequence[Commit]) -> list[Committed | Overtaken]:
        check(commits)
        clock = self.leases.clock

        def quick(connection: Connection) -> list[Committed | Overtaken]:
            return oplog.append(connection, commits, careful=False, clock=clock)

        def careful(connection: Connection) -> list[Committed | Overtaken]:
            return oplog.append(connection, commits, careful=True, clock=clock)

        try:
            return await self._database.write(quick)
        except IntegrityError:
            pass  # some (src, seq) is stored already, or another node made a document just now
        try:
            return await self._database.write(careful)
        except IntegrityError as error:
            raise StoreUnavailable("another node created the same document just now") from error

    async def head(self, document: DocumentId) -> Head:
        return await self._database.read(lambda c: oplog.head(c, document))

    async def versions(self, documents: Sequence[DocumentId]) -> dict[DocumentId, int]:
        return await self._database.read(lambda c: oplog.versions(c, documents))

    async def read(
        self,
        document: DocumentId,
        start: int,
        end: int | None = None,
        *,
        max_bytes: int | None = None,
    ) -> list[StoredOp]:
        return await self._database.read(lambda c: oplog.read(c, document, start, end, max_bytes))

    async def find(self, document: DocumentId, src: str, seq: int) -> StoredOp | None:
        return await self._database.read(lambda c: oplog.find(c, document, src, seq))

    async def version_at(self, document: DocumentId, time: int) -> int:
        return await self._database.read(lambda c: oplog.version_at(c, document, time))

    async def milestone(self, document: DocumentId, version: int) -> Milestone | None:
        return await self._database.read(
            lambda c: snapshots.newest_sound(c, document, version, self._key)
        )

    async def save_milestone(self, document: DocumentId, milestone: Milestone) -> None:
        against = await self._database.read(
            lambda c: snapshots.leaning(c, document, milestone.version, self._key)
        )
        row = await self._database.aside(
            lambda: snapshots.pack(document, milestone, self._key, against)
        )
        try:
            await self._database.write(lambda c: snapshots.save(c, row, self._key))
        except IntegrityError:
            pass  # another node kept the same version just now
