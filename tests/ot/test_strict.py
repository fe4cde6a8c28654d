"""Strict apply (SPEC OT50-OT59)."""

from typing import Any

import pytest

import ot
from ot import OpError, Reason, apply

DOC: Any = {
    "n": 5,
    "f": 0.5,
    "s": "a😀b",
    "ascii": "abc",
    "list": [1, "two", {"x": [True]}],
    "o": {"k": {"deep": [1, 2]}, "null": None},
    "big": 2**53,
}


@pytest.mark.parametrize(
    ("path", "fields", "key", "value"),
    [
        (["n"], {"na": 3}, "n", 8),
        (["n"], {"na": -5.0}, "n", 0),
        (["big"], {"na": -1}, "big", 2**53 - 1),
        (["s", 0], {"si": "x"}, "s", "xa😀b"),
        (["s", 3], {"si": "é"}, "s", "a😀éb"),
        (["s", 4], {"si": "!"}, "s", "a😀b!"),
        (["s", 1], {"sd": "😀b"}, "s", "a"),
        (["ascii", 3], {"si": ""}, "ascii", "abc"),
        (["ascii", 1], {"sd": "b"}, "ascii", "ac"),
        (["s"], {"t": "text0", "o": [{"p": 4, "i": "c"}, {"p": 0, "d": "a"}]}, "s", "😀bc"),
        (["list", 0], {"li": None}, "list", [None, 1, "two", {"x": [True]}]),
        (["list", 3], {"li": 4}, "list", [1, "two", {"x": [True]}, 4]),
        (["list", 2], {"ld": {"x": [True]}}, "list", [1, "two"]),
        (["list", 1], {"ld": "two", "li": 2}, "list", [1, 2, {"x": [True]}]),
        (["list", 0], {"lm": 2}, "list", ["two", {"x": [True]}, 1]),
        (["list", 2], {"lm": 0}, "list", [{"x": [True]}, 1, "two"]),
        (["list", 1], {"lm": 1}, "list", [1, "two", {"x": [True]}]),
        (["new"], {"oi": [1]}, "new", [1]),
        (["n"], {"od": 5.0, "oi": None}, "n", None),
        (["o", "null"], {"od": None}, "o", {"k": {"deep": [1, 2]}}),
        (["o", "k", "deep", 1], {"ld": 2}, "o", {"k": {"deep": [1]}, "null": None}),
        (["list", 2, "x", 0], {"ld": True, "li": 1}, "list", [1, "two", {"x": [1]}]),
    ],
)
def test_OT50_each_instruction_does_what_it_says(
    path: Any, fields: dict[str, Any], key: str, value: Any
) -> None:
    before = repr(DOC)
    after = apply(DOC, [{"p": path, **fields}])
    assert after == {**DOC, key: value}
    assert type(after[key]) is type(value)
    assert repr(DOC) == before
    assert all(after[other] is DOC[other] for other in DOC if other != key)


def test_OT50_a_key_is_deleted() -> None:
    assert apply({"a": 1, "b": 2}, [{"p": ["a"], "od": 1}]) == {"b": 2}


def test_OT50_the_document_itself_is_edited() -> None:
    assert apply(1, [{"p": [], "od": 1, "oi": {"a": 1}}]) == {"a": 1}
    assert apply(1, [{"p": [], "na": 1}]) == 2
    assert apply("a", [{"p": [1], "si": "b"}]) == "ab"
    assert apply("a", [{"p": [], "t": "text0", "o": [{"p": 0, "d": "a"}]}]) == ""
    assert apply([1], [{"p": [0], "ld": 1}]) == []


def test_OT50_an_empty_op_gives_the_same_document() -> None:
    assert apply(DOC, []) is DOC


def test_OT50_all_or_nothing() -> None:
    doc = {"a": {"b": [1]}, "c": 1}
    op: ot.Op = [
        {"p": ["a", "b", 0], "ld": 1},
        {"p": ["a", "x"], "oi": 1},
        {"p": ["c"], "od": 2},
    ]
    with pytest.raises(OpError) as caught:
        apply(doc, op)
    assert (caught.value.component, caught.value.path) == (2, ["c"])
    assert doc == {"a": {"b": [1]}, "c": 1}


