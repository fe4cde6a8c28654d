"""C6: what one tenant has, another cannot see, take, lock, name or count.

The cases are made of the route table and of the list of messages: a new route or message is held to
this without anybody adding a test.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from server.accounts import Tenant
from server.policy.roles import Grant, Role
from server.protocol import messages
from tests.server.web.test_watch import Wire
from tests.support.described import OPENAPI, example
from tests.support.identity import Site, open_site

ELSEWHERE = "nothing-of-that-name"


class Two:
    """Two tenants, each with an administrator; one of them has things."""

    def __init__(self, site: Site, owner: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
        self.site = site
        self.owner = owner
        self.stranger = stranger
        self.known: dict[str, str] = {}
        """What the owner's tenant has, by the name that routes give it."""


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    async with open_site(tmp_path, oidc_tenant_claim="org", admins=("ada", "ben")) as site:
        for tenant in ("acme", "other"):
            assert await site.backend.store.tenants.add(Tenant(tenant, tenant, 1))
        owner = await site.program("ada", org="acme")
        stranger = await site.program("ben", org="other")
        both = Two(site, owner, stranger)
        made = await owner.post("/api/designs", json={"name": "A secret name"})
        id = both.known["id"] = made.json()["id"]
        both.known["person"] = await site.person(owner)
        token = {"name": "CI", "scopes": ["viewer:*"], "days": 1}
        both.known["token"] = (await owner.post("/api/tokens", json=token)).json()["id"]
        branch = await owner.post(f"/api/designs/{id}/branches", json={"name": "A secret branch"})
        if branch.status_code == 201:
            both.known["branch"] = branch.json()["id"]
        comment = {"text": "A secret text"}
        said = await owner.post(f"/api/designs/{id}/comments", json=comment)
        if said.status_code == 201:
            both.known["comment"] = said.json()["id"]
        # Also what is open to everyone is open to everyone of the tenant only.
        everyone = Grant(id, "", "everyone", "", Role.OWNER)
        await site.backend.store.grants.put("acme", everyone, "u", 1)
        yield both


def routes(site: Site) -> list[tuple[str, str]]:
    """Every route under /api as (method, path), out of the running application's own table."""
    app: Any = site.app
    while not hasattr(app, "routes"):
        app = app._app
    return [
        (method, route.path)
        for route in app.routes
        if isinstance(route, Route) and route.path.startswith("/api")
        for method in sorted(route.methods or ())
        if method != "HEAD"
    ]


def body_of(method: str, path: str) -> Any:
    described = OPENAPI["paths"][path][method.lower()].get("requestBody")
    if described is None:
        return None
    return example(described["content"]["application/json"]["schema"])


def query_of(method: str, path: str) -> dict[str, Any]:
    found = {}
    for each in OPENAPI["paths"][path][method.lower()].get("parameters", ()):
        if "$ref" in each:
            each = OPENAPI["components"]["parameters"][each["$ref"].rpartition("/")[2]]
        if each["in"] == "query" and each.get("required"):
            found[each["name"]] = example(each["schema"])
    return found


async def ask(
    client: httpx.AsyncClient, method: str, path: str, values: dict[str, str]
) -> tuple[int, bytes]:
    filled = re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: values[found[1]], path)
    answer = await client.request(
        method, filled, params=query_of(method, path), json=body_of(method, path)
    )
    return answer.status_code, answer.content


async def test_C6_what_another_tenant_has_is_answered_as_what_is_not_there(two: Two) -> None:
    asked = 0
    listed = routes(two.site)
    assert len(listed) > 30
    for method, path in listed:
        names = re.findall(r"\{(\w+)", path)
        if not names:
            continue
        made_up = dict.fromkeys(names, ELSEWHERE)
        nothing = await ask(two.stranger, method, path, made_up)
        for id in two.known.values():
            real = {name: two.known["id"] if name in ("id", "design") else id for name in names}
            for values in (real, dict.fromkeys(names, id)):
                found = await ask(two.stranger, method, path, values)
                assert found[0] >= 400, (method, path, values, found)
                assert b"secret" not in found[1]
                same = found[1].replace(id.encode(), ELSEWHERE.encode())
                same = same.replace(two.known["id"].encode(), ELSEWHERE.encode())
                assert (found[0], same) == nothing, (method, path, values)
                asked += 1
    assert asked > 50
    snapshot = (await two.owner.get(f"/api/designs/{two.known['id']}/snapshot")).json()
    assert snapshot["data"]["meta"]["name"] == "A secret name"
    assert snapshot["v"] == 1


