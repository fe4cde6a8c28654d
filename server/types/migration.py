"""Bringing a component from one version of its type to the next, by steps that are data.

A type's schema declares under `x-coweave` a `migration`: the steps from the version before. Each step
names a path inside the component; `*` stands for every key of a map or entry of a list.

    {"move": ["props", "text"], "to": ["props", "label"]}     the value stands elsewhere now
    {"default": ["props", "level"], "to": 2}                  a value where there is none yet
    {"set": ["props", "level"], "to": 2}                      a value, whatever stood there
    {"remove": ["props", "size"]}                             the value is gone
    {"replace": ["events", "*", "on"], "values": {"a": "b"}}  another name for a value
    {"wrap": ["props", "data"], "as": "rows"}                 v → {"rows": v}

Migration is explicit: an edit like any other, never done by opening a design.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

from ot.types import Json

__all__ = ["KINDS", "apply_steps"]

Path: TypeAlias = Sequence[str]

KINDS: Final = ("move", "default", "set", "remove", "replace", "wrap")
"""What a step may be: exactly one of these is a key of it."""


def apply_steps(component: dict[str, Any], steps: Sequence[Json]) -> dict[str, Any]:
    """The component after the steps, in their order. `component` itself stays as it is.

    Raises: ValueError for a step that is none.
    """
    changed = copy.deepcopy(component)
    for step in steps:
        _apply(changed, step)
    return changed


def _apply(component: dict[str, Any], step: Any) -> None:
    kinds = [kind for kind in KINDS if isinstance(step, dict) and kind in step]
    if len(kinds) != 1:
        raise ValueError(f"a migration has a step that is not one of {', '.join(KINDS)}")
    kind = kinds[0]
    path = step[kind]
    if kind == "move":
        _move(component, path, step["to"])
        return
    if kind in ("default", "set"):
        _put(component, path, step["to"], keep=kind == "default")
        return
    for holder, key in list(_places(component, path)):
        if kind == "remove":
            del holder[key]
        elif kind == "wrap":
            holder[key] = {step["as"]: holder[key]}
        elif isinstance(value := holder[key], str):
            holder[key] = step["values"].get(value, value)


def _move(component: dict[str, Any], path: Path, to: Path) -> None:
    for holder, key in list(_places(component, path)):
        _put(component, to, holder.pop(key), keep=False)


def _put(component: Any, path: Path, value: Json, *, keep: bool) -> None:
    for step in path[:-1]:
        component = component.setdefault(step, {})
        if not isinstance(component, dict):
            return
    if not (keep and path[-1] in component):
        component[path[-1]] = copy.deepcopy(value)


def _places(value: Any, path: Path) -> Iterator[tuple[Any, Any]]:
    """Where the path leads: (container, key), only where something stands."""
    step, rest = path[0], path[1:]
    keys: Sequence[Any] = ()
    if step == "*":
        keys = (
            list(value)
            if isinstance(value, dict)
            else range(len(value))
            if isinstance(value, list)
            else ()
        )
    elif isinstance(value, dict) and step in value:
        keys = (step,)
    for key in keys:
        if rest:
            yield from _places(value[key], rest)
        else:
            yield value, key
