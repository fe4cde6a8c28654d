"""What administrators of a tenant do: people, service tokens, the record of acts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.store.chain import ROOT
from server.store.trail import entry_hash, stored_details
from tests.support.described import checked, refused
from tests.support.identity import Site, open_site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path, admins=("ada",)) as site:
        yield site


@pytest.fixture
async def ada(site: Site) -> httpx.AsyncClient:
    return await site.program("ada")


@pytest.fixture
async def ben(site: Site) -> httpx.AsyncClient:
    return await site.program("ben")


async def test_E3_others_are_refused(ben: httpx.AsyncClient) -> None:
    for method, path, body in (
        ("GET", "/api/members", None),
        ("PATCH", "/api/members/x", {"admin": True}),
        ("DELETE", "/api/members/x", None),
        ("POST", "/api/members/x/sign-out", None),
        ("GET", "/api/tokens", None),
        ("POST", "/api/tokens", {"name": "CI", "scopes": ["owner:*"]}),
        ("DELETE", "/api/tokens/x", None),
        ("GET", "/api/audit", None),
        ("GET", "/api/audit?format=jsonl", None),
    ):
        answer = await ben.request(method, path, json=body)
        assert refused(answer, 403) == "ERR_DESIGN_FORBIDDEN", path


async def test_people_are_made_administrators_and_blocked(
    site: Site, ada: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    who = await site.person(ben)
    hers = await site.person(ada)
    members = checked(await ada.get("/api/members"), 200)["members"]
    assert [(m["name"], m["admin"]) for m in members] == [("Ada", True), ("Ben", False)]
    changed = checked(await ada.patch(f"/api/members/{who}", json={"admin": True}), 200)
    assert changed["admin"] is True
    await site.backend.watch.look()
    checked(await ben.get("/api/members"), 200)
    assert refused(await ben.patch(f"/api/members/{who}", json={"blocked": True}), 422)
    checked(await ada.patch(f"/api/members/{who}", json={"admin": False, "blocked": True}), 200)
    await site.backend.watch.look()
    again = await site.program("ben")
    assert refused(await again.get("/api/session"), 403) == "ERR_DESIGN_FORBIDDEN"
    checked(await ada.patch(f"/api/members/{who}", json={"blocked": False}), 200)
    await site.backend.watch.look()
    checked(await again.get("/api/session"), 200)
    for body in ({"admin": 1}, {"blocked": "yes"}):
        assert refused(await ada.patch(f"/api/members/{who}", json=body), 400)
    assert refused(await ada.patch("/api/members/x", json={}), 404)
    assert refused(await ada.delete(f"/api/members/{hers}"), 422)


async def test_somebodys_sessions_are_ended(site: Site, ada: httpx.AsyncClient) -> None:
    browser = await site.browser("ben")
    who = await site.person(browser)
    checked(await ada.post(f"/api/members/{who}/sign-out"), 204)
    assert refused(await browser.get("/api/session"), 401) == "ERR_DESIGN_SIGN_IN"
    browser = await site.browser("ben")
    checked(await browser.post(f"/api/members/{who}/sign-out"), 204)  # their own
    assert refused(await browser.get("/api/session"), 401) == "ERR_DESIGN_SIGN_IN"


async def test_a_token_is_made_used_and_revoked(site: Site, ada: httpx.AsyncClient) -> None:
    design = checked(await ada.post("/api/designs", json={"name": "Claims"}), 201)["id"]
    body = {"name": "CI", "scopes": [f"viewer:{design}", "create"], "days": 7}
    made = checked(await ada.post("/api/tokens", json=body), 201)
    program = await site.client(headers={"authorization": f"Bearer {made['token']}"})
    session = checked(await program.get("/api/session"), 200)
    assert session["user"]["kind"] == "token" and session["user"]["name"] == "CI"
    checked(await program.get(f"/api/designs/{design}/check"), 200)
    answer = await program.patch(f"/api/designs/{design}", json={"name": "x"})
    assert refused(answer, 403) == "ERR_DESIGN_FORBIDDEN"
    own = checked(await program.post("/api/designs", json={"name": "Mine"}), 201)
    assert own["createdBy"] == {"id": made["id"], "name": "CI"}
    listed = checked(await ada.get("/api/tokens"), 200)["tokens"]
    assert [(t["id"], t["scopes"]) for t in listed] == [(made["id"], sorted(body["scopes"]))]
    assert listed[0]["usedAt"] is not None
    checked(await ada.delete(f"/api/tokens/{made['id']}"), 204)
    assert refused(await program.get("/api/session"), 401) == "ERR_DESIGN_SIGN_IN"
    assert refused(await ada.delete(f"/api/tokens/{made['id']}"), 404) == "ERR_DESIGN_NOT_FOUND"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "CI"},
        {"name": "", "scopes": ["create"]},
        {"name": "x" * 65, "scopes": ["create"]},
        {"name": "a\nb", "scopes": ["create"]},
        {"name": "CI", "scopes": []},
        {"name": "CI", "scopes": "create"},
        {"name": "CI", "scopes": ["members"]},
        {"name": "CI", "scopes": ["admin:*"]},
        {"name": "CI", "scopes": ["viewer:../x"]},
        {"name": "CI", "scopes": ["viewer"]},
        {"name": "CI", "scopes": [5]},
        {"name": "CI", "scopes": ["create"], "days": 0},
        {"name": "CI", "scopes": ["create"], "days": 367},
        {"name": "CI", "scopes": ["create"], "days": True},
        {"name": "CI", "scopes": ["create"], "days": "7"},
    ],
    ids=str,
)
async def test_tokens_that_cannot_be(ada: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert refused(await ada.post("/api/tokens", json=body), 400) == "ERR_MESSAGE_BADLY_FORMED"


async def test_E10_the_record_is_filtered_paged_and_exported(
    site: Site, ada: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    design = checked(await ada.post("/api/designs", json={"name": "Claims"}), 201)["id"]
    await ben.get(f"/api/designs/{design}/snapshot")
    await site.backend.acts.flush()
    await ada.delete(f"/api/designs/{design}")

    async def actions(**query: object) -> list[str]:
        answer = await ada.get("/api/audit", params=query)  # type: ignore[arg-type]
        return [entry["action"] for entry in checked(answer, 200)["entries"]]

    every = ["design.create", "right.refused", "design.trash"]
    assert await actions() == every
    assert await actions(before=99) == every[::-1]
    assert await actions(action="design") == [every[0], every[2]]
    assert await actions(design=design, principal=await site.person(ben)) == ["right.refused"]
    assert await actions(after=1, limit=1) == every[1:2]
    for wrong in ({"since": "x"}, {"limit": "-1"}, {"format": "xml"}):
        answer = await ada.get("/api/audit", params=wrong)
        assert refused(answer, 400) == "ERR_MESSAGE_BADLY_FORMED"
    answer = await ada.get("/api/audit", params={"format": "jsonl"})
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["action"] for line in lines] == [*every, "audit.export"]
    assert lines[0]["by"]["name"] == "Ada"
    assert answer.headers["content-type"].startswith("application/jsonl")


async def test_E10_a_name_is_erased_and_every_chain_still_holds(
    site: Site, ada: httpx.AsyncClient, ben: httpx.AsyncClient, tmp_path: Path
) -> None:
    design = checked(await ben.post("/api/designs", json={"name": "Claims"}), 201)["id"]
    who = await site.person(ben)
    hers = {"kind": "person", "subject": await site.person(ada), "role": "owner"}
    checked(await ben.put(f"/api/designs/{design}/grants", json=hers), 200)
    checked(await ada.delete(f"/api/members/{who}"), 204)
    assert (
        await site.person(ben) != who
    )  # the provider still knows them; here they are somebody new
    row = checked(await ada.get("/api/designs"), 200)["designs"][0]
    assert row["createdBy"] == {"id": who, "name": ""}
    entries = checked(await ada.get("/api/audit"), 200)["entries"]
    assert [entry["by"]["name"] for entry in entries if entry["by"]["id"] == who] == ["", ""]
    assert "Ben" not in json.dumps(entries)
    previous = ROOT
    for number, record in enumerate(await site.backend.store.audit.read("default"), 1):
        entry = record.entry
        assert record.hash == entry_hash(previous, number, entry, stored_details(entry))
        previous = record.hash
