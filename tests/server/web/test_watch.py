"""What is taken from somebody acts on their live connections, on every node."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from server.accounts import Token
from server.auth.secret import TokenSecret, hashed, new_secret, new_token_id
from server.policy.roles import Grant, Role
from tests.support.identity import PUBLIC, Site, open_site

EVERYONE = Grant("", "", "everyone", "", Role.EDITOR)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as site:
        yield site


class Denied(Exception):
    """The handshake was answered with an error."""


class Wire:
    """A socket into the application, without a network."""

    def __init__(self, site: Site, headers: dict[str, str]) -> None:
        self._in: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._out: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {
            "type": "websocket",
            "path": "/ws/sharedb",
            "raw_path": b"/ws/sharedb",
            "query_string": b"",
            "scheme": "ws",
            "headers": [
                (name.encode(), value.encode())
                for name, value in {"host": PUBLIC.partition("//")[2], **headers}.items()
            ],
            "client": ("192.0.2.1", 1),
            "server": ("127.0.0.1", 8000),
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}},
        }
        self._in.put_nowait({"type": "websocket.connect"})
        self.running = asyncio.ensure_future(site.app(scope, self._in.get, self._out.put))
        self.src = ""

    @classmethod
    async def open(cls, site: Site, client: httpx.AsyncClient) -> Wire:
        kept = {key: client.headers[key] for key in ("authorization",) if key in client.headers}
        if client.cookies:
            kept["cookie"] = "; ".join(f"{k}={v}" for k, v in client.cookies.items())
            kept["origin"] = PUBLIC
        wire = cls(site, kept)
        first = await wire._out.get()
        if first["type"] != "websocket.accept":
            body = await wire._out.get()
            await wire.running
            raise Denied(first["status"], orjson.loads(body["body"])["error"]["code"])
        hello = await wire.ask({"a": "hs", "id": None, "protocol": 1, "protocolMinor": 2})
        wire.src = hello["id"]
        return wire

    async def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        self._in.put_nowait({"type": "websocket.receive", "text": orjson.dumps(message).decode()})
        return await self.told()

    async def told(self) -> dict[str, Any]:
        async with asyncio.timeout(20):
            found = await self._out.get()
        assert found["type"] == "websocket.send", found
        value: dict[str, Any] = orjson.loads(found["text"])
        return value

    async def closed(self) -> tuple[int, str]:
        """Until the server ends it: code and reason. What it says before is dropped."""
        async with asyncio.timeout(20):
            while (found := await self._out.get())["type"] != "websocket.close":
                pass
        self.leave()
        await self.running
        return found["code"], found["reason"]

    def leave(self) -> None:
        self._in.put_nowait({"type": "websocket.disconnect", "code": 1000})

    async def edit(self, id: str, version: int, seq: int) -> dict[str, Any]:
        op = [{"p": ["meta", "description", 0], "si": "x"}]
        return await self.ask(
            {"a": "op", "c": "designs", "d": id, "v": version, "seq": seq, "x": {}, "op": op}
        )


async def design(site: Site, owner: httpx.AsyncClient) -> str:
    made = await owner.post("/api/designs", json={"name": "Claims"})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def give(site: Site, design: str, role: Role | None, kind: str, subject: str = "") -> None:
    """As another node would: past this node's caches."""
    grants, grant = site.backend.store.grants, Grant(design, "", kind, subject, role or Role.VIEWER)
    if role is None:
        assert await grants.remove("default", grant)
    else:
        await grants.put("default", grant, "u", 1)


CLOSED = (4401, "ERR_DESIGN_SIGN_IN")


async def test_E2_a_role_that_is_taken_closes_the_design(site: Site) -> None:
    ada, ben = await site.program("ada"), await site.program("ben")
    id = await design(site, ada)
    at = {"c": "designs", "d": id}
    wire = await Wire.open(site, ben)
    assert (await wire.ask({"a": "s", **at}))["error"]["code"] == "ERR_DESIGN_NOT_FOUND"
    await give(site, id, Role.EDITOR, "person", await site.person(ben))
    site.backend.watch.hurry()
    await site.backend.watch.look()
    version = (await wire.ask({"a": "s", **at}))["data"]["v"]
    assert "error" not in await wire.edit(id, version, 1)

    await give(site, id, Role.VIEWER, "person", await site.person(ben))
    notice = await wire.told()  # nobody asked: the node finds it out by itself
    assert (notice["a"], notice["code"], notice["details"]["role"]) == (
        "notice",
        "access",
        "viewer",
    )
    refused = await wire.edit(id, version + 1, 2)
    assert refused["error"]["code"] == "ERR_DESIGN_FORBIDDEN"

    await give(site, id, None, "person", await site.person(ben))
    notice = await wire.told()
    assert (notice["a"], notice["code"], notice["d"]) == ("notice", "ERR_DESIGN_NOT_FOUND", id)
    for message in (
        {"a": "s", **at},
        {"a": "f", **at},
        {"a": "ps", "ch": f"designs.{id}", "seq": 1},
    ):
        assert (await wire.ask(message))["error"]["code"] == "ERR_DESIGN_NOT_FOUND"
    wire.leave()
    await wire.running


async def test_E2_presence_ends_with_the_role(site: Site) -> None:
    ada, ben = await site.program("ada"), await site.program("ben")
    id = await design(site, ada)
    await give(site, id, Role.VIEWER, "everyone")
    await site.backend.watch.look()
    hers, his = await Wire.open(site, ada), await Wire.open(site, ben)
    channel = f"designs.{id}"
    await his.ask({"a": "ps", "ch": channel, "seq": 1})
    put = {"a": "p", "ch": channel, "id": "me", "p": {"at": 1}, "pv": 1}
    await hers.ask(put)
    assert (await his.told())["p"] == {"at": 1}
    await give(site, id, None, "everyone")
    await site.backend.watch.look()
    await hers.ask({**put, "pv": 2})
    assert (await his.ask({"a": "pp"})) == {"a": "pp"}  # nothing of it came between
    for wire in (hers, his):
        wire.leave()
        await wire.running


