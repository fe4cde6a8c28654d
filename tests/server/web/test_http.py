"""The REST interface; every answer is held against the OpenAPI document."""

from __future__ import annotations

import asyncio
import json
import random
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from server.app import Backend, create_app, open_backend
from server.protocol.identity import Identities
from server.settings import Settings
from server.web.http import MAX_IMPORT_BYTES
from tests.support.described import OPENAPI, checked, refused


async def make(http: httpx.AsyncClient, name: str = "Claims") -> dict[str, Any]:
    row: dict[str, Any] = checked(await http.post("/api/designs", json={"name": name}), 201)
    return row


async def listed(http: httpx.AsyncClient, *, trash: bool = False) -> list[str]:
    answer = checked(await http.get("/api/designs", params={"trash": "1"} if trash else {}), 200)
    return [row["id"] for row in answer["designs"]]


async def test_each_route_is_described_and_each_description_is_a_route(
    settings: Settings, backend: Backend
) -> None:
    from server.app import _routes

    routes = [
        route
        for route in _routes(settings, backend, Identities(bytes(32)))
        if isinstance(route, Route) and route.path.startswith(("/api", "/healthz", "/readyz"))
    ]
    served = {(route.path, method) for route in routes for method in route.methods or ()}
    described = {
        (path, method.upper()) for path, found in OPENAPI["paths"].items() for method in found
    }
    assert {pair for pair in served if pair[1] != "HEAD"} == described


async def test_health_and_readiness(http: httpx.AsyncClient) -> None:
    assert checked(await http.get("/healthz"), 200) == {"ok": True}
    assert checked(await http.get("/readyz"), 200) == {"ready": True}
    assert checked(await http.get("/api/openapi.json"), 200) == OPENAPI


