"""msgpack frames: as strict as JSON, and no length is believed."""

from __future__ import annotations

import tracemalloc
from typing import Any

import msgpack
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import Code, DesignError
from server.protocol.codec import JSON, MAX_MESSAGE_BYTES, MAX_NESTING, Unreadable
from server.protocol.packed import MSGPACK, pack, unpack

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",)))
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(), inner)
)


def unreadable(data: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        MSGPACK.decode(data)
    return caught.value


@given(VALUES)
@settings(max_examples=300, deadline=None)
def test_WP6_a_value_comes_back_as_it_was(value: Any) -> None:
    back = unpack(pack(value))
    assert orjson.dumps(back) == orjson.dumps(value)


@pytest.mark.parametrize("count", [0, 1, 15, 16, 300, 70_000])
def test_WP6_lists_of_any_length_are_read(count: int) -> None:
    value = {"a": [7] * count, "b": ["é" * 40] * (count // 50), "c": [[{"x": -1}], 1e300, 2**40]}
    assert MSGPACK.decode(pack(value)) == value


@given(st.binary(max_size=60))
@settings(max_examples=2_000, deadline=None)
def test_E7_whatever_is_taken_can_be_sent_in_both_encodings(data: bytes) -> None:
    try:
        value = unpack(data)
    except DesignError as error:
        assert error.code is Code.MESSAGE_BADLY_FORMED
        return
    assert unpack(pack(value)) == orjson.loads(orjson.dumps(value))


@given(VALUES, st.data())
@settings(max_examples=300, deadline=None)
def test_E7_a_message_with_a_wrong_byte_is_read_or_refused(value: Any, data: st.DataObject) -> None:
    sound = bytearray(pack({"a": value}))
    sound[data.draw(st.integers(0, len(sound) - 1))] = data.draw(st.integers(0, 255))
    try:
        MSGPACK.decode(bytes(sound))
    except Unreadable as refused:
        assert refused.error.code is Code.MESSAGE_BADLY_FORMED


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        b"\x90",
        b"\xc1",
        b"\x80\x80",
        b"\x82\xa1a\x01",
        b"\x81\xa1a\xc4\x00",
        b"\x81\xa1a\xc4\x01x",
        b"\x81\xa1a\xd4\x05\x00",
        b"\x81\xa1a\xc7\x00\x05",
        b"\x81\xa1a\xd6\xff\x00\x00\x00\x00",
        b"\x81\xa1a\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00",
        b"\x81\xa1a\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00",
        b"\x81\xa1a\xca\xff\x80\x00\x00",
        b"\x81\x01\x02",
        b"\x81\xc4\x01a\x02",
        b"\x81\xc0\x02",
        b"\x81\xa1a\xa1\xff",
        b"\x81\xa1a\xa3\xed\xa0\x80",
    ],
)
def test_E7_anything_but_a_clean_map_is_refused(data: bytes) -> None:
    assert unreadable(data).error.code is Code.MESSAGE_BADLY_FORMED


def test_WP3_a_key_that_is_there_twice_is_refused() -> None:
    assert "twice" in unreadable(b"\x82\xa1a\x01\xa1a\x02").error.message
    assert "twice" in unreadable(b"\x81\xa1a\x91\x82\xa1b\x01\xa1b\x02").error.message


@pytest.mark.parametrize(
    "bomb",
    [
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        # each head would fit into what follows it; together they announce 900 times as much
        b"\xdd\x00\x0d\xbb\xa0" * 900 + b"\x90" * 900_000,
        b"\xdc\xff\xff" * 300_000 + b"\x90" * 70_000,
        (b"\x92\xdd\x00\x0a\x00\x00") * 100_000 + b"\x90" * 300_000,
    ],
)
def test_E7_a_length_that_is_not_there_takes_no_memory(bomb: bytes) -> None:
    tracemalloc.start()
    try:
        assert unreadable(bomb).error.code is Code.MESSAGE_BADLY_FORMED
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(bomb) + 100_000


def test_WP2_the_bounds_are_those_of_json() -> None:
    head = {"a": "op", "c": "designs", "d": "d1", "seq": 1, "x": {}}
    large = unreadable(pack({**head, "op": "x" * MAX_MESSAGE_BYTES}))
    assert large.error.code is Code.TOO_LARGE
    assert large.head == {"a": "op", "c": "designs", "d": "d1", "seq": 1}

    def nested(depth: int) -> bytes:
        return b"\x81\xa1a" + b"\x91" * (depth - 2) + b"\x90"

    assert MSGPACK.decode(nested(MAX_NESTING))
    assert unreadable(nested(MAX_NESTING + 1)).error.code is Code.MESSAGE_BADLY_FORMED
    assert unreadable(nested(200_000)).error.code is Code.MESSAGE_BADLY_FORMED


def test_WP1_an_edit_that_cannot_be_read_still_says_whose_it_is() -> None:
    head = {"a": "op", "c": "designs", "d": "d1", "v": 7, "src": "me.mac", "seq": 12}
    data = pack({**head, "x": {"source": "ui"}, "op": [{"p": ["meta"], "si": "?"}]})
    assert unreadable(data.replace(b"\xa1?", b"\xa1\xff")).head == head
    assert unreadable(pack({"a": "op", "c": "x" * 600})[:-1]).head == {"a": "op"}
    assert unreadable(b"\xdf\xff\xff\xff\xff").head == {}
    assert unreadable(pack({"a": "op", "d": {"a": "p"}, "seq": 1}) + b"\x00").head == {"a": "op"}


def test_parts_are_joined_as_they_are() -> None:
    parts = {"d1": {"v": 1, "data": [1, None]}, "d2": {"v": 2, "type": None}}
    for codec, read in ((MSGPACK, msgpack.unpackb), (JSON, orjson.loads)):
        pieces = {id: codec.encode(part) for id, part in parts.items()}
        whole = codec.encode_parts({"a": "bs", "c": "designs"}, "data", pieces)
        assert read(whole) == {"a": "bs", "c": "designs", "data": parts}
