"""Branches and merges over HTTP, while others edit."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from server.app import Backend
from server.document.model import new_design
from server.document.versioned import why_of
from server.errors import Code, DesignError
from server.ports import DocumentId, StoreUnavailable
from server.web.branches import MAX_MERGE_BYTES
from server.web.review.branches import MAX_BRANCH_NAME, MAX_BRANCHES
from server.web.review.choices import MAX_CHOICES

from .test_http import checked, refused

ADA, BEN = {"user": "Ada"}, {"user": "Ben"}
PLACE = {"page": "page1", "slot": "content", "order": "a0"}


def text(name: str, value: str = "hello", **place: Any) -> dict[str, Any]:
    props = {"text": value}
    return {"type": "Text", "typeVersion": 1, "name": name, "place": place or PLACE, "props": props}


def box(name: str, **place: Any) -> dict[str, Any]:
    return {
        "type": "Container",
        "typeVersion": 1,
        "name": name,
        "place": place or PLACE,
        "props": {},
    }


@pytest.fixture
async def design(http: httpx.AsyncClient) -> str:
    """A design of Ada's with a container, what is in it, and two texts."""
    document = new_design("Claims")
    document["components"] = {
        "box": box("Box"),
        "in": text("Inside", parent="box", slot="content", order="a0"),
        "t1": text("Text1"),
        "t2": text("Text2"),
    }
    made = checked(await http.post("/api/designs/import", json=document, params=ADA), 201)
    return str(made["design"]["id"])


async def edit(backend: Backend, id: str, op: list[dict[str, Any]], author: str = "u-ada") -> int:
    return await backend.rooms.submit(DocumentId("default", "designs", id), op, author)


async def data(backend: Backend, id: str) -> dict[str, Any]:
    snapshot = await backend.rooms.snapshot(DocumentId("default", "designs", id))
    found: dict[str, Any] = snapshot.data
    return found


async def label(backend: Backend, id: str, component: str, new: str, author: str = "u-ada") -> int:
    old = (await data(backend, id))["components"][component]["props"]["text"]
    return await edit(
        backend,
        id,
        [{"p": ["components", component, "props", "text"], "od": old, "oi": new}],
        author,
    )


async def branch_of(
    http: httpx.AsyncClient, id: str, name: str = "Try", **given: Any
) -> dict[str, Any]:
    answer = await http.post(
        f"/api/designs/{id}/branches", json={"name": name, **given}, params=ADA
    )
    made: dict[str, Any] = checked(answer, 201)
    return made


def url(id: str, branch: dict[str, Any], what: str = "") -> str:
    return f"/api/designs/{id}/branches/{branch['id']}{what}"


