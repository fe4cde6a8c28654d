"""The port `Rows`, in SQL and in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..records import (
    Ask,
    BranchRow,
    CommentRow,
    MergeRow,
    Record,
    Records,
    ReleaseRow,
    ReviewRow,
    RulesRow,
    VerdictRow,
)
from . import tables
from .database import Database

__all__ = ["MemoryRows", "SqlRows", "memory_records", "sql_records"]

Row = TypeVar("Row", bound=Record)


class SqlRows(Generic[Row]):
    """Rows of `kind` in `table`, whose columns are named as the fields are."""

    def __init__(self, database: Database, kind: type[Row], table: Table) -> None:
        self._database = database
        self._kind = kind
        self._table = table
        self._columns = [table.c[field.name] for field in fields(kind)]
        self._order = [table.c[name] for name in kind.KEY]

    async def add(self, row: Row) -> bool:
        def work(connection: Connection) -> bool:
            found = connection.execute(
                select(*self._columns).where(self._is(_key_of(row)))
            ).one_or_none()
            if found is None:
                connection.execute(insert(self._table), asdict(row))
            # The same row: the work is run again after a commit that was answered by silence.
            return found is None or self._kind(*found) == row

        try:
            return await self._database.write(work)
        except IntegrityError:  # another node was first
            return False

    async def get(self, *key: str | int) -> Row | None:
        query = select(*self._columns).where(self._is(dict(zip(self._kind.KEY, key, strict=True))))
        row = await self._database.read(lambda c: c.execute(query).one_or_none())
        return None if row is None else self._kind(*row)

    async def find(self, **equal: str | int | None) -> Sequence[Row]:
        query = select(*self._columns).where(self._is(equal)).order_by(*self._order)
        rows = await self._database.read(lambda c: c.execute(query).all())
        return [self._kind(*row) for row in rows]

    async def replace(self, old: Row, new: Row) -> bool:
        assert _key_of(old) == _key_of(new)
        changed = {key: value for key, value in asdict(new).items() if key not in new.KEY}
        change = update(self._table).where(self._is(asdict(old))).values(**changed)
        query = select(*self._columns).where(self._is(asdict(new)))

        def work(connection: Connection) -> bool:
            if connection.execute(change).rowcount == 1:
                return True
            return connection.execute(query).one_or_none() is not None  # done already

        return await self._database.write(work)

    async def remove(self, row: Row) -> bool:
        change = delete(self._table).where(self._is(asdict(row)))
        return await self._database.write(lambda c: c.execute(change).rowcount == 1)

    def _is(self, values: dict[str, Any]) -> ColumnElement[bool]:
        # "=" rather than "is not distinct from": PostgreSQL finds only that by an index.
        columns = self._table.c
        return and_(
            *(
                columns[name].is_(None) if value is None else columns[name] == value
                for name, value in values.items()
            )
        )


class MemoryRows(Generic[Row]):
    """The same in memory."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Any, ...], Row] = {}

    async def add(self, row: Row) -> bool:
        return self._rows.setdefault(_key(row), row) == row

    async def get(self, *key: str | int) -> Row | None:
        return self._rows.get(key)

    async def find(self, **equal: str | int | None) -> Sequence[Row]:
        return [
            row
            for _, row in sorted(self._rows.items())
            if all(getattr(row, name) == value for name, value in equal.items())
        ]

    async def replace(self, old: Row, new: Row) -> bool:
        assert _key(old) == _key(new)
        if self._rows.get(_key(old)) not in (old, new):
            return False
        self._rows[_key(new)] = new
        return True

    async def remove(self, row: Row) -> bool:
        if self._rows.get(_key(row)) != row:
            return False
        del self._rows[_key(row)]
        return True


def sql_records(database: Database) -> Records:
    """All kinds of rows, on one database."""
    return Records(
        branches=SqlRows(database, BranchRow, tables.branches),
        merges=SqlRows(database, MergeRow, tables.merges),
        rules=SqlRows(database, RulesRow, tables.rules),
        reviews=SqlRows(database, ReviewRow, tables.reviews),
        verdicts=SqlRows(database, VerdictRow, tables.verdicts),
        comments=SqlRows(database, CommentRow, tables.comments),
        asks=SqlRows(database, Ask, tables.asks),
        releases=SqlRows(database, ReleaseRow, tables.releases),
    )


def memory_records() -> Records:
    """All kinds of rows, until the process ends."""
    return Records(
        branches=MemoryRows(),
        merges=MemoryRows(),
        rules=MemoryRows(),
        reviews=MemoryRows(),
        verdicts=MemoryRows(),
        comments=MemoryRows(),
        asks=MemoryRows(),
        releases=MemoryRows(),
    )


def _key(row: Record) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in row.KEY)


def _key_of(row: Record) -> dict[str, Any]:
    return dict(zip(row.KEY, _key(row), strict=True))
