"""The tables of SPEC OT10-OT20 and OT40-OT48, case by case.

Each case is also put to npm ot-json0, so that a mistake in the table cannot hide.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from ot import OpError, Reason, json0
from ot.types import Component, Op
from tests.ot.npm import Npm


@pytest.fixture(scope="module")
def npm() -> Iterator[Npm]:
    with Npm() as npm:
        yield npm


class Held:
    """Our functions, held against npm's at every call."""

    def __init__(self, npm: Npm) -> None:
        self.npm = npm

    def transform(self, component: Component, other: Component, side: str) -> Op:
        return self._same("transform", [component], [other], side)

    def compose(self, *components: Component) -> Op:
        return self._same("compose", list(components[:1]), list(components[1:]))

    def invert(self, *components: Component) -> Op:
        return self._same("invert", list(components))

    def normalize(self, op: Any) -> Op:
        return self._same("normalize", op)

    def _same(self, verb: str, *args: Any) -> Op:
        ours: Op = getattr(json0, verb)(*args)
        assert self.npm.answers([[verb, *args]]) == [[ours]]
        return ours


@pytest.fixture
def held(npm: Npm) -> Held:
    return Held(npm)


def li(at: int, value: Any = "new") -> Component:
    return {"p": ["l", at], "li": value}


def ld(at: int, value: Any = "old") -> Component:
    return {"p": ["l", at], "ld": value}


def lr(at: int, value: Any = "mine") -> Component:
    return {"p": ["l", at], "ld": "old", "li": value}


def lm(at: int, to: int) -> Component:
    return {"p": ["l", at], "lm": to}


def below(at: int, **fields: Any) -> Component:
    return {"p": ["l", at, "k"], **(fields or {"od": 1, "oi": 2})}


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(
    "other",
    [
        {"p": ["m", 0], "li": 1},
        {"p": ["m"], "od": 1},
        {"p": ["x", 3, "k"], "oi": 1},
        {"p": ["l", 4, "z"], "od": 1},
        {"p": ["l", 3, "z", "y"], "oi": 1},
    ],
)
def test_OT10_what_does_not_meet_stays(held: Held, other: Component, side: str) -> None:
    for component in (below(3), below(3, oi=1), {"p": ["l", 3, "k", "z"], "na": 1}):
        assert held.transform(component, other, side) == [component]


def test_OT10_what_does_not_meet_is_the_very_same_op() -> None:
    op = [below(3)]
    assert json0.transform(op, [{"p": ["m", 0, "a"], "oi": 1}], "left") is op
    assert not json0.unrelated(below(3), ld(3))
    assert json0.unrelated(below(3), {"p": ["m", 3, "k"], "oi": 1})
    assert not json0.unrelated({"p": ["a"], "oi": 1}, {"p": ["b"], "oi": 1})
    assert json0.unrelated({"p": ["a"], "na": 1}, {"p": ["b"], "na": 1})


@pytest.mark.parametrize("side", ["left", "right"])
def test_OT11_what_is_edited_inside_is_what_gets_deleted(held: Held, side: str) -> None:
    inside = {"p": ["l", 3, "k"], "od": 1, "oi": 2}
    for fields in ({"ld": {"k": 1}}, {"ld": {"k": 1}, "li": 0}):
        mine = {"p": ["l", 3], **fields}
        assert held.transform(mine, inside, side) == [{**mine, "ld": {"k": 2}}]
    for path in ([], ["o"], ["o", "p"]):
        mine = {"p": path, "od": {"s": "ab"}}
        typed = {"p": [*path, "s", 1], "si": "x"}
        assert held.transform(mine, typed, side) == [{**mine, "od": {"s": "axb"}}]
    counted = {"p": ["n"], "na": 2}
    assert held.transform({"p": ["n"], "od": 1}, counted, side) == [{"p": ["n"], "od": 3}]
    text = {"p": ["n"], "t": "text0", "o": [{"p": 0, "d": "a"}]}
    assert held.transform({"p": ["n"], "od": "a"}, text, side) == [{"p": ["n"], "od": ""}]


@pytest.mark.parametrize("side", ["left", "right"])
def test_OT11_edits_of_a_neighbour_are_none_of_it(held: Held, side: str) -> None:
    assert held.transform(ld(3), below(2), side) == [ld(3)]
    assert held.transform(lm(3, 0), below(3), side) == [lm(3, 0)]
    assert held.transform({"p": ["a"], "oi": 1}, {"p": ["a", "b"], "oi": 1}, side) == [
        {"p": ["a"], "oi": 1}
    ]


