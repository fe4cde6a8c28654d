"""Decisions of conflicts, as they come in a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from ot.merge import ABSENT, Value
from ot.types import Json, Step

from ...errors import Code, DesignError
from ...review.merge import Choice

__all__ = ["MAX_CHOICES", "Path", "choices_in", "value_at"]

Path: TypeAlias = tuple[Step, ...]

MAX_CHOICES: Final = 5_000
"""In one merge."""


def choices_in(given: Json) -> Mapping[Path, Choice]:
    """From `[{"path", "take": "main"|"branch"|"value", "value"?}]`.

    Raises: DesignError(MESSAGE_BADLY_FORMED).
    """
    if given is None:
        return {}
    if type(given) is not list or len(given) > MAX_CHOICES:
        raise _wrong(f"`resolutions` is a list of at most {MAX_CHOICES:,}")
    found: dict[Path, Choice] = {}
    for each in given:
        path = each.get("path") if type(each) is dict else None
        if (
            type(path) is not list
            or not 1 <= len(path) <= 64
            or not all(type(step) in (str, int) for step in path)
        ):
            raise _wrong("Each of `resolutions` has the `path` of a conflict")
        take = each.get("take")
        if take not in ("main", "branch", "value"):
            raise _wrong("A resolution takes `main`, `branch` or `value`")
        if tuple(path) in found:
            raise _wrong("There are two resolutions of one path")
        found[tuple(path)] = Choice(take, each.get("value", ABSENT))
    return found


def value_at(document: Any, path: Path) -> Value:
    """What stands at a path; the whole list where the path counts its items, which may differ."""
    for step in path:
        if type(document) is not dict or step not in document:
            return document if type(document) is list else ABSENT
        document = document[step]
    return document


def _wrong(message: str) -> DesignError:
    return DesignError(Code.MESSAGE_BADLY_FORMED, message)
