"""Server commands over REST: seen by all as one version, refused like any edit."""

import json
from typing import Any

import httpx
import pytest

import schemas
from server.app import Backend
from server.document.model import new_design
from server.errors import Code, DesignError
from server.ports import DocumentId
from server.runtime.registry import Rooms

from .test_http import checked, refused


async def imported(http: httpx.AsyncClient, name: str) -> str:
    answer = await http.post("/api/designs/import", json=schemas.sample(name))
    return str(checked(answer, 201)["design"]["id"])


async def document(http: httpx.AsyncClient, id: str) -> Any:
    return checked(await http.get(f"/api/designs/{id}/snapshot"), 200)


def named(design: Any, section: str, name: str) -> str:
    return next(
        f"{section}/{id}" for id, each in design["data"][section].items() if each["name"] == name
    )


async def test_a_rename_takes_references_along_in_one_version(http: httpx.AsyncClient) -> None:
    id = await imported(http, "claims-intake")
    before = await document(http, id)
    query = next(
        each
        for each in before["data"]["queries"].values()
        if f"{each['name']}.data" in json.dumps(before)
    )
    element = named(before, "queries", query["name"])
    body = {"element": element, "name": "renamedQuery"}
    done = checked(await http.post(f"/api/designs/{id}/elements/rename", json=body), 200)
    assert done == {"version": before["v"] + 1, "leftovers": []}
    after = await document(http, id)
    assert after["v"] == done["version"]
    text = json.dumps(after["data"]["components"])
    assert f"{query['name']}.data" not in text and "renamedQuery.data" in text
    findings = checked(await http.get(f"/api/designs/{id}/check"), 200)["findings"]
    assert findings == []
    again = checked(await http.post(f"/api/designs/{id}/elements/rename", json=body), 200)
    assert again["version"] == done["version"]


@pytest.mark.parametrize(
    "body, status, code",
    [
        ({"element": "components/none", "name": "x"}, 400, "ERR_MESSAGE_BADLY_FORMED"),
        ({"element": "pages/page1", "name": "x"}, 400, "ERR_MESSAGE_BADLY_FORMED"),
        ({"element": 7, "name": "x"}, 400, "ERR_MESSAGE_BADLY_FORMED"),
        ({"name": "x"}, 400, "ERR_MESSAGE_BADLY_FORMED"),
        ({"element": "first", "name": "no name!"}, 422, "ERR_DESIGN_INVALID"),
        ({"element": "first", "name": "taken"}, 422, "ERR_DESIGN_NAME_TAKEN"),
    ],
)
async def test_what_cannot_be_renamed(
    http: httpx.AsyncClient, body: Any, status: int, code: str
) -> None:
    id = await imported(http, "claims-intake")
    design = await document(http, id)
    first, second = list(design["data"]["scripts"].items())[:2]
    if body.get("element") == "first":
        body = {**body, "element": f"scripts/{first[0]}"}
        if body["name"] == "taken":
            body["name"] = second[1]["name"]
    assert refused(await http.post(f"/api/designs/{id}/elements/rename", json=body), status) == code
    assert (await document(http, id))["v"] == design["v"]


async def test_check_and_export_of_an_imported_app(http: httpx.AsyncClient) -> None:
    id = await imported(http, "appsmith-crud")
    findings = checked(await http.get(f"/api/designs/{id}/check"), 200)["findings"]
    assert {each["rule"] for each in findings} >= {"unknown-name", "deprecated-type"}
    exported = checked(await http.get(f"/api/designs/{id}/export", params={"to": "appsmith"}), 200)
    assert len(exported["pageList"]) == len(schemas.sample("appsmith-crud")["pageList"])
    own = checked(await http.get(f"/api/designs/{id}/export"), 200)
    assert own["format"] == "coweave-design"
    answer = await http.get(f"/api/designs/{id}/export", params={"to": "tooljet"})
    assert refused(answer, 422) == "ERR_DESIGN_IMPORT"
    assert refused(await http.get("/api/designs/none/check"), 404) == "ERR_DESIGN_NOT_FOUND"


async def test_migration_of_what_is_newest_changes_nothing(
    http: httpx.AsyncClient, backend: Backend
) -> None:
    id = await imported(http, "claims-intake")
    before = await document(http, id)
    done = checked(await http.post(f"/api/designs/{id}/migrate"), 200)
    assert done == {"version": before["v"], "migrated": []}


