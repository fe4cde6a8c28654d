"""Appsmith's lists of the paths that hold expressions: `[{"key": "primaryColumns.name.computedValue"}]`.

They are derived, but not everywhere right in real apps: some list what holds no expression, some miss one,
and their order tells in which order people typed. So an import keeps how a list differs from what we
derive, and an export derives anew: what was right stays where it was, what edits have brought or taken is
added or left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ot.types import Json

__all__ = ["expression_paths", "listed", "remembered"]


def expression_paths(value: Json, path: str = "") -> Iterator[str]:
    """Where `{{` stands in the strings of `value`: `a.b`, `a[0].b`."""
    if isinstance(value, str):
        if "{{" in value:
            yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from expression_paths(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from expression_paths(inner, f"{path}[{index}]")


def remembered(source: Json, derived: Iterable[str]) -> dict[str, Any] | None:
    """How the list `source` differs from the derived one; None: it is not such a list.

    Returns: {} where they agree; else `order` (the list as it is; None: there was none), `stale` (listed
    without reason), `missing` (not listed).
    """
    found = sorted(derived)
    if source is None:
        return {"order": None, **({"missing": found} if found else {})}
    if not isinstance(source, list):
        return None
    keys = [each["key"] for each in source if _is_entry(each)]
    if len(keys) != len(source):
        return None
    if keys == found:
        return {}
    known, listed_ = set(found), set(keys)
    note: dict[str, Any] = {"order": keys}
    if stale := sorted(listed_ - known):
        note["stale"] = stale
    if missing := sorted(known - listed_):
        note["missing"] = missing
    return note


def listed(note: dict[str, Any], derived: Iterable[str]) -> list[Json] | None:
    """The list for what is derived now, given what was remembered; None: there is to be none."""
    found = sorted(derived)
    known, stale, missing = set(found), set(note.get("stale", ())), set(note.get("missing", ()))
    order = note.get("order", [])
    keys = [key for key in order or () if key in known or key in stale]
    had = set(order or ())
    keys += [key for key in found if key not in had and key not in missing]
    if order is None and not keys:
        return None
    return [{"key": key} for key in keys]


def _is_entry(entry: Json) -> bool:
    return isinstance(entry, dict) and set(entry) == {"key"} and isinstance(entry["key"], str)
