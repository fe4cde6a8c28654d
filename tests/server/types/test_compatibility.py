"""A schema may grow wider under its version; what makes it narrower is found, wherever it hides."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from server.types.compatibility import breaks, refusals

EXPRESSION = schemas.load(schemas.EXPRESSION)
SHARED = {EXPRESSION["$id"]: EXPRESSION}
TYPES = {
    (name, version): schema
    for pack in schemas.packs()
    for name, version, schema in schemas.type_versions(pack)
}


@pytest.mark.parametrize(
    "old, new",
    [
        ({"type": "string"}, {}),
        ({"type": "integer"}, {"type": "number"}),
        ({"type": "string", "maxLength": 5}, {"type": ["string", "null"], "maxLength": 6}),
        ({"enum": ["a"]}, {"enum": ["b", "a"]}),
        ({"enum": ["a", 1]}, {"type": ["string", "integer"]}),
        ({"const": "a"}, {"type": "string"}),
        ({"type": "boolean"}, {"anyOf": [{"type": "string"}, {"type": "boolean"}]}),
        ({"type": ["string", "boolean"]}, {"anyOf": [{"type": "string"}, {"type": "boolean"}]}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": ["string", "null", "array"]}),
        ({"allOf": [{"type": "string"}, {"maxLength": 3}]}, {"type": "string"}),
        ({"type": "object", "required": ["a"]}, {"type": "object"}),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False},
            {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "null"}}},
        ),
        ({"type": "array", "items": {"type": "integer"}}, {"type": "array", "items": {"type": "number"}}),
        ({"type": "string", "title": "A", "x-form": 1}, {"type": "string", "title": "B", "default": ""}),
        ({"type": "string", "minLength": 2}, {"type": "string", "minLength": 0}),
    ],
)  # fmt: skip
def test_wider_is_no_break(old: Any, new: Any) -> None:
    assert breaks(old, new) == []


@pytest.mark.parametrize(
    "old, new, path",
    [
        ({}, {"type": "string"}, ()),
        ({"type": "number"}, {"type": "integer"}, ()),
        ({"type": "string"}, {"type": "string", "maxLength": 5}, ()),
        ({"type": "string"}, {"type": "string", "minLength": 1}, ()),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, ()),
        ({"type": "string"}, {"enum": ["a"]}, ()),
        ({"type": "string"}, {"type": "string", "pattern": "a"}, ()),
        ({"type": "object"}, {"type": "object", "required": ["a"]}, ("a",)),
        ({"type": "object"}, {"type": "object", "additionalProperties": False}, ("*",)),
        ({"type": "object"}, {"type": "object", "properties": {"a": {"type": "null"}}}, ("a",)),
        (
            {"properties": {"a": {"properties": {"b": {"type": "string"}}}}},
            {"properties": {"a": {"properties": {"b": {"type": "boolean"}}}}},
            ("a", "b"),
        ),
        ({"items": {"type": "number"}}, {"items": {"type": "integer"}}, ("*",)),
        ({"type": ["string", "null"]}, {"anyOf": [{"type": "string"}, {"type": "boolean"}]}, ()),
        ({"type": "string"}, False, ()),
        ({"type": "array"}, {"type": "array", "uniqueItems": True}, ()),
        ({"type": "number"}, {"type": "number", "exclusiveMinimum": 0}, ()),
    ],
)
def test_narrower_is_a_break_at_its_path(old: Any, new: Any, path: tuple[str, ...]) -> None:
    assert [each.path for each in breaks(old, new)] == [path]


def test_a_schema_that_refers_to_itself_is_compared() -> None:
    node = {"type": "object", "properties": {"x": {"$ref": "#/$defs/t"}}}
    tree: dict[str, Any] = {"$defs": {"t": node}, "$ref": "#/$defs/t"}
    assert breaks(tree, copy.deepcopy(tree)) == []
    narrow = copy.deepcopy(tree)
    narrow["$defs"]["t"]["required"] = ["x"]
    assert breaks(tree, narrow)
    with pytest.raises(ValueError, match="leads nowhere"):
        breaks({"$ref": "#/$defs/none"}, {"type": "string"})


@pytest.mark.parametrize("key", TYPES, ids=lambda key: f"{key[0]}-{key[1]}")
def test_every_schema_takes_what_it_takes(key: tuple[str, int]) -> None:
    assert breaks(TYPES[key], copy.deepcopy(TYPES[key]), SHARED) == []


def spots(schema: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[Any, str]]:
    """Where one keyword can be made narrower: (schema, keyword)."""
    if isinstance(schema, dict):
        for keyword in ("maxLength", "maxItems", "maximum", "enum"):
            if keyword in schema and not isinstance(schema[keyword], dict):
                yield schema, keyword
        if isinstance(schema.get("properties"), dict):
            yield schema, "properties"
            for inner in schema["properties"].values():
                yield from spots(inner)
        for keyword in ("items", "additionalProperties"):
            yield from spots(schema.get(keyword))
        for inner in schema.get("anyOf", ()):
            yield from spots(inner)


@pytest.mark.parametrize(
    "key", [key for key in TYPES if key[0][0].isupper()], ids=lambda key: key[0]
)
def test_every_planted_narrowing_is_found(key: tuple[str, int]) -> None:
    count = len(list(spots(TYPES[key])))
    for index in range(0, count, max(1, count // 40)):
        narrow = copy.deepcopy(TYPES[key])
        schema, keyword = list(spots(narrow))[index]
        if keyword == "properties":
            if not schema["properties"] or schema.get("additionalProperties", True) is not False:
                continue
            schema["properties"].popitem()
        elif keyword == "enum":
            schema["enum"] = schema["enum"][1:]
        else:
            schema[keyword] -= 1
        assert breaks(TYPES[key], narrow, SHARED), (index, keyword)
        assert breaks(narrow, TYPES[key], SHARED) == [], (index, keyword)


def test_slots_and_events_count_too() -> None:
    card = TYPES["Card", 1]
    for change in (
        lambda about: about["slots"].pop("footer"),
        lambda about: about["slots"]["footer"]["accepts"].remove("Link"),
        lambda about: about["slots"]["content"].update(accepts=["Text"]),
    ):
        narrow = copy.deepcopy(card)
        change(narrow["x-coweave"])
        assert len(breaks(card, narrow, SHARED)) == 1
    form = copy.deepcopy(TYPES["Form", 1])
    form["x-coweave"]["events"] = ["onSubmit"]
    assert [str(each) for each in breaks(TYPES["Form", 1], form, SHARED)] == [
        "events: no longer has onReset"
    ]


def test_a_narrower_version_needs_a_number_and_a_migration_of_its_own() -> None:
    old = {("A", 1): {"type": "string"}}
    narrow: Any = {"type": "string", "maxLength": 3}
    assert refusals(old, {("A", 1): {"type": ["string", "null"]}}) == {}
    assert list(refusals(old, {("A", 1): narrow})) == [("A", 1)]
    assert list(refusals(old, {})) == [("A", 1)]
    assert list(refusals(old, {**old, ("A", 2): narrow})) == [("A", 2)]
    migrated = {**narrow, "x-coweave": {"migration": [{"remove": ["props", "x"]}]}}
    assert refusals(old, {**old, ("A", 2): migrated}) == {}


LEAVES = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "maxLength": 1},
        {"enum": ["a", 1]},
        {"type": "integer"},
        {"type": "number", "minimum": 1},
        {"type": ["null", "boolean"]},
        {"const": "a"},
        {},
        True,
        {"type": "integer", "exclusiveMaximum": 2},
        False,
    ]  # fmt: skip
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda a, b: {"anyOf": [a, b]}, inner, inner),
        st.builds(lambda a, b: {"allOf": [a, b]}, inner, inner),
        st.builds(lambda a: {"type": "array", "items": a, "maxItems": 2}, inner),
        st.builds(
            lambda a, b, more, need: {
                "type": "object", "properties": {"x": a, "y": b}, "additionalProperties": more,
                "required": need,
            },
            inner, inner, st.booleans(), st.sampled_from([[], ["x"]]),
        ),
    ),
    max_leaves=6,
)  # fmt: skip
VALUES = st.recursive(
    st.sampled_from(["a", "", "bb", 1, 0, 2, 1.5, None, True]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("xyz"), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, SCHEMAS, st.lists(VALUES, min_size=20, max_size=20))
def test_no_break_means_that_nothing_is_lost(old: Any, new: Any, values: list[Any]) -> None:
    if breaks(old, new) == []:
        for value in values:
            taken = jsonschema_rs.is_valid(old, value)
            assert not taken or jsonschema_rs.is_valid(new, value), json.dumps([old, new, value])


def test_random_pairs_say_yes_often_enough_to_mean_something() -> None:
    rng = random.Random(1)
    leaves = [
        {"type": "string"},
        {"type": "integer"},
        {"enum": ["a"]},
        {"type": ["string", "integer"]},
    ]
    pairs = [(rng.choice(leaves), rng.choice(leaves)) for _ in range(100)]
    assert 20 < sum(breaks(old, new) == [] for old, new in pairs) < 80
