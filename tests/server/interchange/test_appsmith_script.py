"""The rows of a JavaScript object's functions follow its text, its name and its page; unedited they stay."""

import copy
import json
from typing import Any

import pytest

from server.interchange import export_appsmith, import_appsmith
from server.interchange.appsmith_git import export_from_folder, folder_from_export
from server.interchange.appsmith_script import functions, renewed_variables

from .corpus import APPSMITH, git_folder

BODY = """export default {
\tcount: 0,
\titems: [1, 2],
\tload: async (first, { second }, third = 3) => { return first },
\tone: x => x,
\tsave (row) {
\t\treturn row;
\t},
\tasync later () {},
\tplain: function (a, ...rest) { return a },
}"""


def test_functions_and_variables_of_a_text() -> None:
    found = functions(BODY)
    assert found is not None
    assert [(each.name, each.parameters, each.is_async) for each in found[0]] == [
        ("load", ("first", "{ second }", "third"), True),
        ("one", ("x",), False),
        ("save", ("row",), False),
        ("later", (), True),
        ("plain", ("a", "...rest"), False),
    ]
    sources = {each.name: each.source for each in found[0]}
    assert sources["one"] == "x => x"
    assert (
        sources["save"].startswith("function (row) {")
        and sources["later"] == "async function () {}"
    )
    assert found[1] == {"count": "0", "items": "[1, 2]"}


@pytest.mark.parametrize(
    "body", ["", "export default {", "const a = 1", "export default 5", "x" * 9]
)
def test_what_is_no_object_is_left_alone(body: str) -> None:
    assert functions(body) is None
    assert renewed_variables([{"name": "a"}], body) == [{"name": "a"}]


def row(name: str, body: str, *arguments: str) -> dict[str, Any]:
    return {
        "id": f"Home_Tools.{name}", "pluginType": "JS", "pluginId": "js-plugin", "gitSyncId": f"sync-{name}",
        "unpublishedAction": {
            "name": name, "fullyQualifiedName": f"Tools.{name}", "validName": f"Tools.{name}", "pageId": "Home",
            "collectionId": "Home_Tools", "jsonPathKeys": [body], "executeOnLoad": True,
            "actionConfiguration": {"body": body, "isAsync": False, "jsArguments": [{"name": n} for n in arguments]},
        },
        "publishedAction": {},
    }  # fmt: skip


def export() -> dict[str, Any]:
    body = (
        "export default {\n\tn: 1,\n\tadd: (a, b) => {\n\t\treturn a + b;\n\t},\n\tgone: () => 1\n}"
    )
    page = {
        "name": "Home",
        "layouts": [
            {
                "dsl": {"widgetId": "0"},
                "layoutOnLoadActions": [
                    [
                        {"id": "Home_Tools.add", "name": "Tools.add", "collectionId": "Home_Tools"},
                        {"id": "Home_get", "name": "get"},
                    ]
                ],
            }
        ],
    }
    action = {"name": "get", "pageId": "Home", "actionConfiguration": {"body": "x"}}
    collection = {
        "name": "Tools",
        "pageId": "Home",
        "body": body,
        "variables": [{"name": "n", "value": 1}],
    }
    return {
        "exportedApplication": {"name": "App"},
        "pageList": [{"unpublishedPage": page}],
        "actionList": [
            row("add", "(a, b) => {\n  return a + b;\n}", "a", "b"),
            {"id": "Home_get", "pluginType": "DB", "unpublishedAction": action},
            row("gone", "() => 1"),
            {**row("other", "() => 2"), "unpublishedAction": {"name": "other", "collectionId": "Elsewhere_X"}},
        ],
        "actionCollectionList": [{"id": "Home_Tools", "unpublishedCollection": collection}],
    }  # fmt: skip


def actions(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in export_appsmith(document)["actionList"]}


def test_unedited_every_row_is_as_it_was() -> None:
    data = export()
    out = export_appsmith(json.loads(json.dumps(import_appsmith(data).document)))
    assert out["actionList"] == data["actionList"]
    assert out["actionCollectionList"] == data["actionCollectionList"]