def test_OT11_a_false_deletion_is_found_out(npm: Npm) -> None:
    with pytest.raises(OpError) as caught:
        json0.transform([{"p": ["o"], "od": 1}], [{"p": ["o", "k"], "oi": 1}], "left")
    assert caught.value.reason is Reason.NOT_AN_OBJECT
    answer = npm.answers(
        [["transform", [{"p": ["o"], "od": 1}], [{"p": ["o", "k"], "oi": 1}], "left"]]
    )
    assert type(answer[0]) is str


@pytest.mark.parametrize("side", ["left", "right"])
def test_OT12_adding_and_typing_change_only_their_kind(held: Held, side: str) -> None:
    add, text = {"p": ["v"], "na": 1}, {"p": ["v"], "t": "text0", "o": [{"p": 0, "i": "ab"}]}
    typed = {"p": ["v", 0], "si": "ab"}
    put = {"p": ["v", "k"], "oi": 1}
    for component in (add, text, typed, put, li(0), {"p": ["v"], "oi": 1}):
        assert held.transform(component, add, side) == [component]
    for component in (add, typed, put, {"p": ["v"], "oi": 1}):
        assert held.transform(component, text, side) == [component]
    for component in (add, text, put, {"p": ["v"], "oi": 1}):
        assert held.transform(component, typed, side) == [component]


def test_OT12_text_goes_past_text(held: Held) -> None:
    for op, other in (("si", "sd"), ("sd", "si"), ("si", "si")):
        for at in range(4):
            for side in ("left", "right"):
                result = held.transform(
                    {"p": ["s", at], op: "cd"}, {"p": ["s", 2], other: "cd"}, side
                )
                assert all(set(one) == {"p", op} for one in result)
    assert held.transform({"p": ["s", 1], "sd": "b"}, {"p": ["s", 0], "sd": "abc"}, "left") == []
    assert held.transform({"p": ["s", 0], "sd": "abc"}, {"p": ["s", 1], "si": "x"}, "left") == [
        {"p": ["s", 0], "sd": "a"},
        {"p": ["s", 1], "sd": "bc"},
    ]
    whole = {"p": ["s"], "t": "text0", "o": [{"p": 0, "d": "abc"}]}
    part = {"p": ["s"], "t": "text0", "o": [{"p": 1, "d": "b"}]}
    assert held.transform(part, whole, "left") == []
    assert held.transform(whole, part, "right") == [{**whole, "o": [{"p": 0, "d": "ac"}]}]


@pytest.mark.parametrize(
    ("component", "other", "left", "right"),
    [
        (li(3), li(2), [li(4)], [li(4)]),
        (li(3), li(3), [li(3)], [li(4)]),
        (li(3), li(4), [li(3)], [li(3)]),
        (lm(3, 1), li(3), [lm(4, 1)], [lm(4, 1)]),
        (lm(3, 1), li(4), [lm(3, 1)], [lm(3, 1)]),
        (lm(3, 1), li(1), [lm(4, 2)], [lm(4, 2)]),
        (lm(1, 3), li(3), [lm(1, 4)], [lm(1, 4)]),
        (lm(1, 3), li(4), [lm(1, 3)], [lm(1, 3)]),
        (ld(3), li(3), [ld(4)], [ld(4)]),
        (ld(3), li(4), [ld(3)], [ld(3)]),
        (lr(3), li(3), [lr(4)], [lr(4)]),
        (below(3), li(3), [below(4)], [below(4)]),
        (below(3), li(4), [below(3)], [below(3)]),
        (below(3, na=1), li(0), [below(4, na=1)], [below(4, na=1)]),
    ],
)
def test_OT13_past_an_insert(
    held: Held, component: Component, other: Component, left: Op, right: Op
) -> None:
    assert held.transform(component, other, "left") == left
    assert held.transform(component, other, "right") == right


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(
    ("component", "other", "result"),
    [
        (li(3), ld(2), [li(2)]),
        (li(3), ld(3), [li(3)]),
        (li(3), ld(4), [li(3)]),
        (lm(3, 1), ld(3), []),
        (lm(3, 1), ld(2), [lm(2, 1)]),
        (lm(3, 1), ld(1), [lm(2, 1)]),
        (lm(3, 1), ld(0), [lm(2, 0)]),
        (lm(1, 3), ld(3), [lm(1, 2)]),
        (lm(1, 3), ld(4), [lm(1, 3)]),
        (lm(1, 3), ld(2), [lm(1, 2)]),
        (ld(3), ld(2), [ld(2)]),
        (ld(3), ld(3), []),
        (ld(3), ld(4), [ld(3)]),
        (lr(3), ld(3), [li(3, "mine")]),
        (lr(3), ld(2), [lr(2)]),
        (below(3), ld(3), []),
        (below(3), ld(2), [below(2)]),
        (below(3), ld(4), [below(3)]),
        (below(3, lm=1), ld(3), []),
    ],
)
def test_OT14_past_a_deletion(
    held: Held, component: Component, other: Component, result: Op, side: str
) -> None:
    if "lm" in component and len(component["p"]) == 3:
        component = {"p": ["l", 3, 5], "lm": 3}
    assert held.transform(component, other, side) == result


