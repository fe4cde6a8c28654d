"""Reviews over HTTP: approvals of exactly one content, by people who had no part in it, and what they gate."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from server.app import Backend
from server.review.rules import MAX_APPROVALS, MAX_ENVIRONMENTS, MAX_OWNERS
from server.web.review.reviews import MAX_DESCRIPTION, MAX_REVIEWERS, MAX_TITLE

from .test_branches import ADA, BEN, branch_of, data, design, label, url
from .test_http import checked, refused

__all__ = ["design"]

EVE = {"user": "Eve"}


async def person(http: httpx.AsyncClient, who: dict[str, str]) -> str:
    return str(checked(await http.get("/api/session", params=who), 200)["user"]["id"])


async def rule(http: httpx.AsyncClient, id: str, **rules: Any) -> dict[str, Any]:
    answer = await http.put(f"/api/designs/{id}/rules", json=rules, params=ADA)
    found: dict[str, Any] = checked(answer, 200)
    return found


async def review_of(http: httpx.AsyncClient, id: str, **given: Any) -> dict[str, Any]:
    body = {"title": "Please look", **given}
    answer = await http.post(f"/api/designs/{id}/reviews", json=body, params=ADA)
    made: dict[str, Any] = checked(answer, 201)
    return made


async def seen(http: httpx.AsyncClient, review: dict[str, Any], who: dict[str, str] = ADA) -> Any:
    path = f"/api/designs/{review['design']}/reviews/{review['id']}"
    return checked(await http.get(path, params=who), 200)


async def say(
    http: httpx.AsyncClient,
    review: dict[str, Any],
    who: dict[str, str],
    verdict: str = "approve",
    **given: Any,
) -> httpx.Response:
    """Say it of what is there now, or of what is given."""
    now = await seen(http, review)
    body = {"verdict": verdict, "version": now["version"], "hash": now["hash"], **given}
    path = f"/api/designs/{review['design']}/reviews/{review['id']}/verdicts"
    return await http.post(path, json=body, params=who)


async def merge(http: httpx.AsyncClient, id: str, branch: dict[str, Any]) -> httpx.Response:
    return await http.post(url(id, branch, "/merge"), json={}, params=ADA)


def gate(answer: httpx.Response) -> list[str]:
    assert refused(answer, 409) == "ERR_DESIGN_GATED"
    return [reason["rule"] for reason in answer.json()["error"]["details"]["reasons"]]


@pytest.fixture
async def branch(http: httpx.AsyncClient, backend: Backend, design: str) -> dict[str, Any]:
    """A branch on which Ada has changed something, of a design that wants one approval."""
    await rule(http, design, approvals=1, protected=True)
    made = await branch_of(http, design)
    await label(backend, made["id"], "t1", "by Ada", author=await person(http, ADA))
    return made


async def test_without_an_approval_nothing_is_merged(
    http: httpx.AsyncClient, backend: Backend, design: str, branch: dict[str, Any]
) -> None:
    assert gate(await merge(http, design, branch)) == ["approvals"]
    review = await review_of(http, design, branch=branch["id"])
    assert review["gate"] == {
        "open": False,
        "reasons": [
            {
                "rule": "approvals",
                "message": "An approval of this version is needed",
                "needed": 1,
                "given": 0,
            }
        ],
    }
    done = checked(await say(http, review, BEN), 201)
    (verdict,) = done["verdicts"]
    assert (verdict["by"]["name"], verdict["stale"], verdict["counts"]) == ("Ben", False, True)
    assert (verdict["version"], verdict["hash"]) == (review["version"], review["hash"])
    assert done["gate"]["open"]
    checked(await merge(http, design, branch), 200)
    assert (await data(backend, design))["components"]["t1"]["props"]["text"] == "by Ada"
    assert (await seen(http, review))["state"] == "merged"


async def test_an_approval_is_stale_once_anything_changes(
    http: httpx.AsyncClient, backend: Backend, design: str, branch: dict[str, Any]
) -> None:
    review = await review_of(http, design, branch=branch["id"])
    checked(await say(http, review, BEN), 201)
    await label(backend, branch["id"], "t2", "afterwards", author=await person(http, ADA))
    assert gate(await merge(http, design, branch)) == ["approvals"]
    now = await seen(http, review)
    assert [(each["stale"], each["counts"]) for each in now["verdicts"]] == [(True, False)]
    # Back to the same content: another version all the same.
    await label(backend, branch["id"], "t2", "hello", author=await person(http, ADA))
    assert (await seen(http, review))["hash"] == review["hash"]
    assert gate(await merge(http, design, branch)) == ["approvals"]
    checked(await say(http, review, BEN), 201)
    checked(await merge(http, design, branch), 200)


async def test_one_approves_what_one_has_looked_at(
    http: httpx.AsyncClient, backend: Backend, design: str, branch: dict[str, Any]
) -> None:
    review = await review_of(http, design, branch=branch["id"])
    await label(backend, branch["id"], "t2", "meanwhile", author=await person(http, ADA))
    for given in ({"version": review["version"]}, {"hash": review["hash"]}):
        answer = await say(http, review, BEN, **given)
        assert refused(answer, 409) == "ERR_DESIGN_STALE"
    details = answer.json()["error"]["details"]
    now = await seen(http, review)
    assert (details["version"], details["hash"]) == (now["version"], now["hash"])
    assert now["verdicts"] == []


async def test_nobody_approves_what_they_contributed_to(
    http: httpx.AsyncClient, backend: Backend, design: str, branch: dict[str, Any]
) -> None:
    review = await review_of(http, design, branch=branch["id"])
    assert [each["name"] for each in review["contributors"]] == ["Ada"]
    assert refused(await say(http, review, ADA), 403) == "ERR_DESIGN_OWN_CHANGE"
    # Who edits after approving has taken part: the approval counts no more, at any version.
    checked(await say(http, review, BEN), 201)
    await label(backend, branch["id"], "t2", "by Ben", author=await person(http, BEN))
    await label(backend, branch["id"], "t2", "hello", author=await person(http, BEN))
    assert refused(await say(http, review, BEN), 403) == "ERR_DESIGN_OWN_CHANGE"
    assert gate(await merge(http, design, branch)) == ["approvals"]
    checked(await say(http, review, EVE), 201)
    checked(await merge(http, design, branch), 200)


async def test_through_a_second_branch_one_does_not_approve_oneself_either(
    http: httpx.AsyncClient, backend: Backend, design: str, branch: dict[str, Any]
) -> None:
    """Ben merges Ada's work into main and presses the button: it is hers in every range all the same."""
    await rule(http, design, approvals=0)
    checked(await http.post(url(design, branch, "/merge"), json={}, params=BEN), 200)
    await rule(http, design, approvals=1)
    review = await review_of(http, design, **{"from": 1, "to": 2})
    assert [each["name"] for each in review["contributors"]] == ["Ada"]
    assert refused(await say(http, review, ADA), 403) == "ERR_DESIGN_OWN_CHANGE"
    checked(await say(http, review, BEN), 201)


