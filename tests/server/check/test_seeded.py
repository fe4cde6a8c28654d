"""Faults that are put into a design that has none are found where they are, and nothing else is."""

import copy
import random
from collections.abc import Callable
from typing import Any

import pytest

import schemas
from server.check.rules import check
from server.types import TypeRegistry

TYPES = TypeRegistry.load()
CLEAN = schemas.sample("claims-intake")

Told = tuple[str, str, tuple[str, ...]]
Fault = Callable[[dict[str, Any], random.Random], Told]
"""Puts one fault in; says (the element's id, the rule, the path inside the element)."""


def some(document: dict[str, Any], rng: random.Random, *types: str) -> tuple[str, dict[str, Any]]:
    found = [
        (id, each)
        for id, each in document["components"].items()
        if not types or each["type"] in types
    ]
    return rng.choice(sorted(found, key=lambda each: each[0]))


def unknown_key(document: dict[str, Any], rng: random.Random) -> Told:
    id, component = some(document, rng)
    component["props"]["visibel"] = True
    return (
        id,
        "schema",
        (
            "props",
            "visibel",
        ),
    )


def wrong_kind(document: dict[str, Any], rng: random.Random) -> Told:
    id, component = some(document, rng)
    component["props"]["visible"] = {"not": "a flag"}
    return (
        id,
        "schema",
        (
            "props",
            "visible",
        ),
    )


def out_of_enum(document: dict[str, Any], rng: random.Random) -> Told:
    id, component = some(document, rng, "Button", "Text", "Card")
    component["props"]["variant"] = "glittering"
    return (
        id,
        "schema",
        (
            "props",
            "variant",
        ),
    )


def no_parent(document: dict[str, Any], rng: random.Random) -> Told:
    id, component = some(document, rng, "Divider", "Badge", "Text")
    component["place"] = {"parent": "gone", "slot": "content", "order": "a0"}
    return id, "parent", ("place",)


def wrong_slot(document: dict[str, Any], rng: random.Random) -> Told:
    id, component = some(document, rng, "Divider", "Image", "Link")
    home, _ = some(document, rng, "Container", "Form")
    component["place"] = {"parent": home, "slot": "attic", "order": "a0"}
    return id, "slot", ("place",)


def no_source(document: dict[str, Any], rng: random.Random) -> Told:
    id = rng.choice(sorted(document["queries"]))
    document["queries"][id]["dataSource"] = "gone"
    return id, "dangling-id", ("dataSource",)


def no_such_name(document: dict[str, Any], rng: random.Random) -> Told:
    id, component = some(document, rng, "Text", "Heading")
    component["props"]["text"] = "Hello {{ nobodyOfThatName.value }}"
    return (
        id,
        "unknown-name",
        (
            "props",
            "text",
        ),
    )


def no_javascript(document: dict[str, Any], rng: random.Random) -> Told:
    id, component = some(document, rng, "Text", "Heading")
    component["props"]["text"] = "Hello {{ 1 + }}"
    return (
        id,
        "syntax",
        (
            "props",
            "text",
        ),
    )


def unlabelled(document: dict[str, Any], rng: random.Random) -> Told:
    id, component = some(document, rng, "TextInput", "Select", "DatePicker")
    component["props"].pop("label", None)
    return id, "field-label", ("props",)


def open_secret(document: dict[str, Any], rng: random.Random) -> Told:
    id = rng.choice(sorted(document["queries"]))
    document["queries"][id]["config"]["url"] = "https://me:hunter22@example.com/x"
    return (
        id,
        "secret",
        (
            "config",
            "url",
        ),
    )


def circle(document: dict[str, Any], rng: random.Random) -> Told:
    id, component = some(document, rng, "Text", "Heading")
    component["props"]["text"] = f"{{{{ {component['name']}.text }}}}"
    return (
        id,
        "dependency-cycle",
        (
            "props",
            "text",
        ),
    )


def strange_type(document: dict[str, Any], rng: random.Random) -> Told:
    id, component = some(document, rng, "Divider", "Text", "Image")
    component["typeVersion"] = 99
    return id, "unknown-type", ("type",)


FAULTS = (
    unknown_key, wrong_kind, out_of_enum, no_parent, wrong_slot, no_source, no_such_name, no_javascript, unlabelled,
    open_secret, circle, strange_type,
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_seeded_fault_is_found_there_and_only_there(fault: Fault) -> None:
    assert check(CLEAN, TYPES) == []
    for seed in range(8):
        document = copy.deepcopy(CLEAN)
        id, rule, path = fault(document, random.Random(f"{fault.__name__} {seed}"))
        found = check(document, TYPES)
        assert found, seed
        for each in found:
            assert (each.rule, each.path[1:]) == (rule, (id, *path)), each.message
            assert each.path[:2] == tuple(each.element.split("/"))
