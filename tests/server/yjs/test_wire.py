from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, create_awareness_message, create_sync_message, create_update_message

from server.yjs import wire
from server.yjs.lib0 import Malformed, uint, with_length


def test_what_other_libraries_write_is_read() -> None:
    doc: Doc[object] = Doc()
    assert wire.read(create_sync_message(doc)) == wire.Wants(doc.get_state())
    assert wire.read(create_update_message(b"\x00\x00")) == wire.Brought(b"\x00\x00")
    state = b"\x01" + uint(7) + uint(3) + with_length(b'{"user":{"name":"Ada"}}')
    assert wire.read(create_awareness_message(state)) == wire.Presences(
        (wire.State(7, 3, {"user": {"name": "Ada"}}),)
    )


def test_what_is_written_is_read() -> None:
    assert wire.read(wire.asks(b"sv")) == wire.Wants(b"sv")
    assert wire.read(wire.brings(b"up")) == wire.Brought(b"up")
    assert wire.read(wire.changes(b"up")) == wire.Brought(b"up")
    states = (wire.State(1, 2, {"a": "é"}), wire.State(2**52, 0, None))
    assert wire.read(wire.presences(states)) == wire.Presences(states)
    assert wire.read(b"\x03") == wire.AskPresence()


def test_a_refusal_is_a_word_of_the_auth_protocol() -> None:
    assert wire.refuses("no") == b"\x02\x00\x02no"
    assert wire.read(wire.refuses("no")) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"\x00\x03\x00",
        b"\x00\x00\x05ab",
        b"\x01\x02\xff\x01",
        b"\x01" + with_length(b"\x01\x07\x01" + with_length(b"not json")),
        b"\x01" + with_length(uint(wire.MOST_STATES + 1)),
    ],
)
def test_what_is_cut_or_wrong_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        wire.read(data)


@given(st.binary(max_size=100))
def test_anything_is_a_message_or_malformed(data: bytes) -> None:
    try:
        wire.read(data)
    except Malformed:
        return