async def test_E2_whoever_is_signed_out_is_disconnected(site: Site) -> None:
    browser = await site.browser("ada")
    wire = await Wire.open(site, browser)
    other = await Wire.open(site, await site.browser("ada"))
    assert (await browser.post("/auth/logout")).status_code == 200
    assert await wire.closed() == CLOSED
    assert await other.ask({"a": "pp"}) == {"a": "pp"}
    (ada,) = await site.backend.store.accounts.members("default")
    assert await site.backend.store.accounts.sign_out("default", ada.id, 2**50)
    assert await other.closed() == CLOSED
    with pytest.raises(Denied, match="401.*ERR_DESIGN_SIGN_IN"):
        await Wire.open(site, browser)


async def test_E2_a_revoked_service_token_disconnects(site: Site) -> None:
    now = int(time.time() * 1000)
    secret = TokenSecret("default", new_token_id(), new_secret())
    scopes = frozenset({"viewer:*"})
    token = Token(secret.id, "CI", hashed(secret.secret), scopes, "", now, now + 600_000)
    await site.backend.store.tokens.add("default", token)
    client = await site.client(headers={"authorization": f"Bearer {secret}"})
    wire = await Wire.open(site, client)
    await site.backend.store.tokens.revoke("default", secret.id, now)
    assert await wire.closed() == CLOSED


async def test_E2_expiry_disconnects(site: Site) -> None:
    now = int(time.time())
    client = await site.program("ada", iat=now - 60, exp=now + 2)
    wire = await Wire.open(site, client)
    assert await wire.ask({"a": "pp"}) == {"a": "pp"}
    assert await wire.closed() == CLOSED
    assert time.time() < now + 2 + 5 + 5, "within five seconds, on a busy machine ten"


async def test_E2_a_blocked_person_is_disconnected_and_an_administrator_can_stop_being_one(
    site: Site,
) -> None:
    ada, ben = await site.program("ada"), await site.program("ben")
    id = await design(site, ada)
    accounts = site.backend.store.accounts
    member = await site.person(ben)
    await accounts.set_admin("default", member, True)
    await site.backend.watch.look()
    wire = await Wire.open(site, ben)
    assert "error" not in await wire.ask({"a": "s", "c": "designs", "d": id})
    await accounts.set_admin("default", member, False)
    assert (await wire.told())["code"] == "ERR_DESIGN_NOT_FOUND"
    await accounts.set_blocked("default", member, 1)
    assert await wire.closed() == CLOSED


async def test_E2_a_disabled_tenant_is_disconnected(tmp_path: Path) -> None:
    async with open_site(tmp_path, oidc_tenant_claim="org") as site:
        from server.accounts import Tenant

        assert await site.backend.store.tenants.add(Tenant("acme", "Acme", 1))
        browser = await site.browser("ada", org="acme")
        wire = await Wire.open(site, browser)
        assert await site.backend.store.tenants.set_disabled("acme", 5)
        assert await wire.closed() == CLOSED


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:8001"])
async def test_E2_sockets_of_other_sites_are_refused(site: Site, origin: str) -> None:
    browser = await site.browser("ada")
    wire = Wire(
        site,
        {"cookie": f"coweave_session={browser.cookies['coweave_session']}", "origin": origin},
    )
    answer = await wire._out.get()
    assert (answer["type"], answer["status"]) == ("websocket.http.response.start", 403)
    await wire.running


async def test_E2_the_handshake_needs_a_credential_that_holds(site: Site) -> None:
    for headers in (
        {},
        {"authorization": "Bearer x.y.z"},
        {"cookie": "coweave_session=default." + "A" * 43},
        {"cookie": "coweave_session=x"},
        {"cookie": "coweave_user=Ada"},
    ):
        wire = Wire(site, headers)
        answer = await wire._out.get()
        assert (answer["type"], answer["status"]) == ("websocket.http.response.start", 401), headers
        await wire.running


async def test_one_user_has_so_many_connections(tmp_path: Path) -> None:
    async with open_site(tmp_path, connections_per_user=2) as site:
        ada, ben = await site.program("ada"), await site.program("ben")
        wires = [await Wire.open(site, ada) for _ in range(2)]
        with pytest.raises(Denied, match="403.*ERR_DESIGN_QUOTA"):
            await Wire.open(site, ada)
        wires.append(await Wire.open(site, ben))
        wires[0].leave()
        await wires.pop(0).running
        wires.append(await Wire.open(site, ada))
        for wire in wires:
            wire.leave()
            await wire.running


async def test_with_the_storage_away_everybody_stays(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.ports import StoreUnavailable

    async def away(*_: object) -> Any:
        raise StoreUnavailable

    wire = await Wire.open(site, await site.browser("ada"))
    store = site.backend.store
    await store.grants.put("default", replace(EVERYONE, design="d", role=Role.OWNER), "u", 1)
    monkeypatch.setattr(type(store.accounts), "member", away)
    with pytest.raises(StoreUnavailable):
        await site.backend.watch.look()
    assert await wire.ask({"a": "pp"}) == {"a": "pp"}
    monkeypatch.undo()
    await site.backend.watch.look()
    assert await wire.ask({"a": "pp"}) == {"a": "pp"}
    wire.leave()
    await wire.running
