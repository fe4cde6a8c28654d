"""Roles are given and taken by REST, act at once, and are written down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.policy.roles import Grant, Role
from server.web.sharing import MAX_GRANTS
from tests.server.web.test_watch import Wire
from tests.support.described import checked, refused
from tests.support.identity import Site, open_site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as site:
        yield site


class Case:
    """Ada's design, and Ben, who has nothing on it."""

    def __init__(self, ada: httpx.AsyncClient, ben: httpx.AsyncClient, id: str, who: str) -> None:
        self.ada, self.ben, self.id, self.who = ada, ben, id, who
        self.path = f"/api/designs/{id}"

    async def give(self, role: str, **more: str) -> Any:
        given = {"kind": "person", "subject": self.who, "role": role, **more}
        return checked(await self.ada.put(f"{self.path}/grants", json=given), 200)["grants"]


@pytest.fixture
async def case(site: Site) -> Case:
    ada, ben = await site.program("ada"), await site.program("ben")
    row = checked(await ada.post("/api/designs", json={"name": "Claims"}), 201)
    assert row["role"] == "owner"
    return Case(ada, ben, row["id"], await site.person(ben))


async def test_E3_a_role_opens_the_doors_that_it_names(case: Case) -> None:
    assert refused(await case.ben.get(f"{case.path}/access"), 404) == "ERR_DESIGN_NOT_FOUND"
    given = await case.give("viewer")
    assert {(each["name"], each["role"]) for each in given} == {("Ada", "owner"), ("Ben", "viewer")}
    own = checked(await case.ben.get(f"{case.path}/access"), 200)
    assert own == {"role": "viewer", "parts": {}, "rights": ["export", "read"]}
    listed = checked(await case.ben.get("/api/designs"), 200)["designs"]
    assert [(row["id"], row["role"]) for row in listed] == [(case.id, "viewer")]
    checked(await case.ben.get(f"{case.path}/snapshot"), 200)
    checked(await case.ben.get(f"{case.path}/export"), 200)
    for method, path, body in (
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
        ("POST", "/migrate", None),
        ("GET", "/grants", None),
        ("PUT", "/grants", {"kind": "everyone", "role": "owner"}),
        ("POST", "/freeze", {"frozen": True}),
    ):
        answer = await case.ben.request(method, case.path + path, json=body)
        assert refused(answer, 403) == "ERR_DESIGN_FORBIDDEN"
    await case.give("editor")
    checked(await case.ben.patch(case.path, json={"name": "x"}), 200)
    gone = {"kind": "person", "subject": case.who}
    left = checked(await case.ada.delete(f"{case.path}/grants", params=gone), 200)["grants"]
    assert [each["role"] for each in left] == ["owner"]
    assert refused(await case.ben.get(f"{case.path}/snapshot"), 404) == "ERR_DESIGN_NOT_FOUND"
    answer = await case.ada.delete(f"{case.path}/grants", params=gone)
    assert refused(answer, 404) == "ERR_DESIGN_NOT_FOUND"


async def test_groups_and_everyone(site: Site, case: Case) -> None:
    chief = await site.program("cyd", groups=["chiefs"])
    assert refused(await chief.get(f"{case.path}/access"), 404) == "ERR_DESIGN_NOT_FOUND"
    await case.give("editor", kind="group", subject="chiefs")
    assert checked(await chief.get(f"{case.path}/access"), 200)["role"] == "editor"
    assert refused(await case.ben.get(f"{case.path}/access"), 404) == "ERR_DESIGN_NOT_FOUND"
    await case.give("reviewer", kind="everyone", subject="")
    assert checked(await case.ben.get(f"{case.path}/access"), 200)["role"] == "reviewer"


async def test_E3_a_page_is_closed_to_those_who_were_not_named(site: Site, case: Case) -> None:
    await case.give("editor", kind="everyone", subject="")
    await case.give("editor", scope="pages/page1")
    cyd = await site.program("cyd")
    own = checked(await cyd.get(f"{case.path}/access"), 200)
    assert own["role"] == "editor" and own["parts"] == {"pages/page1": "viewer"}
    for client, allowed in ((case.ben, True), (cyd, False)):
        wire = await Wire.open(site, client)
        version = (await wire.ask({"a": "s", "c": "designs", "d": case.id}))["data"]["v"]
        op = [{"p": ["pages", "page1", "name", 0], "si": "x"}]
        edit = {"a": "op", "c": "designs", "d": case.id, "v": version, "seq": 1, "x": {}, "op": op}
        answer = await wire.ask(edit)
        assert ("error" not in answer) is allowed
        if not allowed:
            assert answer["error"]["code"] == "ERR_DESIGN_FORBIDDEN"
            assert "error" not in await wire.edit(case.id, version, 2)  # elsewhere they may
        wire.leave()
        await wire.running


