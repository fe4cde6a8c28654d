"""The validator that decides and the one that explains agree; words are for analysts; nothing is fetched."""

import random
import socket
import timeit
from typing import Any

import pytest

from ot.types import Json
from server.document.limits import MAX_FAULTS
from server.document.validate import Validator, validator_of
from server.types import ComponentType, TypeRegistry

from .designs import TYPES, Author, button, component, mutants, on_page, small

VALIDATOR = validator_of(TYPES)


def seeds() -> list[tuple[str, Json]]:
    """Right elements of every section and of every core type, with all their properties."""
    found: list[tuple[str, Json]] = []
    document = small()
    for section in ("pages", "queries", "scripts", "dataSources"):
        found += [(f"{section}/{id}", value) for id, value in document[section].items()]
    source = {
        "name": "d",
        "kind": "x",
        "config": {"password": {"$secret": "a"}, "b": [{"token": ""}]},
    }
    found += [
        ("dataSources/d2", source),
        ("meta", document["meta"]),
        ("ext", {"a": {"b": [1, "x"]}}),
    ]
    for kind in TYPES:
        properties = kind.schema["properties"]["props"]["properties"]
        props = {key: each.get("default", "{{ x }}") for key, each in properties.items()}
        value = component(kind.type, "Name1", on_page(), props={**props, **kind.defaults["props"]})
        events = {
            f"e{n}": {"on": name, "order": "a0", "run": "{{x}}"}
            for n, name in enumerate(kind.events)
        }
        found.append(
            ("components/c1", {**value, "style": kind.defaults["style"], "events": events})
        )
    return found


@pytest.mark.parametrize("element, value", seeds())
def test_deciding_and_explaining_agree(element: str, value: Json) -> None:
    random_ = random.Random(repr(value))
    section = element.partition("/")[0]
    wrong = 0
    for _ in range(150):
        mutant = mutants(value, random_)
        kind = VALIDATOR._type_of(mutant) if section == "components" else None
        schema = VALIDATOR._schema(section, kind)
        errors = list(VALIDATOR._explainer.findings(schema, mutant, "it"))
        assert VALIDATOR.is_valid(element, mutant) == (not errors), mutant
        faults = VALIDATOR.faults(element, mutant)
        assert bool(faults) == bool(errors)
        for fault in faults:
            assert fault.message.endswith((".", "?")) and len(fault.message) < 700
            assert "schema" not in fault.message
        wrong += bool(errors)
    assert wrong > 20


def test_they_agree_on_random_components() -> None:
    author = Author(7)
    for _ in range(300):
        value = author.component(small())
        assert VALIDATOR.is_valid("components/c1", value) == (
            VALIDATOR.faults("components/c1", value) == []
        )


EARLIEST = "Earliest must be a day such as 2026-01-31 or an expression {{ … }}."
EVENT = {"on": "x", "order": "a0", "run": ""}


def said(type: str, **more: Json) -> list[str]:
    value = {**component(type, "It1", on_page()), **more}
    return [
        fault.message.removeprefix("It1: ") for fault in VALIDATOR.faults("components/c1", value)
    ]


def test_what_has_no_kind_is_not_named_twice() -> None:
    (fault,) = VALIDATOR.faults("meta", {"name": "Claims", "description": "", "colour": "red"})
    assert fault.message == "The description of the design: 'colour' is no property of it."


