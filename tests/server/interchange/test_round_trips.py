"""Edited designs go back and come again: every edit is there, nothing else has changed, in each tool's every form."""

import copy
import difflib
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from server.document.design import Design
from server.interchange import export_appsmith, export_tooljet, import_from
from server.interchange.appsmith_git import export_from_folder, folder_from_export
from server.interchange.canonical import design_from_folder, folder_from_design
from server.types import TypeRegistry

from .corpus import APPSMITH, TOOLJET, git_folder, read
from .test_tooljet import v2

TYPES = TypeRegistry.load()
Files = dict[str, str]


def text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


@dataclass(frozen=True)
class Form:
    """How a design stands in files of a tool: there and back."""

    name: str
    document: Callable[[], dict[str, Any]]
    there: Callable[[dict[str, Any]], Files]
    back: Callable[[Files], dict[str, Any]]
    type: str
    key: str
    """A property of that type that has a plain text for its value."""
    times: int = 1
    """How often the form says what is edited: ToolJet's of 2022 has the edited version twice."""


def one_file(export: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Files]:
    return lambda document: {"export.json": text(export(document))}


def read_again(files: Files) -> dict[str, Any]:
    return import_from(json.loads(files["export.json"])).document


APPSMITH_FILE = (
    "app__server__appsmith-server__src__main__resources__CRUD-DB-Table-Template-Application.json.gz"
)
FORMS = (
    Form(
        "appsmith-export", lambda: import_from(read(APPSMITH / APPSMITH_FILE)).document,
        one_file(export_appsmith), read_again, "TEXT_WIDGET", "text",
    ),
    Form(
        "appsmith-git", lambda: import_from(export_from_folder(git_folder())).document,
        lambda document: folder_from_export(export_appsmith(document)),
        lambda files: import_from(export_from_folder(files)).document, "TEXT_WIDGET", "text",
    ),
    Form(
        "tooljet-2022", lambda: import_from(read(TOOLJET / "job-application-tracker.json.gz")).document,
        one_file(export_tooljet), read_again, "tooljet.Text", "text", times=2,
    ),
    Form("tooljet-v2", lambda: import_from(v2()).document, one_file(export_tooljet), read_again,
         "tooljet.Button", "text"),
    Form(
        "canonical", lambda: import_from(v2()).document, folder_from_design, design_from_folder,
        "tooljet.Button", "text",
    ),
)  # fmt: skip
PARAMETERS = [
    pytest.param(
        form,
        id=form.name,
        marks=pytest.mark.skipif(
            not APPSMITH.is_dir() and form.name not in ("tooljet-v2", "canonical"),
            reason="the corpus of real exports is not here",
        ),
    )
    for form in FORMS
]


def shape(document: dict[str, Any]) -> dict[str, Any]:
    """What people see of a design: by names, without ids, order keys and importer's notes."""
    components = document["components"]
    pages = {id: page["name"] for id, page in document["pages"].items()}

    def way(component: dict[str, Any]) -> str:
        place = component["place"]
        if "page" in place:
            return str(pages[place["page"]])
        above = components[place["parent"]]
        return f"{way(above)}/{above['name']}:{place['slot']}"

    found: dict[str, Any] = {"pages": sorted(pages.values())}
    for component in components.values():
        events = [
            (event["on"], json.dumps(event["run"], sort_keys=True))
            for event in component.get("events", {}).values()
        ]
        found[f"{way(component)}/{component['name']}"] = (
            component["type"],
            component["props"],
            component.get("style", {}),
            sorted(events),
        )
    for section in ("queries", "scripts"):
        for each in document[section].values():
            key = f"{section}/{pages.get(each['page'])}/{each['name']}"
            found[key] = (each["body"], each["config"], each.get("kind"))
    for each in document["dataSources"].values():
        found[f"dataSources/{each['name']}"] = (each["kind"], each["config"])
    return found


