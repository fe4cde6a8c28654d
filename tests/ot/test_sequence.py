"""Shortest edit scripts (SPEC OT110)."""

from itertools import permutations, product
from random import Random

import pytest

from ot.sequence import hunks, longest_rise


def lcs(a: str, b: str) -> int:
    row = [0] * (len(b) + 1)
    for one in a:
        before = 0
        for at, other in enumerate(b):
            before, row[at + 1] = row[at + 1], before + 1 if one == other else max(row[at : at + 2])
    return row[-1]


WORDS = ["".join(word) for size in range(5) for word in product("ab", repeat=size)]


@pytest.mark.parametrize("old", WORDS)
def test_OT110_hunks_are_a_shortest_script(old: str) -> None:
    for new in WORDS:
        check(old, new)


def test_OT110_hunks_are_a_shortest_script_of_longer_texts() -> None:
    random = Random(3)
    for _ in range(500):
        old, new = ("".join(random.choices("abcd", k=random.randrange(30))) for _ in range(2))
        check(old, new)
        check(old, old[: len(old) // 2] + new[:2] + old[len(old) // 2 :])


def check(old: str, new: str) -> None:
    cost = len(old) + len(new) - 2 * lcs(old, new)
    found = hunks(old, new, cost)
    assert found is not None
    assert cost == sum(h.end - h.start + h.new_end - h.new_start for h in found)
    out, at, new_at = "", 0, 0
    for hunk in found:
        kept = old[at : hunk.start]
        assert kept == new[new_at : hunk.new_start]
        # Hunks are apart: neighbours would be one.
        assert kept or hunk is found[0]
        assert hunk.end > hunk.start or hunk.new_end > hunk.new_start
        out += kept + new[hunk.new_start : hunk.new_end]
        at, new_at = hunk.end, hunk.new_end
    assert out + old[at:] == new
    if cost:
        assert hunks(old, new, cost - 1) is None


def test_OT110_hunks_of_lists() -> None:
    assert hunks([1, 2, 3], [1, 3], 1) == [(1, 2, 1, 1)]
    assert hunks([], [], 0) == []
    assert hunks(["x"] * 100_000, ["x"] * 50_000 + ["y"] + ["x"] * 50_000, 1) == [
        (50_000, 50_000, 50_000, 50_001)
    ]


def test_OT113_the_longest_rise() -> None:
    for size in range(6):
        for order in permutations(range(size)):
            rise = longest_rise(order)
            found = [number for number in order if number in rise]
            assert found == sorted(found) and len(found) == len(rise)
            longest = max(
                (
                    len(some)
                    for picks in product([0, 1], repeat=size)
                    for some in [[n for n, pick in zip(order, picks, strict=True) if pick]]
                    if some == sorted(some)
                ),
                default=0,
            )
            assert len(rise) == longest
