"""What went in comes out: unedited the same, edited with the edits and nothing else."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from server.errors import Code, DesignError
from server.interchange import export_appsmith, import_appsmith
from server.interchange.appsmith_git import export_from_folder, folder_from_export, is_folder

from .corpus import APPSMITH, APPSMITH_GIT, differences, exports, git_folder, read

REAL = pytest.mark.skipif(not APPSMITH.is_dir(), reason="the corpus of real exports is not here")
NAMES = [path.name for path in exports(APPSMITH)]


def repaired_names(report: dict[str, Any]) -> set[str]:
    return {each["to"] for each in report["repairs"]["listed"] if each["what"] == "name"}


def has_secret(value: Any) -> bool:
    return isinstance(value, dict) and "$secret" in value


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step] if isinstance(value, list) else value.get(step)
    return value


@REAL
@pytest.mark.parametrize("name", NAMES)
def test_unedited_only_repairs_and_secrets_differ(name: str) -> None:
    data = read(APPSMITH / name)
    before = json.dumps(data)
    made = import_appsmith(data)
    document = json.loads(json.dumps(made.document))
    out = export_appsmith(document)
    mended = repaired_names(made.report)
    for path in differences(data, out):
        there = at(out, path)
        assert has_secret(there) or (path[-1] == "widgetName" and there in mended), path
    assert json.dumps(data) == before
    assert json.dumps(document) == json.dumps(made.document)


def rich() -> list[str]:
    """Exports with enough in them to edit."""
    return [
        name
        for name in NAMES
        if len(import_appsmith(read(APPSMITH / name)).document["components"]) > 5
    ]


def leaf(document: dict[str, Any], rng: random.Random) -> str:
    parents = {each["place"].get("parent") for each in document["components"].values()}
    return rng.choice(sorted(id for id in document["components"] if id not in parents))


@REAL
@pytest.mark.parametrize("name", rich()[::2] if APPSMITH.is_dir() else [])
def test_a_changed_property_changes_that_alone(name: str) -> None:
    rng = random.Random(name)
    document = import_appsmith(read(APPSMITH / name)).document
    before = export_appsmith(document)
    edited = copy.deepcopy(document)
    component = edited["components"][leaf(edited, rng)]
    component["props"]["isVisible"] = (
        component["props"].get("isVisible") is not False and "no" or True
    )
    changed = list(differences(before, export_appsmith(edited)))
    if "{{" in str(
        document["components"][next(k for k, v in edited["components"].items() if v is component)][
            "props"
        ].get("isVisible")
    ):
        changed = [path for path in changed if "dynamicBindingPathList" not in path]
    assert len(changed) == 1 and changed[0][-1] == "isVisible"


@REAL
@pytest.mark.parametrize("name", rich()[::2] if APPSMITH.is_dir() else [])
def test_expressions_come_into_the_path_list_and_leave_it(name: str) -> None:
    rng = random.Random(name)
    document = import_appsmith(read(APPSMITH / name)).document
    edited = copy.deepcopy(document)
    id = leaf(edited, rng)
    edited["components"][id]["props"]["tooltip2"] = "{{ now }}"
    name = edited["components"][id]["name"]
    assert listed(edited, name)
    edited["components"][id]["props"]["tooltip2"] = "now"
    assert not listed(edited, name)


def listed(document: dict[str, Any], name: str) -> bool:
    """Does a widget of that name list the path `tooltip2`?"""
    return '{"key": "tooltip2"}' in json.dumps(
        [w for w in widgets(export_appsmith(document)) if w["widgetName"] == name]
    )


def widgets(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "widgetName" in value:
            yield {key: each for key, each in value.items() if key != "children"}
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from widgets(each)


def shape(document: dict[str, Any]) -> Any:
    """A design by names, without ids: what people see of it."""
    components = document["components"]
    pages = {id: page["name"] for id, page in document["pages"].items()}

    def path(component: dict[str, Any]) -> tuple[str, ...]:
        place = component["place"]
        if "page" in place:
            return (pages[place["page"]],)
        above = components[place["parent"]]
        return (*path(above), above["name"], place["slot"])

    return {
        "components": {
            (*path(each), each["name"]): (each["type"], each["typeVersion"], each["props"],
                           sorted((e["on"], e["run"]) for e in each.get("events", {}).values()))
            for each in components.values()
        },
        "order": {
            where: [each["name"] for each in sorted(
                (c for c in components.values() if path(c) == where), key=lambda c: c["place"]["order"])]
            for where in {path(each) for each in components.values()}
        },
        "pages": [page["name"] for page in sorted(document["pages"].values(), key=lambda p: p["order"])],
        **{section: sorted((each["name"], str(pages.get(each["page"])), each["body"],
                            json.dumps(each["config"], sort_keys=True))
                           for each in document[section].values()) for section in ("queries", "scripts")},
    }  # fmt: skip


def edit(document: dict[str, Any], rng: random.Random, turn: int) -> None:
    """A property, an addition, a move, a rename and a deletion."""
    components = document["components"]
    ids = sorted(components)
    components[rng.choice(ids)]["props"]["animateLoading"] = "{{ maybe }}"
    page = rng.choice(sorted(document["pages"]))
    components[f"cNew000000{turn}"] = {
        "type": "TEXT_WIDGET", "typeVersion": 1, "name": f"AddedHere{turn}",
        "place": {"page": page, "slot": "content", "order": "zz"},
        "props": {"text": "Hi {{ there }}"}, "events": {"e1": {"on": "onClick", "order": "a0", "run": "{{ go() }}"}},
    }  # fmt: skip
    parents = {each["place"].get("parent") for each in components.values()}
    leaves = [id for id in ids if id not in parents]
    moved, gone, renamed = (rng.choice(leaves) for _ in range(3))
    canvases = [id for id in ids if components[id]["type"] == "CANVAS_WIDGET"] or [None]
    home = rng.choice(canvases)
    if home is None or home == moved or on_page(components, home) != on_page(components, moved):
        components[moved]["place"] = {
            "page": on_page(components, moved),
            "slot": "content",
            "order": "zzz",
        }
    else:
        components[moved]["place"] = {"parent": home, "slot": "content", "order": "zzz"}
    components[renamed]["name"] = f"RenamedHere{turn}"
    if gone not in (moved, renamed) and gone != home:
        del components[gone]
    if document["queries"]:
        query = document["queries"][rng.choice(sorted(document["queries"]))]
        query["body"] += " {{ more }}"
        query["name"] += "Renamed"


def on_page(components: dict[str, Any], id: str) -> str:
    place = components[id]["place"]
    while "parent" in place:
        place = components[place["parent"]]["place"]
    return str(place["page"])


@REAL
@pytest.mark.parametrize("name", rich() if APPSMITH.is_dir() else [])
def test_every_edit_is_in_the_export_and_comes_back(name: str) -> None:
    rng = random.Random(f"edits {name}")
    document = import_appsmith(read(APPSMITH / name)).document
    for turn in range(3):
        edit(document, rng, turn)
        back = import_appsmith(json.loads(json.dumps(export_appsmith(document)))).document
        assert shape(back) == shape(document)
        document = back


@REAL
def test_a_folder_comes_back_byte_for_byte() -> None:
    files = git_folder()
    assert is_folder(files) and len(files) == 890
    made = import_appsmith(export_from_folder(files))
    assert made.report["counts"]["components"] == 785
    assert folder_from_export(export_appsmith(made.document)) == files


@pytest.mark.skipif(not APPSMITH_GIT.is_dir(), reason="the corpus of real exports is not here")
@pytest.mark.parametrize("seed", range(12))
def test_one_changed_property_is_one_line_of_one_file(seed: int) -> None:
    rng = random.Random(seed)
    files = git_folder()
    document = import_appsmith(export_from_folder(files)).document
    switches = [
        id
        for id, each in document["components"].items()
        if any(isinstance(value, bool) for value in each["props"].values())
    ]
    component = document["components"][rng.choice(sorted(switches))]
    key = rng.choice(sorted(k for k, v in component["props"].items() if isinstance(v, bool)))
    component["props"][key] = not component["props"][key]
    after = folder_from_export(export_appsmith(document))
    assert after.keys() == files.keys()
    (changed,) = [path for path in files if files[path] != after[path]]
    lines = zip(files[changed].split("\n"), after[changed].split("\n"), strict=True)
    assert sum(old != new for old, new in lines) == 1


@REAL
def test_a_renamed_query_takes_its_folder_its_id_and_its_rows_along() -> None:
    files = git_folder()
    document = import_appsmith(export_from_folder(files)).document
    page = next(id for id, page in document["pages"].items() if page["name"] == "Modules")
    query = next(
        each
        for each in document["queries"].values()
        if each["name"] == "fetchModules" and each["page"] == page
    )
    query["name"] = "loadModules"
    query["body"] += "\n-- more"
    after = folder_from_export(export_appsmith(document))
    base = "pages/Modules/queries/"
    assert files.keys() - after.keys() == {
        f"{base}fetchModules/fetchModules.txt", f"{base}fetchModules/metadata.json",
    }  # fmt: skip
    row = json.loads(after[f"{base}loadModules/metadata.json"])
    assert row["id"] == "Modules_loadModules"
    assert row["unpublishedAction"]["actionConfiguration"]["body"].endswith("-- more")
    assert after[f"{base}loadModules/loadModules.txt"].endswith("-- more")


@REAL
def test_pages_are_renamed_added_and_deleted() -> None:
    files = git_folder()
    document = import_appsmith(export_from_folder(files)).document
    by_name = {page["name"]: id for id, page in document["pages"].items()}
    document["pages"][by_name["Modules2"]]["name"] = "Courses"
    gone = by_name["User authentication"]
    del document["pages"][gone]
    for section in ("components", "queries", "scripts"):
        rows = document[section]
        lost = {id for id, each in rows.items() if each.get("page") == gone}
        if section == "components":
            lost = {id for id in rows if on_page(rows, id) == gone}
        for id in lost:
            del rows[id]
    document["pages"]["pNew"] = {"name": "Fresh", "order": "zz", "settings": {}}
    after = folder_from_export(export_appsmith(document))
    pages = [entry.get("id") for entry in json.loads(after["application.json"])["pages"]]
    assert "Courses" in pages and "Fresh" in pages
    assert "Modules2" not in pages and "User authentication" not in pages
    assert not any("/User authentication/" in path for path in after if "jsobjects" in path)
    assert '"pageId": "Courses"' in after["pages/Courses/queries/fetchModules/metadata.json"]


def test_what_did_not_come_from_appsmith_cannot_go_there() -> None:
    with pytest.raises(DesignError) as refused:
        export_appsmith({"meta": {"name": "x"}})
    assert refused.value.code == Code.IMPORT


def test_no_source_element_is_kept_whole() -> None:
    """Whatever is edited lies in the design alone: what was kept aside does not hold it a second time."""
    widget = {"widgetId": "w1", "widgetName": "T", "type": "TEXT_WIDGET", "version": 1, "text": "SECRET-1",
              "topRow": 1, "onClick": "{{ SECRET2() }}", "renderMode": "CANVAS"}  # fmt: skip
    made = import_appsmith({"dsl": {"widgetId": "0", "children": [widget]}}).document
    (component,) = made["components"].values()
    assert "SECRET" not in json.dumps(component["ext"]) + json.dumps(made["ext"])
    assert json.dumps(made).count("SECRET-1") == json.dumps(made).count("SECRET2") == 1
