"""Text edits (SPEC OT60-OT67), also put to npm by way of `t: "text0"`."""

from random import Random
from typing import Any

import pytest

from ot import OpError, Reason, text0
from ot.types import Component, Op
from ot.utf16 import cut, join, units
from tests.ot.npm import Npm


def i(at: int, text: str) -> Component:
    return {"p": at, "i": text}


def d(at: int, text: str) -> Component:
    return {"p": at, "d": text}


def test_OT60_edits_are_done_in_order_and_in_units() -> None:
    assert text0.apply("a😀b", [i(3, "é"), d(0, "a"), i(0, "𝒳")]) == "𝒳😀éb"
    assert text0.apply("", []) == ""
    assert text0.apply("日本", [i(2, "!"), d(1, "本!")]) == "日"


@pytest.mark.parametrize(
    ("text", "edit", "reason"),
    [
        ("abc", i(4, ""), Reason.OFFSET_RANGE),
        ("日本", i(3, "x"), Reason.OFFSET_RANGE),
        ("😀", i(3, "x"), Reason.OFFSET_RANGE),
        ("😀", i(1, "x"), Reason.SURROGATE_SPLIT),
        ("a😀b😀", d(5, "\ude00"), Reason.SURROGATE_SPLIT),
        ("abc", d(2, "cd"), Reason.TEXT_DIFFERS),
        ("abc", d(3, "c"), Reason.TEXT_DIFFERS),
    ],
)
def test_OT60_what_does_not_fit_is_refused(text: str, edit: Component, reason: Reason) -> None:
    with pytest.raises(OpError) as caught:
        text0.apply(text, [edit])
    assert caught.value.reason is reason


def test_OT60_the_error_shows_both_texts_but_not_all_of_them() -> None:
    with pytest.raises(OpError) as caught:
        text0.apply("x" * 1_000, [d(0, "y" * 1_000)])
    assert f"{'y' * 80!r}, but {'x' * 80!r} stands there" in caught.value.message
    with pytest.raises(OpError) as caught:
        text0.apply("a😀", [i(4, "")])
    assert caught.value.message == "offset 4 is beyond the text, 3 units long"


@pytest.mark.parametrize(
    ("offset", "by", "before", "after"),
    [
        (3, i(2, "x😀"), 6, 6),
        (3, i(3, "xy"), 3, 5),
        (3, i(4, "xy"), 3, 3),
        (3, d(3, "xy"), 3, 3),
        (3, d(2, "x"), 2, 2),
        (3, d(2, "xyz"), 2, 2),
        (3, d(1, "😀"), 1, 1),
        (3, d(0, "😀"), 1, 1),
        (3, d(0, "xyz"), 0, 0),
    ],
)
def test_OT61_where_an_offset_goes(offset: int, by: Component, before: int, after: int) -> None:
    assert text0.shift(offset, by, after=False) == before
    assert text0.shift(offset, by, after=True) == after


def test_OT62_an_insert_goes_where_its_offset_goes() -> None:
    assert text0.transform([i(3, "a")], [i(3, "bc")], "left") == [i(3, "a")]
    assert text0.transform([i(3, "a")], [i(3, "bc")], "right") == [i(5, "a")]
    assert text0.transform([i(3, "a")], [d(1, "bcd")], "right") == [i(1, "a")]
    assert text0.transform([i(3, "")], [d(1, "bcd")], "right") == []


@pytest.mark.parametrize(
    ("op", "other", "result"),
    [
        (d(2, "cd"), i(2, "xy"), [d(4, "cd")]),
        (d(2, "cd"), i(3, "xy"), [d(2, "c"), d(4, "d")]),
        (d(2, "cd"), i(4, "xy"), [d(2, "cd")]),
        (d(2, "cd"), i(9, "xy"), [d(2, "cd")]),
        (d(2, "😀d"), i(4, "xy"), [d(2, "😀"), d(4, "d")]),
        (d(2, ""), i(2, "x"), []),
    ],
)
@pytest.mark.parametrize("side", ["left", "right"])
def test_OT63_a_deletion_past_an_insert(op: Any, other: Any, result: Op, side: Any) -> None:
    assert text0.transform([op], [other], side) == result


