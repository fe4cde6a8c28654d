"""ToolJet's exports of both forms come in as valid designs and go back as they were, with the edits."""

import copy
import json
from typing import Any

import pytest

from server.document.design import Design
from server.errors import Code, DesignError
from server.interchange import export_tooljet, import_from, import_tooljet, sniff
from server.types import TypeRegistry

from .corpus import TOOLJET, differences, exports, read

TYPES = TypeRegistry.load()
NAMES = [path.name for path in exports(TOOLJET)]
SECRET = {"value": "AKIA1", "encrypted": True, "credential_id": "k1"}


def v2() -> dict[str, Any]:
    """An export of the form V2: two pages, a container with a header, an event, a query, a source."""

    def row(
        id: str, page: str, type: str, name: str, parent: str | None = None, **groups: Any
    ) -> dict[str, Any]:
        layouts = [
            {"id": f"{id}-d", "type": "desktop", "top": 10, "left": 2.5, "width": 7, "height": 40,
             "dimensionUnit": "count", "componentId": id, "updatedAt": "t"},
            {"id": f"{id}-m", "type": "mobile", "top": 1, "left": 2, "width": 3, "height": 4, "componentId": id},
        ]  # fmt: skip
        return {
            "id": id, "name": name, "type": type, "pageId": page, "parent": parent, "properties": {}, "general": None,
            "generalStyles": {}, "styles": {}, "displayPreferences": {"showOnDesktop": {"value": "{{true}}"}},
            "validation": {}, "createdAt": "a", "updatedAt": "b", "layouts": layouts, **groups,
        }  # fmt: skip

    app = {
        "id": "app1", "name": "Ünique app", "slug": "u", "globalSettings": {"appId": "x"},
        "pages": [
            {"id": "page2", "name": "Second", "handle": "second", "index": 2, "appVersionId": "v2"},
            {"id": "page1", "name": "Home", "handle": "home", "index": 1, "appVersionId": "v2", "disabled": None},
            {"id": "old", "name": "Home", "handle": "home", "index": 1, "appVersionId": "v1"},
        ],
        "components": [
            row("c-1", "page1", "Container", "box"),
            row("c-2", "page1", "Button", "save", "c-1-header",
                properties={"text": {"value": "Save"}, "visibility": {"value": "{{true}}", "fxActive": True}},
                styles={"backgroundColor": {"value": "#4368E3"}}, generalStyles={"boxShadow": {"value": "none"}}),
            row("c-3", "page2", "Table", "table 1", properties={"data": {"value": "{{queries.q1.data}}"}}),
            row("c-9", "old", "Text", "text1"),
        ],
        "events": [
            {"id": "e-2", "name": "onClick", "index": 1, "sourceId": "c-2", "target": "component", "appVersionId": "v2",
             "event": {"eventId": "onClick", "actionId": "show-alert", "message": "done"}},
            {"id": "e-1", "name": "onClick", "index": 0, "sourceId": "c-2", "target": "component", "appVersionId": "v2",
             "event": {"eventId": "onClick", "actionId": "run-query", "queryId": "q-1", "queryName": "q1"}},
            {"id": "e-3", "name": "onPageLoad", "index": 0, "sourceId": "page1", "target": "page",
             "event": {"eventId": "onPageLoad"}},
        ],
        "dataQueries": [
            {"id": "q-1", "name": "q1", "kind": "postgresql", "options": {"mode": "sql", "query": "select 1"},
             "dataSourceId": "d-1", "appVersionId": "v2", "createdAt": "x"},
            {"id": "q-2", "name": "save", "kind": "runjs", "options": {"code": "return 1"}, "dataSourceId": None,
             "appVersionId": "v2"},
            {"id": "q-9", "name": "q1", "kind": "postgresql", "options": None, "appVersionId": "v1"},
        ],
        "dataSources": [
            {"id": "d-1", "name": "db", "kind": "postgresql", "type": "default",
             "options": {"host": {"value": "db", "encrypted": False}, "password": SECRET}},
            {"id": "d-2", "name": "runjsdefault", "kind": "runjs", "type": "static", "options": None},
        ],
        "appVersions": [{"id": "v1", "name": "v1"}, {"id": "v2", "name": "v2"}],
        "editingVersion": {"id": "v2", "name": "v2"}, "appEnvironments": [], "dataSourceOptions": [],
        "schemaDetails": {"multiPages": True},
    }  # fmt: skip
    return {"tooljet_version": "3.5.19", "app": [{"definition": {"appV2": app}}]}


def by_name(document: dict[str, Any], section: str = "components") -> dict[str, Any]:
    return {each["name"]: each for each in document[section].values()}