async def test_F5_old_and_new_versions_of_a_type_are_edited_side_by_side(
    http: httpx.AsyncClient, backend: Backend
) -> None:
    """A client of before and one of now in one design; a migration in between, and types that nobody knows."""

    def component(type: str, version: int, order: str, **props: Any) -> dict[str, Any]:
        place = {"page": "page1", "slot": "content", "order": order}
        name = f"{type}{order}"
        return {
            "type": type,
            "typeVersion": version,
            "name": name,
            "place": place,
            "props": props,
        }

    made = new_design("Badges")
    made["components"] = {
        "old": component("Badge", 1, "a0", text="Before", tone="info"),
        "new": component("Badge", 2, "a1", label="Now"),
        "later": component("Badge", 99, "a2", any={"thing": [1, None]}),
        "strange": component("Elsewhere", 1, "a3", x=[{"y": 1.5}]),
    }
    id = str(checked(await http.post("/api/designs/import", json=made), 201)["design"]["id"])
    place = DocumentId("default", "designs", id)

    async def edit(*components: Any) -> None:
        await backend.rooms.submit(place, list(components), "somebody", bulk=False)

    def set_prop(element: str, key: str, old: Any, new: Any) -> dict[str, Any]:
        return {"p": ["components", element, "props", key], "od": old, "oi": new}

    await edit(set_prop("old", "text", "Before", "By an old client"))
    await edit(set_prop("new", "label", "Now", "By a new client"))
    await edit({"p": ["components", "made"], "oi": component("Badge", 1, "a4", text="Old one")})
    for wrong in (
        set_prop("new", "text", None, "x"),
        {"p": ["components", "old", "props", "label"], "oi": "x"},
    ):
        wrong.pop("od", None)
        with pytest.raises(DesignError) as refusal:
            await edit(wrong)
        assert refusal.value.code == Code.INVALID
    before = (await document(http, id))["data"]["components"]
    done = checked(await http.post(f"/api/designs/{id}/migrate"), 200)
    assert sorted(done["migrated"]) == ["components/made", "components/old"]
    after = (await document(http, id))["data"]["components"]
    assert after["old"]["props"] == {"label": "By an old client", "tone": "info"}
    assert after["old"]["typeVersion"] == after["made"]["typeVersion"] == 2
    for untouched in ("new", "later", "strange"):
        assert json.dumps(after[untouched]) == json.dumps(before[untouched])
    # A client of before still adds what it knows, and edits what is not of the type.
    await edit({"p": ["components", "again"], "oi": component("Badge", 1, "a5", text="Again")})
    await edit({"p": ["components", "old", "name"], "od": "Badgea0", "oi": "renamed"})
    found = checked(await http.get(f"/api/designs/{id}/check"), 200)["findings"]
    assert {each["rule"] for each in found} == {"unknown-type"}


async def test_references_typed_during_a_rename_are_kept_found_and_told(
    http: httpx.AsyncClient, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between what a rename was made on and its commit others type: beside a reference, a new one, another text."""

    def text(name: str, order: str, value: str) -> dict[str, Any]:
        place = {"page": "page1", "slot": "content", "order": order}
        return {
            "type": "Text",
            "typeVersion": 1,
            "name": name,
            "place": place,
            "props": {"text": value},
        }

    made = new_design("Typing")
    made["components"] = {
        "c1": text("Title", "a0", "Hi"),
        "c2": text("Beside", "a1", "{{ Title.text }}"),
        "c3": text("Fresh", "a2", "plain"),
        "c4": text("Replaced", "a3", "{{ Title.text + 1 }}"),
    }
    id = str(checked(await http.post("/api/designs/import", json=made), 201)["design"]["id"])
    submit = Rooms.submit

    def props(element: str, *rest: Any) -> list[Any]:
        return ["components", element, "props", "text", *rest]

    async def overtaken(
        self: Rooms, document: DocumentId, edit: Any, *more: Any, **options: Any
    ) -> int:
        monkeypatch.setattr(Rooms, "submit", submit)
        for part in (
            {"p": props("c2", 0), "si": "Look 😀: "},
            {"p": props("c3"), "od": "plain", "oi": "{{ Title.text }}"},
            {"p": props("c4"), "od": "{{ Title.text + 1 }}", "oi": "{{ Title.text + 2 }}"},
        ):
            await submit(self, document, [part], "somebody", bulk=False)
        return await submit(self, document, edit, *more, **options)

    monkeypatch.setattr(Rooms, "submit", overtaken)
    body = {"element": "components/c1", "name": "Heading"}
    done = checked(await http.post(f"/api/designs/{id}/elements/rename", json=body), 200)
    after = await document(http, id)
    texts = {name: each["props"]["text"] for name, each in after["data"]["components"].items()}
    assert texts == {
        "c1": "Hi",
        "c2": "Look 😀: {{ Heading.text }}",
        "c3": "{{ Title.text }}",
        "c4": "{{ Title.text + 2 }}",
    }
    assert after["data"]["components"]["c1"]["name"] == "Heading"
    assert sorted(done["leftovers"]) == [props("c3"), props("c4")]
    assert done["version"] == after["v"]
