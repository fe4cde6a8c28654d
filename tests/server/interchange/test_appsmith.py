"""Appsmith exports become designs that are valid, keep what people made, and hold no secrets."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

import schemas
from ot.types import Json
from server.document.design import Design
from server.document.limits import MAX_TREE_DEPTH
from server.errors import Code, DesignError
from server.interchange import Imported, export_appsmith, import_appsmith
from server.types import TypeRegistry

TYPES = TypeRegistry.load()
CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "designs" / "appsmith-fixtures"


def widget(type: str, name: str, *children: Json, **more: Json) -> dict[str, Any]:
    made = {
        "widgetId": f"w-{name}",
        "widgetName": name,
        "type": type,
        "version": 1.0,
        "topRow": 0,
        "leftColumn": 0,
    }
    return {**made, "children": list(children), **more}


def export(*children: Json, **more: Json) -> dict[str, Any]:
    """A small export with one page."""
    root = widget("CANVAS_WIDGET", "MainContainer", *children)
    page = {"name": "Home", "slug": "home", "layouts": [{"dsl": root}]}
    return {
        "exportedApplication": {"name": "My app", "pages": [{"id": "Home", "isDefault": True}]},
        "pageList": [{"unpublishedPage": page}],
        **more,
    }


def action(name: str, **more: Json) -> dict[str, Any]:
    edited = {
        "name": name,
        "pageId": "Home",
        "actionConfiguration": {"body": "select 1", "timeoutInMillisecond": 10},
    }
    return {
        "id": f"Home_{name}",
        "pluginType": "DB",
        "pluginId": "postgres-plugin",
        "unpublishedAction": {**edited, **more},
    }


def imported(data: Json) -> tuple[dict[str, Any], dict[str, Any]]:
    made = import_appsmith(data)
    Design.from_json(made.document, TYPES)
    json.dumps(made.report)
    return made.document, made.report


def by_name(document: dict[str, Any], section: str = "components") -> dict[str, Any]:
    return {value["name"]: {"id": id, **value} for id, value in document[section].items()}


def test_the_crud_template() -> None:
    document, report = imported(schemas.sample("appsmith-crud"))
    assert report["counts"] == {
        "pages": 9, "components": 212, "queries": 37, "scripts": 1, "dataSources": 7,
    }  # fmt: skip
    assert document["meta"]["name"] == "CRUD App Templates"
    pages = sorted(document["pages"].values(), key=lambda page: page["order"])
    assert pages[0]["name"] == "Admin"
    by_id = {id: page["name"] for id, page in document["pages"].items()}
    query = next(
        each
        for each in document["queries"].values()
        if each["name"] == "DeleteQuery" and by_id[each["page"]] == "SQL"
    )
    assert query["body"].startswith("DELETE FROM public.template_table")
    assert query["kind"] == "postgres"
    assert document["dataSources"][query["dataSource"]]["name"] == "Internal DB"
    assert by_name(document, "scripts")["Utils"]["body"].startswith("export default {")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real exports is not here")
def test_every_export_of_the_corpus_gives_a_valid_design() -> None:
    files = sorted(CORPUS.glob("*.json.gz"))
    assert len(files) == 293
    components = 0
    for file in files:
        _, report = imported(json.loads(gzip.decompress(file.read_bytes())))
        components += report["counts"]["components"]
    assert components == 2_221


def test_import_is_repeatable_and_changes_nothing() -> None:
    data = schemas.sample("appsmith-crud")
    before = json.dumps(data)
    assert import_appsmith(data) == import_appsmith(data)
    assert json.dumps(data) == before


def test_widgets_become_components_in_visual_order() -> None:
    document, report = imported(
        export(
            widget("TEXT_WIDGET", "Second", topRow=10, text="{{ a }}", isVisible=True),
            widget("BUTTON_WIDGET", "Third", topRow=10, leftColumn=4, version=3.0),
            widget("CONTAINER_WIDGET", "First", widget("CANVAS_WIDGET", "Canvas1", topRow=2)),
        )
    )
    components = by_name(document)
    (page,) = document["pages"]
    order = sorted(
        ("First", "Second", "Third"), key=lambda name: components[name]["place"]["order"]
    )
    assert order == ["First", "Second", "Third"]
    text = components["Second"]
    assert (text["type"], text["typeVersion"]) == ("TEXT_WIDGET", 1)
    assert components["Third"]["typeVersion"] == 3
    assert text["props"] == {"text": "{{ a }}", "isVisible": True}
    assert text["layout"] == {"desktop": {"topRow": 10, "leftColumn": 0}}
    assert text["place"]["page"] == page
    assert text["ext"]["sourceId"] == "w-Second"
    assert components["Third"]["ext"]["version"] == 3.0
    inner = components["Canvas1"]["place"]
    assert (inner["parent"], inner["slot"]) == (components["First"]["id"], "content")
    assert report["counts"]["components"] == 4
    assert report["repairs"]["count"] == 0


def test_tabs_become_slots_and_modals_components() -> None:
    tab = widget("CANVAS_WIDGET", "Canvas2", widget("TEXT_WIDGET", "T"), tabId="tab2")
    document, _ = imported(
        export(widget("TABS_WIDGET", "Tabs1", tab, tabsObj={"tab2": {"id": "tab2"}}))
    )
    assert by_name(document)["Canvas2"]["place"]["slot"] == "tab2"


def test_events_are_taken_out_of_the_props() -> None:
    document, _ = imported(
        export(
            widget(
                "TABLE_WIDGET_V2",
                "Table1",
                onRowSelected="{{ a.run() }}",
                onSort="",
                click="{{ b.run() }}",
                primaryColumns={"x": {"onClick": "{{ c.run() }}"}},
                dynamicTriggerPathList=[{"key": "click"}, {"key": "primaryColumns.x.onClick"}, 7],
            )
        )
    )
    table = by_name(document)["Table1"]
    assert [(each["on"], each["run"]) for each in table["events"].values()] == [
        ("onRowSelected", "{{ a.run() }}"),
        ("click", "{{ b.run() }}"),
    ]
    assert table["props"] == {"onSort": "", "primaryColumns": {"x": {"onClick": "{{ c.run() }}"}}}


def test_the_editors_own_keys_are_kept_beside_the_props() -> None:
    document, report = imported(
        export(
            widget(
                "TEXT_WIDGET", "Text1", parentId="0", parentRowSpace=10, iconSVG="x" * 9_000, text="{{ a }}",
                dynamicBindingPathList=[{"key": "text"}], blueprint={"view": ["y" * 9_000]},
            )
        )
    )  # fmt: skip
    text = by_name(document)["Text1"]
    assert text["ext"]["source"]["parentRowSpace"] == 10
    assert set(text["ext"]["source"]) == {"parentRowSpace", "iconSVG", "blueprint"}
    assert "$packed" in text["ext"]["source"]["iconSVG"]
    assert "bindings" not in text["ext"]
    assert text["props"] == {"text": "{{ a }}"}
    assert report["dropped"] == {}


def test_names_are_made_usable_and_unique() -> None:
    document, report = imported(
        export(
            widget("TEXT_WIDGET", "1st text"),
            widget("TEXT_WIDGET", "Text1"),
            widget("TEXT_WIDGET", "Text1", widgetId="other"),
            widget("BUTTON_WIDGET", ""),
            widget("Ünknown", "X" * 80),
            actionList=[action("Text1"), action("load")],
        )
    )
    names = {"_1st_text", "Text1", "Text2", "Button", "X" * 64}
    assert set(by_name(document)) == names
    assert set(by_name(document, "queries")) == {"Text3", "load"}
    assert by_name(document)["X" * 64]["type"] == "UNKNOWN_WIDGET"
    repairs = [(each["what"], each["from"], each["to"]) for each in report["repairs"]["listed"]]
    assert ("name", "Text1", "Text2") in repairs
    assert ("type", "Ünknown", "UNKNOWN_WIDGET") in repairs
    assert report["repairs"]["count"] == 6


def test_widget_ids_that_repeat_stay_apart() -> None:
    data = export(
        widget("TEXT_WIDGET", "A", widgetId="x"), widget("TEXT_WIDGET", "B", widgetId="x")
    )
    second = {"name": "Copy", "layouts": data["pageList"][0]["unpublishedPage"]["layouts"]}
    data["pageList"].append({"unpublishedPage": second})
    document, report = imported(data)
    assert report["counts"]["components"] == 4
    assert sorted(each["name"] for each in document["components"].values()) == ["A", "A", "B", "B"]


def test_queries_scripts_and_data_sources() -> None:
    source = {
        "name": "Db", "pluginId": "postgres-plugin",
        "datasourceConfiguration": {
            "endpoints": [{"host": "db", "port": 5432}],
            "url": "postgres://me:hunter2@db/x",
            "authentication": {"username": "me", "password": "hunter2"},
            "headers": [{"key": "Authorization", "value": "Bearer hunter2"}, {"key": "Accept", "value": "*"}],
        },
    }  # fmt: skip
    rest = {"pluginId": "restapi-plugin", "datasourceConfiguration": {"url": "https://x.example"}}
    script = {
        "unpublishedCollection": {"name": "Tools", "pageId": "Home", "body": "export default {}"}
    }
    document, report = imported(
        export(
            datasourceList=[source],
            decryptedFields={"Db": {"password": "hunter2", "authType": "x"}},
            actionList=[
                action("load", datasource={"id": "Db"}, executeOnLoad=True),
                action("get", datasource=rest, pageId="gone"),
                {**action("fun"), "pluginType": "JS"},
                {**action("old"), "deleted": True},
            ],
            actionCollectionList=[script],
        )
    )
    (id,) = document["dataSources"]
    config = document["dataSources"][id]["config"]
    assert config["authentication"] == {
        "username": "me", "password": {"$secret": "Db_authentication_password"},
    }  # fmt: skip
    assert document["ext"]["decrypted"]["Db"] == {
        "password": {"$secret": "decrypted_Db_password"}, "authType": "x",
    }  # fmt: skip
    assert config["url"] == {"$secret": "Db_url"}
    assert config["headers"][0]["value"] == {"$secret": "Db_headers_Authorization"}
    assert config["headers"][1]["value"] == "*"
    assert "hunter2" not in json.dumps(document) + json.dumps(report)
    assert report["secrets"]["count"] == 4
    queries = by_name(document, "queries")
    assert queries["load"]["dataSource"] == id
    assert queries["load"]["config"] == {"timeoutInMillisecond": 10, "executeOnLoad": True}
    assert queries["get"]["dataSource"] is None
    assert queries["get"]["page"] is None
    assert queries["get"]["ext"]["action"]["datasource"] == rest
    assert set(queries) == {"load", "get"}
    assert by_name(document, "scripts")["Tools"]["page"] == next(iter(document["pages"]))


def test_pages_come_in_order_and_deleted_ones_not_at_all() -> None:
    data = export()
    page = data["pageList"][0]["unpublishedPage"]
    data["pageList"] = [
        {"unpublishedPage": {**page, "name": name, "deletedAt": gone}}
        for name, gone in (("B", None), ("C", None), ("A", None), ("Old", "2020"))
    ]
    data["exportedApplication"]["pages"] = [{"id": "A"}, {"id": "B"}]
    document, report = imported(data)
    pages = sorted(document["pages"].values(), key=lambda each: each["order"])
    assert [each["name"] for each in pages] == ["A", "B", "C"]
    assert [
        row["unpublishedPage"]["name"] for row in export_appsmith(document)["pageList"]
    ] == list("BCA") + ["Old"]


def test_a_bare_layout_becomes_a_design_with_one_page() -> None:
    document, report = imported(
        {"dsl": widget("CANVAS_WIDGET", "Main", widget("TEXT_WIDGET", "T"))}
    )
    assert report["counts"]["components"] == report["counts"]["pages"] == 1
    assert document["meta"]["name"] == "Imported design"
    assert import_appsmith({"dsl": {}}, "Mine").document["meta"]["name"] == "Mine"


def test_values_that_no_design_holds_are_mended() -> None:
    deep: Json = "x"
    for _ in range(100):
        deep = [deep]
    odd = {
        "__proto__": 1,
        "a\0": "b\0\ud800",
        "n": 2**60,
        "f": float("nan"),
        "z": -0.0,
        "i": 1e300,
        "deep": deep,
    }
    document, report = imported(export(widget("TEXT_WIDGET", "T", odd=odd)))
    mended = by_name(document)["T"]["props"]["odd"]
    assert "__proto__" not in mended
    assert mended["n"] == str(2**60)
    assert mended["f"] is None
    assert mended["z"] == 0
    assert report["repairs"]["count"] == 1


@pytest.mark.parametrize("data", [None, 5, [], {}, {"pageList": {}}, {"dsl": []}, {"format": "x"}])
def test_what_is_no_export_is_refused(data: Json) -> None:
    with pytest.raises(DesignError) as refused:
        import_appsmith(data)
    assert refused.value.code == Code.IMPORT


def test_too_deep_nesting_is_refused() -> None:
    inner = widget("TEXT_WIDGET", "T")
    for depth in range(MAX_TREE_DEPTH):
        inner = widget("CONTAINER_WIDGET", f"C{depth}", inner)
    with pytest.raises(DesignError) as refused:
        import_appsmith(export(inner))
    assert refused.value.code == Code.IMPORT


def test_too_many_widgets_are_refused() -> None:
    with pytest.raises(DesignError) as refused:
        import_appsmith(export(*(widget("TEXT_WIDGET", f"T{n}") for n in range(20_001))))
    assert refused.value.details == {"limit": 20_000, "actual": 20_001}


ODD: list[Json] = [
    None,
    True,
    0,
    -1,
    1.5,
    1e308,
    "",
    "x",
    "\0",
    "é😀",
    [],
    [None],
    {},
    {"a": 1},
    "x" * 300,
    "{{ a }}",
]


def spoiled(value: Json, random_: random.Random, chance: float) -> Json:
    if random_.random() < chance:
        return random_.choice(ODD)
    if isinstance(value, dict):
        return {key: spoiled(inner, random_, chance) for key, inner in value.items()}
    if isinstance(value, list):
        return [spoiled(inner, random_, chance) for inner in value]
    return value


@pytest.mark.parametrize("seed", range(150))
def test_a_spoiled_export_gives_a_valid_design_or_a_refusal(seed: int) -> None:
    random_ = random.Random(seed)
    tab = widget(
        "CANVAS_WIDGET",
        "C",
        widget("TEXT_WIDGET", "T"),
        tabId="tab1",
        dynamicTriggerPathList=[{"key": "x"}],
    )
    source = {
        "name": "Db",
        "pluginId": "p-plugin",
        "datasourceConfiguration": {"a": [{"key": "token", "value": "s"}]},
    }
    data = export(
        widget("TABS_WIDGET", "Tabs", tab, onClick="{{ x }}", primaryColumns={"a": {"password": "b"}}),
        widget("BUTTON_WIDGET", "B", mobileTopRow=3),
        datasourceList=[source],
        decryptedFields={"Db": {"password": "x"}},
        actionList=[action("q", datasource={"id": "Db"})],
        actionCollectionList=[{"unpublishedCollection": {"name": "S", "body": "", "pageId": "Home"}}],
        customJSLibList=[{"uidString": "lib", "name": "n"}],
        editModeTheme={"name": "Modern", "properties": {"colors": {"primary": "#fff"}}},
        clientSchemaVersion=1,
    )  # fmt: skip
    try:
        made: Imported = import_appsmith(spoiled(data, random_, 0.03))
    except DesignError as error:
        assert error.code == Code.IMPORT
    else:
        Design.from_json(made.document, TYPES)
        json.dumps(made.report)
        again = import_appsmith(export_appsmith(made.document)).document
        assert by_name(again).keys() == by_name(made.document).keys()
