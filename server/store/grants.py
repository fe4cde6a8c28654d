"""The roles that were given on designs, in SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, insert, or_, select

from ..accounts import LastOwner
from ..policy.rights import Principal
from ..policy.roles import EVERYONE, Grant, Role
from .changes import note_change
from .database import Database
from .tables import grants

__all__ = ["SqlGrants", "insert_grant"]

_GRANT = select(
    grants.c.design, grants.c.scope, grants.c.kind, grants.c.subject, grants.c.role
).order_by(grants.c.design, grants.c.scope, grants.c.kind, grants.c.subject)


class SqlGrants:
    """The port `Grants`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_design(self, tenant: str, design: str) -> list[Grant]:
        of = _GRANT.where(grants.c.tenant == tenant, grants.c.design == design)
        return await self._database.read(lambda c: _found(c, of))

    async def of_principal(self, principal: Principal) -> list[Grant]:
        c = grants.c
        meant = [
            and_(c.kind == EVERYONE, c.subject == ""),
            and_(c.kind == "person", c.subject == principal.id),
        ]
        if principal.groups:
            meant.append(and_(c.kind == "group", c.subject.in_(sorted(principal.groups))))
        of = _GRANT.where(c.tenant == principal.tenant, or_(*meant))
        return await self._database.read(lambda connection: _found(connection, of))

    async def put(self, tenant: str, grant: Grant, by: str, at: int) -> None:
        def work(connection: Connection) -> None:
            insert_grant(connection, tenant, grant, by, at)
            if grant.role is not Role.OWNER:
                _require_owner(connection, tenant, grant)

        await self._database.write(work)

    async def remove(self, tenant: str, grant: Grant) -> bool:
        def work(connection: Connection) -> bool:
            done = connection.execute(delete(grants).where(_is_place(tenant, grant)))
            if done.rowcount == 0:
                return False
            _require_owner(connection, tenant, grant)
            note_change(connection, tenant)
            return True

        return await self._database.write(work)


def insert_grant(connection: Connection, tenant: str, grant: Grant, by: str, at: int) -> None:
    """Give the role in the place of what this subject had there."""
    note_change(connection, tenant)  # first: who changes the same tenant waits here
    connection.execute(delete(grants).where(_is_place(tenant, grant)))
    row = {
        "tenant": tenant,
        "design": grant.design,
        "scope": grant.scope,
        "kind": grant.kind,
        "subject": grant.subject,
        "role": str(grant.role),
        "granted_by": by,
        "granted_at": at,
    }
    connection.execute(insert(grants), row)


def _require_owner(connection: Connection, tenant: str, changed: Grant) -> None:
    """Roles on a part leave the owners of the whole alone."""
    if changed.scope:
        return
    owner = select(grants.c.subject).where(
        grants.c.tenant == tenant,
        grants.c.design == changed.design,
        grants.c.scope == "",
        grants.c.role == str(Role.OWNER),
    )
    if connection.execute(owner.limit(1)).first() is None:
        raise LastOwner


def _is_place(tenant: str, grant: Grant) -> ColumnElement[bool]:
    c = grants.c
    return and_(
        c.tenant == tenant,
        c.design == grant.design,
        c.scope == grant.scope,
        c.kind == grant.kind,
        c.subject == grant.subject,
    )


def _found(connection: Connection, rows: Select[Any]) -> list[Grant]:
    found = connection.execute(rows)
    return [
        Grant(design, scope, kind, subject, Role(role))
        for design, scope, kind, subject, role in found
    ]
