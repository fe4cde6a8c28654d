"""What has changed between two designs, element by element and property by property."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ot.types import Json, Step

from ..document.model import SECTIONS, SINGLES

__all__ = ["Change", "changes"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing: `kind` says what became of the element, or that a property has another value.

    `path` leads from the element to the property; `old` and `new` are its values, None where there was none.
    """

    kind: Literal["added", "removed", "moved", "renamed", "retyped", "changed"]
    element: str
    name: str
    path: tuple[Step, ...] = ()
    old: Json = None
    new: Json = None


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """From `old` to `new`, in the order of the sections. An importer's notes are no change of a design."""
    for single in SINGLES:
        if single != "ext":
            yield from _properties(single, single, old.get(single, {}), new.get(single, {}), ())
    for section in SECTIONS:
        before, after = old[section], new[section]
        for id in [*before, *(id for id in after if id not in before)]:
            element = f"{section}/{id}"
            if id not in after:
                yield Change("removed", element, _name(before[id]))
            elif id not in before:
                yield Change("added", element, _name(after[id]))
            elif before[id] != after[id]:
                yield from _element(element, before[id], after[id])


def _element(element: str, old: Any, new: Any) -> Iterator[Change]:
    name = _name(new)
    for key, kind in (("place", "moved"), ("name", "renamed"), ("type", "retyped")):
        if old.get(key) != new.get(key) and not (key == "place" and _only_reordered(old, new)):
            yield Change(kind, element, name, (key,), old.get(key), new.get(key))  # type: ignore[arg-type]
    rest = {"place", "name", "type", "ext"}
    yield from _properties(
        element,
        name,
        {key: value for key, value in old.items() if key not in rest},
        {key: value for key, value in new.items() if key not in rest},
        (),
    )


def _only_reordered(old: Any, new: Any) -> bool:
    places = [
        {key: value for key, value in each["place"].items() if key != "order"}
        for each in (old, new)
    ]
    return places[0] == places[1] and old["place"]["order"] == new["place"]["order"]


def _properties(
    element: str, name: str, old: Any, new: Any, path: tuple[Step, ...]
) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            if key not in old or key not in new:
                yield Change("changed", element, name, (*path, key), old.get(key), new.get(key))
            elif old[key] != new[key]:
                yield from _properties(element, name, old[key], new[key], (*path, key))
    elif old != new:
        yield Change("changed", element, name, path, old, new)


def _name(value: Any) -> str:
    name = value.get("name") if isinstance(value, dict) else None
    return name if isinstance(name, str) else ""
