from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text, XmlFragment

from server.yjs.lib0 import Malformed, uint
from server.yjs.update import EMPTY, MOST_ITEMS, Update
from tests.server.yjs.updates import Writer


def state() -> bytes:
    writer = Writer()
    writer.write(lambda w: w.button("c1", "Save"))
    return writer.doc.get_update()


def test_Y10_whose_items_it_brings_and_what_they_hang_on() -> None:
    first = Update.read(state())
    assert list(first.items) == [7]
    assert first.items[7][0] == 0
    assert first.roots == {"components"}
    assert first.is_json
    assert not first.deletes

    other = Writer(state(), client=8)
    second = Update.read(other.write(lambda w: w.component().__setitem__("name", "Store")))
    assert second.items == {8: (0, 1)}
    assert second.deletes
    assert second.brings({}) == [8]
    assert second.brings({8: 1}) == []
    assert not second.is_complete({})
    assert second.is_complete({7: first.items[7][1]})


def test_Y10_a_later_update_needs_the_one_before() -> None:
    writer = Writer()
    writer.write(lambda w: w.button("c1", "Save"))
    second = Update.read(writer.write(lambda w: w.button("c2", "Store")))
    assert not second.is_complete({})
    assert second.is_complete({7: second.items[7][0]})


def test_the_empty_update() -> None:
    assert Update.read(EMPTY) == Update({}, {}, frozenset(), True, False, frozenset(), frozenset())


def test_Y10_no_piece_of_an_update_is_an_update() -> None:
    whole = state()
    for end in range(len(whole)):
        with pytest.raises(Malformed):
            Update.read(whole[:end])
    with pytest.raises(Malformed, match="more than"):
        Update.read(whole + b"\x00")


@given(st.binary(max_size=200))
def test_Y10_anything_is_an_update_or_malformed(data: bytes) -> None:
    try:
        Update.read(data)
    except Malformed:
        return


@given(st.data())
def test_Y10_what_is_read_and_complete_pycrdt_takes_or_refuses_without_a_panic(
    data: st.DataObject,
) -> None:
    damaged = bytearray(state())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        update = Update.read(bytes(damaged))
    except Malformed:
        return
    if update.is_complete({}):
        doc: Doc[object] = Doc()
        try:
            doc.apply_update(bytes(damaged))
        except (ValueError, RuntimeError):
            return


@pytest.mark.parametrize(
    "put",
    [
        lambda w: w.root("meta").__setitem__("x", b"bytes"),
        lambda w: w.root("meta").__setitem__("x", float("nan")),
        lambda w: w.root("meta").__setitem__("x", {"deep": [float("inf")]}),
        lambda w: w.root("meta").__setitem__("x", XmlFragment()),
        lambda w: w.root("meta").__setitem__("x", Doc()),
        lambda w: w.root("meta").__setitem__("x", Array([b"bytes"])),
    ],
)
def test_Y41_what_is_not_json_is_known(put: Callable[[Writer], None]) -> None:
    update = Update.read(Writer().write(put))
    assert not update.is_json
    assert update.fault(set()) == "Only maps, arrays, text and JSON values can be taken"


def test_Y41_formatted_text_is_not_json() -> None:
    writer = Writer()
    writer.root("meta")["text"] = Text("plain")
    made = writer.write(lambda w: w.root("meta")["text"].format(0, 2, {"bold": True}))
    assert not Update.read(made).is_json


def test_Y41_cutting_a_character_in_two_is_known() -> None:
    writer = Writer()
    made = Update.read(writer.write(lambda w: w.root("meta").__setitem__("t", Text("a😀b😀"))))
    # The map's item is 0 (the text); then come a: 1, the first 😀: 2 and 3, b: 4, the other: 5 and 6.
    assert made.halves == {(7, 3), (7, 6)}
    assert made.fault(set()) is None
    one_deleted = b"\x00\x01\x07\x01\x02\x01"  # client 7, from 2 on, 1 long
    assert Update.read(one_deleted).cuts == {(7, 2), (7, 3)}
    assert Update.read(one_deleted).fault(set(made.halves)) == "A character would be cut in two"
    both_deleted = b"\x00\x01\x07\x01\x02\x02"
    assert Update.read(both_deleted).fault(set(made.halves)) is None


def test_items_are_counted_before_they_are_kept() -> None:
    values = uint(MOST_ITEMS + 1)
    many = b"\x01\x01\x07\x00\x08\x01\x04meta" + values + b"\x7e" * (MOST_ITEMS + 1) + b"\x00"
    with pytest.raises(Malformed, match="too many"):
        Update.read(many)
    with pytest.raises(Malformed):
        Update.read(uint(2**52))


def test_a_map_brings_what_it_holds() -> None:
    update = Update.read(Writer().write(lambda w: w.root("meta").__setitem__("m", Map({"a": 1}))))
    assert update.items == {7: (0, 2)}
