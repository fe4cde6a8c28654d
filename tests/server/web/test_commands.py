"""Server commands over REST: seen by all as one version, refused like any edit."""

import json
from typing import Any

import httpx
import pytest

import schemas
from server.app import Backend

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
