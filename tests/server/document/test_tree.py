"""The rules between elements, one by one, in words that say what to do about it."""

from typing import Any

import pytest

from server.document.state import State
from server.document.tree import faults, is_concerned

from .designs import TYPES, button, component, inside, on_page, query, small


def told(element: str, value: Any, **others: Any) -> list[tuple[str, str]]:
    """(rule, message) of the faults of `element` with that value in the small design."""
    document = small()
    state = State()
    state.update(
        {f"{section}/{id}": each for section in ("pages", "components", "queries", "scripts", "dataSources")
         for id, each in document[section].items()}
    )  # fmt: skip
    state.update({name.replace("_", "/"): each for name, each in others.items()})
    state.update({element: value})
    return [(fault.rule, fault.message) for fault in faults(state, TYPES, element)]


@pytest.mark.parametrize(
    "place, rule, message",
    [
        (inside("gone"), "parent", "B would stand in a component that is not there."),
        (inside("c9"), "cycle", "B cannot stand inside itself."),
        (inside("c3"), "slot", "B cannot stand in Button1: a Button holds no other components."),
        (inside("c1", "x"), "slot", "B cannot stand in Card1: a Card has only the slots header, content, footer."),
        (inside("c2", "x"), "slot", "B cannot stand in Container1: a Container has only the slot content."),
        (on_page("p9"), "reference", "B would stand on a page that is not there."),
        (on_page(order="a00"), "order", "B: 'a00' is not an order key."),
    ],
)  # fmt: skip
def test_places(place: Any, rule: str, message: str) -> None:
    assert told("components/c9", button("B", place)) == [(rule, message)]


def test_what_a_slot_takes() -> None:
    table = component("Table", "T", inside("c1", "footer"))
    (fault,) = told("components/c9", table)
    assert fault == ("slot", "The footer of a Card takes Button, Container, Link, Text, not T.")
    assert told("components/c9", {**table, "type": "Button"}) == []


def test_unknown_types_have_every_slot_but_stand_only_where_all_do() -> None:
    parent = component("STRANGE_LIST", "L", on_page())
    assert told("components/c9", button("B", inside("u1", "any")), components_u1=parent) == []
    assert told("components/c9", component("X_WIDGET", "X", inside("c2"))) == []
    assert told("components/c9", component("X_WIDGET", "X", inside("c1", "footer")))[0][0] == "slot"


@pytest.mark.parametrize(
    "element, name, message",
    [
        ("components/c9", "Text1", "The name Text1 is taken by a component on this page."),
        ("components/c9", "getClaims", "The name getClaims is taken by a query on this page."),
        ("components/c9", "people", "The name people is taken by a query in this app."),
        ("components/c9", "tools", None),
        ("queries/q9", "tools", "The name tools is taken by a script in this app."),
    ],
)
def test_names(element: str, name: str, message: str | None) -> None:
    value = button(name) if element == "components/c9" else query(name, None, None)
    assert told(element, value) == ([] if message is None else [("name", message)])


def test_references_of_queries_and_components() -> None:
    assert told("queries/q9", query("x", "p9", "d9")) == [
        ("reference", "x names a page that is not there."),
        ("reference", "x names a data source that is not there."),
    ]
    assert told("queries/q9", query("x", None, None)) == []
    value = {**button("B"), "dependencies": ["q1", "c1", "s1", "d1", "gone"]}
    assert told("components/c9", value) == [
        ("reference", "B depends on something that is not there.")
    ]


def test_order_keys_of_pages_and_handlers() -> None:
    assert told("pages/p9", {"name": "P", "order": "!", "settings": {}}) == [
        ("order", "P: '!' is not an order key.")
    ]
    handler = {"on": "onClick", "order": "00", "run": ""}
    assert told("components/c9", {**button("B"), "events": {"e": handler}})[0][0] == "order"


@pytest.mark.parametrize(
    "value",
    [None, 5, [], {}, {"place": 5}, {"place": {"parent": 5, "order": []}}, {"name": 5, "place": {}},
     {"events": [1]}, {"events": {"e": 5}}, {"dependencies": {"a": 1}}, {"dependencies": [5]}],
)  # fmt: skip
def test_malformed_elements_break_no_rule(value: Any) -> None:
    assert told("components/c9", value) == []
    assert told("queries/q9", value) == []


def test_a_child_of_a_malformed_parent_is_left_alone() -> None:
    child = button("B", inside("u1"))
    assert told("components/c9", child, components_u1=5) == []
    assert told("components/c9", child, components_u1={}) == []


def test_singles_and_data_sources_have_no_rules() -> None:
    assert told("dataSources/d9", {"name": "x"}) == told("meta", {"name": "x"}) == []


def test_only_what_the_rules_read_concerns_them() -> None:
    before = button("B")
    assert not is_concerned("components/c1", before, {**before, "props": {"label": "x"}})
    assert is_concerned("components/c1", before, {**before, "name": "C"})
    assert is_concerned("components/c1", None, before)
    assert not is_concerned("components/c1", before, 5)
    assert not is_concerned("theme", {}, {"a": 1})
