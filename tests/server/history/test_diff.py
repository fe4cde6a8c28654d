"""The structural diff of two designs, and the op that makes one of the other."""

from __future__ import annotations

import copy
import time
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ot
from ot.types import Json
from server.document.model import SECTIONS, new_design
from server.history.diff import ABSENT, Change, changes, element_changes, to_op
from server.history.text import TextEdit
from tests.ot.generate import Documents
from tests.support.histories import HISTORIES, NAMES, versions

REAL = pytest.mark.skipif(not HISTORIES.is_dir(), reason="the corpus of real histories is not here")


def button(name: str = "Save", **props: Json) -> dict[str, Any]:
    return {
        "type": "Button",
        "typeVersion": 1,
        "name": name,
        "place": {"page": "page1", "slot": "content", "order": "a0"},
        "props": {"label": "Save", **props},
    }


def design(**components: Any) -> dict[str, Any]:
    return {**new_design("Claims"), "components": components}


def patched(old: dict[str, Any], found: list[Change]) -> dict[str, Any]:
    """`old` with every change put in by hand: what is listed is all there is."""
    new = copy.deepcopy(old)
    for each in found:
        path = [*each.element.split("/", 1), *each.path]
        outer: Any = new
        for step in path[:-1]:
            outer = outer[step]
        if each.new is ABSENT:
            del outer[path[-1]]
        else:
            outer[path[-1]] = copy.deepcopy(each.new)
    return new


def check(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """Both forms of the diff lead from one to the other; texts' edits do too."""
    op = to_op(old, new)
    assert ot.same(ot.apply(old, ot.check(op, ot.Limits(components=200_000, size=64 << 20))), new)
    found = list(changes(old, new))
    assert ot.same(patched(old, found), new)
    assert (found == []) is (op == []) is ot.same(old, new)
    for each in found:
        if isinstance(each.old, str) and isinstance(each.new, str):
            edits: ot.Op = []
            for at, removed, inserted in reversed(each.edits):
                edits += [{"p": at, "d": removed}] if removed else []
                edits += [{"p": at, "i": inserted}] if inserted else []
            assert ot.text0.apply(each.old, edits) == each.new
    return found


def test_a_change_of_each_kind() -> None:
    old = design(a=button("A"), b=button("B"), c=button("C"), d=button("D"), e=button("E"))
    new = design(a=button("A"), b=button("B2"), c=button("C"), d=button("D"), f=button("F"))
    moved = {"parent": "a", "slot": "content", "order": "a1"}
    new["components"]["a"]["place"] = moved
    new["components"]["c"] |= {"type": "Link"}
    new["components"]["d"]["props"] = {"label": "Save all", "disabled": True}
    found = check(old, new)
    assert [(each.kind, each.element, each.name, each.path) for each in found] == [
        ("moved", "components/a", "A", ("place",)),
        ("renamed", "components/b", "B2", ("name",)),
        ("retyped", "components/c", "C", ("type",)),
        ("changed", "components/d", "D", ("props", "disabled")),
        ("changed", "components/d", "D", ("props", "label")),
        ("removed", "components/e", "E", ()),
        ("added", "components/f", "F", ()),
    ]
    assert (found[0].old, found[0].new) == (button()["place"], moved)
    assert (found[3].old, found[3].new) == (ABSENT, True)
    assert (found[4].old, found[4].new) == ("Save", "Save all")
    assert found[4].edits == (TextEdit(4, "", " all"),)


def test_a_move_is_one_entry_and_sets_the_place_whole() -> None:
    old, new = design(a=button()), design(a=button())
    new["components"]["a"]["place"] = {"page": "page1", "slot": "content", "order": "a5"}
    (change,) = check(old, new)
    assert change.kind == "moved"
    (component,) = to_op(old, new)
    assert component["p"] == ["components", "a", "place"]


def test_numbers_and_booleans_are_told_apart_and_equal_numbers_are_not() -> None:
    old, new = design(a=button(n=1, m=1, o={"x": 1})), design(a=button(n=True, m=1.0, o={"x": 1.0}))
    (change,) = check(old, new)
    assert (change.path, change.old, change.new) == (("props", "n"), 1, True)


def test_lists_of_one_length_are_compared_by_item_and_others_whole() -> None:
    old = design(a=button(rows=[{"id": 1, "t": "x"}, 2], more=[1]))
    new = design(a=button(rows=[{"id": 1, "t": "y"}, 2], more=[1, 2]))
    found = {each.path: (each.old, each.new) for each in check(old, new)}
    assert found == {
        ("props", "more"): ([1], [1, 2]),
        ("props", "rows", 0, "t"): ("x", "y"),
    }


def test_the_same_in_another_order_of_keys_is_the_same() -> None:
    old = design(a=button(x=1))
    new = copy.deepcopy(old)
    new["components"]["a"]["props"] = {"x": 1, "label": "Save"}
    assert check(old, new) == []


def test_what_is_there_once_and_may_be_missing() -> None:
    old, new = design(), {**design(), "ext": {"note": "x"}}
    (change,) = check(old, new)
    assert (change.kind, change.element, change.path) == ("changed", "ext", ())
    assert (change.old, change.new) == (ABSENT, {"note": "x"})
    check(new, old)


@pytest.mark.parametrize("value", [None, 1, "x", [1], {}, {"place": 1}, {"name": None}])
def test_elements_of_any_shape_are_taken(value: Json) -> None:
    old, new = design(a=value), design(a=button())
    check(old, new)
    check(new, old)
    assert all(each.name == "Save" for each in element_changes("components/a", value, button()))


@settings(max_examples=80, deadline=None)
@given(st.randoms(use_true_random=False))
def test_random_designs_with_any_values(random: Random) -> None:
    documents = Documents(random, safe=True)

    def whole() -> dict[str, Any]:
        made = new_design("X")
        for section in SECTIONS:
            ids = random.sample("abcdef", random.randrange(5))
            made[section] = {id: documents.document() for id in ids}
        return made

    old, new = whole(), whole()
    check(old, new)
    for section in SECTIONS:
        for id, value in list(old[section].items()):
            if random.random() < 0.7:
                new[section][id] = documents.op(value, 4)[1]
    check(old, new)
    check(new, old)


@REAL
@pytest.mark.parametrize("name", NAMES)
def test_real_versions(name: str) -> None:
    found = versions(name)
    for old, new in zip(found, found[1:], strict=False):
        check(old, new)
    check(found[0], found[-1])
    check(found[-1], found[0])


def test_the_cost_of_many_long_texts_is_bounded() -> None:
    random = Random(1)
    words = [f"w{i}" for i in range(2_000)]

    def text() -> str:
        return " ".join(random.choices(words, k=2_000))

    old = design(**{f"c{i}": button(body=text()) for i in range(100)})
    new = design(**{f"c{i}": button(body=text()) for i in range(100)})
    started = time.perf_counter()
    found = list(changes(old, new))
    assert len(found) == 100
    assert time.perf_counter() - started < 5