async def test_C6_lists_show_a_tenants_own(two: Two) -> None:
    for method, path in routes(two.site):
        if method != "GET" or "{" in path or path in ("/api/openapi.json", "/api/types"):
            continue
        hers = await two.owner.get(path, params=query_of(method, path))
        his = await two.stranger.get(path, params=query_of(method, path))
        assert (hers.status_code, his.status_code) == (200, 200), path
        for id in two.known.values():
            assert id not in his.text, path
        assert "secret" not in his.text, path


async def test_C6_all_routes_need_a_credential(two: Two) -> None:
    nobody = await two.site.client()
    for method, path in routes(two.site):
        if path == "/api/openapi.json":
            continue
        values = dict.fromkeys(re.findall(r"\{(\w+)", path), two.known["id"])
        status, _ = await ask(nobody, method, path, values)
        assert status == 401, (method, path)


def actions() -> set[str]:
    """Every action that the socket takes, out of the parser itself."""
    source = inspect.getsource(messages)
    found = re.findall(r"^        case ((?:\"\w+\"(?: \| )?)+):$", source, re.M)
    assert len(found) > 10
    return {name for case in found for name in re.findall(r"\"(\w+)\"", case)}


def about(action: str, id: str) -> dict[str, Any]:
    """A message of that action on a design, with every field that any of them may need."""
    return {
        "a": action,
        "c": "designs",
        "d": id,
        "b": [id] if action in ("bs", "bf", "bu") else None,
        "ch": f"designs.{id}",
        "v": 1,
        "ts": 2**50,
        "seq": 1,
        "x": {},
        "op": [{"p": ["meta", "name", 0], "si": "x"}],
        "id": "me" if action == "p" else 1,
        "p": {"x": 1},
        "pv": 1,
        "do": "take",
        "elements": ["components/c1"],
        "e": ["components/c1"],
        "q": {},
    }


async def test_C6_no_message_reaches_another_tenants_design(two: Two) -> None:
    known = actions()
    assert {"op", "s", "f", "bs", "nf", "nt", "p", "ps", "pr"} <= known
    wire = await Wire.open(two.site, two.stranger)
    for action in sorted(known - {"hs", "pp"}):
        answers = []
        for id in (two.known["id"], ELSEWHERE):
            message = {k: v for k, v in about(action, id).items() if v is not None}
            text = str(await wire.ask(message))
            assert "secret" not in text
            answers.append(text.replace(id, "<id>"))
        assert answers[0] == answers[1], action
    wire.leave()
    await wire.running


async def test_C6_the_same_id_in_two_tenants_is_two_designs(two: Two) -> None:
    """Presence, rooms and caches are told apart by the tenant, not by the id alone."""
    id = two.known["id"]
    row = await two.site.backend.store.designs.get("acme", id)
    assert row is not None
    hers = await Wire.open(two.site, two.owner)
    await hers.ask({"a": "ps", "ch": f"designs.{id}", "seq": 1})
    await two.site.backend.store.designs.add("other", row)
    owner = Grant(id, "", "everyone", "", Role.OWNER)
    await two.site.backend.store.grants.put("other", owner, "u", 1)
    his = await Wire.open(two.site, two.stranger)
    put = {"a": "p", "ch": f"designs.{id}", "id": "me", "p": {"x": "a secret"}, "pv": 1}
    assert "error" not in await his.ask(put)
    assert (await his.ask({"a": "s", "c": "designs", "d": id}))["data"]["v"] == 0
    assert (await hers.ask({"a": "pp"})) == {"a": "pp"}  # nothing of his presence came between
    for wire in (hers, his):
        wire.leave()
        await wire.running


@pytest.mark.parametrize(
    "id",
    [
        "..",
        "%2e%2e",
        "..%2f..",
        "a%2fb",
        ":",
        "*",
        "{}",
        "{id}",
        "%00",
        "a:b",
        "acme/x",
        "%0d%0aset-cookie:x",
        "<script>alert(1)</script>",
        "' OR 1=1 --",
        "a" * 65,
        "designs:*",
        "\u202e",
        "%ff",
    ],
)
async def test_C6_ids_that_try_tricks(two: Two, id: str) -> None:
    for client in (two.owner, two.stranger):
        for path in ("/api/designs/{}/snapshot", "/api/designs/{}/grants", "/api/designs/{}/check"):
            answer = await client.get(path.replace("{}", id))
            assert 400 <= answer.status_code < 500, (path, answer.text)
            assert answer.json()["error"]["code"].startswith("ERR_DESIGN_")
            assert "set-cookie" not in answer.headers
            assert answer.headers["content-type"] == "application/json"
    wire = await Wire.open(two.site, two.stranger)
    for action in ("s", "f", "nf", "ps"):
        answer = await wire.ask({**about(action, id), "b": []})
        assert answer["error"]["code"] in ("ERR_DESIGN_NOT_FOUND", "ERR_MESSAGE_BADLY_FORMED")
    wire.leave()
    await wire.running
