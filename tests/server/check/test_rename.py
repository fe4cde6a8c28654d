"""A rename takes every reference along, and nothing that only looks like one."""

import copy
import json
import random
from typing import Any

import pytest

import ot
import schemas
from server.check.references import References
from server.check.rename import leftovers, rename_op
from server.document.design import Design
from server.document.model import new_design
from server.interchange import import_from
from server.types import TypeRegistry

TYPES = TypeRegistry.load()


def text(name: str, value: str, page: str = "page1", **more: Any) -> dict[str, Any]:
    place = {"page": page, "slot": "content", "order": "a0"}
    return {
        "type": "Text",
        "typeVersion": 1,
        "name": name,
        "place": place,
        "props": {"text": value},
        **more,
    }


def design() -> dict[str, Any]:
    made = new_design("D")
    made["pages"]["page2"] = {"name": "Two", "order": "a1", "settings": {}}
    made["components"] = {
        "c1": text("Text1", "Hi"),
        "c2": text("Text10", "😀 {{ Text1.text + 'Text1' + Text10.x /* Text1 */ }} Text1 {{Text1.text}}"),
        "c3": text("T3", "{{ rows.map(Text1 => Text1.id) }}", events={
            "e1": {"on": "onClick", "order": "a0", "run": "{{ go(() => Text1.text) }}"}}),
        "c4": text("Text1", "{{ Text1.text }}", "page2"),
    }  # fmt: skip
    made["queries"]["q1"] = {
        "name": "rows", "page": "page1", "dataSource": None, "kind": "sql", "body": "select '{{Text1.text}}'",
        "config": {"list": [{"value": "{{ Text1 }}"}]},
    }  # fmt: skip
    made["scripts"]["s1"] = {
        "name": "utils", "page": "page1", "body": "export default { a() { return Text1.text + `${Text1.x}` } }",
        "config": {},
    }  # fmt: skip
    return made


def renamed(document: dict[str, Any], element: str, name: str) -> dict[str, Any]:
    draft_of = Design.from_json(document, TYPES, strict=False)
    draft = draft_of.draft()
    draft.apply(ot.check(rename_op(document, element, name)), bulk=True)
    draft.commit()
    return draft_of.to_json()


def test_references_go_along_and_nothing_else() -> None:
    before = design()
    kept = copy.deepcopy(before)
    after = renamed(before, "components/c1", "Title")
    assert before == kept
    assert after["components"]["c1"]["name"] == "Title"
    assert after["components"]["c2"]["props"]["text"] == (
        "😀 {{ Title.text + 'Text1' + Text10.x /* Text1 */ }} Text1 {{Title.text}}"
    )
    assert after["components"]["c3"]["props"] == before["components"]["c3"]["props"]
    assert after["components"]["c3"]["events"]["e1"]["run"] == "{{ go(() => Title.text) }}"
    assert after["components"]["c4"] == before["components"]["c4"]
    assert after["queries"]["q1"]["body"] == "select '{{Title.text}}'"
    assert after["queries"]["q1"]["config"] == {"list": [{"value": "{{ Title }}"}]}
    assert (
        after["scripts"]["s1"]["body"]
        == "export default { a() { return Title.text + `${Title.x}` } }"
    )
    assert renamed(after, "components/c1", "Text1") == before


def test_edits_of_others_beside_a_reference_stay() -> None:
    document = design()
    op = rename_op(document, "components/c1", "Title")
    typed = [{"p": ["components", "c2", "props", "text", 0], "si": "Now "}]
    merged = ot.apply(ot.apply(document, typed), ot.transform(op, typed, "left"))
    assert merged["components"]["c2"]["props"]["text"].startswith("Now 😀 {{ Title.text")


def test_what_was_typed_meanwhile_is_told() -> None:
    document = design()
    document["components"]["c3"]["props"]["text"] = "{{ Late.text }}"
    after = renamed(document, "components/c1", "Title")
    after["components"]["c3"]["props"]["text"] = "{{ Text1.text }}"
    assert leftovers(after, "components/c1", "Text1") == [("components", "c3", "props", "text")]
    assert leftovers(document, "components/c1", "Text1") == []


def test_the_same_name_is_no_edit_and_pages_have_none() -> None:
    assert rename_op(design(), "components/c1", "Text1") == []
    with pytest.raises(KeyError):
        rename_op(design(), "pages/page1", "x")
    with pytest.raises(KeyError):
        rename_op(design(), "components/none", "x")


def test_every_rename_of_a_real_design_keeps_every_reference() -> None:
    document = import_from(schemas.sample("appsmith-crud")).document
    rng = random.Random(5)

    def targets(document: dict[str, Any]) -> list[str | None]:
        references = References(document)
        return [
            references.target(references.scope(place.element), use.path)
            for place in references.places
            for use in place.program().uses
        ]

    wanted = targets(document)
    assert sum(each is not None for each in wanted) > 200
    used = sorted({each for each in wanted if each is not None})
    for turn, element in enumerate(rng.sample(used, 12)):
        document = renamed(document, element, f"Renamed{turn}")
        assert targets(document) == wanted
    assert "Renamed0" in json.dumps(document)


@pytest.mark.parametrize("element", ["components/c1", "queries/q1", "scripts/s1"])
def test_leftovers_of_what_was_deleted_meanwhile(element: str) -> None:
    document = design()
    section, _, id = element.partition("/")
    name = document[section].pop(id)["name"]
    found = leftovers(document, element, name)
    assert found == [] or all(name in json.dumps(document[path[0]][path[1]]) for path in found)