def test_OT50_values_of_the_op_are_never_changed() -> None:
    inserted = {"list": [1]}
    op: ot.Op = [{"p": ["a"], "oi": inserted}, {"p": ["a", "list", 1], "li": 2}]
    after = apply({}, op)
    assert after == {"a": {"list": [1, 2]}}
    assert inserted == {"list": [1]}


def test_OT50_one_copy_serves_the_whole_op() -> None:
    # Also when a copy of ours is moved, or replaced by a value that takes its place.
    op: ot.Op = [
        {"p": [0, "a"], "oi": 1},
        {"p": [0], "lm": 1},
        {"p": [1, "b"], "oi": 2},
        {"p": [1], "ld": {"a": 1, "b": 2}, "li": {"c": 3}},
        {"p": [1, "c"], "od": 3},
    ]
    doc: Any = [{}, "x"]
    assert apply(doc, op) == ["x", {}]
    assert doc == [{}, "x"]
    assert op[3]["li"] == {"c": 3}


@pytest.mark.parametrize(
    ("path", "fields", "reason"),
    [
        (["x", "a"], {"oi": 1}, Reason.PATH_NOT_FOUND),
        (["list", 3, "a"], {"oi": 1}, Reason.PATH_NOT_FOUND),
        (["list", "0", "a"], {"oi": 1}, Reason.PATH_NOT_FOUND),
        (["list", -1, "a"], {"oi": 1}, Reason.PATH_NOT_FOUND),
        (["o", 0, "a"], {"oi": 1}, Reason.PATH_NOT_FOUND),
        (["x"], {"na": 1}, Reason.PATH_NOT_FOUND),
        (["x", 0], {"si": ""}, Reason.PATH_NOT_FOUND),
        (["list", 9], {"t": "text0", "o": [{"p": 0, "i": ""}]}, Reason.PATH_NOT_FOUND),
        (["n", "a"], {"oi": 1}, Reason.PATH_BLOCKED),
        (["s", 0, 0], {"si": "a"}, Reason.PATH_BLOCKED),
        (["o", "null", "a"], {"oi": 1}, Reason.PATH_BLOCKED),
        (["o", 0], {"li": 1}, Reason.NOT_A_LIST),
        (["o", 0], {"lm": 0}, Reason.NOT_A_LIST),
        (["o", 0], {"ld": 1}, Reason.NOT_A_LIST),
        ([], {"li": 1}, Reason.NOT_A_LIST),
        (["list", "a"], {"oi": 1}, Reason.NOT_AN_OBJECT),
        (["list", 0], {"od": 1}, Reason.NOT_AN_OBJECT),
        (["o", 0], {"oi": 1}, Reason.NOT_AN_OBJECT),
        (["n", 0], {"si": "a"}, Reason.NOT_A_STRING),
        (["list", 0], {"sd": "a"}, Reason.NOT_A_STRING),
        (["o"], {"t": "text0", "o": [{"p": 0, "i": ""}]}, Reason.NOT_A_STRING),
        (["s"], {"na": 1}, Reason.NOT_A_NUMBER),
        (["list", 2, "x", 0], {"na": 1}, Reason.NOT_A_NUMBER),
        (["o", "null"], {"na": 1}, Reason.NOT_A_NUMBER),
        (["list", 4], {"li": 1}, Reason.INDEX_RANGE),
        (["list", -1], {"li": 1}, Reason.INDEX_RANGE),
        (["list", "0"], {"li": 1}, Reason.INDEX_RANGE),
        (["list", 3], {"ld": 1}, Reason.INDEX_RANGE),
        (["list", 3], {"ld": 1, "li": 1}, Reason.INDEX_RANGE),
        (["list", 3], {"lm": 0}, Reason.INDEX_RANGE),
        (["list", 0], {"lm": 3}, Reason.INDEX_RANGE),
        (["list", 0], {"lm": -1}, Reason.INDEX_RANGE),
        (["list", 0], {"lm": True}, Reason.INDEX_RANGE),
        (["x"], {"od": None}, Reason.KEY_MISSING),
        (["x"], {"od": 1, "oi": 1}, Reason.KEY_MISSING),
        (["n"], {"oi": 6}, Reason.KEY_USED),
        (["o", "null"], {"oi": 6}, Reason.KEY_USED),
        ([], {"oi": 1}, Reason.KEY_USED),
        ([], {"od": DOC}, Reason.ROOT_DELETED),
        (["n"], {"od": 6}, Reason.VALUE_DIFFERS),
        (["n"], {"od": "5", "oi": 1}, Reason.VALUE_DIFFERS),
        (["list", 0], {"ld": True}, Reason.VALUE_DIFFERS),
        (["list", 2], {"ld": {"x": [1]}, "li": 1}, Reason.VALUE_DIFFERS),
        (["o"], {"od": {"k": {"deep": [1, 2]}}}, Reason.VALUE_DIFFERS),
        (["f"], {"na": 1}, Reason.NUMBER_FRACTION),
        (["n"], {"na": 0.5}, Reason.NUMBER_FRACTION),
        (["big"], {"na": 1}, Reason.SUM_RANGE),
        (["big"], {"na": 2.0**53}, Reason.SUM_RANGE),
        (["s", 5], {"si": "a"}, Reason.OFFSET_RANGE),
        (["ascii", 4], {"si": ""}, Reason.OFFSET_RANGE),
        (["ascii", 4], {"sd": ""}, Reason.OFFSET_RANGE),
        (["s", 2], {"si": "a"}, Reason.SURROGATE_SPLIT),
        (["s", 2], {"sd": "\ude00"}, Reason.SURROGATE_SPLIT),
        (["s", 1], {"sd": "\ud83d"}, Reason.TEXT_DIFFERS),
        (["s", 3], {"sd": "a"}, Reason.TEXT_DIFFERS),
        (["ascii", 2], {"sd": "cd"}, Reason.TEXT_DIFFERS),
        (["n"], {}, Reason.NO_INSTRUCTION),
    ],
)
def test_OT51_to_OT58_what_does_not_fit_is_refused(
    path: Any, fields: dict[str, Any], reason: Reason
) -> None:
    before = repr(DOC)
    with pytest.raises(OpError) as caught:
        apply(DOC, [{"p": ["n"], "na": 0}, {"p": path, **fields}])
    error = caught.value
    assert (error.reason, error.component, error.path) == (reason, 1, path)
    assert error.message in str(error) and str(error).endswith(f"[{reason}]")
    assert repr(DOC) == before


