"""What names the content of a design: equal for equal designs, whatever the order of their keys."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from ot.types import Json

__all__ = ["content_hash"]


def content_hash(document: Json) -> str:
    """`sha256:` and 64 hexadecimal digits, of the design's one form.

    That is JSON in UTF-8 without spaces, keys sorted by code point, whole numbers without a point.
    """
    form = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    if b".0" in form:
        form = orjson.dumps(_whole(document), option=orjson.OPT_SORT_KEYS)
    return f"sha256:{hashlib.sha256(form).hexdigest()}"


def _whole(value: Any) -> Any:
    """JavaScript knows no 1.0: what comes back from a browser is 1."""
    kind = type(value)
    if kind is dict:
        return {key: _whole(inner) for key, inner in value.items()}
    if kind is list:
        return [_whole(inner) for inner in value]
    return int(value) if kind is float and value.is_integer() and abs(value) < 2**53 else value
