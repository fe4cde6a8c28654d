"""Anchors go with what they are on (SPEC OT120-OT124)."""

from random import Random
from typing import Any

import pytest

import ot
import ot.utf16
from ot.anchor import Anchor, carry
from tests.ot.generate import Documents

LABEL = ("components", "c1", "props", "label")


@pytest.mark.parametrize(
    ("op", "path"),
    [
        ([{"p": ["l", 0], "li": 1}], ("l", 3, "a")),
        ([{"p": ["l", 0], "li": 1}, {"p": ["l", 2], "ld": 1}], ("l", 2, "a")),
        ([{"p": ["l", 2], "lm": 0}], ("l", 0, "a")),
        ([{"p": ["l", 3], "ld": 1}], ("l", 2, "a")),
        ([{"p": ["m", 0], "li": 1}], ("l", 2, "a")),
        ([{"p": ["l", 2, "b"], "od": 1}], ("l", 2, "a")),
        ([{"p": ["l", 2, "a"], "na": 1}], ("l", 2, "a")),
        ([{"p": ["l", 2, "a", "z"], "oi": 1}], ("l", 2, "a")),
        ([], ("l", 2, "a")),
    ],
)
def test_OT120_the_path_goes_where_an_edit_would_go(op: ot.Op, path: Any) -> None:
    assert carry(Anchor(("l", 2, "a")), op) == Anchor(path)


@pytest.mark.parametrize(
    "op",
    [
        [{"p": ["components", "c1"], "od": {}}],
        [{"p": [*LABEL], "od": "x"}, {"p": [*LABEL], "oi": "x"}],
        [{"p": ["components", "c1", "props"], "od": {}}],
    ],
)
def test_OT121_it_goes_with_what_is_deleted(op: ot.Op) -> None:
    assert carry(Anchor(LABEL, 1, 2), op) is None
    assert carry(Anchor(("l", 2)), [{"p": ["l", 2], "ld": 1}]) is None


def test_OT122_it_stays_on_what_is_replaced() -> None:
    anchor = Anchor(LABEL)
    assert carry(anchor, [{"p": [*LABEL], "od": 1, "oi": {}}]) == anchor
    props = {"p": [*LABEL[:-1]], "od": {"label": 1}, "oi": {"label": 2}}
    assert carry(anchor, [props]) == anchor
    assert carry(anchor, [{**props, "oi": {}}]) is None
    assert carry(anchor, [{**props, "oi": ["label"]}]) is None
    assert carry(anchor, [{"p": [*LABEL[:-1], "other"], "od": 1, "oi": 2}]) == anchor
    item = Anchor(("l", 1, 2))
    assert carry(item, [{"p": ["l", 1], "ld": 1, "li": [1, 2, 3]}]) == item
    assert carry(item, [{"p": ["l", 1], "ld": 1, "li": [1, 2]}]) is None
    assert carry(item, [{"p": ["l", 1], "ld": 1, "li": "abc"}]) is None


def typed(at: int, **edit: str) -> ot.Op:
    return [{"p": [*LABEL, at], **edit}]


@pytest.mark.parametrize(
    ("op", "span"),
    [
        (typed(0, si="xx"), (5, 8)),
        (typed(3, si="xx"), (5, 8)),
        (typed(4, si="😀"), (3, 8)),
        (typed(6, si="xx"), (3, 6)),
        (typed(7, si="xx"), (3, 6)),
        (typed(0, sd="ab"), (1, 4)),
        (typed(2, sd="cd"), (2, 4)),
        (typed(5, sd="fg"), (3, 5)),
        (typed(3, sd="def"), (3, 3)),
        (typed(1, sd="bcdefg"), (1, 1)),
        ([{"p": [*LABEL], "t": "text0", "o": [{"p": 0, "i": "xx"}, {"p": 5, "d": "d"}]}], (5, 7)),
        ([{"p": ["components", "c2", "props", "label", 0], "si": "xx"}], (3, 6)),
        ([{"p": ["components"], "t": "text0", "o": [{"p": 0, "i": "xx"}]}], (3, 6)),
    ],
)
def test_OT123_a_range_goes_with_its_text(op: ot.Op, span: tuple[int, int]) -> None:
    assert carry(Anchor(LABEL, 3, 6), op) == Anchor(LABEL, *span)
    assert carry(Anchor(LABEL), op) == Anchor(LABEL)


@pytest.mark.parametrize(
    ("op", "at"),
    [
        (typed(3, si="xx"), 3),
        (typed(2, si="xx"), 5),
        (typed(1, sd="bcd"), 1),
        (typed(3, sd="d"), 3),
    ],
)
def test_OT123_a_caret_stays_before_what_is_inserted(op: ot.Op, at: int) -> None:
    assert carry(Anchor(LABEL, 3, 3), op) == Anchor(LABEL, at, at)


def test_OT124_a_range_goes_into_the_text_that_replaces_its_own() -> None:
    def replaced(old: Any, new: Any) -> ot.Op:
        return [{"p": [*LABEL], "od": old, "oi": new}]

    anchor = Anchor(LABEL, 4, 7)
    assert carry(anchor, replaced("one two three", "one and two three")) == Anchor(LABEL, 8, 11)
    assert carry(anchor, replaced("one two three", 5)) == Anchor(LABEL)
    assert carry(anchor, replaced(5, "one two")) == Anchor(LABEL)
    above = [
        {
            "p": ["components", "c1"],
            "od": {"props": {"label": "x"}},
            "oi": {"props": {"label": "xy"}},
        }
    ]
    assert carry(Anchor(LABEL, 0, 1), above) == Anchor(LABEL, 0, 1)
    assert carry(Anchor(LABEL, 0, 1), [{**above[0], "od": {}}]) == Anchor(LABEL)


def test_OT120_anchors_lead_to_what_is_there() -> None:
    carried = 0
    for seed in range(2_000):
        random = Random(seed)
        documents = Documents(random, safe=True)
        doc = documents.document()
        path: list[Any] = []
        value = doc
        while type(value) in (list, dict) and value and random.random() < 0.9:
            step = (
                random.choice(list(value)) if type(value) is dict else random.randrange(len(value))
            )
            path.append(step)
            value = value[step]
        op, after = documents.op(doc)
        anchor = carry(Anchor(tuple(path), 0, 0), op)
        if anchor is not None:
            carried += 1
            for step in anchor.path:
                after = after[step]
            if type(after) is str and anchor.end is not None:
                assert anchor.end <= ot.utf16.units(after)
    assert carried > 1_000