@pytest.mark.parametrize(
    ("path", "fields", "message"),
    [
        (["o", "k"], {"oi": 1}, "o/k: there is a value already; say which one is replaced (od)"),
        (["list", 9], {"lm": 0}, "list/9: 9 is not an index below 3"),
        (["list", 4], {"li": 0}, "list/4: 4 is not an index below 4"),
        (["n", "x"], {"oi": 0}, "n/x: there is nothing inside a number"),
        (["x", "y"], {"oi": 0}, "x/y: there is no 'x' here"),
        (["list", "k"], {"oi": 0}, "list/k: a list where an object is meant"),
        (["o", 0], {"li": 0}, "o/0: an object where a list is meant"),
        (["list", 2, "x"], {"na": 1}, "list/2/x: a list where a number is meant"),
        (["o", "null", 0], {"si": "a"}, "o/null: null where text is meant"),
        (["ascii", 9], {"si": "a"}, "ascii: offset 9 is beyond the text, 3 units long"),
        (["s", 2], {"si": "a"}, "s: offset 2 is inside a character of two units"),
        (
            ["ascii", 0],
            {"sd": "x"},
            "ascii: the text to delete at offset 0 is 'x', but 'a' stands there",
        ),
        ([], {"od": DOC}, "a document cannot be left without a value"),
        ([], {"li": 1}, "the document: an object where a list is meant"),
        (["n"], {"od": 4}, "n: the value to delete is not the one that stands here"),
        (["y"], {"od": 4}, "y: the value to delete is not there"),
        (["big"], {"na": 1}, "big: the sum is beyond 9,007,199,254,740,992"),
        (["f"], {"na": 1}, "f: only whole numbers are added to; replace the number instead"),
    ],
)
def test_OT59_the_error_says_what_and_where(
    path: Any, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(OpError) as caught:
        apply(DOC, [{"p": path, **fields}])
    assert caught.value.message == message


def test_OT59_a_long_key_does_not_make_a_long_message() -> None:
    with pytest.raises(OpError) as caught:
        apply({}, [{"p": ["k" * 10_000, "a"], "oi": 1}])
    assert len(caught.value.message) < 300