async def test_a_design_keeps_an_owner(site: Site, case: Case) -> None:
    hers = {"kind": "person", "subject": await site.person(case.ada)}
    answer = await case.ada.delete(f"{case.path}/grants", params=hers)
    assert refused(answer, 409) == "ERR_DESIGN_LAST_OWNER"
    answer = await case.ada.put(f"{case.path}/grants", json={**hers, "role": "editor"})
    assert refused(answer, 409) == "ERR_DESIGN_LAST_OWNER"
    await case.give("owner")
    checked(await case.ada.delete(f"{case.path}/grants", params=hers), 200)
    assert refused(await case.ada.get(f"{case.path}/access"), 404) == "ERR_DESIGN_NOT_FOUND"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"kind": "person", "role": "viewer"},
        {"kind": "person", "subject": "u0000000000000000", "role": "viewer"},
        {"kind": "everyone", "subject": "x", "role": "viewer"},
        {"kind": "group", "subject": "", "role": "viewer"},
        {"kind": "group", "subject": "a\nb", "role": "viewer"},
        {"kind": "group", "subject": "x" * 200, "role": "viewer"},
        {"kind": "group", "subject": ["x"], "role": "viewer"},
        {"kind": "robot", "subject": "x", "role": "viewer"},
        {"kind": "everyone", "role": "admin"},
        {"kind": "everyone", "role": 1},
        {"kind": "everyone", "role": ["owner"]},
        {"kind": "everyone", "role": "viewer", "scope": "pages/"},
        {"kind": "everyone", "role": "viewer", "scope": "pages/../x"},
        {"kind": "everyone", "role": "viewer", "scope": "components/c1"},
        {"kind": "everyone", "role": "viewer", "scope": None},
        {"kind": ["everyone"], "role": "viewer"},
    ],
    ids=str,
)
async def test_roles_that_cannot_be_given(case: Case, given: dict[str, Any]) -> None:
    answer = await case.ada.put(f"{case.path}/grants", json=given)
    assert refused(answer, 400) == "ERR_MESSAGE_BADLY_FORMED"


async def test_nobody_changes_a_frozen_design(site: Site, case: Case) -> None:
    await case.give("editor")
    wire = await Wire.open(site, case.ben)
    version = (await wire.ask({"a": "s", "c": "designs", "d": case.id}))["data"]["v"]
    frozen = await case.ada.post(f"{case.path}/freeze", json={"frozen": True, "reason": "audit"})
    assert checked(frozen, 200) == {"frozen": True}
    for client in (case.ada, case.ben):
        answer = await client.patch(case.path, json={"name": "x"})
        assert refused(answer, 409) == "ERR_DESIGN_FROZEN"
    assert (await wire.edit(case.id, version, 1))["error"]["code"] == "ERR_DESIGN_FROZEN"
    checked(await case.ben.get(f"{case.path}/snapshot"), 200)
    row = checked(await case.ada.get("/api/designs"), 200)["designs"][0]
    assert type(row["frozenAt"]) is int
    checked(await case.ada.post(f"{case.path}/freeze", json={"frozen": False}), 200)
    assert "error" not in await wire.edit(case.id, version, 2)
    wire.leave()
    await wire.running
    for body in (
        {},
        {"frozen": 1},
        {"frozen": True, "reason": 5},
        {"frozen": True, "reason": "x" * 600},
    ):
        assert refused(await case.ada.post(f"{case.path}/freeze", json=body), 400)


async def test_E10_it_is_written_down_who_gave_what(site: Site, case: Case) -> None:
    await case.give("viewer")
    await case.ada.post(f"{case.path}/freeze", json={"frozen": True, "reason": "audit"})
    await case.ben.patch(case.path, json={"name": "x"})
    await site.backend.acts.flush()
    entries = [each.entry for each in await site.backend.store.audit.read("default")]
    ada = await site.person(case.ada)
    assert [(each.principal, each.action, each.design) for each in entries] == [
        (ada, "design.create", case.id),
        (ada, "share.give", case.id),
        (ada, "design.freeze", case.id),
        (case.who, "right.refused", case.id),
    ]
    assert entries[1].details == {
        "scope": "",
        "kind": "person",
        "subject": case.who,
        "role": "viewer",
    }
    assert all(each.address == "192.0.2.1" and each.request for each in entries)


async def test_people_to_share_with(site: Site, case: Case) -> None:
    found = checked(await case.ben.get("/api/people"), 200)["people"]
    assert [person["name"] for person in found] == ["Ada", "Ben"]


async def test_a_design_has_so_many_roles(site: Site, case: Case) -> None:
    grants = site.backend.store.grants
    for number in range(MAX_GRANTS - 1):  # and the owner's
        await grants.put("default", Grant(case.id, "", "group", f"g{number}", Role.VIEWER), "u", 1)
    more = {"kind": "group", "subject": "one more", "role": "viewer"}
    answer = await case.ada.put(f"{case.path}/grants", json=more)
    assert refused(answer, 413) == "ERR_DESIGN_TOO_LARGE"
    again = {"kind": "group", "subject": "g7", "role": "editor"}
    checked(await case.ada.put(f"{case.path}/grants", json=again), 200)
