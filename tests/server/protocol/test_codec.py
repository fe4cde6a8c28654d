"""Frames: strict reading, and answers to what cannot be read."""

from __future__ import annotations

import json

import orjson
import pytest

from server.errors import Code
from server.protocol.codec import (
    JSON,
    MAX_MESSAGE_BYTES,
    MAX_NESTING,
    Unreadable,
    op_message,
    own_op_message,
)

decode = JSON.decode


def unreadable(data: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        decode(data)
    return caught.value


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"a": "op", "c": "designs", "d": "x", "v": 3, "seq": 1, "x": {}, "op": [{"p": ["a"]}]},
        {"text": 'Grüße 😀 \u2028 " \\ \n', "n": [0, -1.5, 1e21, True, None]},
    ],
)
def test_an_object_is_read_in_any_spelling(message: dict[str, object]) -> None:
    assert decode(orjson.dumps(message)) == message
    assert decode(json.dumps(message, indent=2).encode()) == message


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"nope",
        b"[]",
        b'"a"',
        b"1",
        b"null",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1e999}',
        b'{"a":"\\ud83d"}',
        b'{"a":"\xff"}',
        b'{"a":1}{"a":1}',
    ],
)
def test_WP1_anything_but_a_clean_object_is_refused(data: bytes) -> None:
    assert unreadable(data).error.code is Code.MESSAGE_BADLY_FORMED


def test_WP1_an_edit_that_cannot_be_read_still_says_whose_it_is() -> None:
    data = (
        b'{"a":"op","c":"designs","d":"d1","v":7,"src":"me.mac","seq":12,"x":{"source":"ui"},'
        b'"op":[{"p":["meta","name",0],"si":"\\ud83d"}]}'
    )
    assert unreadable(data).head == {
        "a": "op",
        "c": "designs",
        "d": "d1",
        "v": 7,
        "src": "me.mac",
        "seq": 12,
    }


def test_WP1_a_hostile_head_gives_only_what_is_sound() -> None:
    assert unreadable(b'{"a":"op","c":"\\ud800","d":"x",').head == {"a": "op"}
    assert unreadable(b'{"a":"op","op":[[[[').head == {"a": "op"}
    assert unreadable(b"{" * 9000).head == {}
    assert unreadable(b'{"a":"' + b"x" * 9000).head == {}


def test_WP2_size_is_refused_on_the_request() -> None:
    data = b'{"a":"op","c":"designs","d":"d1","seq":1,"op":"' + b"x" * MAX_MESSAGE_BYTES + b'"}'
    refused = unreadable(data)
    assert refused.error.code is Code.TOO_LARGE
    assert refused.error.details == {"limit": MAX_MESSAGE_BYTES, "actual": len(data)}
    assert refused.head == {"a": "op", "c": "designs", "d": "d1", "seq": 1}


def test_WP2_nesting_is_bounded() -> None:
    def nested(depth: int) -> bytes:
        return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

    assert decode(nested(MAX_NESTING))
    assert unreadable(nested(MAX_NESTING + 1)).error.code is Code.MESSAGE_BADLY_FORMED
    assert unreadable(nested(1_000)).error.code is Code.MESSAGE_BADLY_FORMED
    assert unreadable(nested(200_000)).error.code is Code.MESSAGE_BADLY_FORMED
    # Many brackets are not deep ones.
    assert decode(b'{"a":[' + b",".join([b"[]"] * 500) + b"]}")


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":[{"b":1},{"c":1,"\\u0063":2}]}',
        # as long as its re-encoding, so only a comparison of the bytes can tell
        b'{"a":1,"a":1,"b":1E5}',
    ],
)
def test_WP3_duplicate_keys_are_refused(data: bytes) -> None:
    assert "twice" in unreadable(data).error.message


def test_an_op_has_the_fields_of_a_broadcast() -> None:
    message = op_message("designs", "d1", 4, "pub", 2, {"op": [{"p": ["a"], "oi": 1}]})
    assert message == {
        "a": "op",
        "c": "designs",
        "d": "d1",
        "v": 4,
        "src": "pub",
        "seq": 2,
        "op": [{"p": ["a"], "oi": 1}],
    }


def test_WP42_fixups_name_the_op_that_they_complete() -> None:
    message = own_op_message("designs", "d1", 4, "pub.mac", 2, {}, [[{"p": ["a"], "od": 1}]])
    assert message == {
        "a": "op",
        "c": "designs",
        "d": "d1",
        "v": 4,
        "src": "pub.mac",
        "seq": 2,
        "fixup": [{"src": "pub.mac", "seq": 2, "v": 4, "op": [{"p": ["a"], "od": 1}]}],
    }
