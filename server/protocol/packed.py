"""The same values as msgpack: what JSON can hold and nothing else, and no size is believed.

A header of five bytes may announce 2^32 elements, and the library makes room for them before it has
seen one. So where a message holds the head of a long list, its heads are added up first: what is
announced must fit into the bytes that are left. Keys are strings, and there is no binary, no
extension, no NaN. Source: the msgpack specification, spec.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

import msgpack

from ot.types import Json

from ..errors import Code, DesignError
from .codec import MAX_MESSAGE_BYTES, MAX_NESTING, Unreadable, is_deeper

__all__ = ["MSGPACK", "SUBPROTOCOL", "Msgpack", "pack", "unpack"]

SUBPROTOCOL: Final = "coweave.msgpack"
"""What a client asks for in its handshake to speak like this."""

_LONG_LIST = re.compile(rb"[\xdc\xdd]")
_ODD = re.compile(rb"[\xc4-\xcb\xd4-\xd8]")
"""Bytes that begin a float, binary or an extension; within a text they mean nothing of the kind."""
_CONTAINERS: Final = bytes([*range(0x80, 0xA0), 0xDC, 0xDD, 0xDE, 0xDF])
_SINGLES = re.compile(rb"[\x00-\x7f\x80\x90\xa0\xc0\xc2\xc3\xe0-\xff]+")
"""Values of one byte: small numbers, null, booleans, and what is empty."""

_HEAD_BYTES: Final = 8_192  # as of a frame in JSON
_HEAD_FIELDS: Final = frozenset(("a", "c", "d", "v", "src", "seq", "id", "ch", "pv", "ts"))
_MAX_HEAD_TEXT: Final = 512

_FIXED: Final = {
    0xC0: 0,
    0xC2: 0,
    0xC3: 0,
    0xCA: 4,
    0xCB: 8,
    0xCC: 1,
    0xCD: 2,
    0xCE: 4,
    0xCF: 8,
} | {
    0xD0: 1,
    0xD1: 2,
    0xD2: 4,
    0xD3: 8,
}
"""Bytes that follow the first one of a scalar."""
_SIZED: Final = {0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}
"""Bytes in which a text, a list or a map says how long it is."""


def pack(value: Json) -> bytes:
    """`value` as msgpack; for frames, and for what nodes tell each other."""
    packed: bytes = msgpack.packb(value)
    return packed


def unpack(data: bytes, max_bytes: int = MAX_MESSAGE_BYTES) -> Json:
    """One value of any origin. Raises DesignError(MESSAGE_BADLY_FORMED, TOO_LARGE)."""
    if len(data) > max_bytes:
        raise DesignError(
            Code.TOO_LARGE,
            f"At most {max_bytes:,} bytes are taken; here are {len(data):,}",
            limit=max_bytes,
            actual=len(data),
        )
    if _LONG_LIST.search(data) and not _is_as_long_as_it_says(data):
        raise _malformed("Not msgpack: a length is wrong")
    try:
        value: Json = msgpack.unpackb(data, object_pairs_hook=_object, max_bin_len=0, max_ext_len=0)
    except DesignError:
        raise
    except Exception as error:  # the library raises many kinds: each says that this is no value
        raise _malformed(f"Not msgpack: {error or type(error).__name__}") from None
    # Such bytes inside texts count too: upper bounds that settle nearly every frame.
    containers = len(data) - len(data.translate(None, _CONTAINERS))
    if containers > MAX_NESTING and is_deeper(value, MAX_NESTING):
        raise _malformed(f"Nested deeper than {MAX_NESTING}", limit=MAX_NESTING)
    if _ODD.search(data):
        _refuse_odd(value)
    return value


class Msgpack:
    """The codec of clients that ask for `SUBPROTOCOL`."""

    name = "msgpack"
    is_binary = True

    def decode(self, data: bytes) -> dict[str, Json]:
        """One frame. Raises `Unreadable`. Rule WP6."""
        try:
            value = unpack(data)
            if type(value) is not dict:
                raise _malformed("Not a map")
            return value
        except DesignError as error:
            raise Unreadable(error, _head(data)) from None

    def encode(self, message: Mapping[str, Json]) -> bytes:
        """One frame."""
        return pack(message)

    def encode_parts(self, head: Mapping[str, Json], key: str, parts: Mapping[str, bytes]) -> bytes:
        """`{**head, key: parts}`, where each part is encoded already."""
        packer = msgpack.Packer()
        pieces = [packer.pack_map_header(len(head) + 1)]
        for name, value in head.items():
            pieces += [packer.pack(name), packer.pack(value)]
        pieces += [packer.pack(key), packer.pack_map_header(len(parts))]
        for name, part in parts.items():
            pieces += [packer.pack(name), part]
        return b"".join(pieces)


MSGPACK: Final = Msgpack()


def _malformed(message: str, **details: Json) -> DesignError:
    return DesignError(Code.MESSAGE_BADLY_FORMED, message, **details)


def _object(pairs: list[tuple[Any, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise _malformed("A key is there twice")
    return value


def _is_as_long_as_it_says(data: bytes) -> bool:
    """Whether the bytes suffice for all that the heads announce, each value having one at least."""
    at, wanted, size = 0, 1, len(data)
    while wanted:
        if wanted > size - at:
            return False
        first = data[at]
        if (singles := _SINGLES.match(data, at, at + wanted)) is not None:
            wanted -= singles.end() - at
            at = singles.end()
            continue
        wanted -= 1
        at += 1
        if first < 0xA0:
            wanted += (first & 0x0F) * (1 if first >= 0x90 else 2)
        elif first < 0xC0:
            at += first & 0x1F
        elif (width := _SIZED.get(first)) is not None:
            length = int.from_bytes(data[at : at + width], "big")
            at += width
            if first <= 0xDB:
                at += length
            else:
                wanted += length * (1 if first <= 0xDD else 2)
        elif (width := _FIXED.get(first)) is not None:
            at += width
        else:
            return False  # binary, an extension, or no msgpack
    return True


def _refuse_odd(value: Json) -> None:
    """Raises DesignError if there is binary, an extension or no number anywhere."""
    left: list[Any] = [value]
    while left:
        one = left.pop()
        kind = type(one)
        if kind is dict:
            left += one
            left += one.values()
        elif kind is list:
            left += one
        elif kind is float:
            if not math.isfinite(one):
                raise _malformed("NaN and infinities are no numbers here")
        elif not (kind is str or kind is int or kind is bool or one is None):
            raise _malformed("Binary data and extensions are not taken")


def _head(data: bytes) -> dict[str, Json]:
    """The leading scalar fields of a frame, as far as they can be read; never more."""
    head: dict[str, Json] = {}
    reader = msgpack.Unpacker(max_buffer_size=_HEAD_BYTES, max_array_len=0)
    reader.feed(data[:_HEAD_BYTES])
    try:
        for _ in range(reader.read_map_header()):
            key, value = reader.unpack(), reader.unpack()
            if value == {}:
                continue
            is_text = type(value) is str and len(value) <= _MAX_HEAD_TEXT
            if key not in _HEAD_FIELDS or not (is_text or type(value) in (int, bool, type(None))):
                break
            head[key] = value
    except Exception:  # as far as it can be read
        pass
    return head
