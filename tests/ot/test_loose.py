"""Apply as npm does it, and where we stop short of npm (SPEC OT70-OT75)."""

from typing import Any

import pytest

import ot
from ot import OpError, Reason, apply_npm, json0
from ot.loose import apply_unbounded, index_of
from tests.ot.npm import Npm

DOC: Any = {"n": 5, "s": "a😀b", "list": [1, "two", {"x": [True]}], "5": {"a": 1}}


@pytest.mark.parametrize(
    "component",
    [
        {"p": ["list", "2", "x", "0"], "ld": True},
        {"p": ["list", "1"], "lm": "2"},
        {"p": [5, "a"], "oi": 2},
        {"p": [5], "od": 2},
        {"p": ["n"], "oi": 6},
        {"p": ["n"], "od": "other", "oi": 6},
        {"p": ["n"], "od": "other"},
        {"p": ["x"], "od": 1},
        {"p": ["list", 0], "ld": "other"},
        {"p": ["list", 0], "ld": "other", "li": 2},
        {"p": ["list", 3], "li": 2},
        {"p": ["list", 1], "lm": 1},
        {"p": ["list", 0], "na": 0.5},
        {"p": ["n"], "na": 0.5},
        {"p": ["s"], "t": "text0", "o": [{"p": 4, "i": "x"}, {"p": 0, "d": "a"}]},
        {"p": ["s", 1], "si": "x"},
        {"p": ["s", 1], "sd": "😀"},
        {"p": [], "oi": [1]},
        {"p": [], "od": 1, "oi": None},
    ],
)
def test_OT70_what_stock_clients_rely_on_is_as_in_npm(component: Any) -> None:
    before = repr(DOC)
    with Npm() as npm:
        (theirs,) = npm.answers([["apply", DOC, [component]]])
    assert [apply_npm(DOC, ot.check([component], loose=True))] == theirs
    assert [apply_unbounded(DOC, ot.check([component], loose=True))] == theirs
    assert repr(DOC) == before


@pytest.mark.parametrize(
    ("path", "fields", "reason"),
    [
        (["list", 4], {"li": 1}, Reason.INDEX_RANGE),
        (["list", 3], {"ld": 1}, Reason.INDEX_RANGE),
        (["list", 4], {"ld": 1, "li": 1}, Reason.INDEX_RANGE),
        (["list", 3], {"lm": 0}, Reason.INDEX_RANGE),
        (["list", 9], {"lm": 0}, Reason.INDEX_RANGE),
        (["list", 0], {"lm": 3}, Reason.INDEX_RANGE),
        (["s", 5], {"si": "x"}, Reason.OFFSET_RANGE),
        (["s", 2], {"si": "x"}, Reason.SURROGATE_SPLIT),
    ],
)
def test_OT71_beyond_the_end_is_refused_though_npm_goes_on(
    path: Any, fields: dict[str, Any], reason: Reason
) -> None:
    op = [{"p": path, **fields}]
    with pytest.raises(OpError) as caught:
        apply_npm(DOC, [{"p": ["n"], "na": 0}, *op])
    assert (caught.value.reason, caught.value.component) == (reason, 1)
    assert caught.value.path == path
    with Npm() as npm:
        assert npm.answers([["apply", DOC, op]]) == [[apply_unbounded(DOC, op)]]


@pytest.mark.parametrize(
    ("path", "fields", "reason"),
    [
        (["x", "y"], {"oi": 1}, Reason.PATH_NOT_FOUND),
        (["x"], {"na": 1}, Reason.PATH_NOT_FOUND),
        (["list", "01", "y"], {"oi": 1}, Reason.PATH_NOT_FOUND),
        (["list", 7, "y"], {"oi": 1}, Reason.PATH_NOT_FOUND),
        (["n", "y", "z"], {"oi": 1}, Reason.PATH_BLOCKED),
        (["list", 0], {"oi": 1}, Reason.NOT_AN_OBJECT),
        (["n"], {"li": 1}, Reason.NOT_A_LIST),
        ([5], {"na": 1}, Reason.NOT_A_NUMBER),
        (["n", 0], {"si": "x"}, Reason.NOT_A_STRING),
        (["s", 1], {"sd": "x"}, Reason.TEXT_DIFFERS),
        (["n"], {}, Reason.NO_INSTRUCTION),
    ],
)
def test_OT71_what_npm_refuses_is_refused(path: Any, fields: Any, reason: Reason) -> None:
    for apply in (apply_npm, apply_unbounded):
        with pytest.raises(OpError) as caught:
            apply(DOC, [{"p": path, **fields}])
        assert caught.value.reason is reason


def test_OT71_a_sum_that_is_no_number_is_refused() -> None:
    with pytest.raises(OpError) as caught:
        apply_npm(1e308, [{"p": [], "na": 1e308}])
    assert caught.value.reason is Reason.SUM_RANGE


@pytest.mark.parametrize(
    "component",
    [
        {"p": [9], "li": 1},
        {"p": [9], "ld": 1},
        {"p": [2], "ld": 1, "li": 5},
        {"p": [4], "ld": 1, "li": 5},
        {"p": [9], "lm": 0},
        {"p": [0], "lm": 9},
        {"p": [2, 9], "si": "x"},
        {"p": [2, 1], "si": "\ude00"},
        {"p": [2, 0], "sd": "\ud83d"},
        {"p": [2, 1], "sd": "\ude00"},
        {"p": [2, 1], "si": "x"},
        {"p": [2, 2], "sd": ""},
    ],
)
def test_OT72_unbounded_is_as_in_npm(component: Any) -> None:
    doc = [1, 2, "😀", 3] if len(component["p"]) == 2 else [1, 2]
    with Npm() as npm:
        assert npm.answers([["apply", doc, [component]]]) == [[apply_unbounded(doc, [component])]]


@pytest.mark.parametrize(
    ("component", "reason", "theirs"),
    [
        ({"p": [], "od": 1}, Reason.ROOT_DELETED, None),
        ({"p": ["s", 0, 0], "si": "x"}, Reason.PATH_BLOCKED, DOC),
        ({"p": ["l", 0], "si": "x"}, Reason.NOT_A_STRING, {"s": "abc", "l": "x1,2"}),
    ],
)
def test_OT75_what_nobody_can_want_is_refused(component: Any, reason: Reason, theirs: Any) -> None:
    doc = {"s": "abc", "l": [1, 2]}
    with pytest.raises(OpError) as caught:
        apply_unbounded(doc, [component])
    assert caught.value.reason is reason
    with Npm() as npm:
        assert npm.answers([["apply", doc, [component]]]) == [[doc if theirs is DOC else theirs]]


@pytest.mark.parametrize(
    ("step", "index"),
    [(0, 0), (7, 7), (-1, None), ("0", 0), ("10", 10), ("00", None), ("", None), ("x", None)],
)
def test_OT70_indices_in_strings_are_those_that_javascript_writes(step: Any, index: Any) -> None:
    assert index_of(step) == index


def test_OT76_a_digit_string_where_the_other_has_a_list_is_left_alone() -> None:
    op = [{"p": ["c", "1", 0], "si": "x"}]
    # Over a used key: the safe subset asks for `od`, and then the op would be gone.
    other = [{"p": ["c"], "oi": [1, 2]}, {"p": ["c", 0], "li": 0}]
    assert json0.transform(op, other, "left") == op
    with Npm() as npm:
        theirs = npm.answers([["transform", op, other, "left"]])
    assert theirs == [[[{"p": ["c", 2, 0], "si": "x"}]]]