@pytest.mark.parametrize(
    ("component", "left", "right"),
    [
        (li(3), [li(3)], [li(3)]),
        (lm(3, 1), [lm(3, 1)], [lm(3, 1)]),
        (ld(3), [], []),
        (ld(4), [ld(4)], [ld(4)]),
        (lr(3), [{"p": ["l", 3], "ld": "theirs", "li": "mine"}], []),
        (lr(2), [lr(2)], [lr(2)]),
        (below(3), [], []),
        (below(4), [below(4)], [below(4)]),
    ],
)
def test_OT15_past_a_replacement(held: Held, component: Component, left: Op, right: Op) -> None:
    other = lr(3, "theirs")
    assert held.transform(component, other, "left") == left
    assert held.transform(component, other, "right") == right


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(
    ("start", "end", "at", "inserted", "element"),
    [
        (1, 3, 0, 0, 0),
        (1, 3, 1, 1, 3),
        (1, 3, 2, 1, 1),
        (1, 3, 3, 2, 2),
        (1, 3, 4, 4, 4),
        (3, 1, 0, 0, 0),
        (3, 1, 1, 1, 2),
        (3, 1, 2, 3, 3),
        (3, 1, 3, 4, 1),
        (3, 1, 4, 4, 4),
        (2, 2, 2, 2, 2),
    ],
)
def test_OT16_past_a_move(
    held: Held, start: int, end: int, at: int, inserted: int, element: int, side: str
) -> None:
    other = lm(start, end)
    assert held.transform(li(at), other, side) == [li(inserted)]
    assert held.transform(ld(at), other, side) == [ld(element)]
    assert held.transform(lr(at), other, side) == [lr(element)]
    assert held.transform(below(at), other, side) == [below(element)]
    assert held.transform(below(at, na=1), other, side) == [below(element, na=1)]
    deeper = {"p": ["l", at, 0], "lm": 1}
    assert held.transform(deeper, other, side) == [{"p": ["l", element, 0], "lm": 1}]


def test_OT17_a_move_past_a_move_in_every_relation(held: Held) -> None:
    size = range(5)
    documents = list("abcde")
    for start in size:
        for end in size:
            for at in size:
                for to in size:
                    mine, theirs = lm(at, to), lm(start, end)
                    left = held.transform(mine, theirs, "left")
                    right = held.transform(theirs, mine, "right")
                    if start == end:
                        assert left == [mine]
                    one = _apply(documents, [mine], right)
                    other = _apply(documents, [theirs], left)
                    assert one == other, (mine, theirs)
                    held.transform(mine, theirs, "right")


def _apply(items: list[str], *ops: Op) -> list[str]:
    doc = {"l": items}
    for op in ops:
        doc = json0.apply(doc, op)
    return doc["l"]


def test_OT17_of_two_moves_of_one_element_the_left_wins(held: Held) -> None:
    assert held.transform(lm(1, 4), lm(1, 2), "left") == [lm(2, 4)]
    assert held.transform(lm(1, 4), lm(1, 2), "right") == []
    assert held.transform(lm(1, 1), lm(1, 2), "left") == [lm(2, 2)]


SET = {"p": ["k"], "oi": "theirs"}
GONE = {"p": ["k"], "od": "old"}
CHANGED = {"p": ["k"], "od": "old", "oi": "theirs"}


