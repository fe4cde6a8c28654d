"""Environments over HTTP: released is what was approved, and nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from server.app import Backend
from server.review.content import content_hash
from server.web.review.environments import MAX_REASON

from .test_branches import ADA, BEN, branch_of, data, design, label, url
from .test_http import checked, refused
from .test_reviews import EVE, gate, person, review_of, rule, say

__all__ = ["design"]


async def release(
    http: httpx.AsyncClient, id: str, version: int, name: str = "production", **given: Any
) -> httpx.Response:
    path = f"/api/designs/{id}/environments/{name}/releases"
    return await http.post(path, json={"version": version, **given}, params=ADA)


async def released(http: httpx.AsyncClient, id: str, name: str = "production") -> httpx.Response:
    return await http.get(f"/api/designs/{id}/environments/{name}", params=ADA)


async def approved(http: httpx.AsyncClient, id: str, start: int, version: int) -> dict[str, Any]:
    review = await review_of(http, id, **{"from": start, "to": version})
    checked(await say(http, review, BEN), 201)
    return review


@pytest.fixture
async def ada(http: httpx.AsyncClient) -> str:
    return await person(http, ADA)


async def test_there_are_three_to_begin_with(http: httpx.AsyncClient, design: str) -> None:
    found = checked(await http.get(f"/api/designs/{design}/environments", params=ADA), 200)
    assert found["environments"] == [
        {"name": "dev", "needsApproval": False, "release": None},
        {"name": "staging", "needsApproval": False, "release": None},
        {"name": "production", "needsApproval": True, "release": None},
    ]
    assert refused(await released(http, design), 404) == "ERR_DESIGN_NOT_FOUND"
    checked(await release(http, design, 1, "dev"), 201)
    assert checked(await released(http, design, "dev"), 200)["meta"]["name"] == "Claims"


async def test_only_what_was_approved_gets_to_production(
    http: httpx.AsyncClient, backend: Backend, design: str, ada: str
) -> None:
    """Approve N, promote N + 1: refused, whatever little it is that came between."""
    version = await label(backend, design, "t1", "approved", author=ada)
    assert gate(await release(http, design, version)) == ["approvals"]
    await approved(http, design, 1, version)
    content = await data(backend, design)
    after = await label(backend, design, "t1", "slipped in", author=ada)
    assert gate(await release(http, design, after)) == ["approvals"]
    done = checked(await release(http, design, version), 201)
    assert (done["number"], done["kind"], done["version"]) == (1, "promotion", version)
    assert [each["name"] for each in done["approvals"]] == ["Ben"]
    assert done["hash"] == content_hash(content)
    assert checked(await released(http, design), 200) == content


async def test_the_same_content_under_another_number_is_not_what_was_approved(
    http: httpx.AsyncClient, backend: Backend, design: str, ada: str
) -> None:
    version = await label(backend, design, "t1", "approved", author=ada)
    await approved(http, design, 1, version)
    await label(backend, design, "t1", "else", author=ada)
    same = await label(backend, design, "t1", "approved", author=ada)
    assert gate(await release(http, design, same)) == ["approvals"]


async def test_an_approval_on_the_branch_is_one_of_what_it_was_merged_to(
    http: httpx.AsyncClient, backend: Backend, design: str, ada: str
) -> None:
    branch = await branch_of(http, design)
    await label(backend, branch["id"], "t1", "on the branch", author=ada)
    review = await review_of(http, design, branch=branch["id"])
    checked(await say(http, review, BEN), 201)
    merged = checked(await http.post(url(design, branch, "/merge"), json={}, params=ADA), 200)
    checked(await release(http, design, merged["version"]), 201)


async def test_where_main_had_moved_the_merged_content_is_another(
    http: httpx.AsyncClient, backend: Backend, design: str, ada: str
) -> None:
    branch = await branch_of(http, design)
    await label(backend, branch["id"], "t1", "on the branch", author=ada)
    await label(backend, design, "t2", "on main", author=ada)
    review = await review_of(http, design, branch=branch["id"])
    checked(await say(http, review, BEN), 201)
    merged = checked(await http.post(url(design, branch, "/merge"), json={}, params=ADA), 200)
    assert gate(await release(http, design, merged["version"])) == ["approvals"]


async def test_nobody_approves_a_range_that_leaves_out_their_own_edits(
    http: httpx.AsyncClient, backend: Backend, design: str, ada: str
) -> None:
    """Ben edits, Ada edits; Ben approves what Ada did. What goes out is his as well."""
    first = await label(backend, design, "t1", "by Ben", author=await person(http, BEN))
    last = await label(backend, design, "t2", "by Ada", author=ada)
    await approved(http, design, first, last)
    assert gate(await release(http, design, last)) == ["approvals"]
    review = await review_of(http, design, **{"from": 1, "to": last})
    checked(await say(http, review, EVE), 201)
    checked(await release(http, design, last), 201)


async def test_back_to_what_was_released_needs_a_reason_only(
    http: httpx.AsyncClient, backend: Backend, design: str, ada: str
) -> None:
    versions = []
    for turn in range(2):
        versions.append(await label(backend, design, "t1", f"release {turn}", author=ada))
        await approved(http, design, versions[-1] - 1 or 1, versions[-1])
        checked(await release(http, design, versions[-1]), 201)
    answer = await release(http, design, versions[0], kind="rollback")
    assert refused(answer, 422) == "ERR_DESIGN_INVALID"
    never = await label(backend, design, "t1", "never released", author=ada)
    assert gate(await release(http, design, never, kind="rollback", reason="it broke")) == [
        "rollback"
    ]
    done = checked(
        await release(http, design, versions[0], kind="rollback", reason="it broke"), 201
    )
    assert (done["kind"], done["reason"], done["number"]) == ("rollback", "it broke", 3)
    assert (
        checked(await released(http, design), 200)["components"]["t1"]["props"]["text"]
        == "release 0"
    )


async def test_an_emergency_needs_a_reason_and_stays_marked(
    http: httpx.AsyncClient, backend: Backend, design: str, ada: str
) -> None:
    version = await label(backend, design, "t1", "urgent", author=ada)
    assert (
        refused(await release(http, design, version, kind="emergency"), 422) == "ERR_DESIGN_INVALID"
    )
    done = checked(await release(http, design, version, kind="emergency", reason="outage"), 201)
    assert (done["kind"], done["reason"], done["approvals"]) == ("emergency", "outage", [])
    await approved(http, design, 1, version)
    again = checked(await release(http, design, version), 201)
    assert again["kind"] == "promotion"
    path = f"/api/designs/{design}/environments/production/releases"
    rows = checked(await http.get(path, params=ADA), 200)["releases"]
    assert [(row["number"], row["kind"]) for row in rows] == [(2, "promotion"), (1, "emergency")]


async def test_the_released_design_is_fetched_once(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    checked(await release(http, design, 1, "dev"), 201)
    first = await released(http, design, "dev")
    tag = first.headers["etag"]
    assert tag == f'"{content_hash(first.json())}"'
    assert first.headers["x-coweave-version"] == "1"
    path = f"/api/designs/{design}/environments/dev"
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = await http.get(path, params=ADA, headers={"if-none-match": known})
        assert (answer.status_code, answer.content) == (304, b"")
    checked(await release(http, design, await label(backend, design, "t1", "new"), "dev"), 201)
    answer = await http.get(path, params=ADA, headers={"if-none-match": tag})
    assert checked(answer, 200)["components"]["t1"]["props"]["text"] == "new"
    assert answer.headers["etag"] != tag


async def test_releases_at_once_are_numbered_one_by_one(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    for turn in range(3):
        await label(backend, design, "t1", f"turn {turn}")
    answers = await asyncio.gather(*(release(http, design, n, "dev") for n in (1, 2, 3, 4)))
    numbers = [checked(each, 201)["number"] for each in answers]
    assert sorted(numbers) == [1, 2, 3, 4]


async def test_environments_are_the_designs_own(http: httpx.AsyncClient, design: str) -> None:
    own = [{"name": "test"}, {"name": "live", "needsApproval": True}]
    await rule(http, design, environments=own)
    found = checked(await http.get(f"/api/designs/{design}/environments", params=ADA), 200)
    assert [each["name"] for each in found["environments"]] == ["test", "live"]
    assert refused(await release(http, design, 1), 404) == "ERR_DESIGN_NOT_FOUND"
    assert gate(await release(http, design, 1, "live")) == ["approvals"]
    checked(await release(http, design, 1, "test"), 201)


async def test_wrong_releases(http: httpx.AsyncClient, design: str) -> None:
    for given in (
        {"version": None},
        {"version": "1"},
        {"version": True},
        {"version": 0},
        {"kind": "x", "version": 1},
    ):
        path = f"/api/designs/{design}/environments/dev/releases"
        answer = await http.post(path, json=given, params=ADA)
        assert refused(answer, 400) == "ERR_MESSAGE_BADLY_FORMED", given
    assert (
        refused(await release(http, design, 9, "dev"), 404)
        == "ERR_OP_VERSION_NEWER_THAN_CURRENT_SNAPSHOT"
    )
    assert refused(await release(http, design, 1, "no"), 404) == "ERR_DESIGN_NOT_FOUND"
    checked(await release(http, design, 1, "dev", reason="x" * MAX_REASON), 201)
    answer = await release(http, design, 1, "dev", reason="x" * (MAX_REASON + 1))
    assert refused(answer, 422) == "ERR_DESIGN_INVALID"
