"""The shortest edit script between two sequences (SPEC OT110).

Source: E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986), the
greedy form. Time and memory grow with the square of the number of differences, which is bounded.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, NamedTuple

__all__ = ["Hunk", "hunks", "longest_rise"]


class Hunk(NamedTuple):
    """`old[start:end]` becomes `new[new_start:new_end]`; one of the two may be empty."""

    start: int
    end: int
    new_start: int
    new_end: int


def hunks(old: Sequence[Any], new: Sequence[Any], most: int) -> list[Hunk] | None:
    """The hunks that turn `old` into `new`, in order, with as few items in them as possible.

    Args: most: how many items may be deleted and inserted. Returns None if it takes more.
    """
    head = _common_head(old, new)
    tail = _common_tail(old, new, min(len(old), len(new)) - head)
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    if old and new:
        found = _shortest(old, new, most)
        if found is None:
            return None
    elif len(old) + len(new) > most:
        return None
    else:
        found = [Hunk(0, len(old), 0, len(new))] if old or new else []
    return [Hunk(a + head, b + head, c + head, d + head) for a, b, c, d in found]


def _common_head(old: Sequence[Any], new: Sequence[Any]) -> int:
    """How many items are equal at the start: by halving, so that slices are compared in C."""
    low, high = 0, min(len(old), len(new)) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle
    return low


def _common_tail(old: Sequence[Any], new: Sequence[Any], most: int) -> int:
    low, high = 0, most + 1
    ends, new_ends = len(old), len(new)
    while high - low > 1:
        middle = (low + high) // 2
        if old[ends - middle : ends - low] == new[new_ends - middle : new_ends - low]:
            low = middle
        else:
            high = middle
    return low


def _shortest(old: Sequence[Any], new: Sequence[Any], most: int) -> list[Hunk] | None:
    width, height = len(old), len(new)
    most = min(most, width + height)
    if abs(width - height) > most:
        return None
    # `reach[middle + k]`: how far into `old` a script gets on diagonal k = x - y. Each round makes
    # one edit more; of every round but the last are kept the diagonals that it had got to.
    middle = most + 1
    reach = [0] * (2 * middle + 1)
    rounds: list[list[int]] = []
    for edits in range(most + 1):
        for k in range(-edits, edits + 1, 2):
            at = middle + k
            if k == -edits or (k != edits and reach[at - 1] < reach[at + 1]):
                x = reach[at + 1]
            else:
                x = reach[at - 1] + 1
            y = x - k
            while x < width and y < height and old[x] == new[y]:
                x += 1
                y += 1
            reach[at] = x
            if x >= width and y >= height:
                return _walked_back(rounds, width, height)
        rounds.append(reach[middle - edits : middle + edits + 1])
    return None


def _walked_back(rounds: list[list[int]], x: int, y: int) -> list[Hunk]:
    """The way that led to the end, as hunks: neighbouring edits are one."""
    found: list[Hunk] = []
    for edits in range(len(rounds), 0, -1):
        k = x - y
        reach, middle = rounds[edits - 1], edits - 1
        inserts = k == -edits or (k != edits and reach[middle + k - 1] < reach[middle + k + 1])
        before = k + 1 if inserts else k - 1
        start = reach[middle + before]
        new_start = start - before
        end, new_end = (start, new_start + 1) if inserts else (start + 1, new_start)
        x, y = start, new_start
        if found and found[-1].start == end and found[-1].new_start == new_end:
            last = found.pop()
            end, new_end = last.end, last.new_end
        found.append(Hunk(start, end, new_start, new_end))
    return found[::-1]


def longest_rise(numbers: Sequence[int]) -> set[int]:
    """The members of a longest rising subsequence of distinct numbers. O(n log n)."""
    ends: list[int] = []  # the least number that ends a rise of length 1, 2, …
    before: dict[int, int | None] = {}
    for number in numbers:
        at = bisect_left(ends, number)
        before[number] = ends[at - 1] if at else None
        ends[at : at + 1] = [number]
    rise: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        rise.add(last)
        last = before[last]
    return rise
