"""The op between two documents (SPEC OT111-OT116)."""

import time
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ot
from ot.diff import diff, edit_text
from ot.sequence import longest_rise
from tests.ot.generate import Documents


def check(old: Any, new: Any) -> ot.Op:
    op = diff(old, new)
    assert ot.same(ot.apply(old, ot.check(op)), new)
    assert (op == []) is ot.same(old, new)
    return op


@settings(max_examples=500, deadline=None)
@given(st.randoms(use_true_random=False))
def test_OT111_the_op_of_two_documents_makes_one_of_the_other(random: Any) -> None:
    documents = Documents(random, safe=True)
    old = documents.document()
    new = documents.op(old, 6)[1]
    check(old, new)
    check(new, old)
    check(old, documents.document())


def test_OT111_the_same_needs_no_op() -> None:
    assert diff({"a": [1, "x"], "b": 2.0}, {"b": 2, "a": [1, "x"]}) == []
    assert check(1, True) == [{"p": [], "od": 1, "oi": True}]
    assert check("a", "b") == [{"p": [], "od": "a", "oi": "b"}]


@pytest.mark.parametrize(
    ("old", "new", "edits"),
    [
        ("Submit", "Submit claim", [{"p": 6, "i": " claim"}]),
        ("Submit claim", "Submit", [{"p": 6, "d": " claim"}]),
        ("a😀b", "a😁b", [{"p": 1, "d": "😀"}, {"p": 1, "i": "😁"}]),
        (
            "😀 one two",
            "😀 1 two 3",
            [{"p": 10, "i": " 3"}, {"p": 3, "d": "one"}, {"p": 3, "i": "1"}],
        ),
        ("", "x", [{"p": 0, "i": "x"}]),
        ("x", "x", []),
    ],
)
def test_OT112_text_is_edited_where_it_changed(old: str, new: str, edits: ot.Op) -> None:
    assert edit_text(old, new) == edits
    assert ot.text0.apply(old, edits) == new


def test_OT112_text_in_a_document() -> None:
    assert check({"s": ["ab"]}, {"s": ["axb"]}) == [{"p": ["s", 0, 1], "si": "x"}]
    assert check({"s": "abc"}, {"s": "ac"}) == [{"p": ["s", 1], "sd": "b"}]
    # Half stays: edited. Less: replaced.
    assert check({"s": "abcd"}, {"s": "ab"}) == [{"p": ["s", 2], "sd": "cd"}]
    assert check({"s": "abcd"}, {"s": "a"}) == [{"p": ["s"], "od": "abcd", "oi": "a"}]
    assert check(["left"], ["right"]) == [{"p": [0], "ld": "left", "li": "right"}]
    assert check({"s": "😀a"}, {"s": "a"}) == [{"p": ["s"], "od": "😀a", "oi": "a"}]


def test_OT112_a_much_changed_text_is_compared_by_lines() -> None:
    random = Random(1)
    lines = ["".join(random.choices("abcdefgh ", k=60)) + "\n" for _ in range(200)]
    changed = list(lines)
    for at in (3, 70, 150):
        changed[at] = "".join(random.choices("stuvwxyz ", k=400)) + "\n"
    changed[100] = changed[100][:30] + "!" + changed[100][30:]
    del changed[120:130]
    old, new = "".join(lines), "".join(changed)
    edits = edit_text(old, new)
    assert ot.text0.apply(old, edits) == new
    touched = sum(len(edit.get("i", "")) + len(edit.get("d", "")) for edit in edits)
    assert touched <= 3 * 462 + 1 + 610
    assert {"p": old.index(lines[100]) + 30, "i": "!"} in edits


def test_OT112_a_text_of_which_nothing_stays_is_replaced_in_time() -> None:
    random = Random(2)
    old, new = ("".join(random.choices("ab cd\n", k=50_000)) for _ in range(2))
    start = time.perf_counter()
    edits = edit_text(old, new)
    assert time.perf_counter() - start < 10
    assert ot.text0.apply(old, edits) == new
    old, new = "".join(random.choices("abcd", k=5_000)), "".join(random.choices("efgh", k=5_000))
    assert edit_text(old, new) == [{"p": 0, "d": old}, {"p": 0, "i": new}]


def items(*ids: Any) -> list[dict[str, Any]]:
    return [{"id": name, "v": f"value {name}"} for name in ids]


