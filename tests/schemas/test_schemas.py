"""The package of schemas: each file is a right schema, says what a form needs, and bounds what it takes."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

import schemas

TYPES = [
    pytest.param(pack, name, version, schema, id=f"{pack}-{name}-{version}")
    for pack in schemas.packs()
    for name, version, schema in schemas.type_versions(pack)
]
OWN = [param for param in TYPES if param.values[0] == "core"]
EXPRESSION = schemas.load(schemas.EXPRESSION)
REGISTRY = jsonschema_rs.Registry([(EXPRESSION["$id"], EXPRESSION)])


def subschemas(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(schema, dict):
        yield path, schema
        for key in ("properties", "patternProperties", "$defs"):
            for name, inner in schema.get(key, {}).items():
                yield from subschemas(inner, f"{path}/{key}/{name}")
        for key in ("items", "additionalProperties", "propertyNames"):
            yield from subschemas(schema.get(key), f"{path}/{key}")
        for key in ("anyOf", "allOf"):
            for index, inner in enumerate(schema.get(key, ())):
                yield from subschemas(inner, f"{path}/{key}/{index}")


def all_schemas() -> list[Any]:
    whole = [schemas.load(schemas.DOCUMENT), EXPRESSION, *schemas.events().values()]
    return whole + [param.values[3] for param in TYPES]


@pytest.mark.parametrize("schema", all_schemas(), ids=lambda schema: schema["$id"])
def test_is_draft_2020_12_with_its_own_address(schema: Any) -> None:
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    path = schema["$id"].removeprefix("https://coweave.dev/schemas/")
    assert schemas.load(path) is schema
    assert schema["title"] and schema["description"]


@pytest.mark.parametrize("pack, name, version, schema", TYPES)
def test_type_names_itself(pack: str, name: str, version: int, schema: Any) -> None:
    assert schema["$id"].endswith(f"/components/{pack}/{name}/{version}.schema.json")
    about = schema["x-coweave"]
    assert about["category"] in {"Layout", "Inputs", "Display", "Data", "Actions"}
    if pack == "core":
        assert set(about["events"]) <= set(schemas.events())


@pytest.mark.parametrize("pack, name, version, schema", TYPES)
def test_every_property_has_what_a_form_needs(
    pack: str, name: str, version: int, schema: Any
) -> None:
    for part in ("props", "style"):
        assert schema["properties"][part]["additionalProperties"] is False
        declared = schema["properties"][part]["properties"]
        assert [each["x-form"]["order"] for each in declared.values()] == list(
            range(1, len(declared) + 1)
        )
        for each in declared.values():
            assert each["title"] and each["description"].endswith(".")
            assert each["x-form"]["control"] in {
                "text", "textarea", "number", "boolean", "enum", "expression", "color", "options", "json",
            }  # fmt: skip
            assert each["x-form"]["group"] in {
                "Content", "Data", "Appearance", "Behaviour", "Validation",
            }  # fmt: skip


@pytest.mark.parametrize("pack, name, version, schema", TYPES)
def test_defaults_are_valid(pack: str, name: str, version: int, schema: Any) -> None:
    validator = jsonschema_rs.Draft202012Validator(schema, registry=REGISTRY, offline=True)
    assert validator.is_valid({**schema["x-coweave"]["defaults"], "events": {}})
    for part in ("props", "style"):
        for key, each in schema["properties"][part]["properties"].items():
            if "default" in each:
                assert validator.is_valid({part: {key: each["default"]}}), key


@pytest.mark.parametrize("schema", all_schemas(), ids=lambda schema: schema["$id"])
def test_strings_and_lists_are_bounded(schema: Any) -> None:
    for path, each in subschemas(schema):
        kinds = each.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if path.endswith("/open") or "/$defs/open/" in path or "/events/" in schema["$id"]:
            continue  # a recursive value: the size of the op and of the document bound it
        if "string" in kinds:
            assert {"maxLength", "enum", "pattern"} & each.keys(), path
        if "array" in kinds:
            assert "maxItems" in each, path
        if "object" in kinds and "properties" not in each:
            assert {"maxProperties"} & each.keys() or "/properties/" in path, path


def test_a_name_means_the_same_in_every_type() -> None:
    """One word, one meaning: the same property has the same title and control everywhere."""
    seen: dict[str, tuple[str, str]] = {}
    for param in OWN:
        _, name, _, schema = param.values
        for key, each in schema["properties"]["props"]["properties"].items():
            meaning = (each["title"], each["x-form"]["control"].replace("textarea", "text"))
            if key in {"defaultValue", "min", "max"}:
                continue  # a value of the field's own kind
            assert seen.setdefault(key, meaning) == meaning, f"{name}.{key}"


@pytest.mark.parametrize(
    "value, right",
    [("{{ 1 }}", True), ("a {{b}} c", True), ("{{", False), ("}}", False), ("", False), (1, False)],
)
def test_expression(value: object, right: bool) -> None:
    assert jsonschema_rs.is_valid(EXPRESSION, value) is right


@pytest.mark.parametrize(
    "config, right",
    [
        ({"password": {"$secret": "db"}}, True),
        ({"password": "hunter2"}, False),
        ({"auth": [{"apiKey": "abc"}]}, False),
        ({"DB_PASSWORD": "abc"}, False),
        ({"token": ""}, True),
        ({"host": "db", "ssl": {"enabled": True}}, True),
        ([], False),
    ],
)
def test_data_sources_hold_no_secret(config: object, right: bool) -> None:
    document = schemas.load(schemas.DOCUMENT)
    schema = {"$ref": document["$id"] + "#/$defs/dataSource"}
    registry = jsonschema_rs.Registry([(document["$id"], document)])
    source = {"name": "claimsDb", "kind": "postgres", "config": config}
    validator = jsonschema_rs.Draft202012Validator(schema, registry=registry, offline=True)
    assert validator.is_valid(source) is right


def test_missing_file_is_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        schemas.load("components/core/Nothing/1.schema.json")
    with pytest.raises(FileNotFoundError):
        schemas.sample("nothing")