@pytest.mark.parametrize(
    ("other", "left", "right"),
    [
        (GONE, {"p": ["k"], "oi": "mine"}, {"p": ["k"], "oi": "mine"}),
        (CHANGED, {"p": ["k"], "od": "theirs", "oi": "mine"}, None),
    ],
)
def test_OT18_to_OT19_past_a_deletion_or_replacement(
    held: Held, other: Component, left: Component, right: Component | None
) -> None:
    mine = {"p": ["k"], "od": "old", "oi": "mine"}
    for side, result in (("left", left), ("right", right)):
        assert held.transform(mine, other, side) == ([] if result is None else [result])
        assert held.transform(GONE, other, side) == []
        for deeper in (
            {"p": ["k", "a"], "oi": 1},
            {"p": ["k"], "na": 1},
            {"p": ["k", 0], "si": ""},
        ):
            assert held.transform(deeper, other, side) == []
        for apart in ({"p": ["j"], "oi": 1}, {"p": ["j", "a"], "oi": 1}, {"p": ["j"], "na": 1}):
            assert held.transform(apart, other, side) == [apart]


@pytest.mark.parametrize("side", ["left", "right"])
def test_OT19_the_whole_document_holds_everything(held: Held, side: str) -> None:
    whole = {"p": [], "od": 1, "oi": 2}
    for component in ({"p": ["k"], "oi": 1}, {"p": ["k"], "na": 1}, {"p": [0], "li": 1}):
        assert held.transform(component, whole, side) == []
    mine = {"p": [], "od": 1, "oi": 3}
    assert held.transform(mine, whole, side) == ([{**mine, "od": 2}] if side == "left" else [])


def test_OT20_past_a_key_that_was_free(held: Held) -> None:
    mine = {"p": ["k"], "oi": "mine"}
    assert held.transform(mine, SET, "left") == [{"p": ["k"], "od": "theirs", "oi": "mine"}]
    assert held.transform(mine, SET, "right") == []
    for side in ("left", "right"):
        for stays in (GONE, {"p": ["k"], "na": 1}, {"p": ["k", 0], "li": 1}, {"p": ["j"], "oi": 1}):
            assert held.transform(stays, SET, side) == [stays]
    below_it = {"p": ["k", "a"], "oi": 1}
    assert held.transform(below_it, SET, "left") == [{**below_it, "od": "theirs"}]
    assert held.transform(below_it, SET, "right") == []
    changed = {"p": ["k"], "od": 0, "oi": 1}
    assert held.transform(changed, SET, "left") == [{"p": ["k"], "od": "theirs"}, changed]


def test_OT40_other_places_are_added(held: Held) -> None:
    for first, second in (
        (SET, {"p": ["j"], "od": 1}),
        ({"p": ["s", 0], "si": "a"}, {"p": ["r", 0], "si": "a"}),
        ({"p": ["s", 0], "si": "a"}, {"p": ["s", 0, 0], "si": "a"}),
        ({"p": ["s", 0], "si": "a"}, {"p": ["s", 0], "li": "a"}),
        ({"p": ["s", 0], "li": "a"}, {"p": ["s", 0], "si": "a"}),
    ):
        assert held.compose(first, second) == [first, second]
    assert held.compose(SET) == [SET]
    assert json0.compose([], [SET]) == [SET]


def test_OT41_text_merges(held: Held) -> None:
    assert held.compose({"p": ["s", 1], "si": "ac"}, {"p": ["s", 2], "si": "b"}) == [
        {"p": ["s", 1], "si": "abc"}
    ]
    assert held.compose({"p": ["s", 2], "sd": "b"}, {"p": ["s", 1], "sd": "ac"}) == [
        {"p": ["s", 1], "sd": "abc"}
    ]
    apart = [{"p": ["s", 1], "si": "a"}, {"p": ["s", 1], "sd": "a"}]
    assert held.compose(*apart) == apart
    assert held.compose(apart[0], {"p": ["s", 5], "si": ""}) == apart[:1]
    first, second = ({"p": ["s"], "t": "text0", "o": [{"p": 0, "i": text}]} for text in ("b", "a"))
    assert held.compose(first, second) == [{"p": ["s"], "t": "text0", "o": [{"p": 0, "i": "ab"}]}]
    assert held.compose(first, {"p": ["s"], "na": 1}) == [first, {"p": ["s"], "na": 1}]


def test_OT42_sums_merge(held: Held) -> None:
    assert held.compose({"p": ["n"], "na": 1}, {"p": ["n"], "na": -3}) == [{"p": ["n"], "na": -2}]
    text = {"p": ["n"], "t": "text0", "o": [{"p": 0, "i": "a"}]}
    assert held.compose({"p": ["n"], "na": 1}, text) == [{"p": ["n"], "na": 1}, text]


