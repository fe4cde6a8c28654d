"""What has changed inside a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ot
from server.history.text import TextDiff, TextEdit


def check(old: str, new: str) -> tuple[TextEdit, ...]:
    found = TextDiff().edits(old, new)
    op: ot.Op = []
    for at, removed, inserted in reversed(found):
        op += [{"p": at, "d": removed}] if removed else []
        op += [{"p": at, "i": inserted}] if inserted else []
    assert ot.text0.apply(old, op) == new
    return found


@pytest.mark.parametrize(
    ("old", "new", "edits"),
    [
        ("", "", ()),
        ("Save", "Save", ()),
        ("", "Save", ((0, "", "Save"),)),
        ("Save", "", ((0, "Save", ""),)),
        ("Save it", "Send it", ((0, "Save", "Send"),)),
        ("a 😀 b", "a 😀 c", ((5, "b", "c"),)),
        ("{{a.b + c}}", "{{a.x + d}}", ((4, "b", "x"), (8, "c", "d"))),
        ("SELECT *\nFROM t\n", "SELECT id\nFROM t\n", ((7, "*", "id"),)),
    ],
)
def test_words_are_kept_whole(old: str, new: str, edits: tuple[TextEdit, ...]) -> None:
    assert check(old, new) == edits


@given(st.text("ab \n😀."), st.text("ab \n😀."))
def test_any_two_texts(old: str, new: str) -> None:
    assert (check(old, new) == ()) is (old == new)


def test_many_lines_that_differ_much_are_compared_by_line() -> None:
    old = "".join(f"one {i} two {i}\n" for i in range(200))
    new = old.replace("one 7 two 7\n", "").replace("two", "2") + "last\n"
    assert len(check(old, new)) >= 1


def test_the_work_is_bounded_and_then_the_rest_is_one_edit() -> None:
    texts = TextDiff()
    texts._work = 0
    assert texts.edits("a b c d", "a x c y") == (TextEdit(2, "b c d", "x c y"),)