async def test_who_decides_a_conflict_has_taken_part(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    branch = await branch_of(http, design)
    ada, ben = await person(http, ADA), await person(http, BEN)
    await label(backend, design, "t1", "by main", author=ada)
    await label(backend, branch["id"], "t1", "by branch", author=ada)
    await label(backend, design, "t2", "by main", author=ada)
    await rule(http, design, approvals=1)
    review = await review_of(http, design, branch=branch["id"])
    chosen = {
        "resolutions": [
            {"path": ["components", "t1", "props", "text"], "take": "value", "value": "by Ben"}
        ]
    }
    checked(await http.post(url(design, branch, "/update"), json=chosen, params=BEN), 200)
    assert {each["id"] for each in (await seen(http, review))["contributors"]} == {ada, ben}
    assert refused(await say(http, review, BEN), 403) == "ERR_DESIGN_OWN_CHANGE"


async def test_who_only_brings_it_up_to_date_has_not_taken_part(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    branch = await branch_of(http, design)
    ada = await person(http, ADA)
    await label(backend, branch["id"], "t1", "by branch", author=ada)
    await label(backend, design, "t2", "by main", author=await person(http, EVE))
    await rule(http, design, approvals=1)
    review = await review_of(http, design, branch=branch["id"])
    checked(await http.post(url(design, branch, "/update"), json={}, params=BEN), 200)
    assert {each["id"] for each in (await seen(http, review))["contributors"]} == {ada}
    checked(await say(http, review, BEN), 201)
    checked(await merge(http, design, branch), 200)


async def test_what_is_picked_from_elsewhere_stays_its_authors(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    ada, ben = await person(http, ADA), await person(http, BEN)
    source, branch = (
        await branch_of(http, design, "source"),
        await branch_of(http, design, "target"),
    )
    version = await label(backend, source["id"], "t1", "by Ada", author=ada)
    pick = {"design": source["id"], "version": version, "base": version - 1}
    checked(await http.post(f"/api/designs/{branch['id']}/pick", json=pick, params=BEN), 200)
    review = await review_of(http, design, branch=branch["id"])
    assert {each["id"] for each in review["contributors"]} == {ada, ben}
    assert refused(await say(http, review, ADA), 403) == "ERR_DESIGN_OWN_CHANGE"


async def test_requested_changes_hold_the_gate_until_who_asked_for_them_approves(
    http: httpx.AsyncClient, backend: Backend, design: str, branch: dict[str, Any]
) -> None:
    review = await review_of(http, design, branch=branch["id"])
    checked(await say(http, review, EVE, "request-changes", text="The label"), 201)
    checked(await say(http, review, BEN), 201)
    assert gate(await merge(http, design, branch)) == ["changes-requested"]
    await label(backend, branch["id"], "t1", "better", author=await person(http, ADA))
    checked(await say(http, review, BEN), 201)
    assert gate(await merge(http, design, branch)) == ["changes-requested"]
    checked(await say(http, review, EVE), 201)
    checked(await merge(http, design, branch), 200)


async def test_two_approvers_at_once_are_two(
    http: httpx.AsyncClient, design: str, branch: dict[str, Any]
) -> None:
    await rule(http, design, approvals=2)
    review = await review_of(http, design, branch=branch["id"])
    checked(await say(http, review, BEN), 201)
    assert gate(await merge(http, design, branch)) == ["approvals"]
    answers = await asyncio.gather(*(say(http, review, who) for who in (BEN, EVE, BEN, EVE)))
    assert [answer.status_code for answer in answers] == [201] * 4
    now = await seen(http, review)
    assert sorted(each["by"]["name"] for each in now["verdicts"] if each["counts"]) == [
        "Ben",
        "Eve",
    ]
    checked(await merge(http, design, branch), 200)


async def test_an_approval_that_races_with_an_edit_never_lets_the_edit_in_unseen(
    http: httpx.AsyncClient, backend: Backend, design: str, branch: dict[str, Any]
) -> None:
    ada = await person(http, ADA)
    review = await review_of(http, design, branch=branch["id"])
    for turn in range(5):
        _, _, answer = await asyncio.gather(
            say(http, review, BEN),
            label(backend, branch["id"], "t2", f"turn {turn}", author=ada),
            merge(http, design, branch),
        )
        if answer.status_code == 200:
            break
    else:
        checked(await say(http, review, BEN), 201)
        checked(await merge(http, design, branch), 200)
    (row,) = await backend.store.records.merges.find(tenant="default", branch=branch["id"])
    approved = {each["version"] for each in (await seen(http, review))["verdicts"]}
    assert row.branch_version in approved


async def test_owners_of_what_has_changed_must_approve(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    ada, eve = await person(http, ADA), await person(http, EVE)
    rules = await rule(http, design, owners=[{"elements": ["components/box"], "people": [eve]}])
    assert rules["owners"] == [
        {"elements": ["components/box"], "people": [{"id": eve, "name": "Eve"}]}
    ]
    outside, inside = (
        await branch_of(http, design, "outside"),
        await branch_of(http, design, "inside"),
    )
    await label(backend, outside["id"], "t1", "not hers", author=ada)
    checked(await merge(http, design, outside), 200)
    await label(backend, inside["id"], "in", "hers", author=ada)
    assert gate(await merge(http, design, inside)) == ["owners"]
    review = await review_of(http, design, branch=inside["id"])
    checked(await say(http, review, BEN), 201)
    assert gate(await merge(http, design, inside)) == ["owners"]
    checked(await say(http, review, EVE), 201)
    checked(await merge(http, design, inside), 200)


async def test_a_check_that_fails_holds_the_gate(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    await rule(http, design, checks=["unknown-name"])
    branch = await branch_of(http, design)
    await label(backend, branch["id"], "t1", "{{nobody.text}}")
    answer = await merge(http, design, branch)
    assert gate(answer) == ["checks"]
    (reason,) = answer.json()["error"]["details"]["reasons"]
    assert [each["element"] for each in reason["findings"]] == ["components/t1"]
    await label(backend, branch["id"], "t1", "{{Text2.text}}")
    checked(await merge(http, design, branch), 200)


async def test_a_review_that_is_closed_gates_and_approves_nothing(
    http: httpx.AsyncClient, design: str, branch: dict[str, Any]
) -> None:
    review = await review_of(http, design, branch=branch["id"])
    checked(await say(http, review, BEN), 201)
    path = f"/api/designs/{design}/reviews/{review['id']}"
    checked(await http.patch(path, json={"state": "closed"}, params=ADA), 200)
    assert gate(await merge(http, design, branch)) == ["approvals"]
    assert refused(await say(http, review, EVE), 409) == "ERR_DESIGN_STALE"
    checked(await http.patch(path, json={"state": "open", "title": "Again"}, params=ADA), 200)
    checked(await merge(http, design, branch), 200)


async def test_a_branch_in_the_trash_takes_its_reviews_along(
    http: httpx.AsyncClient, design: str, branch: dict[str, Any]
) -> None:
    gone, other = await review_of(http, design, branch=branch["id"]), await branch_of(http, design)
    kept = await review_of(http, design, branch=other["id"])
    checked(await http.delete(f"/api/designs/{branch['id']}", params=ADA), 204)
    listed = checked(await http.get(f"/api/designs/{design}/reviews", params=ADA), 200)["reviews"]
    assert [each["id"] for each in listed] == [kept["id"]]
    for path in (f"/api/designs/{design}/reviews/{gone['id']}", url(design, branch)):
        assert refused(await http.get(path, params=ADA), 404) == "ERR_DESIGN_NOT_FOUND"
    assert refused(await merge(http, design, branch), 404) == "ERR_DESIGN_NOT_FOUND"
    assert checked(await http.get("/api/waiting", params=ADA), 200)["reviews"] == []


async def test_what_waits_for_whom(
    http: httpx.AsyncClient, backend: Backend, design: str, branch: dict[str, Any]
) -> None:
    ben, eve = await person(http, BEN), await person(http, EVE)

    async def waits(who: dict[str, str]) -> list[str]:
        found = checked(await http.get("/api/waiting", params=who), 200)["reviews"]
        assert all(each["design"] == {"id": design, "name": "Claims"} for each in found)
        return [each["why"] for each in found]

    review = await review_of(http, design, branch=branch["id"], reviewers=[ben])
    assert (await waits(BEN), await waits(ADA), await waits(EVE)) == (["reviewer"], [], [])
    await rule(http, design, owners=[{"elements": ["pages/page1"], "people": [eve]}])
    assert await waits(EVE) == ["owner"]
    checked(await say(http, review, BEN, "request-changes"), 201)
    assert (await waits(BEN), await waits(ADA)) == ([], ["changes-requested"])
    await label(backend, branch["id"], "t1", "better", author=await person(http, ADA))
    assert await waits(BEN) == ["reviewer"]
    for who in (BEN, EVE):
        checked(await say(http, review, who), 201)
    assert (await waits(BEN), await waits(ADA), await waits(EVE)) == ([], [], [])
    path = f"/api/designs/{design}/reviews/{review['id']}"
    done = checked(await http.patch(path, json={"reviewers": [eve]}, params=ADA), 200)
    assert [each["id"] for each in done["reviewers"]] == [eve]
    checked(await merge(http, design, branch), 200)
    listed = checked(await http.get(f"/api/designs/{design}/reviews", params=ADA), 200)["reviews"]
    assert listed == []
    every = {**ADA, "state": "all"}
    listed = checked(await http.get(f"/api/designs/{design}/reviews", params=every), 200)
    assert [each["state"] for each in listed["reviews"]] == ["merged"]


async def test_wrong_rules_and_reviews(http: httpx.AsyncClient, design: str) -> None:
    for rules in (
        {"protected": 1}, {"approvals": -1}, {"approvals": 21}, {"approvals": True}, {"owners": {}}, {"owners": [{}]},
        {"owners": [{"elements": ["x"], "people": ["u1"]}]}, {"owners": [{"elements": ["pages/p"], "people": []}]},
        {"owners": [{"elements": ["pages/p"], "people": ["a b"]}]}, {"checks": ["nothing"]}, {"checks": "error"},
        {"environments": [{"name": "Prod"}]}, {"environments": [{"name": "a"}, {"name": "a"}]},
        {"environments": [{"name": "a", "needsApproval": 1}]},
    ):  # fmt: skip
        answer = await http.put(f"/api/designs/{design}/rules", json=rules, params=ADA)
        assert refused(answer, 400) == "ERR_MESSAGE_BADLY_FORMED", rules
    before = checked(await http.get(f"/api/designs/{design}/rules", params=ADA), 200)
    assert before["approvals"] == 0 and not before["protected"]
    for review in ({"title": "x"}, {"title": "x", "branch": "b", "from": 1, "to": 2}, {"title": "x", "from": 1},
                   {"title": "x", "from": 2, "to": 1}, {"title": "x", "from": True, "to": 2},
                   {"title": "x", "branch": 5}, {"title": "x", "branch": "b", "reviewers": [""]}):  # fmt: skip
        answer = await http.post(f"/api/designs/{design}/reviews", json=review, params=ADA)
        assert refused(answer, 400) == "ERR_MESSAGE_BADLY_FORMED", review
    answer = await http.post(
        f"/api/designs/{design}/reviews", json={"title": "x", "branch": "b"}, params=ADA
    )
    assert refused(answer, 404) == "ERR_DESIGN_NOT_FOUND"
    await edit_once(http, design)
    review = await review_of(http, design, **{"from": 1, "to": 2})
    for verdict in ({"verdict": "fine"}, {"version": "2"}, {"hash": 5}):
        assert refused(await say(http, review, BEN, **verdict), 400) == "ERR_MESSAGE_BADLY_FORMED"
    answer = await http.get(f"/api/designs/{design}/reviews/r0", params=ADA)
    assert refused(answer, 404) == "ERR_DESIGN_NOT_FOUND"


async def test_rules_and_reviews_are_bounded(
    http: httpx.AsyncClient, design: str, branch: dict[str, Any]
) -> None:
    many = [f"pages/p{n}" for n in range(MAX_OWNERS + 1)]
    owners = [{"elements": ["pages/p"], "people": ["u1"]} for _ in many]
    environments = [{"name": f"e{n}"} for n in range(MAX_ENVIRONMENTS + 1)]
    for rules in (
        {"approvals": MAX_APPROVALS + 1},
        {"owners": owners},
        {"owners": [{"elements": many, "people": ["u1"]}]},
        {"owners": [{"elements": ["pages/p"], "people": ["u"] * (MAX_OWNERS + 1)}]},
        {"environments": environments},
    ):
        answer = await http.put(f"/api/designs/{design}/rules", json=rules, params=ADA)
        assert refused(answer, 400) == "ERR_MESSAGE_BADLY_FORMED"
    most = {"approvals": MAX_APPROVALS, "owners": owners[1:], "environments": environments[1:]}
    await rule(http, design, **most)
    people = [f"u{n}" for n in range(MAX_REVIEWERS)]
    most = {"branch": branch["id"], "title": "x" * MAX_TITLE, "description": "x" * MAX_DESCRIPTION}
    review = await review_of(http, design, **most, reviewers=people)
    for given, status in (
        ({"title": "x" * (MAX_TITLE + 1)}, 422),
        ({"description": "x" * (MAX_DESCRIPTION + 1)}, 422),
        ({"reviewers": [*people, "more"]}, 400),
    ):
        answer = await http.post(
            f"/api/designs/{design}/reviews", json={**most, **given}, params=ADA
        )
        refused(answer, status)
        path = f"/api/designs/{design}/reviews/{review['id']}"
        refused(await http.patch(path, json=given, params=ADA), status)
    long = "x" * (MAX_DESCRIPTION + 1)
    assert refused(await say(http, review, BEN, text=long), 422) == "ERR_DESIGN_INVALID"
    checked(await say(http, review, BEN, text=long[1:]), 201)


async def edit_once(http: httpx.AsyncClient, design: str) -> None:
    checked(await http.patch(f"/api/designs/{design}", json={"name": "Other"}, params=ADA), 200)
