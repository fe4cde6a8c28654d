"""Which writes are lost to which others."""

from __future__ import annotations

from typing import Any

import pytest

from server.room.overtaken import are_related, losses

LABEL = ["components", "c1", "props", "label"]
SET = [{"p": LABEL, "od": "old", "oi": "mine"}]
TYPE_IN = [{"p": [*LABEL, 2], "si": "typed"}]
OVER = [{"p": LABEL, "od": "old", "oi": "theirs"}]
DELETE = [{"p": ["components", "c1"], "od": {"props": {"label": "old"}}}]
REPLACE = [{"p": ["components", "c1", "props"], "od": {}, "oi": {"label": "theirs"}}]
OTHER = [{"p": ["components", "c1", "props", "color"], "od": "old", "oi": "theirs"}]


@pytest.mark.parametrize(
    ("loser", "winner", "expected"),
    [
        (SET, OVER, [(LABEL, "mine", "theirs", False)]),
        (SET, DELETE, [(LABEL, "mine", None, True)]),
        (SET, REPLACE, [(LABEL, "mine", "theirs", False)]),
        (SET, [{**REPLACE[0], "oi": {}}], [(LABEL, "mine", None, True)]),
        (TYPE_IN, OVER, [(LABEL, "typed", "theirs", False)]),
        (TYPE_IN, DELETE, [(LABEL, "typed", None, True)]),
        ([{"p": [*LABEL, 0], "li": 1}], DELETE, [([*LABEL, 0], 1, None, True)]),
        ([{"p": LABEL, "na": 2}], DELETE, [(LABEL, 2, None, True)]),
        ([{"p": LABEL, "oi": "mine"}], [{"p": LABEL, "oi": "x"}], [(LABEL, "mine", "x", False)]),
        (SET, SET, []),
        (SET, OTHER, []),
        (SET, TYPE_IN, []),
        (DELETE, DELETE, []),
        (DELETE, OVER, []),
        ([{"p": LABEL, "od": "old"}], OVER, []),
        (
            [{"p": ["settings", "a", 1], "li": 5}],
            [{"p": ["settings", "a"], "od": [], "oi": [7, 8]}],
            [(["settings", "a", 1], 5, 8, False)],
        ),
    ],
)
def test_what_is_lost(loser: Any, winner: Any, expected: list[Any]) -> None:
    assert [tuple(loss) for loss in losses(loser, winner, ties=True)] == expected


def test_where_the_loser_would_win_a_tie() -> None:
    assert list(losses(SET, OVER, ties=False)) == []
    assert len(list(losses(TYPE_IN, OVER, ties=False))) == 1
    assert len(list(losses(SET, DELETE, ties=False))) == 1


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (SET, OVER, True),
        (SET, DELETE, True),
        (DELETE, SET, True),
        (SET, OTHER, False),
        (TYPE_IN, SET, True),
        (TYPE_IN, [{"p": [*LABEL, 9], "sd": "x"}], True),
        (SET, [{"p": ["settings", "a"], "oi": 1}], False),
        (SET, [*OTHER, *DELETE], True),
        ([], SET, False),
    ],
)
def test_what_is_related(one: Any, other: Any, expected: bool) -> None:
    assert are_related(one, other) is are_related(other, one) is expected