def test_an_edited_text_renews_the_rows_that_it_is_about() -> None:
    data = export()
    document = import_appsmith(data).document
    (script,) = document["scripts"].values()
    script["body"] = (
        "export default {\n\tn: 1,\n\tm: [],\n\tadd: (a, b) => {\n\t\treturn a + b;\n\t},\n\tmore: async (x) => x\n}"
    )
    out = export_appsmith(document)
    found = {each["id"]: each for each in out["actionList"]}
    assert list(found) == ["Home_Tools.add", "Home_get", "Home_Tools.other", "Home_Tools.more"]
    assert found["Home_Tools.add"] == data["actionList"][0]
    new = found["Home_Tools.more"]["unpublishedAction"]
    assert new["fullyQualifiedName"] == "Tools.more" and new["collectionId"] == "Home_Tools"
    assert new["actionConfiguration"]["body"] == "async (x) => x"
    assert new["actionConfiguration"]["jsArguments"] == [{"name": "x"}]
    held = out["actionCollectionList"][0]["unpublishedCollection"]["variables"]
    assert held == [{"name": "n", "value": 1}, {"name": "m", "value": "[]"}]
    script["body"] = script["body"].replace("(a, b) =>", "async (a) =>")
    changed = actions(document)["Home_Tools.add"]
    configuration = changed["unpublishedAction"]["actionConfiguration"]
    assert configuration["jsArguments"] == [{"name": "a"}] and configuration["isAsync"] is True
    assert changed["unpublishedAction"]["jsonPathKeys"] == [configuration["body"]]
    assert (
        changed["gitSyncId"] == "sync-add" and changed["unpublishedAction"]["executeOnLoad"] is True
    )
    again = import_appsmith(json.loads(json.dumps(export_appsmith(document)))).document
    (back,) = again["scripts"].values()
    assert back["body"] == script["body"] and len(again["queries"]) == 1


def test_a_new_name_and_a_new_page_reach_every_row() -> None:
    document = import_appsmith(export()).document
    (script,), (page,), (query,) = (
        document[section].values() for section in ("scripts", "pages", "queries")
    )
    script["name"], page["name"], query["name"] = "Kit", "Start", "fetch"
    out = export_appsmith(document)
    found = {each["id"]: each["unpublishedAction"] for each in out["actionList"]}
    assert list(found) == ["Start_Kit.add", "Start_fetch", "Start_Kit.gone", "Home_Tools.other"]
    assert out["actionCollectionList"][0]["id"] == "Start_Kit"
    add = found["Start_Kit.add"]
    assert (add["collectionId"], add["pageId"]) == ("Start_Kit", "Start")
    assert (add["fullyQualifiedName"], add["validName"]) == ("Kit.add", "Kit.add")
    (stage,) = out["pageList"][0]["unpublishedPage"]["layouts"][0]["layoutOnLoadActions"]
    assert stage == [
        {"id": "Start_Kit.add", "name": "Kit.add", "collectionId": "Start_Kit"},
        {"id": "Start_fetch", "name": "fetch"},
    ]


def test_a_deleted_object_takes_its_rows_along_and_a_made_one_brings_some() -> None:
    document = import_appsmith(export()).document
    (id,) = document["scripts"]
    (page,) = document["pages"]
    del document["scripts"][id]
    assert list(actions(document)) == ["Home_get", "Home_Tools.other"]
    document["scripts"]["sNew"] = {"name": "Made", "page": page, "body": BODY, "config": {}}
    made = actions(document)
    assert set(made) - {"Home_get", "Home_Tools.other"} == {
        f"Home_Made.{name}" for name in ("load", "one", "save", "later", "plain")
    }


@pytest.mark.skipif(not APPSMITH.is_dir(), reason="the corpus of real exports is not here")
def test_in_a_git_folder_only_the_files_of_the_edit_change() -> None:
    files = git_folder()
    document = import_appsmith(export_from_folder(files)).document
    edited = copy.deepcopy(document)
    page = next(id for id, each in edited["pages"].items() if each["name"] == "Dashboard")
    script = next(
        each
        for each in edited["scripts"].values()
        if each["name"] == "Utils" and each["page"] == page
    )
    script["body"] = script["body"].replace("(orderHistory) =>", "(orderHistory, more) =>")
    after = folder_from_export(export_appsmith(edited))
    base = "pages/Dashboard/"
    assert {path for path in files.keys() | after.keys() if files.get(path) != after.get(path)} == {
        f"{base}jsobjects/Utils/Utils.js", f"{base}queries/Utils-setActiveOrderHistory/metadata.json",
    }  # fmt: skip
    script["name"] = "Helpers"
    renamed = folder_from_export(export_appsmith(edited))
    assert not any("/Utils" in path and path.startswith(base) for path in renamed)
    row = json.loads(renamed[f"{base}queries/Helpers-totalRefund/metadata.json"])
    assert row["unpublishedAction"]["collectionId"] == "Dashboard_Helpers"
    gone = copy.deepcopy(document)
    del gone["pages"][page]
    for section in ("components", "queries", "scripts"):
        gone[section] = {
            id: each for id, each in gone[section].items()
            if (each if section != "components" else root(gone, each)).get("page") != page
        }  # fmt: skip
    left = folder_from_export(export_appsmith(gone))
    assert not any(path.startswith(base) for path in left)


def root(document: dict[str, Any], component: dict[str, Any]) -> dict[str, Any]:
    place: dict[str, Any] = component["place"]
    while "parent" in place:
        place = document["components"][place["parent"]]["place"]
    return place
