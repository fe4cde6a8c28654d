"""What has changed inside a text, word by word, at a bounded cost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import isqrt
from typing import Final, NamedTuple

from ot.sequence import Hunk, hunks
from ot.utf16 import units

__all__ = ["TextDiff", "TextEdit"]

_MOST_WORDS: Final = 300
"""Past so many words taken out and put in, lines are compared. Time grows with the square: 5 ms."""

_WORK: Final = 2_000_000
"""Squares of differences that one `TextDiff` looks at: about 120 ms. Then what differs is one edit."""

_TOKEN: Final = re.compile(r"\w+|\n|[^\S\n]+|[^\w\s]")


class TextEdit(NamedTuple):
    """At `at` (UTF-16 units of the old text) `removed` gave way to `inserted`; one may be empty."""

    at: int
    removed: str
    inserted: str


class TextDiff:
    """Compares texts; all that one of these compares shares one bound of work."""

    __slots__ = ("_work",)

    def __init__(self) -> None:
        self._work = _WORK

    def edits(self, old: str, new: str) -> tuple[TextEdit, ...]:
        """What turns `old` into `new`, in order; words stay whole."""
        head, tail = _kept(old, new)
        before = old[head : len(old) - tail]
        after = new[head : len(new) - tail]
        found: list[TextEdit] = []
        at = units(old[:head])
        seen = 0
        for start, removed, inserted in self._hunks(before, after):
            at += units(before[seen:start])
            seen = start
            found.append(TextEdit(at, removed, inserted))
        return tuple(found)

    def _hunks(self, old: str, new: str) -> Iterator[tuple[int, str, str]]:
        """`(start, removed, inserted)`, in order."""
        if old and new:
            for split in (_TOKEN.findall, _lines):
                before, after = split(old), split(new)
                found = self._compared(before, after)
                if found is not None:
                    starts = list(accumulate(map(len, before), initial=0))
                    for a, b, c, d in found:
                        yield starts[a], "".join(before[a:b]), "".join(after[c:d])
                    return
        if old or new:
            yield 0, old, new

    def _compared(self, old: Sequence[str], new: Sequence[str]) -> list[Hunk] | None:
        most = min(_MOST_WORDS, isqrt(self._work))
        found = hunks(old, new, most)
        edits = most if found is None else sum(b - a + d - c for a, b, c, d in found)
        self._work -= edits * edits
        return found


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _kept(old: str, new: str) -> tuple[int, int]:
    """How many characters are the same at the start and at the end, up to whole words."""
    least = min(len(old), len(new))
    head = _same_length(old, new, least)
    while head and any(_is_inside_word(text, head) for text in (old, new)):
        head -= 1
    tail = _same_length(old[::-1], new[::-1], least - head)
    while tail and any(_is_inside_word(text, len(text) - tail) for text in (old, new)):
        tail -= 1
    return head, tail


def _same_length(old: str, new: str, most: int) -> int:
    """How long the common start is: by halving, so that slices are compared in C."""
    low, high = 0, most + 1
    while high - low > 1:
        middle = (low + high) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle
    return low


def _is_inside_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and _is_word(text[at - 1]) and _is_word(text[at])


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