@pytest.mark.parametrize(
    ("op", "other", "result"),
    [
        (d(4, "ef"), d(1, "bc"), [d(2, "ef")]),
        (d(4, "ef"), d(2, "cd"), [d(2, "ef")]),
        (d(4, "ef"), d(3, "de"), [d(3, "f")]),
        (d(4, "ef"), d(4, "ef"), []),
        (d(4, "ef"), d(3, "defg"), []),
        (d(3, "defg"), d(4, "ef"), [d(3, "dg")]),
        (d(4, "ef"), d(5, "fg"), [d(4, "e")]),
        (d(4, "ef"), d(6, "g"), [d(4, "ef")]),
        (d(4, "ef"), d(9, "j"), [d(4, "ef")]),
        (d(0, "\ud83dab\ude00"), d(1, "ab"), [d(0, "😀")]),
    ],
)
@pytest.mark.parametrize("side", ["left", "right"])
def test_OT64_a_deletion_past_a_deletion(op: Any, other: Any, result: Op, side: Any) -> None:
    assert text0.transform([op], [other], side) == result


def test_OT64_deletions_that_disagree_are_a_conflict() -> None:
    with pytest.raises(OpError) as caught:
        text0.transform([d(2, "abc" * 50)], [d(3, "xc")], "left")
    assert caught.value.reason is Reason.TEXT_CONFLICT
    assert "at offset 3:" in caught.value.message and len(caught.value.message) < 250


def test_OT65_ops_go_past_ops_as_in_npm() -> None:
    random = Random(7)
    pairs = [(_op(random, "ab😀cd"), _op(random, "ab😀cd")) for _ in range(3_000)]
    calls: list[Any] = [
        ["transform", _wrapped(a), _wrapped(b), side]
        for a, b in pairs
        for side in ("left", "right")
    ]
    with Npm() as npm:
        for call, theirs in zip(calls, npm.answers(calls), strict=True):
            a, b = call[1][0]["o"], call[2][0]["o"]
            assert theirs == [_wrapped(text0.transform(a, b, call[3]))]


def _op(random: Random, text: str) -> Op:
    op: Op = []
    for _ in range(random.randrange(1, 4)):
        start, end = sorted(random.randrange(units(text) + 1) for _ in range(2))
        edit = d(start, cut(text, start, end)) if random.random() < 0.5 else i(start, "x😀")
        op.append(edit)
        text = join(
            join(cut(text, 0, start), edit.get("i", "")), cut(text, end if "d" in edit else start)
        )
    return op


def _wrapped(op: Op) -> Op:
    return [{"p": [], "t": "text0", "o": op}] if op else []


@pytest.mark.parametrize(
    ("last", "edit", "result"),
    [
        (i(2, "ab"), i(2, "x"), [i(2, "xab")]),
        (i(2, "ab"), i(3, "x"), [i(2, "axb")]),
        (i(2, "ab"), i(4, "x"), [i(2, "abx")]),
        (i(2, "ab"), i(1, "x"), [i(2, "ab"), i(1, "x")]),
        (i(2, "ab"), i(5, "x"), [i(2, "ab"), i(5, "x")]),
        (i(2, "😀"), i(4, "x"), [i(2, "😀x")]),
        (i(2, "\ud83d"), i(3, "\ude00"), [i(2, "😀")]),
        (i(2, "\ude00"), i(2, "\ud83d"), [i(2, "😀")]),
        (i(2, "😀"), i(3, "x"), [i(2, "\ud83dx\ude00")]),
        (d(2, "b"), d(2, "c"), [d(2, "bc")]),
        (d(2, "b"), d(1, "a"), [d(1, "ab")]),
        (d(2, "b"), d(1, "ac"), [d(1, "abc")]),
        (d(4, "b"), d(2, "😀"), [d(2, "😀b")]),
        (d(2, "b"), d(3, "c"), [d(2, "b"), d(3, "c")]),
        (d(2, "b"), d(0, "a"), [d(2, "b"), d(0, "a")]),
        (i(2, "b"), d(2, "b"), [i(2, "b"), d(2, "b")]),
        (d(2, "b"), i(2, "b"), [d(2, "b"), i(2, "b")]),
        (d(2, "b"), d(3, ""), [d(2, "b")]),
        (d(2, "b"), i(2, ""), [d(2, "b")]),
    ],
)
def test_OT66_neighbours_merge(last: Component, edit: Component, result: Op) -> None:
    assert text0.compose([last], [edit]) == result
    assert text0.normalize([last, edit]) == result


def test_OT67_compose_invert_normalize() -> None:
    op = [i(1, "a"), d(0, "b")]
    assert text0.invert(op) == [i(0, "b"), d(1, "a")]
    assert text0.compose([i(0, "")], op) == [i(0, ""), *op]
    assert text0.normalize(i(3, "a")) == [i(3, "a")]
    assert text0.normalize({"i": "a"}) == [i(0, "a")]
    assert text0.normalize([{"d": "a"}, {"p": None, "d": "b"}]) == [d(0, "ab")]
    assert text0.normalize([]) == []
