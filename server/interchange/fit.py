"""Fitting what other tools hold into what a design may hold: values, names, ids, what is left over."""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any, Final

import orjson

from ot import FORBIDDEN_NAMES, MAX_INTEGER, Limits, OpError, check_value
from ot.types import Json

from ..document.limits import MAX_BULK_OP_BYTES, MAX_DEPTH, MAX_NAME
from .imported import Report

__all__ = ["Ids", "Names", "identifier", "leftovers", "mapping", "sequence", "text", "value"]

_ROOM: Final = MAX_DEPTH - 8
"""Containers that a value may nest where it stands: the document's own are around it."""

_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LIMITS: Final = Limits(depth=_ROOM, size=MAX_BULK_OP_BYTES)


# -- reading without trust -------------------------------------------------------------------------


def mapping(value: Json) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def sequence(value: Json) -> list[Any]:
    return value if isinstance(value, list) else []


def text(value: Json, limit: int, default: str = "") -> str:
    """A string of at most `limit` characters that a design may hold."""
    if not isinstance(value, str):
        return default
    return _clean_text(value)[:limit] or default


def value(source: Json, element: str, report: Report) -> Json:
    """`source` itself where a design may hold it; else mended: what no document may hold is left out."""
    try:
        check_value(source, _LIMITS)
    except OpError as error:
        report.repaired(element, error.message, None, None)
        return _mended(source, 0)
    return source


def _mended(source: Json, depth: int) -> Json:
    if depth >= _ROOM:
        return None
    if isinstance(source, dict):
        return {
            _clean_text(key): _mended(inner, depth + 1)
            for key, inner in source.items()
            if _clean_text(key) not in FORBIDDEN_NAMES
        }
    if isinstance(source, list):
        return [_mended(inner, depth + 1) for inner in source]
    if isinstance(source, str):
        return _clean_text(source)
    if isinstance(source, bool) or source is None:
        return source
    if isinstance(source, int):
        return source if -MAX_INTEGER <= source <= MAX_INTEGER else str(source)
    if isinstance(source, float) and math.isfinite(source):
        # A whole float past 2^53 counts as an integer of JavaScript: it stays as its digits.
        if source.is_integer() and abs(source) > MAX_INTEGER:
            return repr(source)
        return source + 0.0
    return None


def _clean_text(source: str) -> str:
    if source.isascii() and "\0" not in source:
        return source
    whole = source.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "")


# -- naming ----------------------------------------------------------------------------------------


class Ids:
    """New ids, the same for the same source: a letter and ten digits of base 62."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def new(self, letter: str, *source: object) -> str:
        """An id for what `source` tells apart; for a source seen before, another one."""
        turn = 0
        while True:
            digest = hashlib.sha256(repr((letter, source, turn)).encode()).digest()
            number = int.from_bytes(digest, "big")
            id = letter + "".join(_BASE62[number // 62**n % 62] for n in range(10))
            if id not in self._given:
                self._given.add(id)
                return id
            turn += 1


def identifier(source: Json, default: str) -> str:
    """The nearest name that an expression can use: `_1st` for `1st`, `default` for nothing."""
    name = re.sub(r"[^A-Za-z0-9_$]", "_", source if isinstance(source, str) else "")[:MAX_NAME]
    if not name.strip("_"):
        name = default
    return name if not name[0].isdigit() else f"_{name}"[:MAX_NAME]


class Names:
    """Names that are unique on each page and against the app-wide ones (page None)."""

    def __init__(self) -> None:
        self._given: dict[str | None, set[str]] = {None: set()}
        self._tried: dict[tuple[str | None, str], int] = {}

    def give(self, page: str | None, wanted: str) -> str:
        """`wanted` if it is free, else the next free name: Text1 → Text2."""
        if self._is_free(page, wanted):
            return self._take(page, wanted)
        stem = wanted.rstrip("0123456789")
        number = self._tried.get((page, stem), int(wanted[len(stem) :][:18] or 0))
        while True:
            number += 1
            name = f"{stem[: MAX_NAME - len(str(number))]}{number}"
            if self._is_free(page, name):
                self._tried[page, stem] = number
                return self._take(page, name)

    def _is_free(self, page: str | None, name: str) -> bool:
        if page is None:
            return not any(name in given for given in self._given.values())
        return name not in self._given.get(page, ()) and name not in self._given[None]

    def _take(self, page: str | None, name: str) -> str:
        self._given.setdefault(page, set()).add(name)
        return name


# -- what is left over -----------------------------------------------------------------------------


def leftovers(source: dict[str, Json], report: Report, limit: int = 2_000) -> dict[str, Json]:
    """What fits into a small `ext`: short strings, lists and maps, `limit` bytes in all.

    What does not fit is left out and counted.
    """
    kept: dict[str, Json] = {}
    size = 0
    for key, inner in source.items():
        length = _length(key, inner) if len(kept) < 60 and _is_small(inner, 0) else limit + 1
        if size + length > limit:
            report.dropped[_clean_text(key)[:64]] += 1
        else:
            kept[key] = inner
            size += length
    return kept


def _length(key: str, inner: Json) -> int:
    """Bytes, or more than anything may have where no document may hold it."""
    try:
        check_value({key: inner}, _LIMITS)
    except OpError:
        return MAX_BULK_OP_BYTES
    return len(key) + len(orjson.dumps(inner))


def _is_small(source: Json, depth: int) -> bool:
    if isinstance(source, dict):
        return (
            depth < 4
            and len(source) <= 32
            and all(_is_small(x, depth + 1) for x in source.values())
        )
    if isinstance(source, list):
        return depth < 4 and len(source) <= 64 and all(_is_small(x, depth + 1) for x in source)
    return not isinstance(source, str) or len(source) <= 500
