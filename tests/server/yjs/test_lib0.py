from __future__ import annotations

import pytest

from server.yjs.lib0 import MAX_INTEGER, Malformed, Reader, uint, with_length


@pytest.mark.parametrize("number", [0, 1, 127, 128, 16_383, 16_384, 2**32, MAX_INTEGER])
def test_numbers_are_read_as_they_are_written(number: int) -> None:
    reader = Reader(uint(number) + b"\x07")
    assert reader.uint() == number
    assert reader.byte() == 7
    assert reader.is_done


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 7, uint(MAX_INTEGER + 1), b"\xff" * 20])
def test_a_number_that_is_cut_or_too_large_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        Reader(data).uint()


def test_pieces_behind_their_length() -> None:
    reader = Reader(with_length(b"abc") + with_length("é😀".encode()))
    assert reader.bytes() == b"abc"
    assert reader.string() == "é😀"


@pytest.mark.parametrize("data", [b"\x04abc", b"\x02\xff\xff", uint(2**40) + b"a"])
def test_a_piece_that_is_cut_or_no_text_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        Reader(data).string()


@pytest.mark.parametrize(
    ("data", "is_json"),
    [
        (b"\x78", True),  # true
        (b"\x79", True),  # false
        (b"\x7e", True),  # null
        (b"\x7d\x05", True),
        (b"\x77\x02hi", True),
        (b"\x76\x01\x01a\x75\x02\x78\x7e", True),  # {"a": [true, null]}
        (b"\x7b\x40\x09\x21\xfb\x54\x44\x2d\x18", True),
        (b"\x7b\x7f\xf0\x00\x00\x00\x00\x00\x00", False),  # Infinity
        (b"\x7c\x7f\xc0\x00\x00", False),  # NaN
        (b"\x7f", False),  # undefined
        (b"\x7a" + bytes(8), False),  # a BigInt
        (b"\x74\x01\x00", False),  # bytes
        (b"\x75\x01\x7f", False),
    ],
)
def test_any_value_is_passed_over_and_known_as_json_or_not(data: bytes, is_json: bool) -> None:
    reader = Reader(data)
    assert reader.any() is is_json
    assert reader.is_done


@pytest.mark.parametrize("data", [b"\x00", b"\x75\x05\x78", b"\x7d" + b"\x80" * 12, b"\x7b\x00"])
def test_any_value_that_is_none_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        Reader(data).any()


def test_nesting_is_bounded() -> None:
    with pytest.raises(Malformed, match="deeply"):
        Reader(b"\x75\x01" * 100_000 + b"\x7e").any()