def appv2(export: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = export["app"][0]["definition"]["appV2"]
    return found


def row_of(export: dict[str, Any], list_: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in appv2(export)[list_] if each["name"] == name)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_unedited_only_secrets_differ(name: str) -> None:
    data = read(TOOLJET / name)
    made = import_from(data)
    Design.from_json(made.document, TYPES)
    out = export_tooljet(json.loads(json.dumps(made.document)))
    for path in differences(data, out):
        value: Any = out
        for step in path:
            value = value[step]
        assert isinstance(value, dict) and "$secret" in value, path


@pytest.mark.parametrize("name", NAMES)
def test_edited_only_the_edits_differ(name: str) -> None:
    document = import_from(read(TOOLJET / name)).document
    before = export_tooljet(document)
    edited = copy.deepcopy(document)
    id, component = sorted(edited["components"].items())[0]
    component["props"]["visible"] = "{{maybe}}"
    (path,) = [
        path for path in differences(before, export_tooljet(edited)) if path[0] != "appVersions"
    ]
    assert path[:4] == ("editingVersion", "definition", "components", component["ext"]["sourceId"])
    assert path[-2:] in (("visible", "value"), ("properties", "visible"))
    component["name"] = "renamed1"
    again = import_from(export_tooljet(edited)).document
    assert by_name(again)["renamed1"]["props"] == component["props"]
    gone = sorted(edited["components"])[-1]
    kids = {i for i, each in edited["components"].items() if each["place"].get("parent") == gone}
    for each in {gone, *kids}:
        del edited["components"][each]
    again = import_from(export_tooljet(edited)).document
    kept = {each["ext"]["sourceId"]: each["props"] for each in edited["components"].values()}
    assert {each["ext"]["sourceId"]: each["props"] for each in again["components"].values()} == kept


def test_v2_unedited_is_the_same() -> None:
    data = v2()
    assert sniff(data) == "tooljet"
    made = import_tooljet(data)
    Design.from_json(made.document, TYPES)
    assert list(differences(data, export_tooljet(json.loads(json.dumps(made.document))))) == [
        ("app", 0, "definition", "appV2", "dataSources", 0, "options", "password", "value")
    ]
    assert "AKIA1" not in json.dumps(made.document)
    assert [each["secret"] for each in made.report["secrets"]["listed"]] == ["db_password"]


def test_v2_becomes_what_it_says() -> None:
    document = import_tooljet(v2()).document
    components = by_name(document)
    save = components["save"]
    assert save["type"] == "tooljet.Button"
    assert save["props"] == {
        "text": "Save", "visibility": "{{true}}", "displayPreferences.showOnDesktop": "{{true}}",
    }  # fmt: skip
    assert save["style"] == {"backgroundColor": "#4368E3", "generalStyles.boxShadow": "none"}
    assert save["layout"]["desktop"] == {
        "top": 10,
        "left": 2.5,
        "width": 7,
        "height": 40,
        "dimensionUnit": "count",
    }
    assert save["place"]["slot"] == "header"
    assert [each["run"]["actionId"] for each in save["events"].values()] == [
        "run-query",
        "show-alert",
    ]
    pages = sorted(document["pages"].values(), key=lambda page: page["order"])
    assert [page["name"] for page in pages] == ["Home", "Second"]
    queries = by_name(document, "queries")
    assert queries["q1"]["body"] == "select 1"
    assert document["dataSources"][queries["q1"]["dataSource"]]["config"] == {
        "host": "db", "password": {"$secret": "db_password"},
    }  # fmt: skip


def test_v2_edits_reach_their_rows() -> None:
    document = import_tooljet(v2()).document
    before = export_tooljet(document)
    components, ids = (
        by_name(document),
        {each["name"]: id for id, each in document["components"].items()},
    )
    components["save"]["props"]["text"] = "Send"
    components["table_1"]["place"] = {"parent": ids["box"], "slot": "content", "order": "z0"}
    components["box"]["name"] = "panel"
    components["save"]["events"]["e9"] = {"on": "onHover", "order": "zz", "run": {"actionId": "x"}}
    del components["save"]["events"]["e2"]
    document["components"]["cNew"] = {
        "type": "tooljet.Text", "typeVersion": 1, "name": "note", "props": {"text": "Hi"},
        "place": {"parent": ids["box"], "slot": "content", "order": "zz"},
        "layout": {"desktop": {"top": 1, "left": 1, "width": 1, "height": 1}},
    }  # fmt: skip
    by_name(document, "queries")["q1"]["body"] = "select 2"
    out = export_tooljet(document)
    assert row_of(out, "components", "save")["properties"]["text"] == {"value": "Send"}
    moved = row_of(out, "components", "table 1")
    assert (moved["parent"], moved["pageId"]) == ("c-1", "page1")
    assert row_of(out, "components", "panel")["id"] == "c-1"
    new = row_of(out, "components", "note")
    assert (new["type"], new["parent"], new["pageId"]) == ("Text", "c-1", "page1")
    assert new["layouts"][0]["componentId"] == new["id"]
    assert [each["event"]["eventId"] for each in appv2(out)["events"]] == [
        "onClick",
        "onPageLoad",
        "onHover",
    ]
    assert row_of(out, "dataQueries", "q1")["options"]["query"] == "select 2"
    for rest in ("appVersions", "editingVersion", "dataSources", "pages", "schemaDetails"):
        assert appv2(out)[rest] == appv2(before)[rest]
    again = by_name(import_tooljet(out).document)
    assert again["note"]["props"] == {"text": "Hi"}
    assert again["save"]["props"] == components["save"]["props"]


def test_a_deleted_component_takes_its_rows_along() -> None:
    document = import_tooljet(v2()).document
    del document["components"][
        next(id for id, each in document["components"].items() if each["name"] == "save")
    ]
    out = export_tooljet(document)
    assert "save" not in {each["name"] for each in appv2(out)["components"]}
    assert [each["target"] for each in appv2(out)["events"]] == ["page"]


@pytest.mark.parametrize(
    "data",
    [{}, {"app": []}, {"app": [{"definition": {"appV2": {"pages": []}}}]}, {"editingVersion": 1}],
)
def test_what_is_no_export_is_refused(data: Any) -> None:
    with pytest.raises(DesignError) as refused:
        import_tooljet(data)
    assert refused.value.code == Code.IMPORT


def test_what_did_not_come_from_tooljet_cannot_go_there() -> None:
    with pytest.raises(DesignError):
        export_tooljet({"meta": {"importedFrom": {"tool": "appsmith"}}})
