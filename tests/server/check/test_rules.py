"""Each rule finds what it is about, at its path, and nothing in a design that is right."""

import copy
from typing import Any

import pytest

import schemas
from server.check.findings import RULES, Level
from server.check.own import own_rules
from server.check.rules import check
from server.document.model import new_design
from server.errors import DesignError
from server.types import TypeRegistry

TYPES = TypeRegistry.load()


def component(type: str, name: str, order: str = "a0", **more: Any) -> dict[str, Any]:
    place = {"page": "page1", "slot": "content", "order": order}
    return {"type": type, "typeVersion": 1, "name": name, "place": place, "props": {}, **more}


def design(**components: Any) -> dict[str, Any]:
    made = new_design("D")
    made["components"] = components
    return made


def query(name: str, body: str, page: str | None = "page1", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "page": page,
        "dataSource": None,
        "kind": "sql",
        "body": body,
        "config": {},
        **more,
    }


def told(document: dict[str, Any]) -> list[tuple[str, str]]:
    before = copy.deepcopy(document)
    found = [(each.rule, "/".join(map(str, each.path))) for each in check(document, TYPES)]
    assert document == before
    return found


def test_a_good_design_has_no_findings() -> None:
    assert check(schemas.sample("claims-intake"), TYPES) == []


TEXT = component("Text", "Text1", props={"text": "Hi"})


