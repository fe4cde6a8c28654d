"""Strings in UTF-16 code units (SPEC OT60)."""

from itertools import product

import pytest

from ot.utf16 import cut, index_at, join, units

ALPHABET = ["a", "é", "日", "😀", "\ud83d", "\ude00"]
TEXTS = ["".join(parts) for size in range(4) for parts in product(["a", "日", "😀"], repeat=size)]


def encoded(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def whole(text: str) -> str:
    return encoded(text).decode("utf-16-le", "surrogatepass")


@pytest.mark.parametrize("text", TEXTS)
def test_OT60_units_and_cuts_are_those_of_utf16(text: str) -> None:
    size = len(encoded(text)) // 2
    assert units(text) == size
    for start in range(size + 2):
        tail = encoded(text)[2 * start :].decode("utf-16-le", "surrogatepass")
        assert cut(text, start) == tail
        for end in range(start, size + 2):
            part = encoded(text)[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")
            assert cut(text, start, end) == part


@pytest.mark.parametrize("text", TEXTS)
def test_OT60_offsets_are_found_or_inside_a_character(text: str) -> None:
    inside = 0
    for offset in range(units(text) + 1):
        at = index_at(text, offset)
        if at is None:
            inside += 1
            assert cut(text, offset - 1, offset) == "\ud83d"
        else:
            assert units(text[:at]) == offset
    assert inside == text.count("😀")
    for beyond in (1, 2):
        at = index_at(text, units(text) + beyond)
        assert at is not None and at > len(text)


def test_OT60_halves_that_meet_become_whole() -> None:
    for head, tail in product(ALPHABET, repeat=2):
        for before, after in product(["", "x"], repeat=2):
            assert join(before + head, tail + after) == whole(before + head + tail + after)
    assert join("", "\ude00") == "\ude00"
    assert join("\ud83d", "") == "\ud83d"
    assert join("\udbff", "\udfff") == "\U0010ffff"
    assert join("\ud800", "\udc00") == "\U00010000"
