"""Three-way merge (SPEC OT140-OT148)."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest

from ot.merge import ABSENT, Conflict, Decision, Style, lines, merge, merge_text

BASE: dict[str, Any] = {
    "label": "Save",
    "size": {"width": 1, "unit": "px"},
    "columns": [{"id": "a", "w": 1}, {"id": "b", "w": 2}, {"id": "c", "w": 3}],
    "order": [3, 1, 2],
    "body": "select name, price from books where price > 10",
}


def edited(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(BASE), **changes}


A, B, C = BASE["columns"]


def taken(value: Any) -> Decision:
    return lambda ours, theirs: value


@pytest.mark.parametrize(
    ("ours", "theirs", "result"),
    [
        (edited(), edited(), edited()),
        (edited(label="Send"), edited(), edited(label="Send")),
        (edited(label="Send"), edited(label="Send"), edited(label="Send")),
        (edited(label="Send"), edited(order=[]), edited(label="Send", order=[])),
        (edited(size={"width": 2, "unit": "px"}), edited(size={"width": 1, "unit": "em"}),
         edited(size={"width": 2, "unit": "em"})),
        (edited(size={"width": 1}), edited(size={"width": 2, "unit": "px"}), edited(size={"width": 2})),
        (edited(columns=[B, C]), edited(columns=[A, {"id": "b", "w": 9}, C]), edited(columns=[{"id": "b", "w": 9}, C])),
        (edited(columns=[C, B, A]), edited(columns=[A, B, {"id": "d"}, C]), edited(columns=[C, B, {"id": "d"}, A])),
        (edited(body=BASE["body"].replace("10", "20")), edited(body=BASE["body"].replace("name", "title")),
         edited(body="select title, price from books where price > 20")),
        (edited(body=BASE["body"] + " limit 5"), edited(body="explain " + BASE["body"]),
         edited(body="explain " + BASE["body"] + " limit 5")),
    ],
)  # fmt: skip
def test_OT140_what_does_not_touch_is_merged(ours: Any, theirs: Any, result: Any) -> None:
    before = json.dumps([BASE, ours, theirs])
    for one, other in ((ours, theirs), (theirs, ours)):
        merged = merge(BASE, one, other)
        assert (merged.value, merged.conflicts) == (result, ())
    assert json.dumps([BASE, ours, theirs]) == before


@pytest.mark.parametrize(
    ("ours", "theirs", "path", "is_text"),
    [
        (edited(order=[1]), edited(order=[2]), ("order",), False),
        (edited(size={"width": True, "unit": "px"}), edited(size={"width": 2, "unit": "px"}), ("size", "width"), False),
        (edited(size={"unit": "px"}), edited(size={"width": 2, "unit": "px"}), ("size", "width"), False),
        (edited(size=None), edited(size={"width": 2, "unit": "px"}), ("size",), False),
        (edited(columns=[B, A, C]), edited(columns=[A, C, B]), ("columns",), False),
        (edited(columns=[A, {"id": "b", "w": 8}, C]), edited(columns=[A, {"id": "b", "w": 9}, C]),
         ("columns", 1, "w"), False),
        (edited(columns=[A, C]), edited(columns=[A, {"id": "b", "w": 9}, C]), ("columns", 1), False),
        (edited(columns=[{"id": "b", "w": 8}, C]), edited(columns=[A, {"id": "b", "w": 9}, C]),
         ("columns", 0, "w"), False),
        (edited(body=BASE["body"].replace("10", "20")), edited(body=BASE["body"].replace("10", "30")), ("body",), True),
        (edited(body=BASE["body"] + " a"), edited(body=BASE["body"] + " b"), ("body",), True),
        (edited(new={"a": 1}), edited(new={"a": 2, "b": 1}), ("new", "a"), False),
    ],
)  # fmt: skip
def test_OT141_what_both_changed_is_told_and_nothing_else(
    ours: Any, theirs: Any, path: tuple[Any, ...], is_text: bool
) -> None:
    (conflict,) = merge(BASE, ours, theirs).conflicts
    assert (conflict.path, conflict.is_text) == (path, is_text)
    (mirrored,) = merge(BASE, theirs, ours).conflicts
    assert mirrored == Conflict(path, conflict.base, conflict.theirs, conflict.ours, is_text)


def test_OT145_a_decision_is_taken_and_moves_no_other_path() -> None:
    ours = edited(columns=[A, C], label="Send")
    theirs = edited(
        columns=[{"id": "a", "w": 5}, {"id": "b", "w": 9}, {"id": "c", "w": 7}], label="Keep"
    )
    ours["columns"][1] = {"id": "c", "w": 6}
    paths = [conflict.path for conflict in merge(BASE, ours, theirs).conflicts]
    assert paths == [("label",), ("columns", 1), ("columns", 2, "w")]
    decided = {paths[0]: taken("Mine"), paths[1]: taken(ABSENT)}
    left = merge(BASE, ours, theirs, decided=decided)
    assert [conflict.path for conflict in left.conflicts] == paths[2:]
    whole = merge(BASE, ours, theirs, decided={**decided, paths[2]: taken(0)})
    assert whole.conflicts == ()
    assert whole.value == edited(label="Mine", columns=[{"id": "a", "w": 5}, {"id": "c", "w": 0}])


def test_OT145_what_one_side_changed_can_be_decided_too() -> None:
    ours = edited(label="Send", size={"width": 2, "unit": "em"})
    decided = {
        path: taken(value)
        for path, value in (
            (("label",), "Save"),
            (("size", "unit"), "px"),
            (("order",), "not looked at"),
        )
    }
    merged = merge(BASE, ours, BASE, decided=decided)
    assert merged.value == edited(size={"width": 2, "unit": "px"})
    assert merged.settled == (
        Conflict(("label",), "Save", "Send", "Save"),
        Conflict(("size", "unit"), "px", "em", "px"),
    )


def test_OT144_a_text_that_is_another_altogether_is_one_value() -> None:
    long = " ".join(f"word{n}" for n in range(3_000))
    other = " ".join(f"other{n}" for n in range(3_000))
    assert merge_text(long, other, long + "!") is None
    assert merge_text(long, "a " + long, long + "!") == "a " + long + "!"


def test_OT144_lines_that_touch_may_be_a_conflict() -> None:
    style = Style(pieces=lines, may_touch=False)
    base = "one\ntwo\nthree\n"
    assert merge_text(base, base.replace("one", "1"), base.replace("two", "2"), style) is None
    merged = merge_text(base, base.replace("one", "1"), base.replace("three", "3"), style)
    assert merged == "1\ntwo\n3\n"


def test_whole_values_are_not_looked_into() -> None:
    style = Style(is_whole=lambda path: path == ("place",))
    base = {"place": {"parent": "a", "slot": "x"}}
    ours = {"place": {"parent": "b", "slot": "x"}}
    theirs = {"place": {"parent": "a", "slot": "y"}}
    (conflict,) = merge(base, ours, theirs, style).conflicts
    assert conflict.path == ("place",)


@pytest.mark.parametrize("seed", range(200))
def test_OT144_edits_of_different_lines_of_a_text_merge_and_of_one_word_do_not(seed: int) -> None:
    rng = random.Random(seed)
    text = [[f"w{rng.randrange(50)}" for _ in range(rng.randrange(1, 8))] for _ in range(12)]
    rows = rng.sample(range(12), 4)

    def joined(changed: dict[int, str]) -> str:
        return "\n".join(changed.get(n, " ".join(row)) for n, row in enumerate(text))

    mine = {row: f"mine {row}" for row in rows[:2]}
    other = {row: f"other {row}" for row in rows[2:]}
    base = joined({})
    # Rows beside each other touch, and may not be told apart: a row between them is kept.
    if min(abs(a - b) for a in mine for b in other) > 1:
        assert merge_text(base, joined(mine), joined(other)) == joined({**mine, **other})
    same_row = {rows[0]: f"other {rows[0]}"}
    assert merge_text(base, joined(mine), joined(same_row)) is None


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "result"),
    [
        ([{"a": 1, "b": 1}], [{"a": 2, "b": 1}], [{"a": 1, "b": 2}], [{"a": 2, "b": 2}]),
        ([{"a": 1}, [1], {}], [{"a": 2}, [1], {}], [{"a": 1}, [2], {}], [{"a": 2}, [2], {}]),
        ([{"a": 1}, {"b": 1}], [{"b": 1}, {"a": 1}], [{"a": 2}, {"b": 1}], None),
        ([{"a": 1}], [{"a": 2}, {}], [{"a": 1, "b": 2}], None),
        ([1, 2], [2, 2], [1, 3], None),
    ],
)
def test_OT148_by_their_turn(base: Any, ours: Any, theirs: Any, result: Any) -> None:
    for one, other in ((ours, theirs), (theirs, ours)):
        merged = merge(base, one, other, Style(by_turn=True))
        if result is None:
            assert [each.path for each in merged.conflicts] == [()]
        else:
            assert (merged.value, merged.conflicts) == (result, ())
        assert merge(base, one, other).conflicts


def test_OT142_items_with_names_are_merged_one_by_one_and_others_as_a_whole() -> None:
    ours = edited(columns=[{"id": "a", "w": 7}, B, C], order=[1, 2, 3])
    theirs = edited(columns=[A, B, {"id": "c", "w": 9}, {"id": "d"}])
    merged = merge(BASE, ours, theirs)
    assert merged.conflicts == ()
    columns = [{"id": "a", "w": 7}, B, {"id": "c", "w": 9}, {"id": "d"}]
    assert merged.value == edited(columns=columns, order=[1, 2, 3])


def test_OT143_two_orders_are_a_conflict_of_the_list() -> None:
    for ours, theirs in (([B, A, C], [A, C, B]), ([B, C, A], [C, B, A])):
        merged = merge(BASE, edited(columns=ours), edited(columns=theirs))
        assert [conflict.path for conflict in merged.conflicts] == [("columns",)]
    merged = merge(BASE, edited(order=[1]), edited(order=[2]))
    assert [conflict.path for conflict in merged.conflicts] == [("order",)]


@pytest.mark.parametrize("seed", range(100))
def test_OT146_exchanged_sides_are_exchanged_in_the_conflicts_only(seed: int) -> None:
    rng = random.Random(seed)

    def changed() -> dict[str, Any]:
        side = edited()
        for key in rng.sample(list(side), 2):
            side[key] = rng.choice(
                [1, "new", "select price from books", [A], [C, B, A], {"width": 2}]
            )
        return side

    ours, theirs = changed(), changed()
    one, other = merge(BASE, ours, theirs), merge(BASE, theirs, ours)
    mirrored = {
        each.path: Conflict(each.path, each.base, each.theirs, each.ours, each.is_text)
        for each in other.conflicts
    }
    assert {each.path: each for each in one.conflicts} == mirrored
    if not mirrored:
        assert one.value == other.value


def test_OT147_what_nobody_changed_is_not_looked_into() -> None:
    class Untouched(dict[str, Any]):
        def get(self, *_: Any) -> Any:
            raise AssertionError("looked into")

    same = Untouched(a=1)
    base = {"same": same, "label": "Save"}
    merged = merge(base, {"same": same, "label": "Send"}, {"same": same, "label": "Save"})
    assert merged.value == {"same": same, "label": "Send"}
    assert merged.value["same"] is same
