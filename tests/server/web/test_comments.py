"""Comments over HTTP: on target while the design is edited, for those they are for, told live."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from server.app import Backend
from server.errors import DesignError
from server.ports import DocumentId
from server.web.review.comments import MAX_COMMENT, MAX_COMMENTS, MAX_MENTIONS

from .test_branches import ADA, BEN, branch_of, data, design, edit, label
from .test_http import checked, refused
from .test_reviews import person, review_of

__all__ = ["design"]

TEXT = ["components", "t1", "props", "text"]


async def comment(
    http: httpx.AsyncClient, id: str, text: str = "Why?", **given: Any
) -> dict[str, Any]:
    answer = await http.post(
        f"/api/designs/{id}/comments", json={"text": text, **given}, params=ADA
    )
    made: dict[str, Any] = checked(answer, 201)
    return made


async def listed(http: httpx.AsyncClient, id: str, **query: str) -> list[dict[str, Any]]:
    answer = await http.get(f"/api/designs/{id}/comments", params={**ADA, **query})
    found: list[dict[str, Any]] = checked(answer, 200)["comments"]
    return found


async def anchor(http: httpx.AsyncClient, id: str) -> Any:
    (found,) = await listed(http, id)
    return found["anchor"]


async def test_a_comment_stays_on_its_range_through_edits(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    await label(backend, design, "t1", "Save \N{GRINNING FACE} the claim")
    made = await comment(http, design, anchor={"version": 2, "path": TEXT, "range": [8, 17]})
    assert made["anchor"] == {
        "element": "components/t1",
        "path": TEXT,
        "range": [8, 17],
        "lost": False,
    }
    await edit(backend, design, [{"p": [*TEXT, 0], "si": "Please: "}])
    assert (await anchor(http, design))["range"] == [16, 25]
    await edit(backend, design, [{"p": [*TEXT, 20], "si": "big "}])
    assert (await anchor(http, design))["range"] == [16, 29]
    # Moved elsewhere, and its text typed anew around it.
    place = (await data(backend, design))["components"]["t1"]["place"]
    into = {"parent": "box", "slot": "content", "order": "a5"}
    await edit(backend, design, [{"p": ["components", "t1", "place"], "od": place, "oi": into}])
    old = (await data(backend, design))["components"]["t1"]["props"]["text"]
    await edit(backend, design, [{"p": TEXT, "od": old, "oi": f"Now: {old}"}])
    where = (await anchor(http, design))["range"]
    assert where == [21, 34]
    assert (await data(backend, design))["components"]["t1"]["props"]["text"][
        20:33
    ] == "the big claim"


async def test_what_a_comment_was_on_may_go_and_come_back(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    await comment(http, design, anchor={"version": 1, "path": ["components", "t1"]})
    element = (await data(backend, design))["components"]["t1"]
    await edit(backend, design, [{"p": ["components", "t1"], "od": element}])
    assert (await anchor(http, design))["lost"] is True
    await edit(backend, design, [{"p": ["components", "t1"], "oi": element}])
    found = await anchor(http, design)
    assert (found["element"], found["lost"]) == ("components/t1", False)


async def test_a_comment_made_on_an_older_version_is_placed_now(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    await label(backend, design, "t1", "hello there")
    made = await comment(http, design, anchor={"version": 1, "path": TEXT, "range": [0, 5]})
    assert made["anchor"]["range"] == [0, 5]
    answer = await http.post(
        f"/api/designs/{design}/comments",
        json={"text": "x", "anchor": {"version": 1, "path": TEXT, "range": [0, 9]}},
        params=ADA,
    )
    assert refused(answer, 400) == "ERR_MESSAGE_BADLY_FORMED"


async def test_a_place_far_back_is_stored_anew_and_is_the_same(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    made = await comment(http, design, anchor={"version": 1, "path": TEXT, "range": [0, 5]})
    for _ in range(201):
        await edit(backend, design, [{"p": [*TEXT, 0], "si": "x"}])
    assert (await anchor(http, design))["range"] == [201, 206]
    row = await backend.store.records.comments.get("default", made["id"])
    assert row is not None and row.version == 202
    await edit(backend, design, [{"p": [*TEXT, 0], "si": "x"}])
    assert (await anchor(http, design))["range"] == [202, 207]


async def test_a_merge_carries_comments_on_main(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    await label(backend, design, "t1", "one two three")
    await comment(http, design, anchor={"version": 2, "path": TEXT, "range": [8, 13]})
    branch = await branch_of(http, design)
    await label(backend, branch["id"], "t1", "zero one two three")
    checked(
        await http.post(
            f"/api/designs/{design}/branches/{branch['id']}/merge", json={}, params=ADA
        ),
        200,
    )
    assert (await anchor(http, design))["range"] == [13, 18]


async def test_threads_mentions_and_resolving(http: httpx.AsyncClient, design: str) -> None:
    ben = await person(http, BEN)
    first = await comment(http, design, "Ben?", mentions=[ben])
    assert [each["name"] for each in first["mentions"]] == ["Ben"]
    waiting = checked(await http.get("/api/waiting", params=BEN), 200)["comments"]
    assert [(each["why"], each["comment"]["id"]) for each in waiting] == [("mention", first["id"])]
    reply = {"text": "Here", "thread": first["id"]}
    answer = checked(
        await http.post(f"/api/designs/{design}/comments", json=reply, params=BEN), 201
    )
    assert (answer["thread"], answer["author"]["name"]) == (first["id"], "Ben")
    path = f"/api/designs/{design}/comments/{first['id']}"
    done = checked(await http.patch(path, json={"resolved": True}, params=BEN), 200)
    assert done["resolvedBy"]["name"] == "Ben" and done["resolvedAt"] >= done["at"]
    assert checked(await http.get("/api/waiting", params=BEN), 200)["comments"] == []
    assert [each["id"] for each in await listed(http, design, resolved="1")] == [first["id"]]
    assert [each["id"] for each in await listed(http, design, resolved="0")] == [answer["id"]]
    again = checked(await http.patch(path, json={"resolved": False}, params=ADA), 200)
    assert again["resolvedAt"] is None
    changed = checked(
        await http.patch(path, json={"text": "Eve?", "mentions": []}, params=ADA), 200
    )
    assert (changed["text"], changed["mentions"]) == ("Eve?", []) and changed[
        "editedAt"
    ] is not None


async def test_only_who_wrote_a_comment_changes_it(http: httpx.AsyncClient, design: str) -> None:
    first = await comment(http, design)
    path = f"/api/designs/{design}/comments/{first['id']}"
    for call in (
        http.patch(path, json={"text": "mine"}, params=BEN),
        http.delete(path, params=BEN),
    ):
        assert refused(await call, 403) == "ERR_DESIGN_FORBIDDEN"
    reply = await comment(http, design, thread=first["id"])
    assert refused(await http.delete(path, params=ADA), 422) == "ERR_DESIGN_INVALID"
    checked(await http.delete(f"{path[: -len(first['id'])]}{reply['id']}", params=ADA), 204)
    checked(await http.delete(path, params=ADA), 204)
    assert await listed(http, design) == []
    assert refused(await http.delete(path, params=ADA), 404) == "ERR_DESIGN_NOT_FOUND"


async def test_comments_of_a_review_and_of_a_branch(http: httpx.AsyncClient, design: str) -> None:
    branch = await branch_of(http, design)
    review = await review_of(http, design, branch=branch["id"])
    made = await comment(http, branch["id"], review=review["id"])
    assert [each["id"] for each in await listed(http, branch["id"], review=review["id"])] == [
        made["id"]
    ]
    assert await listed(http, design) == []
    path = f"/api/designs/{design}/comments/{made['id']}"
    assert (
        refused(await http.patch(path, json={"resolved": True}, params=ADA), 404)
        == "ERR_DESIGN_NOT_FOUND"
    )


async def test_who_has_it_open_hears_of_it_on_every_node(
    http: httpx.AsyncClient, backend: Backend, design: str
) -> None:
    heard: asyncio.Queue[Mapping[str, object]] = asyncio.Queue()

    class Here:
        async def withdraw(self, document: DocumentId, error: DesignError) -> None:
            raise AssertionError(error)

        def hear(self, news: Mapping[str, object]) -> None:
            heard.put_nowait(news)

    backend.audience.join(DocumentId("default", "designs", design), Here())
    made = await comment(http, design)
    async with asyncio.timeout(10):
        news = await heard.get()
    assert news == {"a": "news", "c": "designs", "d": design, "kind": "comments", "id": made["id"]}


async def test_wrong_comments(http: httpx.AsyncClient, design: str) -> None:
    first = await comment(http, design)
    reply = await comment(http, design, thread=first["id"])
    for text in (None, "", "  ", 5, "x" * (MAX_COMMENT + 1), "\ud800"):
        if text == "\ud800":
            content = b'{"text": "\\ud800"}'
            headers = {"content-type": "application/json"}
            answer = await http.post(
                f"/api/designs/{design}/comments", content=content, headers=headers, params=ADA
            )
            assert answer.status_code in (400, 422)
            continue
        answer = await http.post(f"/api/designs/{design}/comments", json={"text": text}, params=ADA)
        assert refused(answer, 422) == "ERR_DESIGN_INVALID"
    await comment(http, design, "x" * MAX_COMMENT, mentions=[f"u{n}" for n in range(MAX_MENTIONS)])
    ok = {"version": 1, "path": TEXT}
    for given in (
        {"anchor": 5}, {"anchor": {"path": TEXT}}, {"anchor": {**ok, "path": []}}, {"anchor": {**ok, "path": ["no"]}},
        {"anchor": {**ok, "path": ["components"]}}, {"anchor": {**ok, "path": ["components", "none"]}},
        {"anchor": {**ok, "path": [["a"]]}}, {"anchor": {**ok, "range": [3, 2]}}, {"anchor": {**ok, "range": [0, 99]}},
        {"anchor": {**ok, "range": [True, 2]}}, {"anchor": {**ok, "path": TEXT[:2], "range": [0, 1]}},
        {"thread": "none"}, {"thread": reply["id"]}, {"thread": first["id"], "anchor": ok}, {"review": "r0"},
        {"mentions": "u1"}, {"mentions": [""]}, {"mentions": [f"u{n}" for n in range(MAX_MENTIONS + 1)]},
    ):  # fmt: skip
        body = {"text": "x", **given}
        answer = await http.post(f"/api/designs/{design}/comments", json=body, params=ADA)
        assert refused(answer, 400) == "ERR_MESSAGE_BADLY_FORMED", given
    for path in (["meta"], ["meta", "name"], ["components", "t1", "place"]):
        await comment(http, design, anchor={"version": 1, "path": path})


async def test_a_design_has_so_many_comments(
    http: httpx.AsyncClient, backend: Backend, design: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_COMMENTS >= 1_000
    monkeypatch.setattr("server.web.review.comments.MAX_COMMENTS", 2)
    await comment(http, design)
    await comment(http, design)
    answer = await http.post(f"/api/designs/{design}/comments", json={"text": "x"}, params=ADA)
    assert refused(answer, 413) == "ERR_DESIGN_TOO_LARGE"