@pytest.mark.parametrize(
    "messages, expected",
    [
        (said("Button", props={"label": 5}), "Label must be text."),
        (said("Button", props={"labl": ""}), "'labl' is no property of a Button; did you mean 'label'?"),
        (said("Button", props={"label": "x" * 201}), "Label may have at most 200 characters; it has 201."),
        (said("Button", props={"disabled": "no"}), "Disabled must be true or false or an expression {{ … }}."),
        (said("Button", style={"width": "9"}), "Width must be one of auto, quarter, third, half, twoThirds, full."),
        (said("Heading", props={"level": 7}), "Level must be one of 1, 2, 3, 4, 5, 6."),
        (said("NumberInput", props={"min": "{{"}), "Smallest must be a number or an expression {{ … }}."),
        (said("NumberInput", props={"step": 0}), "Step must be more than 0."),
        (said("Table", props={"pageSize": 501}), "Rows per page must be at most 500."),
        (said("Table", props={"pageSize": 1.5}), "Rows per page must be a whole number or an expression {{ … }}."),
        (said("Table", props={"data": [1]}), "Entry 1 of data must be an object."),
        (said("Select", props={"options": [{"value": 1}]}), "Label is missing in Entry 1 of options."),
        (said("Select", props={"options": "x"}), "Options must be a list or an expression {{ … }}."),
        (said("DatePicker", props={"min": "1.1."}), EARLIEST),
        (said("Text", style={"color": "red"}), "Colour must be a colour such as #1f6feb or an expression {{ … }}."),
        (said("Text", place={"page": "p1"}), "Place must be a page or a parent, with a slot and an order key."),
        (said("Text", place=5), "Place must be a page or a parent, with a slot and an order key."),
        (said("Text", more=1), "'more' is no property of a Text."),
        (said("Text", props=None), "Properties must be an object."),
        (said("Text", events={"e1": EVENT}), "Events must be empty."),
        (said("WIDGET", events={"a b": EVENT}), "'a b' cannot be a key here: it must be an id."),
        (said("WIDGET", dependencies=["a b"]), "Entry 1 of dependencies must be an id."),
    ],
)  # fmt: skip
def test_words(messages: list[str], expected: str) -> None:
    assert messages[0] == expected


def test_words_for_names_and_secrets() -> None:
    faults = VALIDATOR.faults("components/c1", button("1st"))
    assert [fault.message for fault in faults] == [
        "1st: Name must be letters, digits, _ and $, not starting with a digit."
    ]
    source = {"name": "Db", "kind": "x", "config": {"password": "hunter2"}}
    (fault,) = VALIDATOR.faults("dataSources/d1", source)
    assert (
        fault.message == 'Db: Secret must be {"$secret": name}, for secrets stay out of a design.'
    )
    assert fault.path == ("dataSources", "d1", "config", "password")
    assert "hunter2" not in str(fault.error("Db").details)


def test_unknown_types_have_the_generic_schema_only() -> None:
    value = component("GLOBE_WIDGET", "Map1", on_page(), props={"anything": [1, {"x": None}]})
    assert VALIDATOR.is_valid("components/c1", value)
    assert not VALIDATOR.is_valid("components/c1", {**value, "place": None})


def test_faults_are_limited() -> None:
    value = component("Table", "T", on_page(), props={"data": list(range(900))})
    assert len(VALIDATOR.faults("components/c1", value)) == MAX_FAULTS


def foreign(reference: str) -> TypeRegistry:
    schema: Any = {
        "$id": "https://coweave.dev/schemas/components/x/X/1.schema.json",
        "properties": {"props": {"$ref": reference}},
        "x-coweave": {
            "title": "X", "category": "Data", "icon": "x", "slots": {},
            "defaults": {"props": {}, "style": {}}, "events": [],
        },
    }  # fmt: skip
    return TypeRegistry([ComponentType.from_schema("X", 1, "x", schema)])


def test_no_schema_is_ever_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **more: object) -> None:
        raise AssertionError("a connection was tried")

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        port = server.getsockname()[1]
        monkeypatch.setattr(socket.socket, "connect", refuse)
        with pytest.raises(Exception, match="(?i)retriev|resolv|offline|reference"):
            validator = Validator(foreign(f"http://127.0.0.1:{port}/x.json"))
            validator.is_valid("components/c1", component("X", "X1", on_page()))
        with pytest.raises(BlockingIOError):  # Nobody has come, by whatever means.
            server.accept()


def test_a_hostile_value_is_refused_in_time() -> None:
    value = component("Table", "T", on_page(), props={"data": list(range(150_000))})
    seconds = timeit.repeat(lambda: VALIDATOR.faults("components/c1", value), number=1, repeat=3)
    assert min(seconds) < 0.5  # Going through all of it takes 7 s.
    (fault,) = VALIDATOR.faults("components/c1", value)
    assert fault.message == "T does not fit its schema."


def test_a_hostile_text_costs_linear_time() -> None:
    value = component("DatePicker", "D", on_page(), props={"min": "{{" * 40_000})
    seconds = timeit.repeat(lambda: VALIDATOR.faults("components/c1", value), number=1, repeat=3)
    assert min(seconds) < 0.5
