"""Places of comments through edits of real texts and elements."""

from __future__ import annotations

import random
from typing import Any

import pytest

import ot
from ot.diff import diff
from server.document.model import new_design
from server.review.place import Place

PATH = ["scripts", "s1", "body"]
MARK = "<<the very thing>>"


def document(body: str) -> dict[str, Any]:
    found = new_design("Claims")
    found["scripts"] = {"s1": {"name": "s", "page": None, "body": body, "config": {}}}
    return found


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize("seed", range(200))
def test_a_range_stays_on_what_it_was_on_through_random_edits_around_it(seed: int) -> None:
    rng = random.Random(seed)
    letters = "ab \n\N{GRINNING FACE}é"
    before, after = ("".join(rng.choices(letters, k=20)) for _ in range(2))
    now = document(before + MARK + after)
    start = units(before)
    place = Place.read({"path": PATH, "range": [start, start + units(MARK)]}, now)
    for _ in range(12):
        body = now["scripts"]["s1"]["body"]
        at = body.index(MARK)
        left, right = body[:at], body[at + len(MARK) :]
        side = rng.choice(("left", "right"))
        cut = rng.randrange(len(left if side == "left" else right) + 1)
        typed = "".join(rng.choices(letters, k=rng.randrange(4)))
        if side == "left":
            left = left[:cut] + typed + left[cut + rng.randrange(3) :]
        else:
            right = right[:cut] + typed + right[cut + rng.randrange(3) :]
        after_edit = document(left + MARK + right)
        op = diff(now, after_edit)
        place = Place.unpack(place.after([op]).pack())
        now = ot.apply(now, op)
        text = now["scripts"]["s1"]["body"].encode("utf-16-le")
        found = text[2 * (place.anchor.start or 0) : 2 * (place.anchor.end or 0)].decode(
            "utf-16-le"
        )
        assert MARK in found and len(found) <= len(MARK) + 12


def test_what_is_gone_is_found_when_it_comes_back() -> None:
    now = document("one two")
    place = Place.read({"path": PATH, "range": [4, 7]}, now)
    script = now["scripts"]["s1"]
    gone = place.after([[{"p": PATH[:2], "od": script}]])
    assert gone.is_lost and gone.to_json()["path"] == PATH
    other = [{"p": ["scripts", "s2"], "oi": script}]
    assert gone.after([other]).is_lost
    bare = [{"p": PATH[:2], "oi": {"name": "s"}}]
    assert gone.after([bare]).is_lost
    back = gone.after([other, [{"p": PATH[:2], "oi": script}]])
    assert (back.is_lost, back.anchor) == (False, place.anchor)
