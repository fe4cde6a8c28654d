"""People of a tenant, the browsers they are signed in with, service tokens and tenants, in SQL."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..accounts import Member, Session, Tenant, Token
from ..ports import Person
from .catalogue import new_person_id
from .changes import all_changes, note_change
from .database import Database
from .tables import (
    designs,
    grants,
    identities,
    members,
    ops,
    people,
    sessions,
    tenants,
    tokens,
)

__all__ = ["DEFAULT_TENANT", "SqlAccounts", "SqlTenants", "SqlTokens"]

DEFAULT_TENANT: Final = "default"
"""It is there without having been made."""

_MAX_PEOPLE: Final = 1_000
_SEEN_MS: Final = 600_000
"""How exactly it is noted when somebody was here."""

_MEMBER = select(
    members.c.person,
    func.coalesce(people.c.name, ""),
    members.c.is_admin,
    members.c.joined_at,
    members.c.seen_at,
    members.c.blocked_at,
    members.c.signed_out_at,
).select_from(
    members.outerjoin(
        people, and_(people.c.tenant == members.c.tenant, people.c.id == members.c.person)
    )
)


class SqlAccounts:
    """The port `Accounts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def signed_in(
        self, tenant: str, issuer: str, subject: str, name: str, at: int
    ) -> Member | None:
        def known(connection: Connection) -> Member | None:
            person = _person(connection, tenant, issuer, subject)
            if person is None or not _is_open(connection, tenant):
                return None
            member = _member(connection, tenant, person)
            is_news = member is None or member.name != name or at - member.seen_at > _SEEN_MS
            return None if is_news else member

        def work(connection: Connection) -> Member | None:
            if not _is_open(connection, tenant):
                return None
            person = _person(connection, tenant, issuer, subject)
            if person is None:
                person = new_person_id()
                own = {"tenant": tenant, "person": person}
                connection.execute(insert(people), {"tenant": tenant, "id": person, "name": name})
                connection.execute(
                    insert(identities), {**own, "issuer": issuer, "subject": subject}
                )
                connection.execute(
                    insert(members),
                    {**own, "is_admin": 0, "joined_at": at, "seen_at": at, "signed_out_at": 0},
                )
            else:
                connection.execute(
                    update(people)
                    .where(people.c.tenant == tenant, people.c.id == person)
                    .values(name=name)
                )
                connection.execute(
                    update(members)
                    .where(members.c.tenant == tenant, members.c.person == person)
                    .values(seen_at=at)
                )
            return _member(connection, tenant, person)

        member = await self._database.read(known)
        if member is not None:
            return member
        try:
            return await self._database.write(work)
        except IntegrityError:  # another node has entered the same person just now
            return await self._database.write(work)

    async def member(self, tenant: str, id: str) -> Member | None:
        return await self._database.read(lambda c: _member(c, tenant, id))

    async def members(self, tenant: str) -> list[Member]:
        rows = _MEMBER.where(members.c.tenant == tenant).order_by(people.c.name, members.c.person)
        return await self._database.read(lambda c: [_as_member(row) for row in c.execute(rows)])

    async def people(self, tenant: str) -> list[Person]:
        rows = (
            select(people.c.id, people.c.name)
            .select_from(
                people.outerjoin(
                    members,
                    and_(members.c.tenant == people.c.tenant, members.c.person == people.c.id),
                )
            )
            .where(people.c.tenant == tenant, people.c.name != "", members.c.blocked_at.is_(None))
            .where(people.c.id.startswith("u"))
            .order_by(people.c.name, people.c.id)
            .limit(_MAX_PEOPLE)
        )
        return await self._database.read(lambda c: [Person(*row) for row in c.execute(rows)])

    async def set_admin(self, tenant: str, id: str, is_admin: bool) -> bool:
        return await self._set(tenant, id, is_admin=int(is_admin))

    async def set_blocked(self, tenant: str, id: str, at: int | None) -> bool:
        return await self._set(tenant, id, blocked_at=at)

    async def sign_out(self, tenant: str, id: str, at: int) -> bool:
        return await self._database.write(lambda c: _signed_out(c, tenant, id, at))

    async def erase(self, tenant: str, id: str, at: int) -> bool:
        def work(connection: Connection) -> bool:
            if not _signed_out(connection, tenant, id, at):
                return False
            for table, column in ((identities, "person"), (members, "person"), (people, "id")):
                connection.execute(
                    delete(table).where(table.c.tenant == tenant, table.c[column] == id)
                )
            connection.execute(
                delete(grants).where(
                    grants.c.tenant == tenant, grants.c.kind == "person", grants.c.subject == id
                )
            )
            return True

        return await self._database.write(work)

    async def open_session(self, session: Session) -> None:
        row = {
            "tenant": session.tenant,
            "hash": session.hash,
            "person": session.person,
            "groups": _packed(session.groups),
            "created_at": session.created_at,
            "expires_at": session.expires_at,
            "address": session.address,
        }

        def work(connection: Connection) -> None:
            # Those that have expired are cleared away by the next one.
            connection.execute(
                delete(sessions).where(
                    sessions.c.tenant == session.tenant,
                    sessions.c.expires_at < session.created_at,
                )
            )
            connection.execute(insert(sessions), row)

        await self._database.write(work)

    async def session(self, tenant: str, hash: bytes) -> Session | None:
        of = select(
            sessions.c.tenant,
            sessions.c.hash,
            sessions.c.person,
            sessions.c.groups,
            sessions.c.created_at,
            sessions.c.expires_at,
            sessions.c.address,
        ).where(sessions.c.tenant == tenant, sessions.c.hash == hash)

        def work(connection: Connection) -> Session | None:
            row = connection.execute(of).one_or_none()
            if row is None or not _is_open(connection, tenant):
                return None
            _, hash, person, groups, *rest = row
            return Session(tenant, hash, person, frozenset(json.loads(groups)), *rest)

        return await self._database.read(work)

    async def end_session(self, tenant: str, hash: bytes) -> bool:
        def work(connection: Connection) -> bool:
            note_change(connection, tenant)
            ended = connection.execute(
                delete(sessions).where(sessions.c.tenant == tenant, sessions.c.hash == hash)
            )
            return ended.rowcount == 1

        return await self._database.write(work)

    async def changes(self) -> Mapping[str, int]:
        return await self._database.read(all_changes)

    async def _set(self, tenant: str, id: str, **values: int | None) -> bool:
        def work(connection: Connection) -> bool:
            note_change(connection, tenant)
            changed = connection.execute(
                update(members)
                .where(members.c.tenant == tenant, members.c.person == id)
                .values(**values)
            )
            return changed.rowcount == 1

        return await self._database.write(work)


def _signed_out(connection: Connection, tenant: str, id: str, at: int) -> bool:
    note_change(connection, tenant)
    found = connection.execute(
        update(members)
        .where(members.c.tenant == tenant, members.c.person == id)
        .values(signed_out_at=at)
    )
    connection.execute(delete(sessions).where(sessions.c.tenant == tenant, sessions.c.person == id))
    return found.rowcount == 1


def _person(connection: Connection, tenant: str, issuer: str, subject: str) -> str | None:
    found = connection.execute(
        select(identities.c.person).where(
            identities.c.tenant == tenant,
            identities.c.issuer == issuer,
            identities.c.subject == subject,
        )
    ).scalar_one_or_none()
    return None if found is None else str(found)


def _member(connection: Connection, tenant: str, id: str) -> Member | None:
    of = _MEMBER.where(members.c.tenant == tenant, members.c.person == id)
    row = connection.execute(of).one_or_none()
    return None if row is None else _as_member(row)


def _as_member(row: Any) -> Member:
    id, name, is_admin, *times = row
    return Member(id, name, bool(is_admin), *times)


def _is_open(connection: Connection, tenant: str) -> bool:
    row = connection.execute(
        select(tenants.c.disabled_at).where(tenants.c.tenant == tenant)
    ).one_or_none()
    return tenant == DEFAULT_TENANT if row is None else row.disabled_at is None


def _packed(words: Iterable[str]) -> str:
    return json.dumps(sorted(words))


class SqlTokens:
    """The port `Tokens`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, tenant: str, token: Token) -> None:
        row = {
            "tenant": tenant,
            "id": token.id,
            "name": token.name,
            "hash": token.hash,
            "scopes": _packed(token.scopes),
            "created_by": token.created_by,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
        }
        name = {"tenant": tenant, "id": token.id, "name": token.name}

        def work(connection: Connection) -> None:
            connection.execute(insert(tokens), row)
            connection.execute(insert(people), name)  # for the history of what it does

        await self._database.write(work)

    async def get(self, tenant: str, id: str) -> Token | None:
        of = _TOKEN.where(tokens.c.tenant == tenant, tokens.c.id == id)

        def work(connection: Connection) -> Token | None:
            row = connection.execute(of).one_or_none()
            return None if row is None or not _is_open(connection, tenant) else _as_token(row)

        return await self._database.read(work)

    async def list(self, tenant: str) -> list[Token]:
        of = _TOKEN.where(tokens.c.tenant == tenant)
        newest = of.order_by(tokens.c.created_at.desc(), tokens.c.id)
        return await self._database.read(lambda c: [_as_token(row) for row in c.execute(newest)])

    async def revoke(self, tenant: str, id: str, at: int) -> bool:
        def work(connection: Connection) -> bool:
            note_change(connection, tenant)
            revoked = connection.execute(
                update(tokens)
                .where(tokens.c.tenant == tenant, tokens.c.id == id, tokens.c.revoked_at.is_(None))
                .values(revoked_at=at)
            )
            return revoked.rowcount == 1

        return await self._database.write(work)

    async def used(self, tenant: str, id: str, at: int) -> None:
        note = update(tokens).where(tokens.c.tenant == tenant, tokens.c.id == id).values(used_at=at)
        await self._database.write(lambda c: c.execute(note))


_TOKEN = select(
    tokens.c.id,
    tokens.c.name,
    tokens.c.hash,
    tokens.c.scopes,
    tokens.c.created_by,
    tokens.c.created_at,
    tokens.c.expires_at,
    tokens.c.used_at,
    tokens.c.revoked_at,
)


def _as_token(row: Any) -> Token:
    id, name, hash, scopes, *rest = row
    return Token(id, name, hash, frozenset(json.loads(scopes)), *rest)


class SqlTenants:
    """The port `Tenants`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, tenant: Tenant) -> bool:
        row = {
            "tenant": tenant.id,
            "name": tenant.name,
            "created_at": tenant.created_at,
            "disabled_at": tenant.disabled_at,
            "quotas": json.dumps(dict(tenant.quotas)),
        }
        try:
            await self._database.write(lambda c: c.execute(insert(tenants), row))
        except IntegrityError:
            return False
        return True

    async def get(self, id: str) -> Tenant | None:
        of = _TENANT.where(tenants.c.tenant == id)
        row = await self._database.read(lambda c: c.execute(of).one_or_none())
        return None if row is None else _as_tenant(row)

    async def list(self) -> list[Tenant]:
        of = _TENANT.order_by(tenants.c.tenant)
        return await self._database.read(lambda c: [_as_tenant(row) for row in c.execute(of)])

    async def set_disabled(self, id: str, at: int | None) -> bool:
        return await self._set(id, disabled_at=at)

    async def set_quotas(self, id: str, quotas: Mapping[str, int]) -> bool:
        return await self._set(id, quotas=json.dumps(dict(quotas)))

    async def used(self, id: str, names: Collection[str]) -> Mapping[str, int]:
        counts = {
            "designs": select(func.count()).select_from(designs).where(designs.c.tenant == id),
            "bytes": select(func.coalesce(func.sum(func.length(ops.c.body)), 0)).where(
                ops.c.tenant == id
            ),
        }

        def work(connection: Connection) -> dict[str, int]:
            return {
                name: int(connection.execute(counts[name]).scalar_one())
                for name in names
                if name in counts
            }

        return await self._database.read(work)

    async def _set(self, id: str, **values: Any) -> bool:
        def work(connection: Connection) -> bool:
            note_change(connection, id)
            changed = connection.execute(
                update(tenants).where(tenants.c.tenant == id).values(**values)
            )
            return changed.rowcount == 1

        return await self._database.write(work)


_TENANT = select(
    tenants.c.tenant, tenants.c.name, tenants.c.created_at, tenants.c.disabled_at, tenants.c.quotas
)


def _as_tenant(row: Any) -> Tenant:
    id, name, created_at, disabled_at, quotas = row
    return Tenant(id, name, created_at, disabled_at, json.loads(quotas))
