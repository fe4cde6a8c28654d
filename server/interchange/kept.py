"""What an importer keeps of a source beside the design itself, so that the way back loses nothing.

Kept are the other tool's own rows: what it has published, its permissions, the ids of its database. What
people edit is never among it: that is in the design, and only there. Small values stay readable; what an
`ext` may not hold as it is (document.schema.json) is packed: {"$packed": [text, …]}.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any, Final

from ot import OpError, check_value
from ot.types import Json

__all__ = ["keep", "kept"]

_KEY: Final = "$packed"
_CHUNK: Final = 8_000
_CHUNKS: Final = 250
_SMALL: Final = 4_000
"""Bytes of JSON that stay readable."""

_LARGEST: Final = 64_000_000
"""Bytes that are unpacked at most: a design comes from anywhere."""


def keep(value: Json) -> Json:
    """`value` as an `ext` may hold it."""
    if _fits(value, 0) and len(json.dumps(value)) <= _SMALL:
        try:
            check_value(value)
        except OpError:
            pass
        else:
            return value
    packed = base64.b85encode(zlib.compress(json.dumps(value).encode("ascii"), 9)).decode("ascii")
    chunks: list[Any] = [packed[at : at + _CHUNK] for at in range(0, len(packed), _CHUNK)]
    while len(chunks) > _CHUNKS:
        chunks = [chunks[at : at + _CHUNKS] for at in range(0, len(chunks), _CHUNKS)]
    return {_KEY: chunks}


def kept(value: Json) -> Any:
    """What was given to `keep`. Raises: ValueError where it was damaged since."""
    if not isinstance(value, dict) or set(value) != {_KEY}:
        return value
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(base64.b85decode(_joined(value[_KEY])), _LARGEST)
    except zlib.error:
        raise ValueError("what the importer kept is damaged") from None
    if not unpacking.eof:
        raise ValueError("what the importer kept is damaged or too large")
    return json.loads(text)


def _joined(chunks: Json) -> str:
    if isinstance(chunks, list):
        return "".join(map(_joined, chunks))
    if isinstance(chunks, str):
        return chunks
    raise ValueError("what the importer kept is damaged")


def _fits(value: Json, depth: int) -> bool:
    if depth > 8:
        return False
    if isinstance(value, dict):
        return (
            len(value) <= 64
            and _KEY not in value
            and all(_fits(x, depth + 1) for x in value.values())
        )
    if isinstance(value, list):
        return len(value) <= 256 and all(_fits(x, depth + 1) for x in value)
    return not isinstance(value, str) or len(value) <= 8_000