@pytest.mark.parametrize(
    ("old", "new", "op"),
    [
        ("abcd", "dabc", [{"p": [3], "lm": 0}]),
        ("abcd", "bcda", [{"p": [0], "lm": 3}]),
        ("abcd", "acbd", [{"p": [2], "lm": 1}]),
        ("abc", "ac", [{"p": [1], "ld": {"id": "b", "v": "value b"}}]),
        ("ac", "abc", [{"p": [1], "li": {"id": "b", "v": "value b"}}]),
    ],
)
def test_OT113_items_with_ids_are_moved(old: str, new: str, op: ot.Op) -> None:
    assert check(items(*old), items(*new)) in (op, [{"p": [1], "lm": 2}])


def test_OT113_items_with_ids_are_edited_where_they_stand() -> None:
    old, new = items("a", "b", 3), items(3, "x", "a")
    new[0]["v"] = "value 33"
    op = check({"l": old}, {"l": new})
    assert {"p": ["l", 0, "v", 7], "si": "3"} in op
    assert {"p": ["l", 1], "ld": old[1]} in op
    assert {"p": ["l", 1], "li": new[1]} in op
    assert sum("lm" in component for component in op) == 1 and len(op) == 4


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 8), unique=True), st.lists(st.integers(0, 8), unique=True))
def test_OT113_as_few_as_possible_are_moved(old: list[int], new: list[int]) -> None:
    op = check(items(*old), items(*new))
    both = set(old) & set(new)
    assert sum("ld" in component for component in op) == len(set(old) - both)
    assert sum("li" in component for component in op) == len(set(new) - both)
    order = [new.index(name) for name in old if name in both]
    assert sum("lm" in component for component in op) == len(order) - len(longest_rise(order))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (items("a", "a"), items("a")),
        ([{"id": True}, {"id": 1}], [{"id": 1}, {"id": True}]),
        ([{"id": None}], [{"id": None}, {"id": 2}]),
        ([{"id": []}], [{"id": [1]}]),
        ([{"v": 1}], [{"id": 2}]),
        ([1, 2], [2]),
    ],
)
def test_OT113_other_ids_are_none(old: Any, new: Any) -> None:
    assert not any("lm" in component for component in check(old, new))


@pytest.mark.parametrize(
    ("old", "new", "op"),
    [
        ([1, 2, 3], [1, 3], [{"p": [1], "ld": 2}]),
        ([1, 3], [1, 2, 3], [{"p": [1], "li": 2}]),
        ([1, 2, 3], [1, 5, 3], [{"p": [1], "ld": 2, "li": 5}]),
        (["some text"], ["some texts"], [{"p": [0, 9], "si": "s"}]),
        ([1, {"a": 1}, 3], [1, {"a": 2}, 3], [{"p": [1, "a"], "od": 1, "oi": 2}]),
        ([1, 2, 3, 4], [1, 9, 4], [{"p": [2], "ld": 3}, {"p": [1], "ld": 2, "li": 9}]),
        ([1, 4], [8, 9, 1, 4], [{"p": [0], "li": 8}, {"p": [1], "li": 9}]),
        ([True], [1], [{"p": [0], "ld": True, "li": 1}]),
    ],
)
def test_OT114_lists_are_edited_in_hunks(old: Any, new: Any, op: ot.Op) -> None:
    assert check(old, new) == op


def test_OT114_lists_of_which_nothing_stays_are_replaced() -> None:
    old, new = list(range(2_000)), list(range(2_000, 4_000))
    assert check({"l": old}, {"l": new}) == [{"p": ["l"], "od": old, "oi": new}]


def test_OT115_objects_are_edited_key_by_key() -> None:
    old = {"a": 1, "b": {"c": "x", "d": None}, "e": []}
    new = {"a": 1, "b": {"c": "x", "d": False}, "f": {}}
    assert check(old, new) == [
        {"p": ["b", "d"], "od": None, "oi": False},
        {"p": ["e"], "od": []},
        {"p": ["f"], "oi": {}},
    ]


def test_OT116_numbers_and_other_types_are_replaced() -> None:
    old, new = {"a": 1, "b": "x", "c": {}}, {"a": 2, "b": 1, "c": []}
    assert check(old, new) == [{"p": [key], "od": old[key], "oi": new[key]} for key in "abc"]
