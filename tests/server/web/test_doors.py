"""E3: one policy on every door: what a role may is the same by REST and by the socket, cell by cell."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from server.policy.rights import Right
from server.policy.roles import ALLOWED, Grant, Role
from tests.server.web.test_watch import Wire
from tests.support.identity import Site, open_site

EDIT = [{"p": ["meta", "description", 0], "si": "x"}]

# What is asked, and the right that it needs. Bodies are such that only rights refuse with FORBIDDEN.
REST: list[tuple[str, str, Any, Right]] = [
    ("GET", "/snapshot", None, Right.READ),
    ("GET", "/check", None, Right.READ),
    ("GET", "/access", None, Right.READ),
    ("GET", "/versions", None, Right.READ),
    ("GET", "/blame?element=meta", None, Right.READ),
    ("GET", "/diff?from=1&to=1", None, Right.READ),
    ("GET", "/leases", None, Right.READ),
    ("GET", "/branches", None, Right.READ),
    ("GET", "/comments", None, Right.READ),
    ("GET", "/export", None, Right.EXPORT),
    ("POST", "/duplicate", None, Right.EXPORT),
    ("POST", "/comments", {"text": "x"}, Right.COMMENT),
    ("PATCH", "", {"name": "x"}, Right.EDIT),
    ("POST", "/elements/rename", {"element": "components/x", "name": "y"}, Right.EDIT),
    ("POST", "/migrate", None, Right.MIGRATE),
    ("POST", "/leases", {"elements": ["pages/page1"]}, Right.LEASE),
    ("POST", "/branches", {"name": "x"}, Right.BRANCH),
    ("GET", "/grants", None, Right.SHARE),
    ("PUT", "/grants", {"kind": "group", "subject": "x", "role": "viewer"}, Right.SHARE),
    ("POST", "/freeze", {"frozen": False}, Right.FREEZE),
    ("DELETE", "", None, Right.TRASH),
]
SOCKET: list[tuple[dict[str, Any], Right]] = [
    ({"a": "f"}, Right.READ),
    ({"a": "s"}, Right.READ),
    ({"a": "nf", "v": 1, "id": 1}, Right.READ),
    ({"a": "nt", "ts": 2**50, "id": 2}, Right.READ),
    ({"a": "ps", "seq": 1}, Right.READ),
    ({"a": "p", "id": "me", "p": {}, "pv": 1}, Right.READ),
    ({"a": "pr"}, Right.READ),
    ({"a": "op", "v": 1, "seq": 1, "x": {}, "op": EDIT}, Right.EDIT),
]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as site:
        yield site


@pytest.mark.parametrize("role", [None, *Role])
async def test_E3_no_cell_differs_between_doors(site: Site, role: Role | None) -> None:
    ada, ben = await site.program("ada"), await site.program("ben")
    id = (await ada.post("/api/designs", json={"name": "Claims"})).json()["id"]
    if role is not None:
        grant = Grant(id, "", "person", await site.person(ben), role)
        await site.backend.store.grants.put("default", grant, "u", 1)
    await site.backend.watch.look()
    expected = {
        right: "ERR_DESIGN_NOT_FOUND"
        if role is None
        else None
        if right in ALLOWED[role]
        else "ERR_DESIGN_FORBIDDEN"
        for right in Right
    }
    wire = await Wire.open(site, ben)
    for message, right in SOCKET:
        where = {"c": "designs", "d": id, "ch": f"designs.{id}"}
        code = (await wire.ask({**where, **message})).get("error", {}).get("code")
        assert code == expected[right], message
    wire.leave()
    await wire.running
    for method, path, body, right in REST:
        answer = await ben.request(method, f"/api/designs/{id}{path}", json=body)
        code = answer.json()["error"]["code"] if answer.status_code >= 400 else None
        if expected[right] is None:
            assert code not in ("ERR_DESIGN_FORBIDDEN", "ERR_DESIGN_NOT_FOUND"), (
                method,
                path,
                code,
            )
        else:
            assert code == expected[right], (method, path)