@pytest.mark.parametrize(
    ("inserted", "deleted", "vanish"),
    [
        ("a", "a", True),
        (None, None, True),
        (1, 1.0, True),
        (True, True, True),
        (1, True, False),
        (0, False, False),
        ("a", "b", False),
        ([], [], False),
        ({}, {}, False),
    ],
)
def test_OT43_an_insert_that_is_deleted_vanishes(
    held: Held, inserted: Any, deleted: Any, vanish: bool
) -> None:
    inserts, replaces, deletes = li(1, inserted), lr(1, inserted), ld(1, deleted)
    assert held.compose(inserts, deletes) == ([] if vanish else [inserts, deletes])
    assert held.compose(replaces, deletes) == ([ld(1)] if vanish else [replaces, deletes])
    again = lr(1)
    assert held.compose(li(1, "old"), again) == [li(1, "old"), again]
    assert held.compose(li(1, None), lm(1, 2)) == [li(1, None), lm(1, 2)]


def test_OT44_a_key_set_after_its_deletion_is_replaced(held: Held) -> None:
    assert held.compose(GONE, SET) == [CHANGED]
    assert held.compose(GONE, CHANGED) == [GONE, CHANGED]
    assert held.compose(CHANGED, SET) == [CHANGED, SET]
    assert held.compose(GONE, {"p": ["k"], "na": 1}) == [GONE, {"p": ["k"], "na": 1}]


def test_OT45_a_key_deleted_after_it_was_set(held: Held) -> None:
    drop = {"p": ["k"], "od": "theirs"}
    put = {"p": ["k"], "od": "theirs", "oi": 3}
    assert held.compose(SET, drop) == []
    assert held.compose(CHANGED, drop) == [GONE]
    assert held.compose(SET, put) == [{"p": ["k"], "oi": 3}]
    assert held.compose(CHANGED, put) == [{"p": ["k"], "od": "old", "oi": 3}]
    assert held.compose(GONE, drop) == [GONE, drop]


def test_OT46_a_move_to_its_own_place_vanishes_if_something_was_there(held: Held) -> None:
    assert held.compose(lm(1, 2), lm(1, 1)) == [lm(1, 2)]
    assert held.compose(lm(1, 2), lm(1, 0)) == [lm(1, 2), lm(1, 0)]
    assert held.compose(lm(2, 1), lm(1, 1)) == [lm(2, 1), lm(1, 1)]
    assert held.normalize([lm(1, 1)]) == [lm(1, 1)]


def test_OT47_compose_takes_the_first_op_as_it_is(held: Held) -> None:
    unmerged = [SET, {"p": ["k"], "od": "theirs"}]
    assert json0.compose(unmerged, []) == unmerged
    assert held.normalize(unmerged) == []
    assert held.normalize({"na": 1}) == [{"p": [], "na": 1}]
    assert held.normalize([{"p": None, "na": 1}, {"p": ["a"], "na": 1}]) == [
        {"p": [], "na": 1},
        {"p": ["a"], "na": 1},
    ]
    assert held.normalize([]) == []


def test_OT48_invert(held: Held) -> None:
    text = {"p": ["s"], "t": "text0", "o": [{"p": 0, "i": "a"}, {"p": 1, "d": "b"}]}
    op = [SET, GONE, CHANGED, li(0), ld(1), lr(2), lm(3, 1), {"p": ["n"], "na": 4}, text]
    op += [{"p": ["s", 0], "si": "x"}, {"p": ["s", 1], "sd": "y"}, {"p": ["n"], "na": 0}]
    inverse = held.invert(*op)
    assert inverse == [
        {"p": ["n"], "na": 0},
        {"p": ["s", 1], "si": "y"},
        {"p": ["s", 0], "sd": "x"},
        {"p": ["s"], "t": "text0", "o": [{"p": 1, "i": "b"}, {"p": 0, "d": "a"}]},
        {"p": ["n"], "na": -4},
        lm(1, 3),
        {"p": ["l", 2], "li": "old", "ld": "mine"},
        li(1, "old"),
        ld(0, "new"),
        {"p": ["k"], "od": "theirs", "oi": "old"},
        {"p": ["k"], "oi": "old"},
        {"p": ["k"], "od": "theirs"},
    ]
    assert held.invert(*inverse) == op
    assert str(held.invert({"p": [], "na": 0.0})) == "[{'p': [], 'na': 0}]"


def test_the_type_has_its_name() -> None:
    assert (json0.NAME, json0.URI) == ("json0", "http://sharejs.org/types/JSONv0")
