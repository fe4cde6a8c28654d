"""Line and column of a value in a JSON text, found by reading only up to it."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from ot.types import Step

__all__ = ["Locator", "locate", "position"]

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_LINE = re.compile("\n")
_MOST_JUMPS: Final = 8
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)


def locate(text: str, path: Sequence[Step], offset: int | None = None) -> tuple[int, int]:
    """As `Locator(text).locate`, for one question."""
    return Locator(text).locate(path, offset)


class Locator:
    """Finds places in one text; what it has gone through once it knows."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._members: dict[int, Mapping[Step, int]] = {}
        self._starts: list[int] | None = None  # of lines
        self._jumps = 0

    def locate(
        self, path: Sequence[Step], offset: int | None = None, *, known: int = 0
    ) -> tuple[int, int]:
        """(line, column), from 1, of the value that `path` leads to.

        As far as the path leads: where a key is missing, it is the object that lacks it. `offset`: that
        character of the text value, by characters of the value itself. `known`: so many steps of the path
        lead somewhere for sure.
        """
        text = self._text
        at = self._jump(path[known - 1]) if 0 < known <= len(path) else None
        if at is None:
            at, known = _skip(text, 0), 0
        for step in path[known:]:
            found = self._inside(at).get(step)
            if found is None:
                offset = None
                break
            at = found
        if offset is not None and text[at : at + 1] == '"':
            at = _inside(text, at + 1, offset)
        return self._position(at)

    def _position(self, at: int) -> tuple[int, int]:
        if self._starts is None:
            self._starts = [0, *(match.end() for match in _LINE.finditer(self._text))]
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1

    def _jump(self, key: Step) -> int | None:
        """Where the value of `key` begins, if that is a key in one place only."""
        # A search or two are quicker than reading up to there; many are not.
        if self._jumps >= _MOST_JUMPS or not isinstance(key, str):
            return None
        self._jumps += 1
        pattern = re.compile(
            re.escape(json.dumps(key, ensure_ascii=False)) + r"[ \t\r\n]*:[ \t\r\n]*"
        )
        found = [match.end() for match in islice(pattern.finditer(self._text), 2)]
        return found[0] if len(found) == 1 else None

    def _inside(self, at: int) -> Mapping[Step, int]:
        if at not in self._members:
            self._members[at] = dict(_members(self._text, at))
        return self._members[at]


def position(text: str, at: int) -> tuple[int, int]:
    """(line, column), from 1, of a character."""
    start = text.rfind("\n", 0, at) + 1
    return text.count("\n", 0, at) + 1, at - start + 1


def _inside(text: str, at: int, offset: int) -> int:
    """Where the character `offset` of a string stands whose text begins at `at`; escapes count as one."""
    while offset > 0 and at < len(text) and text[at] != '"':
        escape = _ESCAPE.match(text, at)
        at = escape.end() if escape else at + 1
        offset -= 1
    return at


def _members(text: str, at: int) -> Iterator[tuple[Step, int]]:
    """Keys or indices of the container that begins at `at`, with where their values begin.

    Of equal keys the last one counts, as when the text is read.
    """
    opening = text[at : at + 1]
    at = _skip(text, at + 1)
    if opening == "{":
        while text[at : at + 1] == '"':
            key, at = _string(text, at)
            at = _skip(text, _skip(text, at) + 1)
            yield key, at
            at = _after(text, _skip(text, _end(text, at)))
    elif opening == "[":
        index = 0
        while text[at : at + 1] not in ("]", ""):
            yield index, at
            index += 1
            at = _after(text, _skip(text, _end(text, at)))


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _after(text: str, at: int) -> int:
    return _skip(text, at + 1) if text[at : at + 1] == "," else at


def _string(text: str, at: int) -> tuple[str, int]:
    """The string that begins at `at`, and where it ends."""
    match = _STRING.match(text, at)
    if match is None:
        return "", len(text)
    raw = match[0]
    return (json.loads(raw, strict=False) if "\\" in raw else raw[1:-1]), match.end()


def _end(text: str, at: int) -> int:
    """Behind the value that begins at `at`; the end of the text where there is none."""
    try:
        return _DECODER.raw_decode(text, at)[1]
    except (ValueError, RecursionError):
        return len(text)


_DECODER: Final = json.JSONDecoder(strict=False)