async def test_a_branch_is_a_design_of_its_own_and_not_in_the_list(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    branch = await branch_of(http, design, "A bold try")
    assert (branch["name"], branch["state"], branch["root"]) == ("A bold try", "open", design)
    assert branch["base"] == {"design": design, "version": 1}
    listed = checked(await http.get("/api/designs", params=ADA), 200)["designs"]
    assert [row["id"] for row in listed] == [design]
    snapshot = checked(await http.get(f"/api/designs/{branch['id']}/snapshot", params=ADA), 200)
    assert snapshot["data"] == await data(backend, design)
    await label(backend, branch["id"], "t1", "on the branch")
    assert (await data(backend, design))["components"]["t1"]["props"]["text"] == "hello"
    for id in (design, branch["id"]):
        found = checked(await http.get(f"/api/designs/{id}/branches", params=ADA), 200)
        assert found["root"] == {"id": design, "name": "Claims", "version": 1, "protected": False}
        assert [each["id"] for each in found["branches"]] == [branch["id"]]
        assert found["branches"][0]["version"] == 2


async def test_a_branch_of_an_older_version(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    await label(backend, design, "t1", "later")
    branch = await branch_of(http, design, version=1)
    assert (await data(backend, branch["id"]))["components"]["t1"]["props"]["text"] == "hello"
    assert branch["behind"] == 1
    answer = await http.post(
        f"/api/designs/{design}/branches", json={"name": "x", "version": 9}, params=ADA
    )
    assert refused(answer, 404) == "ERR_OP_VERSION_NEWER_THAN_CURRENT_SNAPSHOT"


async def test_both_sides_come_together(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    branch = await branch_of(http, design)
    await label(backend, design, "t1", "by main")
    await label(backend, branch["id"], "t2", "by branch")
    await edit(backend, branch["id"], [{"p": ["components", "new"], "oi": text("New")}])
    compared = checked(await http.get(url(design, branch, "/compare"), params=ADA), 200)
    assert {(each["kind"], each["element"]) for each in compared["changes"]} == {
        ("changed", "components/t2"),
        ("added", "components/new"),
    }
    assert [each["new"] for each in compared["mainChanges"]] == ["by main"]
    assert compared["conflicts"] == [] and compared["gate"] == {"open": True, "reasons": []}
    done = checked(await http.post(url(design, branch, "/merge"), json={}, params=BEN), 200)
    after = (await data(backend, design))["components"]
    assert after["t1"]["props"]["text"] == "by main"
    assert after["t2"]["props"]["text"] == "by branch"
    assert after["new"] == text("New")
    assert done["version"] == 3
    found = checked(await http.get(url(design, branch), params=ADA), 200)
    assert (found["state"], found["mergedVersion"], found["behind"]) == ("merged", 3, 0)
    # In the log: one op, whose reason says which merge it is.
    (op,) = await backend.store.read(DocumentId("default", "designs", design), 2, 3)
    why = why_of(op.body)
    assert why is not None and why["kind"] == "merge" and why["merge"] == done["merge"]


async def test_a_conflict_is_told_and_decided(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    branch = await branch_of(http, design)
    await label(backend, design, "t1", "by main")
    await label(backend, branch["id"], "t1", "by branch")
    path = ["components", "t1", "props", "text"]
    conflict = {
        "path": path,
        "kind": "text",
        "base": "hello",
        "main": "by main",
        "branch": "by branch",
    }
    answer = await http.post(url(design, branch, "/merge"), json={}, params=ADA)
    assert refused(answer, 409) == "ERR_DESIGN_CONFLICT"
    assert answer.json()["error"]["details"]["conflicts"] == [conflict]
    compared = checked(await http.get(url(design, branch, "/compare"), params=ADA), 200)
    assert compared["conflicts"] == [conflict]
    assert [each["rule"] for each in compared["gate"]["reasons"]] == ["conflicts"]
    assert (await data(backend, design))["components"]["t1"]["props"]["text"] == "by main"
    chosen = {"resolutions": [{"path": path, "take": "value", "value": "by both"}]}
    done = checked(await http.post(url(design, branch, "/merge"), json=chosen, params=ADA), 200)
    assert (await data(backend, design))["components"]["t1"]["props"]["text"] == "by both"
    kept = await backend.store.records.merges.get("default", done["merge"])
    assert kept is not None and '"by branch"' in kept.resolutions


async def test_a_decision_about_what_nobody_has_seen_is_refused(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    branch = await branch_of(http, design)
    await label(backend, branch["id"], "t1", "by branch")
    seen = await label(backend, design, "t1", "by main")
    await label(backend, design, "t1", "by main again")
    chosen = {
        "resolutions": [{"path": ["components", "t1", "props", "text"], "take": "branch"}],
        "main": seen,
    }
    answer = await http.post(url(design, branch, "/merge"), json=chosen, params=ADA)
    assert refused(answer, 409) == "ERR_DESIGN_STALE"
    chosen["main"] = answer.json()["error"]["details"]["version"]
    checked(await http.post(url(design, branch, "/merge"), json=chosen, params=ADA), 200)


async def test_a_branch_that_changed_since_it_was_looked_at_is_not_merged(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    branch = await branch_of(http, design)
    await label(backend, branch["id"], "t1", "one")
    compared = checked(await http.get(url(design, branch, "/compare"), params=ADA), 200)["branch"]
    await label(backend, branch["id"], "t1", "two")
    for given in ({"version": compared["version"]}, {"hash": compared["hash"]}):
        answer = await http.post(url(design, branch, "/merge"), json=given, params=ADA)
        assert refused(answer, 409) == "ERR_DESIGN_STALE"
    now = answer.json()["error"]["details"]
    given = {"version": now["version"], "hash": now["hash"]}
    checked(await http.post(url(design, branch, "/merge"), json=given, params=ADA), 200)


async def test_brought_up_to_date_and_merged_no_conflict_comes_twice(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    branch = await branch_of(http, design)
    await label(backend, design, "t1", "by main")
    await label(backend, branch["id"], "t1", "by branch")
    answer = await http.post(url(design, branch, "/update"), json={}, params=ADA)
    assert refused(answer, 409) == "ERR_DESIGN_CONFLICT"
    chosen = {"resolutions": [{"path": ["components", "t1", "props", "text"], "take": "branch"}]}
    checked(await http.post(url(design, branch, "/update"), json=chosen, params=ADA), 200)
    found = checked(await http.get(url(design, branch), params=ADA), 200)
    assert (found["base"], found["behind"]) == ({"design": design, "version": 2}, 0)
    checked(await http.post(url(design, branch, "/merge"), json={}, params=ADA), 200)
    assert (await data(backend, design))["components"]["t1"]["props"]["text"] == "by branch"


async def test_a_branch_goes_on_after_its_merge(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    branch = await branch_of(http, design)
    await label(backend, branch["id"], "t1", "first")
    checked(await http.post(url(design, branch, "/merge"), json={}, params=ADA), 200)
    answer = await http.post(url(design, branch, "/merge"), json={}, params=ADA)
    assert refused(answer, 409) == "ERR_DESIGN_STALE"
    checked(await http.patch(url(design, branch), json={"state": "open"}, params=ADA), 200)
    await label(backend, design, "t2", "by main")
    await label(backend, branch["id"], "t1", "second")
    checked(await http.post(url(design, branch, "/merge"), json={}, params=ADA), 200)
    after = (await data(backend, design))["components"]
    assert (after["t1"]["props"]["text"], after["t2"]["props"]["text"]) == ("second", "by main")


async def test_an_invalid_result_is_refused_with_its_reasons_and_main_is_unchanged(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    """Each side moves one container into the other's: alone each is right, together they circle."""
    await edit(backend, design, [{"p": ["components", "box2"], "oi": box("Box2")}])
    branch = await branch_of(http, design)
    into = {"parent": "box2", "slot": "content", "order": "a0"}
    await edit(backend, design, [{"p": ["components", "box", "place"], "od": PLACE, "oi": into}])
    into = {"parent": "box", "slot": "content", "order": "a0"}
    await edit(
        backend, branch["id"], [{"p": ["components", "box2", "place"], "od": PLACE, "oi": into}]
    )
    before = await data(backend, design)
    answer = await http.post(url(design, branch, "/merge"), json={}, params=ADA)
    assert refused(answer, 422) == "ERR_DESIGN_TREE"
    faults = answer.json()["error"]["details"]["faults"]
    assert {each["rule"] for each in faults} == {"cycle"}
    assert {each["element"] for each in faults} == {"components/box", "components/box2"}
    assert await data(backend, design) == before
    assert checked(await http.get(url(design, branch), params=ADA), 200)["state"] == "open"
    # What is no conflict can be decided too.
    chosen = {"resolutions": [{"path": ["components", "box2", "place"], "take": "main"}]}
    checked(await http.post(url(design, branch, "/merge"), json=chosen, params=ADA), 200)


async def test_a_name_that_is_taken_is_changed_and_told(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    branch = await branch_of(http, design)
    await edit(backend, design, [{"p": ["components", "m"], "oi": text("Total")}])
    await edit(backend, branch["id"], [{"p": ["components", "b"], "oi": text("Total")}])
    done = checked(await http.post(url(design, branch, "/merge"), json={}, params=ADA), 200)
    assert done["renamed"] == [{"element": "components/b", "from": "Total", "to": "Total1"}]
    assert (await data(backend, design))["components"]["b"]["name"] == "Total1"


async def test_main_moves_while_it_is_merged(
    http: httpx.AsyncClient, backend: Backend, design: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody edits what the merge is about between its working out and its commit: it is worked out anew."""
    branch = await branch_of(http, design)
    await label(backend, branch["id"], "t1", "by branch")
    submit, moved = backend.rooms.submit, 0

    async def overtaken(document: DocumentId, op: Any, author: str, **given: Any) -> int:
        nonlocal moved
        if given.get("is_merge") and moved < 3:
            moved += 1
            await label(backend, design, "t2", f"typed {moved}")
            place = {
                "od": (await data(backend, design))["components"]["t1"]["place"],
                "oi": {**PLACE, "order": f"a{moved}"},
            }
            await edit(backend, design, [{"p": ["components", "t1", "place"], **place}])
        return await submit(document, op, author, **given)

    monkeypatch.setattr(backend.rooms, "submit", overtaken)
    checked(await http.post(url(design, branch, "/merge"), json={}, params=ADA), 200)
    after = (await data(backend, design))["components"]
    assert moved == 3
    assert after["t1"] == text("Text1", "by branch", **{**PLACE, "order": "a3"})
    assert after["t2"]["props"]["text"] == "typed 3"
    assert len(await backend.store.records.merges.find(tenant="default", branch=branch["id"])) == 1


async def test_a_conflict_that_comes_up_while_it_is_merged_is_told(
    http: httpx.AsyncClient, backend: Backend, design: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = await branch_of(http, design)
    await label(backend, branch["id"], "t1", "by branch")
    submit = backend.rooms.submit

    async def overtaken(document: DocumentId, op: Any, author: str, **given: Any) -> int:
        if given.get("is_merge"):
            await label(backend, design, "t1", "by main")
        return await submit(document, op, author, **given)

    monkeypatch.setattr(backend.rooms, "submit", overtaken)
    answer = await http.post(url(design, branch, "/merge"), json={}, params=ADA)
    assert refused(answer, 409) == "ERR_DESIGN_CONFLICT"
    assert (await data(backend, design))["components"]["t1"]["props"]["text"] == "by main"


async def test_two_merges_of_one_branch_at_once_are_one(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    branch = await branch_of(http, design)
    await edit(backend, branch["id"], [{"p": ["components", "new"], "oi": text("New")}])
    answers = await asyncio.gather(
        *(http.post(url(design, branch, "/merge"), json={}, params=ADA) for _ in range(4))
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert any(answer.status_code == 200 for answer in answers)
    names = [each["name"] for each in (await data(backend, design))["components"].values()]
    assert names.count("New") == 1 and len(names) == 5
    head = await backend.store.head(DocumentId("default", "designs", design))
    assert head.version == 2


async def test_others_type_while_branches_are_merged_and_nothing_is_lost(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    branches = [await branch_of(http, design, f"b{n}") for n in range(4)]
    for n, branch in enumerate(branches):
        await edit(backend, branch["id"], [{"p": ["components", f"n{n}"], "oi": text(f"N{n}")}])
    stop = asyncio.Event()
    typed = 0

    async def typing() -> None:
        nonlocal typed
        while not stop.is_set():
            typed += 1
            await label(backend, design, "t2", f"typed {typed}")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(typing())
        for branch in branches:
            checked(await http.post(url(design, branch, "/merge"), json={}, params=ADA), 200)
        stop.set()
    after = (await data(backend, design))["components"]
    assert after["t2"]["props"]["text"] == f"typed {typed}"
    assert {"n0", "n1", "n2", "n3"} <= after.keys()


async def test_a_merge_whose_end_was_not_written_is_found_in_the_log(
    http: httpx.AsyncClient, backend: Backend, design: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node dies after the commit: whoever looks next finishes it."""
    branch = await branch_of(http, design)
    await label(backend, branch["id"], "t1", "by branch")
    rows = backend.store.records.branches
    real = type(rows).replace

    async def dead(*_: Any) -> bool:
        raise StoreUnavailable("the node is dead")

    monkeypatch.setattr(type(rows), "replace", dead)
    answer = await http.post(url(design, branch, "/merge"), json={}, params=ADA)
    assert answer.status_code == 503
    monkeypatch.setattr(type(rows), "replace", real)
    assert (await data(backend, design))["components"]["t1"]["props"]["text"] == "by branch"
    found = checked(await http.get(url(design, branch), params=ADA), 200)
    assert (found["state"], found["mergedVersion"]) == ("merged", 2)
    (merge,) = await backend.store.records.merges.find(tenant="default", branch=branch["id"])
    assert merge.version == 2


async def test_a_merge_that_was_never_committed_is_forgotten(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    branch = await branch_of(http, design)
    merges = backend.store.records.merges
    await label(backend, branch["id"], "t1", "by branch")
    other = await branch_of(http, design, "other")
    checked(await http.post(url(design, other, "/merge"), json={}, params=ADA), 200)
    (merge,) = await merges.find(tenant="default", branch=other["id"])
    fresh = replace(merge, id="m1", branch=branch["id"], version=None)
    await merges.add(fresh)
    await merges.add(replace(fresh, id="m2", at=0))
    found = checked(await http.get(url(design, branch), params=ADA), 200)
    assert found["state"] == "open"
    assert await merges.find(tenant="default", branch=branch["id"]) == [fresh]


async def test_protected_main_takes_no_direct_edit_and_the_session_goes_on(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    branch = await branch_of(http, design)
    rules = checked(
        await http.put(f"/api/designs/{design}/rules", json={"protected": True}, params=ADA), 200
    )
    assert rules["protected"] is True
    for call, path, body in (
        ("PATCH", f"/api/designs/{design}", {"name": "Other"}),
        (
            "POST",
            f"/api/designs/{design}/elements/rename",
            {"element": "components/t1", "name": "Other"},
        ),
        ("POST", f"/api/designs/{design}/migrate", {}),
    ):
        answer = await http.request(call, path, json=body, params=ADA)
        assert refused(answer, 403) == "ERR_DESIGN_PROTECTED", path
    with pytest.raises(DesignError) as caught:
        await label(backend, design, "t1", "directly")  # as an edit that was let in before
    assert caught.value.code is Code.PROTECTED
    await label(backend, branch["id"], "t1", "on the branch")
    checked(await http.post(url(design, branch, "/merge"), json={}, params=ADA), 200)
    assert (await data(backend, design))["components"]["t1"]["props"]["text"] == "on the branch"
    checked(
        await http.put(f"/api/designs/{design}/rules", json={"protected": False}, params=ADA), 200
    )
    await label(backend, design, "t1", "directly")


async def test_after_the_answer_to_protection_no_edit_is_committed(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    refusals = 0
    protected = asyncio.Event()

    async def typing(component: str) -> None:
        nonlocal refusals
        for turn in range(200):
            was_protected = protected.is_set()
            try:
                await label(backend, design, component, f"typed {turn}")
            except DesignError as error:
                assert error.code is Code.PROTECTED
                refusals += 1
                return
            assert not was_protected

    async with asyncio.TaskGroup() as tasks:
        for component in ("t1", "t2"):
            tasks.create_task(typing(component))
        checked(
            await http.put(f"/api/designs/{design}/rules", json={"protected": True}, params=ADA),
            200,
        )
        protected.set()
    assert refusals == 2


async def test_the_trash_takes_branches_along(http: httpx.AsyncClient, design: str) -> None:
    branch = await branch_of(http, design)
    checked(await http.delete(f"/api/designs/{design}", params=ADA), 204)
    for path in (f"/api/designs/{branch['id']}/snapshot", url(design, branch)):
        assert refused(await http.get(path, params=ADA), 404) == "ERR_DESIGN_NOT_FOUND"
    checked(await http.post(f"/api/designs/{design}/restore", params=ADA), 200)
    checked(await http.get(url(design, branch), params=ADA), 200)


async def test_wrong_requests(http: httpx.AsyncClient, backend: Backend, design: str) -> None:
    branch = await branch_of(http, design)
    other = checked(await http.post("/api/designs", json={"name": "Other"}, params=ADA), 201)["id"]
    assert refused(await http.get(url(other, branch), params=ADA), 404) == "ERR_DESIGN_NOT_FOUND"
    assert (
        refused(await http.get(url(design, {"id": "b0"}), params=ADA), 404)
        == "ERR_DESIGN_NOT_FOUND"
    )
    for name in (None, "", " ", "x" * (MAX_BRANCH_NAME + 1), 5, "\0"):
        answer = await http.post(f"/api/designs/{design}/branches", json={"name": name}, params=ADA)
        assert refused(answer, 422) == "ERR_DESIGN_INVALID"
    await branch_of(http, design, "x" * MAX_BRANCH_NAME)
    one = {"path": ["a"], "take": "main"}
    for resolutions in ({}, [1], [{}], [{**one, "path": []}], [{**one, "take": "x"}], [one, one]):
        for what in ("/merge", "/update"):
            answer = await http.post(
                url(design, branch, what), json={"resolutions": resolutions}, params=ADA
            )
            assert refused(answer, 400) == "ERR_MESSAGE_BADLY_FORMED"
    answer = await http.patch(url(design, branch), json={"state": "merged"}, params=ADA)
    assert refused(answer, 400) == "ERR_MESSAGE_BADLY_FORMED"


async def test_a_design_has_so_many_open_branches(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    branch = await branch_of(http, design)
    rows = backend.store.records.branches
    row = await rows.get("default", branch["id"])
    assert row is not None
    for number in range(MAX_BRANCHES - 2):
        await rows.add(replace(row, id=f"b{number}"))
    last = await branch_of(http, design)
    answer = await http.post(f"/api/designs/{design}/branches", json={"name": "more"}, params=ADA)
    assert refused(answer, 413) == "ERR_DESIGN_TOO_LARGE"
    checked(await http.patch(url(design, last), json={"state": "closed"}, params=ADA), 200)
    await branch_of(http, design)


async def test_a_merge_is_bounded(http: httpx.AsyncClient, design: str) -> None:
    branch = await branch_of(http, design)
    for what in ("/merge", "/update"):
        many = [{"path": ["theme", str(n)], "take": "main"} for n in range(MAX_CHOICES + 1)]
        answer = await http.post(url(design, branch, what), json={"resolutions": many}, params=ADA)
        assert refused(answer, 400) == "ERR_MESSAGE_BADLY_FORMED"
        large = {"resolutions": [{**many[0], "take": "value", "value": "x" * MAX_MERGE_BYTES}]}
        answer = await http.post(url(design, branch, what), json=large, params=ADA)
        assert refused(answer, 413) == "ERR_DESIGN_TOO_LARGE"
    most = {"resolutions": many[:-1]}
    checked(await http.post(url(design, branch, "/merge"), json=most, params=ADA), 200)


async def test_very_many_changes_are_one_edit_all_the_same(
    http: httpx.AsyncClient, backend: Backend
) -> None:
    """More parts than an edit of the server may have: elements are set whole then."""
    document = new_design("Large")
    document["components"] = {f"c{n}": text(f"Text{n}") for n in range(5_100)}
    made = checked(await http.post("/api/designs/import", json=document, params=ADA), 201)
    id = made["design"]["id"]
    branch = await branch_of(http, id)
    new = document["components"]
    for op in (
        [{"p": ["components", name, "ext"], "oi": {"width": 1}} for name in new],
        [{"p": ["components", name, "ext", "color"], "oi": "red"} for name in new],
    ):
        await edit(backend, id, op)
        await edit(backend, branch["id"], op)
    for key in ("a", "b", "c", "d"):
        op = [{"p": ["components", name, "ext", key], "oi": "new"} for name in new]
        await edit(backend, branch["id"], op)
    checked(await http.post(url(id, branch, "/merge"), json={}, params=ADA), 200)
    assert (await data(backend, id)) == (await data(backend, branch["id"]))
