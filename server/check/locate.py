"""Line and column of a value in a JSON text, found by reading only up to it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from ot.types import Step

__all__ = ["locate", "position"]

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^\s,\]}]+")
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)


def locate(text: str, path: Sequence[Step], offset: int | None = None) -> tuple[int, int]:
    """(line, column), from 1, of the value that `path` leads to.

    As far as the path leads: where a key is missing, it is the object that lacks it. `offset`: that
    character of the text value, by characters of the value itself.
    """
    at = _skip(text, 0)
    for step in path:
        found = _member(text, at, step)
        if found is None:
            offset = None
            break
        at = found
    if offset is not None and text[at : at + 1] == '"':
        at = _inside(text, at + 1, offset)
    return position(text, at)


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


def _member(text: str, at: int, step: Step) -> int | None:
    opening = text[at : at + 1]
    if opening == "{" and isinstance(step, str):
        at = _skip(text, at + 1)
        found = None
        while text[at : at + 1] == '"':
            key, at = _string(text, at)
            at = _skip(text, _skip(text, at) + 1)
            if key == step:
                found = at  # The last of equal keys is the one that counts.
            at = _after(text, _skip(text, _end(text, at)))
        return found
    if opening == "[" and isinstance(step, int):
        at = _skip(text, at + 1)
        while text[at : at + 1] not in ("]", ""):
            if step == 0:
                return at
            step -= 1
            at = _after(text, _skip(text, _end(text, at)))
    return None


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
    """Behind the value that begins at `at`. Not by recursion: a file may nest as deep as it likes."""
    depth = 0
    while at < len(text):
        char = text[at]
        if char == '"':
            match = _STRING.match(text, at)
            at = match.end() if match else len(text)
        elif char in "{[":
            depth += 1
            at += 1
        elif char in "}]":
            depth -= 1
            at += 1
        elif char in ", \t\r\n:":
            at += 1
            continue
        else:
            match = _SCALAR.match(text, at)
            at = match.end() if match else at + 1
        if depth == 0:
            return at
    return at