@pytest.mark.parametrize(
    "element, expected",
    [
        (component("Button", "B", props={"label": "x", "variant": "big"}), [("schema", "components/c/props/variant")]),
        (component("Button", "B", props={"label": "x", "lable": "y"}), [("schema", "components/c/props/lable")]),
        (component("Button", "B", props={"disabled": True}), [("button-label", "components/c/props")]),
        (component("Image", "I", props={"src": "x"}), [("image-description", "components/c/props")]),
        (component("TextInput", "T"), [("field-label", "components/c/props")]),
        (component("Strange", "S", props={"any": 1}), [("unknown-type", "components/c/type")]),
        (component("Text", "T", typeVersion=9), [("unknown-type", "components/c/type")]),
        (component("TABLE_WIDGET", "T"), [("deprecated-type", "components/c/type")]),
        (component("Text", "Text1"),
         [("duplicate-name", "components/c/name"), ("duplicate-name", "components/t/name")]),
        (component("Text", "T", dependencies=["gone"]), [("dangling-id", "components/c/dependencies/0")]),
        (component("Text", "T", place={"parent": "gone", "slot": "content", "order": "a0"}),
         [("parent", "components/c/place")]),
        (component("Text", "T", place={"parent": "t", "slot": "content", "order": "a0"}),
         [("slot", "components/c/place")]),
        (component("Text", "T", order="zzz!"),
         [("order", "components/c/place/order"), ("schema", "components/c/place")]),
        (component("Text", "T", props={"text": "{{ Text2.text }}"}), [("unknown-name", "components/c/props/text")]),
        (component("Text", "T", props={"text": "{{ Text1. }}"}), [("syntax", "components/c/props/text")]),
        (component("Text", "T", props={"text": "{{ Text1.text }} {{ moment() }} {{ [1].map(x => x) }}"}), []),
        (component("Text", "T", props={"text": "{{ T.text }}"}), [("dependency-cycle", "components/c/props/text")]),
        (component("Text", "T", props={"text": "sk_live_" + "a1B2" * 6}), [("secret", "components/c/props/text")]),
        (component("Button", "B", props={"label": "x"},
                   events={"e1": {"on": "onClick", "order": "a0", "run": "{{ no() }}"}}),
         [("unknown-name", "components/c/events/e1/run")]),
        (component("Text", "T", props={"text": "x" * 60_000}, ext={f"k{n}": "x" * 8_000 for n in range(40)}),
         [("schema", "components/c/props/text"), ("element-size", "components/c")]),
    ],
)  # fmt: skip
def test_each_rule(element: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    found = told(design(t=TEXT, c=element))
    if ("schema", "components/c/place") in expected or (
        "schema",
        "components/c/props/text",
    ) in expected:
        assert {each for each, _ in found} >= {each for each, _ in expected[:1]}
    else:
        assert sorted(found) == sorted(expected)


def test_a_circle_is_told_once_with_all_in_it() -> None:
    document = design(
        a=component("Text", "A", props={"text": "{{ B.text }}"}),
        b=component("Text", "B", props={"text": "{{ C.text }}"}),
        c=component("Text", "C", props={"text": "{{ A.text }}"}),
        d=component("Text", "D", props={"text": "{{ A.text }}"}),
    )
    (finding,) = check(document, TYPES)
    assert finding.rule == "dependency-cycle"
    assert "A.text ← B.text ← C.text ← A.text" in finding.message


def test_names_hold_on_their_page_and_in_the_app() -> None:
    document = design(
        c=component("Text", "T", props={"text": "{{ here.data + app.data + other.data }}"})
    )
    document["pages"]["page2"] = {"name": "Two", "order": "a1", "settings": {}}
    document["queries"] = {
        "q1": query("here", "select {{ T.text }}"),
        "q2": query("other", "select 1", "page2"),
        "q3": query("everywhere", "select {{ T.text + nobody }}", None),
    }
    assert told(document) == [
        ("unknown-name", "components/c/props/text"),
        ("unknown-name", "queries/q3/body"),
    ]
    finding = check(document, TYPES)[0]
    text = document["components"]["c"]["props"]["text"]
    assert finding.offset is not None and text[finding.offset :].startswith("other")


def test_near_names_are_offered() -> None:
    document = design(t=TEXT, c=component("Text", "T", props={"text": "{{ Tekst1.text }}"}))
    (finding,) = check(document, TYPES)
    assert finding.fix == "Did you mean Text1?"


def test_secrets_of_data_sources_and_queries_are_found() -> None:
    document = design()
    document["queries"]["q"] = query(
        "q", "x", config={"headers": {"apiKey": "1234567890"}, "url": "http://a:b12@host/x"}
    )
    document["dataSources"]["d"] = {
        "name": "db",
        "kind": "sql",
        "config": {"password": {"$secret": "x"}},
    }
    assert told(document) == [
        ("secret", "queries/q/config/headers/apiKey"),
        ("secret", "queries/q/config/url"),
    ]


def test_what_is_no_design_is_refused() -> None:
    with pytest.raises(DesignError):
        check({"format": "x"}, TYPES)


def test_fingerprints_stay_when_others_are_edited_and_ids_change() -> None:
    element = component("Image", "Logo")
    (first,) = check(design(c=element), TYPES)
    (again,) = (each for each in check(design(x=TEXT, other=element), TYPES) if each.name == "Logo")
    assert first.fingerprint("D") == again.fingerprint("D")
    assert first.fingerprint("D") != first.fingerprint("E")


def test_every_rule_says_what_to_do() -> None:
    for rule in RULES.values():
        assert rule.title and rule.help.endswith(".")


RULE = {
    "id": "plain-buttons", "level": "error", "message": "No plain buttons.", "type": "Button",
    "schema": {"properties": {"props": {"properties": {"variant": {"enum": ["primary"]}}}}},
}  # fmt: skip


def test_rules_of_ones_own() -> None:
    document = design(
        a=component("Button", "A", props={"label": "x", "variant": "plain"}),
        b=component("Button", "B", props={"label": "x", "variant": "primary"}),
        t=TEXT,
    )
    (finding,) = check(document, TYPES, own_rules({"rules": [RULE]}))
    assert (finding.rule, finding.level, finding.name) == ("plain-buttons", Level.ERROR, "A")
    assert finding.path == ("components", "a", "props", "variant")


@pytest.mark.parametrize(
    "rule, reason",
    [
        ({**RULE, "id": "No Id"}, "has no id"),
        ({**RULE, "level": "bad"}, "level must be"),
        ({**RULE, "section": "theme"}, "section must be"),
        ({**RULE, "more": 1}, "'more' is no part"),
        ({**RULE, "message": ""}, "has no message"),
        ({**RULE, "schema": {"$ref": "http://127.0.0.1:9/x.json"}}, "schema is not right"),
        ({**RULE, "schema": {"type": "strange"}}, "schema is not right"),
        (7, "has no id"),
    ],
)
def test_rules_that_are_none_are_named(rule: Any, reason: str) -> None:
    with pytest.raises(DesignError, match=reason):
        own_rules({"rules": [rule]})


def test_a_catastrophic_pattern_costs_no_time() -> None:
    rule = {
        **RULE,
        "type": "Text",
        "schema": {"properties": {"props": {"properties": {"text": {"pattern": "^(a+)+$"}}}}},
    }
    document = design(c=component("Text", "T", props={"text": "a" * 9_000 + "!"}))
    (finding,) = check(document, TYPES, own_rules({"rules": [rule]}))
    assert finding.rule == "plain-buttons"
