"""The contracts of `Grants`, `Accounts`, `Tokens` and `Tenants`, held by both databases."""

from __future__ import annotations

import asyncio

import pytest

from server.accounts import LastOwner, Session, Tenant, Token
from server.policy.rights import Principal
from server.policy.roles import Grant, Role
from server.store import MemoryStore, SqlStore

OWNER = Grant("d1", "", "person", "u1", Role.OWNER)


@pytest.fixture
def sql(store: MemoryStore | SqlStore) -> SqlStore:
    if isinstance(store, MemoryStore):
        pytest.skip("people are kept in SQL only")
    return store


async def test_roles_are_given_found_and_taken(sql: SqlStore) -> None:
    await sql.grants.put("acme", OWNER, "u1", 1)
    group = Grant("d1", "pages/p1", "group", "makers", Role.EDITOR)
    await sql.grants.put("acme", group, "u1", 2)
    assert await sql.grants.of_design("acme", "d1") == [OWNER, group]
    assert await sql.grants.of_design("other", "d1") == []
    ben = Principal("acme", "u2", "Ben", groups=frozenset({"makers"}))
    assert await sql.grants.of_principal(ben) == [group]
    with pytest.raises(LastOwner):
        await sql.grants.remove("acme", OWNER)
    assert await sql.grants.remove("acme", group)
    assert not await sql.grants.remove("acme", group)
    assert await sql.grants.of_design("acme", "d1") == [OWNER]


async def test_people_sign_in_once_each_and_are_erased(sql: SqlStore) -> None:
    found = await asyncio.gather(
        *(sql.accounts.signed_in("default", "iss", "ada", "Ada", 1) for _ in range(5))
    )
    (id,) = {member.id for member in found if member is not None}
    assert await sql.accounts.signed_in("nobody", "iss", "ada", "Ada", 1) is None
    session = Session("default", b"h" * 32, id, frozenset({"g"}), 1, 100)
    await sql.accounts.open_session(session)
    assert await sql.accounts.session("default", b"h" * 32) == session
    before = (await sql.accounts.changes())["default"] if await sql.accounts.changes() else 0
    assert await sql.accounts.erase("default", id, 5)
    assert (await sql.accounts.changes())["default"] > before
    assert await sql.accounts.session("default", b"h" * 32) is None
    assert await sql.accounts.members("default") == await sql.accounts.people("default") == []


async def test_tokens_and_tenants(sql: SqlStore) -> None:
    assert await sql.tenants.add(Tenant("acme", "Acme", 1, quotas={"designs": 5}))
    assert not await sql.tenants.add(Tenant("acme", "Again", 1))
    token = Token("t1", "CI", b"h", frozenset({"create"}), "", 1, 9)
    await sql.tokens.add("acme", token)
    assert await sql.tokens.get("acme", "t1") == token
    assert await sql.tokens.get("default", "t1") is None
    assert await sql.tenants.used("acme", ["designs", "bytes"]) == {"designs": 0, "bytes": 0}
    assert await sql.tenants.set_disabled("acme", 5)
    assert await sql.tokens.get("acme", "t1") is None
