"""The list of designs and the names of people, in SQL."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..ports import DesignRow, DocumentId, Person
from .changes import note_change
from .database import Database
from .lease_rows import next_epoch
from .tables import designs, people

__all__ = ["SqlDesigns", "SqlPeople", "new_person_id"]

ID_CHUNK = 500
"""Ids asked for in one statement: below every database's limit of parameters."""

_DESIGN: Select[Any] = select(
    designs.c.id,
    designs.c.name,
    designs.c.created_at,
    designs.c.created_by,
    designs.c.updated_at,
    designs.c.version,
    designs.c.trashed_at,
    designs.c.root,
    designs.c.protected_at,
    designs.c.frozen_at,
)


def new_person_id() -> str:
    """Opaque: says nothing of the person, and another one cannot guess it."""
    return "u" + secrets.token_hex(8)


class SqlDesigns:
    """The port `Designs`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, tenant: str, row: DesignRow) -> None:
        def work(connection: Connection) -> None:
            found = _design(connection, tenant, row.id)
            if found is None:
                connection.execute(insert(designs), {"tenant": tenant, **asdict(row)})
            elif found != row:
                raise ValueError(f"there is a design {row.id} already")

        try:
            await self._database.write(work)
        except IntegrityError as error:  # another node was first
            raise ValueError(f"there is a design {row.id} already") from error

    async def list(self, tenant: str, *, trashed: bool) -> list[DesignRow]:
        at = designs.c.trashed_at
        rows = (
            _DESIGN.where(designs.c.tenant == tenant)
            .where(at.is_not(None) if trashed else at.is_(None), designs.c.root.is_(None))
            .order_by(designs.c.updated_at.desc(), designs.c.id)
        )
        return await self._database.read(lambda c: [DesignRow(*row) for row in c.execute(rows)])

    async def get(self, tenant: str, id: str) -> DesignRow | None:
        return await self._database.read(lambda c: _design(c, tenant, id))

    async def set_trashed(self, tenant: str, id: str, at: int | None) -> bool:
        return await self._set(tenant, id, trashed_at=at)

    async def set_protected(self, tenant: str, id: str, at: int | None) -> bool:
        return await self._set(tenant, id, protected_at=at)

    async def set_frozen(self, tenant: str, id: str, at: int | None) -> bool:
        return await self._set(tenant, id, frozen_at=at)

    async def _set(self, tenant: str, id: str, **values: int | None) -> bool:
        change = (
            update(designs).where(designs.c.tenant == tenant, designs.c.id == id).values(**values)
        )

        def work(connection: Connection) -> bool:
            # The head first, as a commit does: of the two one waits for the other.
            if "protected_at" in values:
                next_epoch(connection, DocumentId(tenant, "designs", id))
            note_change(connection, tenant)
            return connection.execute(change).rowcount == 1

        return await self._database.write(work)


def _design(connection: Connection, tenant: str, id: str) -> DesignRow | None:
    where = (designs.c.tenant == tenant, designs.c.id == id)
    row = connection.execute(_DESIGN.where(*where)).one_or_none()
    return None if row is None else DesignRow(*row)


class SqlPeople:
    """The port `People`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def named(self, tenant: str, name: str) -> Person:
        def known(connection: Connection) -> Person | None:
            # The first by id where several share the name: the answer must not change.
            id = connection.execute(
                select(people.c.id)
                .where(people.c.tenant == tenant, people.c.name == name)
                .order_by(people.c.id)
                .limit(1)
            ).scalar_one_or_none()
            return None if id is None else Person(id, name)

        def made(connection: Connection) -> Person:
            person = known(connection)
            if person is None:
                person = Person(new_person_id(), name)
                row = {"tenant": tenant, "id": person.id, "name": name}
                connection.execute(insert(people), row)
            return person

        person = await self._database.read(known)
        return person if person is not None else await self._database.write(made)

    async def get(self, tenant: str, ids: Sequence[str]) -> dict[str, Person]:
        wanted = sorted(set(ids))

        def work(connection: Connection) -> dict[str, Person]:
            found = {}
            for start in range(0, len(wanted), ID_CHUNK):
                rows = connection.execute(
                    select(people.c.id, people.c.name).where(
                        people.c.tenant == tenant,
                        people.c.id.in_(wanted[start : start + ID_CHUNK]),
                    )
                )
                found.update({id: Person(id, name) for id, name in rows})
            return found

        return await self._database.read(work)
