"""Components reach the newest version of their types by ops of their own; others stay byte for byte."""

import copy
import json
from typing import Any

import ot
from server.document.design import Design
from server.document.migrate import migrated, migrations
from server.document.model import new_design
from server.types import ComponentType, TypeRegistry
from server.types.compatibility import breaks


def schema(version: int, props: dict[str, Any], **about: Any) -> dict[str, Any]:
    declared = {"title": "Gauge", "category": "Display", "icon": "", "slots": {}, "events": []}
    return {
        "$id": f"https://example.com/Gauge/{version}.schema.json",
        "type": "object",
        "x-coweave": {**declared, "defaults": {}, **about},
        "properties": {
            "props": {"type": "object", "additionalProperties": False, "properties": props}
        },
    }


SCHEMAS = {
    1: schema(1, {"text": {"type": "string"}, "big": {"type": "boolean"}}),
    2: schema(
        2,
        {"label": {"type": "string"}, "big": {"type": "boolean"}},
        migration=[{"move": ["props", "text"], "to": ["props", "label"]}],
    ),
    3: schema(
        3,
        {"label": {"type": "string"}, "size": {"enum": ["small", "big"]}},
        migration=[{"remove": ["props", "big"]}, {"default": ["props", "size"], "to": "small"}],
    ),
}
TYPES = TypeRegistry(
    ComponentType.from_schema("Gauge", version, "test", each) for version, each in SCHEMAS.items()
)


def gauge(name: str, version: int, **props: Any) -> dict[str, Any]:
    place = {"page": "page1", "slot": "content", "order": "a0"}
    return {"type": "Gauge", "typeVersion": version, "name": name, "place": place, "props": props}


def document() -> dict[str, Any]:
    made = new_design("Gauges")
    made["components"] = {
        "c1": gauge("A", 1, text="Hi", big=True),
        "c2": gauge("B", 2, label="Ho"),
        "c3": gauge("C", 3, label="He", size="big"),
        "c4": gauge("D", 9, anything=[1, {"x": None}]),
        "c5": {**gauge("E", 1, y=1), "type": "Elsewhere"},
    }
    return made


def test_the_versions_are_such_that_a_migration_is_needed() -> None:
    assert breaks(SCHEMAS[1], SCHEMAS[2])
    assert breaks(SCHEMAS[2], SCHEMAS[3])


def test_each_component_goes_as_far_as_it_can_by_one_op() -> None:
    before = document()
    kept = copy.deepcopy(before)
    design = Design.from_json(before, TYPES)
    found = dict(migrations(before, TYPES))
    assert set(found) == {"components/c1", "components/c2"}
    for op in found.values():
        draft = design.draft()
        assert draft.apply(ot.check(op)).op == op
        draft.commit()
    after = design.to_json()
    assert after["components"]["c1"] == gauge("A", 3, label="Hi", size="small")
    assert after["components"]["c2"] == gauge("B", 3, label="Ho", size="small")
    for id in ("c3", "c4", "c5"):
        assert json.dumps(after["components"][id]) == json.dumps(kept["components"][id])
    assert dict(migrations(after, TYPES)) == {}
    assert before == kept


def test_versions_live_side_by_side_and_each_is_judged_by_its_own_schema() -> None:
    design = Design.from_json(document(), TYPES)
    draft = design.draft()
    draft.apply([{"p": ["components", "c1", "props", "text"], "od": "Hi", "oi": "Ho"}])
    draft.apply([{"p": ["components", "c2", "props", "label"], "od": "Ho", "oi": "Hu"}])
    draft.commit()
    assert design.faults() == []


def test_a_version_to_go_to_can_be_named() -> None:
    component = gauge("A", 1, text="Hi")
    assert migrated(component, TYPES, 2) == gauge("A", 2, label="Hi")
    assert migrated(component, TYPES, 1) is component
    assert migrated(7, TYPES) == 7


def test_without_a_migration_a_component_stays() -> None:
    types = TypeRegistry(
        ComponentType.from_schema("Gauge", version, "test", schema(version, {}))
        for version in (1, 2)
    )
    component = gauge("A", 1)
    assert migrated(component, types) is component
