"""A design in which a part is again as it was."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ot
from server.document.design import Design
from server.document.limits import MAX_BULK_OP_COMPONENTS
from server.document.model import new_design, targets_of
from server.errors import DesignError
from server.history.diff import ABSENT, differing
from server.history.restore import Scope, at, compact_op, is_element, restored, with_value
from server.types.registry import TypeRegistry
from tests.support.histories import HISTORIES, NAMES, versions

REAL = pytest.mark.skipif(not HISTORIES.is_dir(), reason="the corpus of real histories is not here")
TYPES = TypeRegistry.load()
LIMITS = ot.Limits(components=MAX_BULK_OP_COMPONENTS, size=16_000_000)


def component(kind: str, name: str, **place: str) -> dict[str, Any]:
    return {
        "type": kind,
        "typeVersion": 1,
        "name": name,
        "place": {"slot": "content", "order": "a0", **place},
        "props": {"label": name} if kind == "Button" else {},
    }


def design() -> dict[str, Any]:
    """Two pages; on the first a box with a button and a box with another in it."""
    made = new_design("Claims")
    made["pages"]["p2"] = {"name": "Two", "order": "a1", "settings": {}}
    made["components"] = {
        "box": component("Container", "Box", page="page1"),
        "b1": component("Button", "Save", parent="box"),
        "inner": component("Container", "Inner", parent="box"),
        "b2": component("Button", "Send", parent="inner"),
        "b3": component("Button", "Alone", page="p2"),
    }
    made["dataSources"]["s"] = {"name": "db", "kind": "sql", "config": {}}
    query = {"name": "load", "page": "page1", "dataSource": "s", "kind": "sql", "config": {}}
    made["queries"]["q"] = {**query, "body": "SELECT 1"}
    return made


def ids(document: dict[str, Any]) -> set[str]:
    return set(document["components"])


def inside(document: dict[str, Any], element: str) -> set[str]:
    """By hand: the element and what stands in it."""
    found = {element}
    while True:
        more = {
            f"{section}/{id}"
            for section in ("components", "queries", "scripts")
            for id, value in document[section].items()
            if found & set(targets_of(f"{section}/{id}", value))
        } - found
        if not more:
            return found
        found |= more


def edited(random: Random, document: dict[str, Any]) -> dict[str, Any]:
    """The design after some edits, each of which the server takes."""
    made = Design.from_json(document, TYPES)
    for number in range(random.randrange(1, 12)):
        state = made.to_json()
        there = [f"components/{id}" for id in state["components"]] + ["pages/page1", "pages/p2"]
        there = [each for each in there if at(state, each) is not ABSENT]
        element = random.choice([*there, "queries/q"])
        value: Any = at(state, element)
        steps = element.split("/")
        kind = random.randrange(5)
        if value is ABSENT or element == "pages/page1" and kind == 0:
            continue
        if kind == 0:
            op = [{"p": steps, "od": value}]
        elif kind == 1 and element.startswith("components/"):
            homes = [each for each in there if each != element]
            section, _, id = random.choice(homes).partition("/")
            key = "page" if section == "pages" else "parent"
            place = {key: id, "slot": "content", "order": f"a{random.randrange(9)}"}
            op = [{"p": [*steps, "place"], "od": value["place"], "oi": place}]
        elif kind == 2:
            new = component("Button", f"New{number}", page="page1")
            op = [{"p": ["components", f"n{random.randrange(99)}"], "oi": new}]
        elif kind == 3 and value.get("type") == "Button":
            op = [
                {"p": [*steps, "props", "label"], "od": value["props"]["label"], "oi": f"t{number}"}
            ]
        else:
            op = [{"p": [*steps, "name"], "od": value["name"], "oi": f"r{number}"}]
        draft = made.draft()
        try:
            draft.apply(op)
        except DesignError:
            continue
        draft.commit()
    return made.to_json()


def taken(now: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """What the server makes of `now` by the op that leads to `wanted`."""
    op = compact_op(now, wanted)
    if not op:
        return now
    made = Design.from_json(now, TYPES)
    draft = made.draft()
    draft.apply(ot.check(op, LIMITS), bulk=True)
    draft.commit()
    return made.to_json()


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_restoring_the_whole_gives_the_whole(random: Random) -> None:
    then = edited(random, design())
    now = edited(random, then)
    kept = copy.deepcopy(now)
    assert ot.same(taken(now, restored(now, then, Scope())), then)
    assert ot.same(now, kept)


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_restoring_an_element_gives_it_back_with_all_inside_and_what_it_needs(
    random: Random,
) -> None:
    then = edited(random, design())
    now = edited(random, then)
    there = [f"{s}/{id}" for s in ("components", "pages", "queries") for id in then[s]]
    element = random.choice(there)
    wanted = restored(now, then, Scope(element))
    parts = inside(then, element)
    for each in parts:
        assert ot.same(at(wanted, each), at(then, each))
        for target in targets_of(each, at(then, each)):
            assert at(wanted, target) is not ABSENT
    # Nothing else changes but what came in since, and what is needed where it was gone.
    came = inside(now, element) - parts
    for each, before, after in differing(now, wanted):
        if each in parts:
            continue
        if after is ABSENT:
            assert each in came and at(then, each) is ABSENT
        else:
            assert before is ABSENT and ot.same(after, at(then, each))
    try:
        made = taken(now, wanted)
    except DesignError as error:  # a name that somebody has taken since, a circle of moves
        assert error.code in ("ERR_DESIGN_NAME_TAKEN", "ERR_DESIGN_TREE")
        return
    for each in parts:
        found, old = at(made, each), at(then, each)
        assert {**found, "name": ""} == {**old, "name": ""}  # type: ignore[dict-item]


def test_a_component_comes_back_into_what_it_stood_in() -> None:
    then = design()
    now = copy.deepcopy(then)
    for id in ("box", "b1", "inner", "b2"):
        del now["components"][id]
    made = restored(now, then, Scope("components/b2"))
    assert ids(made) == {"box", "inner", "b2", "b3"}
    del now["pages"]["page1"]
    del now["queries"]["q"], now["dataSources"]["s"]
    made = restored(now, then, Scope("queries/q"))
    assert made["pages"].keys() == {"page1", "p2"}
    assert made["dataSources"].keys() == {"s"}
    assert ids(made) == {"b3"}
    made = restored(now, then, Scope("pages/page1"))
    assert ids(made) == ids(then) and made["queries"].keys() == {"q"}


def test_what_has_come_in_since_goes_unless_it_stood_elsewhere() -> None:
    then = design()
    now = copy.deepcopy(then)
    now["components"]["b3"]["place"] = {"parent": "inner", "slot": "content", "order": "a5"}
    now["components"]["new"] = component("Button", "New", parent="inner")
    made = restored(now, then, Scope("components/box"))
    assert ids(made) == ids(then)
    assert made["components"]["b3"] == now["components"]["b3"]


def test_one_property() -> None:
    then = design()
    now = copy.deepcopy(then)
    now["components"]["b1"]["props"] = {"label": "Other", "disabled": True}
    made = restored(now, then, Scope("components/b1", ("props", "label")))
    assert made["components"]["b1"]["props"] == {"label": "Save", "disabled": True}
    made = restored(now, then, Scope("components/b1", ("props", "disabled")))
    assert made["components"]["b1"]["props"] == {"label": "Other"}
    made = restored(now, then, Scope("components/b1", ("style", "color")))
    assert made["components"]["b1"] == now["components"]["b1"]
    del now["components"]["b1"]["props"]
    made = restored(now, then, Scope("components/b1", ("props", "label")))
    assert made["components"]["b1"]["props"] == {"label": "Save"}
    made = restored(now, then, Scope("meta", ("name",)))
    assert made["meta"] == then["meta"]


def test_a_value_is_put_where_there_was_none() -> None:
    assert with_value({"a": 1}, ["b", "c"], 2) == {"a": 1, "b": {"c": 2}}
    assert with_value({"a": {"b": 1}}, ["a", "b"], ABSENT) == {"a": {}}
    assert with_value("x", ["a"], 1) == {"a": 1}


@pytest.mark.parametrize(
    ("element", "is_one"),
    [
        ("components/c1", True),
        ("meta", True),
        ("components/", False),
        ("components/a b", False),
        ("components/a/b", False),
        ("components", False),
        ("meta/x", False),
        ("", False),
        (None, False),
        (1, False),
    ],
)
def test_how_elements_are_called(element: object, is_one: bool) -> None:
    assert is_element(element) is is_one


def test_a_long_op_replaces_elements_whole() -> None:
    old, new = new_design("X"), new_design("X")
    for at_ in range(2_500):
        value = component("Button", f"B{at_}", page="page1")
        old["components"][f"b{at_}"] = {**value, "props": {f"k{n}": n for n in range(9)}}
        new["components"][f"b{at_}"] = {**value, "props": {f"k{n}": -n - 1 for n in range(9)}}
    op = compact_op(old, new)
    assert len(op) == 2_500
    assert ot.same(ot.apply(old, op), new)


@REAL
@pytest.mark.parametrize("name", NAMES)
def test_any_real_version_is_restored_from_any_other(name: str) -> None:
    found = versions(name)
    for now, then in ((found[-1], found[0]), (found[0], found[-1]), (found[3], found[5])):
        wanted = restored(now, then, Scope())
        op = compact_op(now, wanted)
        assert ot.same(ot.apply(now, ot.check(op, LIMITS)), then)
