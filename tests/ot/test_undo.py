"""Undo (SPEC OT130); its laws on random ops are in test_convergence.py."""

import ot
from ot.undo import undo


def test_OT130_undo_is_the_inverse_past_what_came_later() -> None:
    doc = {"label": "Send", "list": ["a"]}
    mine: ot.Op = [{"p": ["label", 4], "si": " claim"}, {"p": ["list", 0], "li": "b"}]
    others: list[ot.Op] = [[{"p": ["label", 0], "si": "Re"}], [{"p": ["list", 2], "li": "c"}]]
    doc = ot.apply(doc, mine)
    for other in others:
        doc = ot.apply(doc, other)
    assert doc == {"label": "ReSend claim", "list": ["b", "a", "c"]}
    assert ot.apply(doc, undo(mine, others)) == {"label": "ReSend", "list": ["a", "c"]}


def test_OT130_nothing_is_left_to_undo_of_what_others_deleted() -> None:
    mine: ot.Op = [{"p": ["c", "x"], "oi": 1}]
    assert undo(mine, [[{"p": ["c"], "od": {"x": 1}}]]) == []
