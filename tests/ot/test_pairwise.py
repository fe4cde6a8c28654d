"""Ops past ops (SPEC OT30-OT33)."""

import pytest

from ot import OpError, json0
from ot.types import Op

A: Op = [{"p": ["a"], "oi": 1}]


def test_OT30_nothing_changes_nothing() -> None:
    unmerged: Op = [*A, {"p": ["a"], "od": 1}]
    assert json0.transform(unmerged, [], "left") is unmerged
    assert json0.transform([], A, "left") == json0.transform([], A, "right") == []


def test_OT30_one_past_one_looks_in_one_direction_only() -> None:
    # The other way round would refuse: what A claims to delete is not there.
    a: Op = [{"p": ["a"], "od": 1, "oi": 2}]
    inside: Op = [{"p": ["a", "k"], "oi": 1}]
    assert json0.transform(inside, a, "left") == []
    with pytest.raises(OpError):
        json0.transform_both(inside, a)


def test_OT31_all_meet_pairwise() -> None:
    left: Op = [{"p": ["l", 0], "li": "a"}, {"p": ["l", 1], "li": "b"}]
    right: Op = [{"p": ["l", 0], "li": "c"}, {"p": ["l", 2], "lm": 0}]
    assert json0.transform_both(left, right) == (
        [{"p": ["l", 0], "li": "a"}, {"p": ["l", 1], "li": "b"}],
        [{"p": ["l", 2], "li": "c"}, {"p": ["l", 4], "lm": 2}],
    )
    assert json0.transform(left, right, "left") == json0.transform_both(left, right)[0]
    assert json0.transform(right, left, "right") == json0.transform_both(left, right)[1]


def test_OT32_what_is_gone_meets_no_more() -> None:
    left: Op = [{"p": ["a"], "od": {}}, {"p": ["b"], "oi": 1}, {"p": ["b"], "od": 1}]
    right: Op = [{"p": ["a", "k"], "oi": 1}]
    assert json0.transform_both(left, right) == ([{"p": ["a"], "od": {"k": 1}}], [])


def test_OT32_what_is_split_goes_on_in_parts() -> None:
    right: Op = [{"p": ["s", 0], "sd": "abcdef"}]
    left: Op = [{"p": ["s", 2], "si": "X"}, {"p": ["s", 5], "si": "Y"}]
    assert json0.transform_both(left, right) == (
        [{"p": ["s", 0], "si": "XY"}],
        [{"p": ["s", 0], "sd": "ab"}, {"p": ["s", 1], "sd": "cd"}, {"p": ["s", 2], "sd": "ef"}],
    )


def test_OT32_a_deletion_may_be_split_more_often_than_python_recurses() -> None:
    text = "ab" * 1_050
    deletion: Op = [{"p": ["s", 0], "sd": text}]
    inserts: Op = [{"p": ["s", 3 * at + 1], "si": "X"} for at in range(1_050)]
    parts = json0.transform(deletion, inserts, "right")
    assert len(parts) == 1_051
    doc = json0.apply(json0.apply({"s": text}, inserts), parts)
    assert doc == {"s": "X" * 1_050}


def test_OT33_passing_merges_once_for_each_component_on_the_right() -> None:
    unmerged: Op = [
        {"p": ["l", 0], "li": "a"},
        {"p": ["l", 0], "ld": "a", "li": "b"},
        {"p": ["l", 0], "ld": "b"},
    ]
    once: Op = [unmerged[0], {"p": ["l", 0], "ld": "a"}]
    one: Op = [{"p": ["x", "y"], "oi": 1}]
    two: Op = [*one, {"p": ["x", "z"], "oi": 1}]
    assert json0.transform(unmerged, one, "left") == once
    assert json0.transform(unmerged, two, "left") == []
    assert json0.transform(unmerged, two, "right") == once
