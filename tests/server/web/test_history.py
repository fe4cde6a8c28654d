"""A design's history over HTTP: timeline, names, differences, blame, restore, revert, pick."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import httpx
import pytest

import ot
from server.app import Backend
from server.history.blame import Blame, leaves
from server.history.diff import ABSENT
from server.history.journal import Made
from server.history.restore import at as found_at
from server.ports import DocumentId
from tests.server.web.test_http import checked

Api = Callable[..., Awaitable[Any]]


def button(name: str, order: str = "a0", **props: Any) -> dict[str, Any]:
    return {
        "type": "Button",
        "typeVersion": 1,
        "name": name,
        "place": {"page": "page1", "slot": "content", "order": order},
        "props": {"label": name, "variant": "primary", **props},
    }


class Desk:
    """One design, edited past the browser by people of these names."""

    def __init__(self, http: httpx.AsyncClient, backend: Backend, id: str) -> None:
        self.http = http
        self.rooms = backend.rooms
        self.document = DocumentId("default", "designs", id)
        self.at = f"/api/designs/{id}"

    async def state(self) -> Any:
        return (await self.rooms.snapshot(self.document)).data

    async def edit(self, *op: Any, by: str = "ada") -> int:
        return await self.rooms.submit(self.document, list(op), by)

    async def add(self, id: str, value: Any, by: str = "ada") -> int:
        return await self.edit({"p": ["components", id], "oi": value}, by=by)

    async def set(self, id: str, key: str, value: Any, by: str = "ada") -> int:
        now = await self.rooms.snapshot(self.document)
        old = now.data["components"][id]["props"].get(key)
        part = {"p": ["components", id, "props", key], "oi": value}
        op = [part if old is None else {**part, "od": old}]
        return await self.rooms.submit(self.document, op, by, base=now.version)

    async def drop(self, element: str, by: str = "ada") -> int:
        value = found_at(await self.state(), element)
        return await self.edit({"p": element.split("/"), "od": value}, by=by)

    async def get(self, path: str, /, status: int = 200, **query: Any) -> Any:
        return checked(await self.http.get(f"{self.at}/{path}", params=query), status)

    async def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        return checked(await self.http.post(f"{self.at}/{path}", json=body or {}), status)

    async def put(self, path: str, body: Any, status: int = 200) -> Any:
        return checked(await self.http.put(f"{self.at}/{path}", json=body), status)


@pytest.fixture
async def desk(http: httpx.AsyncClient, backend: Backend) -> Desk:
    made = checked(await http.post("/api/designs", json={"name": "Claims"}), 201)
    return Desk(http, backend, made["id"])


async def test_the_timeline_tells_who_when_and_what_in_words(desk: Desk) -> None:
    await desk.add("b1", button("Save"))
    await desk.set("b1", "label", "Send")
    await desk.post("versions/2/restore", {"element": "components/b1"})
    found = await desk.get("versions")
    assert (found["head"], found["next"]) == (4, None)
    told = [(each["version"], each["kind"], each["summary"]) for each in found["versions"]]
    assert told == [
        (4, "restore", "label of button Save changed"),
        (3, "edit", "button Save added on Page 1"),
        (1, "create", "design created with 0 components on 1 page"),
    ]
    assert found["versions"][0]["origin"] == {"version": 2, "element": "components/b1"}
    assert found["versions"][0]["authors"][0]["name"] == "Local user"
    assert await desk.get("versions/2") == found["versions"][1]
    assert (await desk.get("versions", kind="restore"))["versions"] == found["versions"][:1]
    assert (await desk.get("versions", element="components/b1"))["versions"] == found["versions"][
        :2
    ]
    assert (await desk.get("versions", author="ada"))["versions"] == found["versions"][1:2]
    assert (await desk.get("versions", since=2**45))["versions"] == []
    assert (await desk.get("versions", until=1))["versions"] == []
    now = found["versions"][0]["endedAt"]
    assert (await desk.get("versions", until=now, since=1))["versions"] == found["versions"]
    page = await desk.get("versions", limit=1)
    assert (page["versions"], page["next"]) == (found["versions"][:1], 3)
    page = await desk.get("versions", limit=1, before=page["next"])
    assert page["versions"] == found["versions"][1:2]
    await desk.get("versions/5", status=404)
    for wrong in (
        {"limit": 0},
        {"limit": 201},
        {"before": "x"},
        {"element": "no"},
        {"element": "components/\0"},
        {"author": ""},
        {"author": "\0"},
        {"kind": "\0"},
    ):
        await desk.get("versions", status=400, **wrong)


async def test_a_version_is_named_and_a_protected_name_stays(desk: Desk) -> None:
    await desk.add("b1", button("Save"))
    await desk.set("b1", "label", "Send")
    label = await desk.put("versions/2/label", {"name": " First ", "note": "for Ben"})
    assert (label["version"], label["name"], label["note"]) == (2, "First", "for Ben")
    entry = (await desk.get("versions", named=1))["versions"]
    assert [each["version"] for each in entry] == [3]
    assert entry[0]["labels"] == [label]
    await desk.put("versions/2/label", {"name": "Release", "protected": True})
    await desk.put("versions/2/label", {"name": "Other", "protected": True}, status=409)
    gone = await desk.http.delete(f"{desk.at}/versions/2/label")
    checked(gone, 409)
    await desk.put("versions/2/label", {"name": "Free", "protected": False})
    assert (await desk.http.delete(f"{desk.at}/versions/2/label")).status_code == 204
    checked(await desk.http.delete(f"{desk.at}/versions/2/label"), 404)
    assert (await desk.get("versions", named=1))["versions"] == []
    await desk.put("versions/3/label", {"name": "Third"})
    for fits, query in (
        (True, {"author": "ada"}),
        (False, {"author": "ben"}),
        (False, {"kind": "restore"}),
        (True, {"element": "components/b1", "kind": "edit"}),
        (False, {"element": "components/b2"}),
    ):
        assert len((await desk.get("versions", named=1, **query))["versions"]) == int(fits), query
    await desk.put("versions/9/label", {"name": "X"}, status=404)
    await desk.put("versions/0/label", {"name": "X"}, status=404)
    for wrong in (
        {},
        {"name": ""},
        {"name": "x" * 129},
        {"name": "a\n"},
        {"name": "x", "note": 1},
        {"name": "x", "note": "x" * 2_001},
        {"name": "x", "note": "\0"},
    ):
        await desk.put("versions/2/label", wrong, status=400)
    for version in (1, 2, 3):
        await desk.put(f"versions/{version}/label", {"name": f"v{version}"})
    page = await desk.get("versions", named=1, limit=2)
    assert page["next"] == 1
    assert [each["version"] for each in page["versions"]] == [3]
    assert [each["name"] for each in page["versions"][0]["labels"]] == ["v3", "v2"]


async def test_differences_and_the_op_that_makes_them(desk: Desk) -> None:
    await desk.add("b1", button("Save"))
    await desk.set("b1", "label", "Save all")
    await desk.add("b2", button("More", "a1"))
    found = await desk.get("diff", **{"from": 2})
    assert (found["from"], found["to"]) == (2, 4)
    assert found["summary"] == "button More added on Page 1, label of button Save changed"
    assert found["counts"]["changed"] == found["counts"]["added"] == 1
    assert found["changes"] == [
        {
            "kind": "changed",
            "element": "components/b1",
            "name": "Save",
            "type": "Button",
            "page": "page1",
            "path": ["props", "label"],
            "old": "Save",
            "new": "Save all",
            "edits": [{"at": 4, "removed": "", "inserted": " all"}],
        },
        {
            "kind": "added",
            "element": "components/b2",
            "name": "More",
            "type": "Button",
            "page": "page1",
            "path": [],
        },
    ]
    op = (await desk.get("diff", **{"from": 4, "to": 2, "as": "op"}))["op"]
    two = (await desk.get("snapshot", version=2))["data"]
    assert ot.same(ot.apply(await desk.state(), op), two)
    assert (await desk.get("diff", **{"from": 3, "to": 3}))["changes"] == []
    await desk.get("diff", status=400)
    await desk.get("diff", status=400, **{"from": 1, "as": "x"})
    await desk.get("diff", status=404, **{"from": 1, "to": 9})
    await desk.get("diff", status=404, **{"from": 0, "to": 1})
    other = checked(await desk.http.post(f"{desk.at}/duplicate", json={}), 201)
    across = await desk.get("diff", **{"from": 4, "to": 1, "with": other["id"]})
    assert [each["element"] for each in across["changes"]] == ["meta"]
    await desk.get("diff", status=404, **{"from": 4, "to": 1, "with": "nowhere"})


async def test_blame_of_what_is_there_and_of_what_is_gone(desk: Desk) -> None:
    await desk.add("b1", button("Save"))
    await desk.set("b1", "label", "Send", by="ben")
    found = await desk.get("blame", element="components/b1")
    by_path = {tuple(row["path"]): row for row in found["properties"]}
    assert by_path["props", "label"]["version"] == 3
    assert by_path["props", "label"]["author"]["id"] == "ben"
    assert by_path["props", "label"]["kind"] == "edit"
    assert by_path["name",]["version"] == 2
    old = await desk.get("blame", element="components/b1", version=2, path='["props","label"]')
    assert [row["version"] for row in old["properties"]] == [2]
    await desk.drop("components/b1", by="cleo")
    gone = await desk.get("blame", element="components/b1")
    assert [(row["path"], row["version"], row["author"]["id"]) for row in gone["properties"]] == [
        ([], 4, "cleo")
    ]
    assert (await desk.get("blame", element="components/never"))["properties"] == []
    for wrong in ({}, {"element": "x"}, {"element": "meta", "path": "{"}, {"element": "a" * 9_000}):
        await desk.get("blame", status=400, **wrong)


async def test_restore_of_the_whole_while_somebody_types(desk: Desk) -> None:
    await desk.add("b1", button("Save"))
    await desk.add("b2", button("More", "a1"))
    before = await desk.state()
    await desk.set("b1", "label", "Send")
    await desk.drop("components/b2")
    await desk.add("b3", button("New", "a2"))
    shown = await desk.post("versions/3/restore", {"preview": True})
    assert shown["version"] is None
    assert {each["kind"] for each in shown["changes"]} == {"added", "removed", "changed"}

    async def types() -> None:
        for each in ("danger", "plain", "secondary"):
            await desk.set("b1", "variant", each, by="ben")

    typing = asyncio.create_task(types())
    done = await desk.post("versions/3/restore")
    await typing
    assert done["version"] is not None
    after = await desk.state()
    assert set(after["components"]) == {"b1", "b2"}
    assert after["components"]["b2"] == before["components"]["b2"]
    assert after["components"]["b1"]["props"]["label"] == "Save"
    again = await desk.post("versions/3/restore")
    if again["changes"] == []:
        assert again["version"] is None
    undone = await desk.post(f"versions/{done['version']}/revert")
    assert "b3" in (await desk.state())["components"]
    assert undone["version"] is not None


async def test_a_component_comes_back_with_what_it_needs_and_with_ones_text(desk: Desk) -> None:
    page = {"name": "Other", "order": "a1", "settings": {}}
    await desk.edit({"p": ["pages", "p2"], "oi": page})
    box = {
        "type": "Container",
        "typeVersion": 1,
        "name": "Box",
        "place": {"page": "p2", "slot": "content", "order": "a0"},
        "props": {},
    }
    inner = {**button("Save"), "place": {"parent": "box", "slot": "content", "order": "a0"}}
    beside = {**button("More"), "place": {"parent": "box", "slot": "content", "order": "a1"}}
    await desk.add("box", box)
    await desk.add("inner", inner)
    version = await desk.add("beside", beside)
    await desk.drop("pages/p2", by="ben")
    assert (await desk.state())["components"] == {}
    wish = {
        "element": "components/inner",
        "set": [{"path": ["props", "label"], "value": "what I typed"}],
    }
    done = await desk.post(f"versions/{version}/restore", wish)
    state = await desk.state()
    assert set(state["components"]) == {"box", "inner"}
    assert state["pages"]["p2"] == page
    assert state["components"]["inner"]["props"]["label"] == "what I typed"
    assert done["changes"]
    await desk.post(f"versions/{version}/restore", {"page": "p2"})
    state = await desk.state()
    assert set(state["components"]) == {"box", "inner", "beside"}
    assert state["components"]["inner"] == inner


async def test_restore_of_one_property(desk: Desk) -> None:
    await desk.add("b1", button("Save"))
    await desk.set("b1", "label", "Send")
    await desk.set("b1", "disabled", True)
    await desk.post("versions/2/restore", {"element": "components/b1", "path": ["props", "label"]})
    props = (await desk.state())["components"]["b1"]["props"]
    assert (props["label"], props["disabled"]) == ("Save", True)
    await desk.post(
        "versions/2/restore", {"element": "components/b1", "path": ["props", "disabled"]}
    )
    assert "disabled" not in (await desk.state())["components"]["b1"]["props"]
    await desk.drop("components/b1")
    await desk.post("versions/3/restore", {"element": "components/b1", "path": ["props", "label"]})
    assert (await desk.state())["components"]["b1"]["props"]["label"] == "Send"


@pytest.mark.parametrize(
    "body",
    [
        {"element": "x"},
        {"element": 1},
        {"page": 1},
        {"path": ["x"]},
        {"element": "meta", "path": "x"},
        {"element": "meta", "path": [1]},
        {"set": [{"path": ["a"], "value": 1}]},
        {"element": "meta", "set": {}},
        {"element": "meta", "set": [{"path": [], "value": 1}]},
        {"element": "meta", "set": [{"path": [1], "value": 1}]},
        {"element": "meta", "set": [{"path": ["a"]}]},
        {"preview": 1},
    ],
)
async def test_what_is_no_wish_to_restore(desk: Desk, body: Any) -> None:
    await desk.post("versions/1/restore", body, status=400)


async def test_restore_is_refused_as_an_edit_is(desk: Desk) -> None:
    await desk.add("b1", button("Save"))
    wish = {"element": "components/b1", "set": [{"path": ["props", "label"], "value": 5}]}
    error = await desk.post("versions/2/restore", wish, status=422)
    assert error["error"]["code"] == "ERR_DESIGN_INVALID"
    assert error["error"]["details"]["element"] == "components/b1"
    await desk.post("versions/1/restore", {"element": "components/b1"}, status=404)
    await desk.post("versions/0/restore", status=404)
    await desk.post("versions/9/restore", status=404)


async def test_revert_keeps_what_others_changed_since_and_says_so(desk: Desk) -> None:
    await desk.add("b1", button("Save"))
    await desk.add("b2", button("More", "a1"))
    base = await desk.set("b1", "label", "Send")
    version = await desk.set("b1", "variant", "danger")
    await desk.set("b2", "label", "Beside", by="ben")
    await desk.set("b1", "label", "By Ben", by="ben")
    done = await desk.post(f"versions/{version}/revert", {"base": base - 1})
    props = (await desk.state())["components"]["b1"]["props"]
    assert props == {"label": "By Ben", "variant": "primary"}
    assert (await desk.state())["components"]["b2"]["props"]["label"] == "Beside"
    assert done["kept"] == [
        {
            "element": "components/b1",
            "name": "Save",
            "path": ["props", "label"],
            "value": "By Ben",
            "version": version + 2,
            "by": {"id": "ben", "name": ""},
        }
    ]
    entry = await desk.get(f"versions/{done['version']}")
    assert (entry["kind"], entry["origin"]) == ("revert", {"version": version, "base": base - 1})
    await desk.post("versions/1/revert", status=400)
    await desk.post(f"versions/{version}/revert", {"base": version}, status=400)
    await desk.post(f"versions/{version}/revert", {"base": "1"}, status=400)
    await desk.post("versions/99/revert", status=404)
    await desk.post("versions/99/revert", {"base": 2}, status=404)


async def test_revert_of_an_insert_into_which_somebody_put_something(desk: Desk) -> None:
    box = {
        "type": "Container",
        "typeVersion": 1,
        "name": "Box",
        "place": {"page": "page1", "slot": "content", "order": "a0"},
        "props": {},
    }
    version = await desk.add("box", box)
    await desk.add(
        "in",
        {**button("Save"), "place": {"parent": "box", "slot": "content", "order": "a0"}},
        by="ben",
    )
    done = await desk.post(f"versions/{version}/revert", {"base": version - 1})
    assert set((await desk.state())["components"]) == {"box", "in"}
    assert [each["element"] for each in done["kept"]] == ["components/box"]


async def test_pick_from_another_design(desk: Desk, backend: Backend) -> None:
    await desk.add("b1", button("Save"))
    other = checked(await desk.http.post(f"{desk.at}/duplicate", json={}), 201)
    there = Desk(desk.http, backend, other["id"])
    await there.set("b1", "label", "Theirs")
    version = await there.add("b2", button("New", "a1"))
    await desk.set("b1", "variant", "danger", by="ben")
    wish = {"design": other["id"], "version": version, "base": 1}
    done = await desk.post("pick", wish)
    state = await desk.state()
    assert state["components"]["b1"]["props"] == {"label": "Theirs", "variant": "danger"}
    assert "b2" in state["components"]
    assert done["kept"] == []
    blame = await desk.get("blame", element="components/b1", path='["props","label"]')
    (row,) = blame["properties"]
    assert (row["kind"], row["origin"]["design"]) == ("pick", other["id"])
    for wrong in ("x", -1, 2**60, True, None):
        await desk.post("pick", {"version": wrong}, status=400)
        await desk.post("pick", {"version": 3, "base": wrong or "x"}, status=400)
    await desk.post("pick", {"version": 3, "design": "\0"}, status=400)
    await desk.post("pick", {"design": "nowhere", "version": 2}, status=404)


async def test_every_act_is_recorded(desk: Desk, backend: Backend) -> None:
    await desk.add("b1", button("Save"))
    version = await desk.set("b1", "label", "Send")
    await desk.post("versions/2/restore", {"element": "components/b1"})
    await desk.post(f"versions/{version}/revert", {"base": version - 1})
    await desk.put("versions/2/label", {"name": "First"})
    found = [each.entry.action for each in await backend.store.audit.read("default")]
    assert [each for each in found if each.startswith("version.")] == [
        "version.restore",
        "version.name",
    ]


async def test_a_design_in_the_trash_has_no_history(desk: Desk) -> None:
    await desk.http.delete(desk.at)
    await desk.get("versions", status=404)
    await desk.get("blame", status=404, element="meta")
    await desk.post("versions/1/restore", status=404)


async def test_a_page_is_bounded(desk: Desk) -> None:
    await desk.get("versions", limit=200)
    await desk.get("versions", limit=201, status=400)


async def test_a_wish_to_restore_is_bounded(desk: Desk) -> None:
    await desk.add("b1", button("Save"))

    def wish(length: int) -> Any:
        value = {"path": ["props", "label"], "value": "x" * length}
        return {"element": "components/b1", "set": [value], "preview": True}

    await desk.post("versions/2/restore", wish(1_000_000))
    await desk.post("versions/2/restore", wish(1_100_000), status=413)


async def test_a_version_as_a_file(desk: Desk) -> None:
    await desk.add("b1", button("Save"))
    await desk.set("b1", "label", "Send")
    file = await desk.get("export", version=2)
    assert file["components"]["b1"]["props"]["label"] == "Save"
    assert file == (await desk.get("snapshot", version=2))["data"]
    await desk.get("export", version=9, status=404)
    await desk.get("export", version=0, status=404)
    await desk.get("export", version="x", status=400)


@pytest.mark.parametrize("seed", range(4))
async def test_blame_after_restores_reverts_and_picks_equals_a_walk_over_all_ops(
    desk: Desk, backend: Backend, seed: int
) -> None:
    random = Random(seed)
    for at in range(3):
        await desk.add(f"b{at}", button(f"Save{at}", f"a{at}"))
    for _ in range(25):
        state = await desk.state()
        head = (await backend.store.head(desk.document)).version
        there = sorted(state["components"])
        version = random.randrange(2, head + 1)
        who = random.choice(["ada", "ben"])
        match random.randrange(7):
            case 0:
                await desk.post(f"versions/{version}/restore")
            case 1:
                await desk.post(f"versions/{version}/revert", {"base": max(version - 2, 1)})
            case 2:
                await desk.post("pick", {"version": version, "base": max(version - 2, 1)})
            case 3 if there:
                await desk.drop(f"components/{random.choice(there)}", by=who)
            case _ if there:
                value = random.choice(["primary", "danger", "plain"])
                await desk.set(
                    random.choice(there), random.choice(["label", "variant"]), value, by=who
                )
    state = await desk.state()
    ops = [Made.of(op) for op in await backend.store.read(desk.document, 0)]
    for element in ["meta", "pages/page1", *(f"components/b{at}" for at in range(3))]:
        steps = tuple(element.split("/"))
        value = found_at(state, element)
        walk = Blame([steps] if value is ABSENT else [(*steps, *path) for path in leaves(value)])
        for made in reversed(ops[1:]):
            assert isinstance(made.edit, list)
            walk.take(made.version, made.edit)
        walk.rest(1)
        shown = await desk.get("blame", element=element)
        found = {(*steps, *row["path"]): row["version"] for row in shown["properties"]}
        assert found == {
            path: made for path, made in walk.found.items() if value is not ABSENT or made > 1
        }
        for row in shown["properties"]:
            made = ops[row["version"] - 1]
            assert (row["author"]["id"], row["kind"]) == (made.author, made.kind)