def lines_changed(old: Files, new: Files) -> tuple[list[str], list[str], list[str]]:
    """(files that differ, lines that went, lines that came)."""
    names = [name for name in old.keys() | new.keys() if old.get(name) != new.get(name)]
    gone, came = [], []
    for name in names:
        before, after = old.get(name, "").split("\n"), new.get(name, "").split("\n")
        matcher = difflib.SequenceMatcher(None, *trimmed(before, after), autojunk=False)
        for tag, low, high, start, end in matcher.get_opcodes():
            if tag != "equal":
                gone += matcher.a[low:high]
                came += matcher.b[start:end]
    return names, gone, came


def trimmed(before: list[str], after: list[str]) -> tuple[list[str], list[str]]:
    """Both without the lines that they begin and end with alike."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    before, after = before[start:], after[start:]
    while before and after and before[-1] == after[-1]:
        before.pop()
        after.pop()
    return before, after


def leaves(document: dict[str, Any]) -> list[str]:
    parents = {each["place"].get("parent") for each in document["components"].values()}
    return sorted(id for id in document["components"] if id not in parents)


def texts(document: dict[str, Any], form: Form) -> Iterator[str]:
    for id, each in sorted(document["components"].items()):
        value = each["props"].get(form.key)
        if each["type"] == form.type and isinstance(value, str) and "{{" not in value:
            yield id


@pytest.mark.parametrize("form", PARAMETERS)
def test_one_changed_property_is_one_line_of_one_file(form: Form) -> None:
    document = form.document()
    before = form.there(document)
    assert form.there(form.back(before)) == before
    for id in list(texts(document, form))[:5]:
        edited = copy.deepcopy(document)
        edited["components"][id]["props"][form.key] = "Changed here"
        files = form.there(edited)
        names, gone, came = lines_changed(before, files)
        assert (len(names), len(gone), len(came)) == (1, form.times, form.times)
        assert '"Changed here"' in came[0]
        assert shape(form.back(files)) == shape(edited)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("form", PARAMETERS)
def test_every_edit_is_there_and_nothing_else_has_changed(form: Form, seed: int) -> None:
    """Change, add, move, rename, delete; and again on what came back."""
    rng = random.Random(f"{form.name} {seed}")
    document = form.document()
    for turn in range(2):
        edited = copy.deepcopy(document)
        components = edited["components"]
        changed, moved, renamed, gone = rng.sample(leaves(edited) * 4, 4)
        kinds = {}
        if texts_ := list(texts(edited, form)):
            changed = rng.choice(texts_)
            components[changed]["props"][form.key] = f"Turn {turn}"
            kinds[changed] = "changed"
        pages = sorted(edited["pages"])
        target = rng.choice(pages)
        if moved not in kinds:
            components[moved]["place"] = {
                "page": home(edited, moved),
                "slot": "content",
                "order": "b90",
            }
            kinds[moved] = "moved"
        if renamed not in kinds:
            components[renamed]["name"] = f"Renamed{turn}"
            kinds[renamed] = "renamed"
        if gone not in kinds:
            del components[gone]
            kinds[gone] = "gone"
        components[f"cAdded{turn}"] = {
            "type": form.type, "typeVersion": 1, "name": f"Added{turn}",
            "place": {"page": target, "slot": "content", "order": f"b9{turn + 1}"},
            "props": {form.key: "{{ fresh }}"}, "style": {},
            "layout": {"desktop": {"top": 1, "left": 1, "width": 5, "height": 5}}
            if form.type.startswith("tooljet")
            else {"desktop": {"topRow": 900, "bottomRow": 904, "leftColumn": 0, "rightColumn": 8}},
        }  # fmt: skip
        files = form.there(edited)
        back = form.back(files)
        Design.from_json(back, TYPES)
        assert shape(back) == shape(edited)
        before = shape(document)
        after = shape(back)
        touched = {
            name
            for name in before.keys() | after.keys()
            if before.get(name, 0) != after.get(name, 0)
        }
        # A change is one entry, a rename or move two, what is inside a moved or renamed one as many more.
        assert len(touched) <= 2 * len(kinds) + 1
        document = back


def home(document: dict[str, Any], id: str) -> str:
    place = document["components"][id]["place"]
    while "parent" in place:
        place = document["components"][place["parent"]]["place"]
    return str(place["page"])
