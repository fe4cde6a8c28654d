"""Messages to bytes and back: what a codec is, and the one of stock clients, strict JSON.

Strict means: what is read can be sent on to any client. NaN, infinities, lone surrogates and wrong
UTF-8 are refused by orjson itself. orjson takes the last of two equal keys, so frames are encoded
back and compared: a client that writes compact JSON (as `JSON.stringify` does) costs one fast
encoding more, and only other spellings are read a second time to look for the duplicate.

A frame that cannot be read may still carry an edit of an honest client (half a surrogate pair, too
large, too deep), which waits for an answer and would send it again for ever after a close.
`Unreadable.head` holds what could be read of such a frame's first fields, so that it is answered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import orjson

from ot.types import Json, Op

from ..errors import Code, DesignError

__all__ = [
    "JSON",
    "JSON0_URI",
    "MAX_FRAME_BYTES",
    "MAX_MESSAGE_BYTES",
    "MAX_NESTING",
    "Codec",
    "Unreadable",
    "is_deeper",
    "op_message",
    "own_op_message",
    "read_object",
]

JSON0_URI: Final = "http://sharejs.org/types/JSONv0"
"""The OT type of every document. Stock clients refuse a server with any other default type."""

MAX_FRAME_BYTES: Final = 16 * 1024 * 1024 + 65_536
"""What the transport takes: the largest honest mistake is answered on the op, not by a close."""

MAX_MESSAGE_BYTES: Final = 1024 * 1024 + 16_384
"""An op of 1 MB and the fields around it."""

MAX_NESTING: Final = 128
"""Twice what a document may have, and half of what orjson can write (254; it reads 1,024)."""


class Unreadable(Exception):
    """A frame that is no message. `head`: its leading scalar fields, for the answer."""

    def __init__(self, error: DesignError, head: dict[str, Json]) -> None:
        super().__init__(str(error))
        self.error = error
        self.head = head


class Codec(Protocol):
    """Messages to bytes and back. `name` is the key under which what is shared is kept encoded."""

    @property
    def name(self) -> str: ...

    @property
    def is_binary(self) -> bool: ...

    def decode(self, data: bytes) -> dict[str, Json]:
        """One frame. Raises `Unreadable`."""
        ...

    def encode(self, message: Mapping[str, Json]) -> bytes:
        """One frame, or a part of one for `encode_parts`."""
        ...

    def encode_parts(self, head: Mapping[str, Json], key: str, parts: Mapping[str, bytes]) -> bytes:
        """`{**head, key: parts}`, where each part is encoded already."""
        ...


class _Json:
    """The codec of stock clients."""

    name = "json"
    is_binary = False

    def decode(self, data: bytes) -> dict[str, Json]:
        """One frame as a JSON object. Raises `Unreadable`. Rules WP1-WP3."""
        try:
            return read_object(data, MAX_MESSAGE_BYTES)
        except DesignError as error:
            raise Unreadable(error, _head(data)) from None

    def encode(self, message: Mapping[str, Json]) -> bytes:
        """One frame."""
        return orjson.dumps(message)

    def encode_parts(self, head: Mapping[str, Json], key: str, parts: Mapping[str, bytes]) -> bytes:
        """`{**head, key: parts}`, where each part is encoded already."""
        fragments = {name: orjson.Fragment(part) for name, part in parts.items()}
        return orjson.dumps({**head, key: fragments})


JSON: Final = _Json()


def read_object(data: bytes, max_bytes: int) -> dict[str, Json]:
    """Strict JSON of any origin. Raises DesignError(MESSAGE_BADLY_FORMED, TOO_LARGE)."""
    if len(data) > max_bytes:
        raise DesignError(
            Code.TOO_LARGE,
            f"At most {max_bytes:,} bytes are taken; here are {len(data):,}",
            limit=max_bytes,
            actual=len(data),
        )
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise _malformed(f"Not JSON: {error}") from None
    if type(value) is not dict:
        raise _malformed("Not a JSON object")
    # Brackets inside strings count too: an upper bound that settles nearly every frame.
    if data.count(b"{") + data.count(b"[") > MAX_NESTING and is_deeper(value, MAX_NESTING):
        raise _malformed(f"Nested deeper than {MAX_NESTING}", limit=MAX_NESTING)
    if orjson.dumps(value) != data and (key := _duplicate_key(data)) is not None:
        raise _malformed(f"The key {key!r} is there twice")
    return value


def op_message(
    collection: str, id: str, version: int, src: str, seq: int, body: Mapping[str, Json]
) -> dict[str, Json]:
    """A committed op as every reader gets it. `body` is {"op"}, {"create"}, {"del"} or {}."""
    return {"a": "op", "c": collection, "d": id, "v": version, "src": src, "seq": seq, **body}


def own_op_message(
    collection: str,
    id: str,
    version: int,
    src: str,
    seq: int,
    body: Mapping[str, Json],
    fixups: Sequence[Op],
) -> dict[str, Json]:
    """An op that goes back to its author; without `body` it is an ack.

    `src` is the whole id. The client knows its op in flight by (src, seq) and then reads `fixup`;
    one that no longer has it in flight applies the body instead.
    """
    message = op_message(collection, id, version, src, seq, body)
    if fixups:
        message["fixup"] = [{"src": src, "seq": seq, "v": version, "op": op} for op in fixups]
    return message


def _malformed(message: str, **details: Json) -> DesignError:
    return DesignError(Code.MESSAGE_BADLY_FORMED, message, **details)


def is_deeper(value: Json, limit: int) -> bool:
    """Whether more than `limit` containers lie in one another."""
    level = [value]
    for _ in range(limit):
        deeper: list[Json] = []
        for node in level:
            children = node.values() if type(node) is dict else node
            deeper += [child for child in children if type(child) is dict or type(child) is list]
        if not deeper:
            return False
        level = deeper
    return True


class _Duplicate(Exception):
    pass


def _duplicate_key(data: bytes) -> str | None:
    def pairs(items: list[tuple[str, Json]]) -> None:
        seen = set()
        for key, _ in items:
            if key in seen:
                raise _Duplicate(key)
            seen.add(key)

    try:
        json.loads(data, object_pairs_hook=pairs)
    except _Duplicate as found:
        return str(found)
    return None


_HEAD_BYTES = 8192  # the stock client writes a, c, d, v, src, seq, x before the edit itself
_FIELD = re.compile(
    rb"[{,]\s*(?:"
    rb'"(a|c|d|v|src|seq|id|ch|pv|ts)"\s*:\s*'
    rb'("(?:[^"\\\x00-\x1f]|\\.){0,512}"|-?[0-9]{1,17}|null|true|false)'
    rb'|"x"\s*:\s*\{[^{}\[\]]{0,512}\}'
    rb")\s*(?=[,}])"
)


def _head(data: bytes) -> dict[str, Json]:
    """The leading scalar fields of a frame, as far as they can be read; never more."""
    data = data[:_HEAD_BYTES].lstrip()
    head: dict[str, Json] = {}
    position = 0
    while (field := _FIELD.match(data, position)) is not None:
        if field[1] is not None:
            try:
                head[field[1].decode()] = orjson.loads(field[2])
            except orjson.JSONDecodeError:
                break
        position = field.end()
    return head