async def test_F6_a_disk_that_stands_still_is_told_within_two_seconds(
    http: httpx.AsyncClient, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stuck(commits: object) -> list[object]:
        await asyncio.Event().wait()
        raise AssertionError("it never comes back")

    monkeypatch.setattr(backend.store, "commit", stuck)
    async with asyncio.timeout(2):
        assert checked(await http.get("/readyz"), 503) == {"ready": False}
    monkeypatch.undo()
    assert checked(await http.get("/readyz"), 200) == {"ready": True}


async def test_the_session_is_who_one_says(http: httpx.AsyncClient) -> None:
    ann = checked(await http.get("/api/session", params={"user": "Ann"}), 200)
    assert ann["user"]["name"] == "Ann"
    assert ann["mode"] == "development" and ann["scratch"] is True
    again = checked(await http.get("/api/session", params={"user": " Ann "}), 200)
    assert again["user"] == ann["user"]
    cookie = await http.get("/api/session", headers={"cookie": "coweave_user=J%C3%BCrgen"})
    assert checked(cookie, 200)["user"]["name"] == "Jürgen"
    assert checked(await http.get("/api/session"), 200)["user"]["name"] == "Local user"
    for name in ("x" * 65, "a\x00b", "a\u202eb"):
        answer = await http.get("/api/session", params={"user": name})
        assert refused(answer, 400) == "ERR_MESSAGE_BADLY_FORMED"


async def test_the_types_are_those_of_the_packs(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/types")
    types = checked(answer, 200)["types"]
    assert {"Button", "Container", "Table"} <= {type["type"] for type in types}
    unchanged = await http.get("/api/types", headers={"if-none-match": answer.headers["etag"]})
    checked(unchanged, 304)


async def test_create_and_list(http: httpx.AsyncClient) -> None:
    assert await listed(http) == []
    answer = await http.post("/api/designs", json={"name": " Claims 😀 "}, params={"user": "Ann"})
    row = checked(answer, 201)
    assert row["name"] == "Claims 😀" and row["version"] == 1 and row["trashedAt"] is None
    assert row["createdBy"]["name"] == "Ann"
    assert row["createdAt"] == row["updatedAt"]
    assert checked(await http.get("/api/designs"), 200)["designs"] == [row]
    snapshot = checked(await http.get(f"/api/designs/{row['id']}/snapshot"), 200)
    assert snapshot["v"] == 1
    assert snapshot["data"]["meta"]["name"] == "Claims 😀"
    assert len(snapshot["data"]["pages"]) == 1


@pytest.mark.parametrize("name", [None, 1, True, [], {}, "", "  ", "x" * 129, "a\nb", "a\x00"])
async def test_names_that_cannot_be(http: httpx.AsyncClient, name: Any) -> None:
    row = await make(http)
    assert refused(await http.post("/api/designs", json={"name": name}), 422) == (
        "ERR_DESIGN_INVALID"
    )
    answer = await http.patch(f"/api/designs/{row['id']}", json={"name": name})
    assert refused(answer, 422) == "ERR_DESIGN_INVALID"
    assert await listed(http) == [row["id"]]


async def test_rename(http: httpx.AsyncClient) -> None:
    row = await make(http)
    renamed = checked(await http.patch(f"/api/designs/{row['id']}", json={"name": "New"}), 200)
    assert renamed["name"] == "New" and renamed["version"] == 2
    snapshot = checked(await http.get(f"/api/designs/{row['id']}/snapshot"), 200)
    assert snapshot["data"]["meta"]["name"] == "New"
    same = checked(await http.patch(f"/api/designs/{row['id']}", json={"name": "New"}), 200)
    assert same["version"] == 2


async def test_duplicate(http: httpx.AsyncClient) -> None:
    row = await make(http)
    path = f"/api/designs/{row['id']}/duplicate"
    copy = checked(await http.post(path), 201)
    assert copy["name"] == "Claims (copy)" and copy["id"] != row["id"]
    named = checked(await http.post(path, json={"name": "Other"}), 201)
    assert named["name"] == "Other"
    one, two = [
        checked(await http.get(f"/api/designs/{id}/snapshot"), 200)["data"]
        for id in (row["id"], named["id"])
    ]
    assert {**one, "meta": None} == {**two, "meta": None}
    assert two["meta"]["name"] == "Other"
    assert sorted(await listed(http)) == sorted([row["id"], copy["id"], named["id"]])


async def test_trash_and_restore(http: httpx.AsyncClient) -> None:
    row = await make(http)
    id = row["id"]
    checked(await http.delete(f"/api/designs/{id}"), 204)
    assert await listed(http) == []
    assert await listed(http, trash=True) == [id]
    gone = [
        await http.get(f"/api/designs/{id}/snapshot"),
        await http.get("/api/designs/missing/snapshot"),
        await http.patch(f"/api/designs/{id}", json={"name": "x"}),
        await http.delete(f"/api/designs/{id}"),
        await http.post(f"/api/designs/{id}/duplicate"),
        await http.post("/api/designs/missing/restore"),
    ]
    assert {refused(answer, 404) for answer in gone} == {"ERR_DESIGN_NOT_FOUND"}
    assert len({answer.content for answer in gone}) == 1
    restored = checked(await http.post(f"/api/designs/{id}/restore"), 200)
    assert restored == row
    assert refused(await http.post(f"/api/designs/{id}/restore"), 404) == "ERR_DESIGN_NOT_FOUND"
    assert await listed(http) == [id]


async def test_snapshots_of_versions(http: httpx.AsyncClient) -> None:
    row = await make(http, "one")
    path = f"/api/designs/{row['id']}/snapshot"
    await http.patch(f"/api/designs/{row['id']}", json={"name": "two"})
    names = []
    for version in (1, 2):
        snapshot = checked(await http.get(path, params={"version": version}), 200)
        assert snapshot["v"] == version
        names.append(snapshot["data"]["meta"]["name"])
    assert names == ["one", "two"]
    nothing = checked(await http.get(path, params={"version": 0}), 200)
    assert nothing == {"v": 0, "type": None, "data": None}
    newer = await http.get(path, params={"version": 3})
    assert refused(newer, 404) == "ERR_OP_VERSION_NEWER_THAN_CURRENT_SNAPSHOT"
    for wrong in ("-1", "x", "1.5", "", "9" * 16):
        answer = await http.get(path, params={"version": wrong})
        assert refused(answer, 400) == "ERR_MESSAGE_BADLY_FORMED"


async def test_a_snapshot_is_compressed_and_has_an_etag(http: httpx.AsyncClient) -> None:
    row = await make(http, "x" * 128)
    path = f"/api/designs/{row['id']}/snapshot"
    answer = await http.get(path)
    again = await http.get(path, headers={"if-none-match": answer.headers["etag"]})
    checked(again, 304)
    await http.patch(f"/api/designs/{row['id']}", json={"name": "y"})
    changed = await http.get(path, headers={"if-none-match": answer.headers["etag"]})
    checked(changed, 200)
    for large in (path, "/api/types"):
        packed = await http.get(large, headers={"accept-encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip"
        plain = await http.get(large, headers={"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.json() == packed.json()


async def test_import_of_our_own_format(http: httpx.AsyncClient) -> None:
    row = await make(http)
    data = checked(await http.get(f"/api/designs/{row['id']}/snapshot"), 200)["data"]
    made = checked(await http.post("/api/designs/import", json=data), 201)
    assert made["design"]["name"] == "Claims"
    renamed = await http.post("/api/designs/import", json=data, params={"name": "Mine"})
    made = checked(renamed, 201)
    snapshot = checked(await http.get(f"/api/designs/{made['design']['id']}/snapshot"), 200)
    assert snapshot["data"] == {**data, "meta": {**data["meta"], "name": "Mine"}}


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, "ERR_MESSAGE_BADLY_FORMED"),
        (b"[]", 400, "ERR_MESSAGE_BADLY_FORMED"),
        (b'{"format":"coweave-design","format":"coweave-design"}', 400, "ERR_MESSAGE_BADLY_FORMED"),
        (b'{"a":NaN}', 400, "ERR_MESSAGE_BADLY_FORMED"),
        (b'{"a":' + b"[" * 200 + b"]" * 200 + b"}", 400, "ERR_MESSAGE_BADLY_FORMED"),
        (b"{}", 422, "ERR_DESIGN_IMPORT"),
        (b'{"format":"something else"}', 422, "ERR_DESIGN_IMPORT"),
        (b'{"format":"coweave-design"}', 422, "ERR_DESIGN_INVALID"),
        (b'{"format":"coweave-design","formatVersion":1,"meta":[]}', 422, "ERR_DESIGN_INVALID"),
        (b'{"x":"' + b"x" * MAX_IMPORT_BYTES + b'"}', 413, "ERR_DESIGN_TOO_LARGE"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_files_that_cannot_be_imported(
    http: httpx.AsyncClient, content: bytes, status: int, code: str
) -> None:
    headers = {"content-type": "application/json"}
    answer = await http.post("/api/designs/import", content=content, headers=headers)
    assert refused(answer, status) == code
    assert await listed(http) == []


async def test_bodies_are_json_by_name_and_bounded(http: httpx.AsyncClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = await http.post(
            "/api/designs", content=b'{"name":"x"}', headers={"content-type": kind}
        )
        assert refused(answer, 400) == "ERR_MESSAGE_BADLY_FORMED"
    answer = await http.post("/api/designs", json={"name": "x" * 70_000})
    assert refused(answer, 413) == "ERR_DESIGN_TOO_LARGE"
    assert await listed(http) == []


async def test_paths_that_are_not_there(http: httpx.AsyncClient) -> None:
    for method, path in [
        ("GET", "/api/nothing"),
        ("GET", "/api"),
        ("PUT", "/api/designs"),
        ("POST", "/api/session"),
        ("GET", "/api/designs/x/y/z"),
        ("GET", "/assets/none.js"),
        ("GET", "/assets/../pyproject.toml"),
        ("GET", "/%2e%2e/pyproject.toml"),
        ("GET", "/.env"),
        ("GET", "/ws/sharedb"),
    ]:
        answer = await http.request(method, path)
        assert answer.status_code == 404, path
        assert answer.json()["error"]["code"] == "ERR_DESIGN_NOT_FOUND"


JUNK: list[Any] = [None, True, 0, -1, 1.5, 1e300, 2**63, "", "x", "a\x00b", "x" * 300, [], {}, [[]]]


BODY_KEYS = """
    name format meta title branch from to version hash verdict text anchor mentions resolutions state
    approvals owners checks environments protected kind reason resolved thread review reviewers main
""".split()


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_asked_is_answered_as_described(
    http: httpx.AsyncClient, seed: int
) -> None:
    """Random paths, queries, headers and bodies: never a fault, always the shape of the document."""
    dice = random.Random(seed)
    known = (await make(http))["id"]
    branch = (await http.post(f"/api/designs/{known}/branches", json={"name": "b"})).json()["id"]
    operations = [
        (method.upper(), path) for path, found in OPENAPI["paths"].items() for method in found
    ]
    for _ in range(200):
        method, path = dice.choice(operations)
        id = dice.choice([known, known, "missing", "%00", "a%20b", "%F0%9F%98%80", "x" * 500, ".."])
        query = {
            key: str(dice.choice([*JUNK, "1"]))
            for key in ("user", "trash", "version", "name")
            if dice.random() < 0.3
        }
        headers = {"if-none-match": str(dice.choice(JUNK)).replace("\x00", "")}
        body = dice.choice(
            [
                {key: dice.choice(JUNK) for key in BODY_KEYS if dice.random() < 0.5},
                {"format": "coweave-design", "formatVersion": dice.choice(JUNK)},
                {"exportedApplication": dice.choice(JUNK), "pageList": dice.choice(JUNK)},
                dice.choice(JUNK),
            ]
        )
        content = dice.choice([json.dumps(body).encode(), b"", b"{", b"\xff", b'{"a":1,"a":2}'])
        if dice.random() < 0.8:
            headers["content-type"] = "application/json"
        path = path.replace("{branch}", dice.choice([branch, id]))
        path = path.replace("{environment}", dice.choice(["dev", "production", id]))
        path = re.sub(r"\{(?!id)\w+\}", id, path).replace("{id}", id)
        answer = await http.request(method, path, params=query, headers=headers, content=content)
        assert answer.status_code < 500, (method, path, query, content, answer.text)
        if "/" not in id and id != "..":
            checked(answer, answer.status_code)


async def test_nobody_is_let_in_outside_development_mode(tmp_path: Path) -> None:
    settings = Settings(
        database=f"sqlite:///{tmp_path / 'c.sqlite3'}", data_dir=tmp_path, development=False
    )
    async with open_backend(settings) as backend:
        transport = httpx.ASGITransport(app=create_app(settings, backend))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            for path in ("/api/session", "/api/designs", "/api/designs/x/snapshot"):
                answer = await http.get(path, params={"user": "Ann"})
                assert refused(answer, 401) == "ERR_DESIGN_SIGN_IN"
            checked(await http.get("/healthz"), 200)


async def test_a_fault_shows_nothing_of_itself(
    http: httpx.AsyncClient, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret at /home/x in SELECT")

    monkeypatch.setattr(type(backend.catalogue), "rows", broken)
    answer = await http.get("/api/designs")
    assert answer.status_code == 500
    assert answer.json()["error"] == {
        "code": "ERR_UNKNOWN_ERROR",
        "message": "Something went wrong on the server",
        "details": {},
    }
