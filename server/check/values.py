"""Does a design hold only values that designs may hold? Nearly always, and that is found out in C."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import jsonschema_rs
import orjson

import ot
from ot.types import Json, Step

from .scan import scan

__all__ = ["compact", "where"]

_MOST_STEPS: Final = 12
_LIMITS: Final = ot.Limits(size=64_000_000)
_is_odd: Final = scan(rf'"(?:{"|".join(sorted(ot.FORBIDDEN_NAMES))})"|\\u0000|-0\.0[,\]}}]')
"""Finds names that may be no key, NUL, and -0 (also where these are harmless)."""


def _nesting(deep: int) -> dict[str, Any]:
    """A schema for values that nest at most so deep."""
    levels: dict[str, Any] = {
        f"{level}": {
            "additionalProperties": {"$ref": f"#/$defs/{level + 1}"},
            "items": {"$ref": f"#/$defs/{level + 1}"},
        }
        for level in range(deep)
    }
    levels[f"{deep}"] = {"type": ["string", "number", "boolean", "null"]}
    return {"$ref": "#/$defs/0", "$defs": levels}


_SHALLOW: Final = jsonschema_rs.Draft202012Validator(_nesting(_LIMITS.depth))


def compact(document: Json) -> str:
    """The design as compact JSON.

    Raises: ot.OpError, with the path if it is known, where something in it may stand in no design.
    """
    try:
        whole = orjson.dumps(document, option=orjson.OPT_STRICT_INTEGER)
    except TypeError:
        pass
    else:
        text = whole.decode()
        if not _is_odd(text) and _SHALLOW.is_valid(document):
            return text
    # It has something that looks odd: gone through value by value.
    ot.check_value(document, _LIMITS)
    return orjson.dumps(document).decode()


def where(document: Json) -> tuple[Step, ...]:
    """The path to the innermost value that may stand in no design; () if the whole may.

    Not further down than a person looks: each step looks through what is left once more.
    """
    path: list[Step] = []
    value, room = document, _LIMITS.depth
    while len(path) < _MOST_STEPS:
        inside: Iterable[tuple[Step, Json]] = ()
        if isinstance(value, dict):
            inside = value.items()
        elif isinstance(value, list):
            inside = enumerate(value)
        room -= 1
        for step, inner in inside:
            try:
                ot.check_value(inner, ot.Limits(size=_LIMITS.size, depth=max(0, room)))
            except ot.OpError:
                path.append(step)
                value = inner
                break
        else:
            break
    return tuple(path)
