"""Who made a value what it is: ops are walked from the newest back, until every value is explained.

The version of a value is that of the last op that made it another one. A list's items keep theirs when
others are put in, taken out or moved around them, and when they are moved themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from ot.elements import ABSENT
from ot.types import Component, Json, Op, Step

from .diff import Value, is_same
from .touched import buckets

__all__ = ["Blame", "Search", "leaves"]

_Path: TypeAlias = tuple[Step, ...]


def leaves(value: Json, path: _Path = ()) -> Iterator[_Path]:
    """The paths of the smallest values: scalars, and objects and lists that are empty."""
    if type(value) is dict and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif type(value) is list and value:
        for at, inner in enumerate(value):
            yield from leaves(inner, (*path, at))
    else:
        yield path


class Blame:
    """Explains values: `paths` lead to them, or to where one was, in the state after the first op given.

    Paths are those of the document: ("components", "c1", "props", "label").
    """

    __slots__ = ("_open", "found")

    def __init__(self, paths: Iterable[_Path]) -> None:
        self.found: dict[_Path, int] = {}
        """The version of the op that made each value; those not looked for any more."""
        # Where a value stood after the op that comes next, by where it stands in the end.
        self._open: dict[_Path, _Path] = {path: path for path in paths}

    @property
    def open(self) -> Iterable[_Path]:
        """Those that are not explained yet."""
        return self._open.keys()

    def take(self, version: int, op: Op) -> None:
        """One op back. `version`: whatever the op is to be known by."""
        for component in reversed(op):
            for path, now in list(self._open.items()):
                before = _before(component, now)
                if before is None:
                    self.found[path] = version
                    del self._open[path]
                else:
                    self._open[path] = before

    def rest(self, version: int) -> None:
        """All that is left was there from `version` on."""
        self.found.update(dict.fromkeys(self._open, version))
        self._open.clear()


def _before(component: Component, now: _Path) -> _Path | None:
    """Where the value at `now` was before the component; None: the component made it."""
    path = tuple(component["p"])
    if "si" in component or "sd" in component:
        path = path[:-1]
        if not (component.get("si") or component.get("sd")):
            return now
    depth = len(path)
    if "li" in component or "ld" in component or "lm" in component:
        return _before_in_list(component, path, now)
    if now[:depth] == path:  # the value itself, or one around it
        if "oi" in component or "od" in component:
            rest = now[depth:]
            new = _at(component.get("oi", ABSENT), rest)
            return now if is_same(_at(component.get("od", ABSENT), rest), new) else None
        return now if component.get("na") == 0 else None
    # Inside of the value: it is an empty object or list now, or is a text.
    return None if path[: len(now)] == now else now


def _before_in_list(component: Component, path: _Path, now: _Path) -> _Path | None:
    outer, at = path[:-1], path[-1]
    depth = len(outer)
    if len(now) <= depth or now[:depth] != outer:
        return None if outer[: len(now)] == now and "lm" not in component else now
    index: Any = now[depth]
    if "lm" in component:
        to = component["lm"]
        if index == to:
            index = at
        else:
            index -= index > to
            index += index >= at
    elif "li" in component and "ld" in component:
        if index == at:
            rest = now[depth + 1 :]
            return now if is_same(_at(component["ld"], rest), _at(component["li"], rest)) else None
    elif "li" in component:
        if index == at:
            return None
        index -= index > at
    else:
        index += index >= at
    return (*outer, index, *now[depth + 1 :])


def _at(value: Value, path: _Path) -> Value:
    for step in path:
        if type(value) is dict:
            value = value.get(step, ABSENT)
        elif type(value) is list and type(step) is int and step < len(value):
            value = value[step]
        else:
            return ABSENT
    return value


class Search:
    """Blame of one element's values with few ops looked at: those that may have made one.

    Ask `wanted`, give `take` those ops; until nothing is wanted.

    Args: element: as steps, ("components", "c1"). paths: from the element to the values. touches:
        (version, bucket) of the ops that touch it, newest first.
    """

    __slots__ = ("_element", "_groups")

    def __init__(
        self, element: _Path, paths: Iterable[_Path], touches: Iterable[tuple[int, str]]
    ) -> None:
        self._element = element
        by_bucket: dict[str, list[int]] = {}
        for version, name in touches:
            by_bucket.setdefault(name, []).append(version)
        grouped: dict[tuple[str, ...], list[_Path]] = {}
        for path in paths:
            grouped.setdefault(tuple(buckets(path)), []).append((*element, *path))
        self._groups = [
            (Blame(found), sorted({v for name in names for v in by_bucket.get(name, ())}))
            for names, found in grouped.items()
        ]

    def wanted(self, most: int = 4) -> list[int]:
        """The versions of the ops to look at next, newest first: up to `most` for each property."""
        versions = {
            version
            for blame, candidates in self._groups
            if blame.open
            for version in candidates[-most:]
        }
        return sorted(versions, reverse=True)

    def take(self, ops: Mapping[int, Op]) -> None:
        """Look at the ops of these versions: all that were wanted."""
        for blame, candidates in self._groups:
            while blame.open and candidates and candidates[-1] in ops:
                version = candidates.pop()
                blame.take(version, ops[version])

    def found(self, rest: int) -> dict[_Path, int]:
        """The version that made each value; `rest`: of those that were there from the start on."""
        depth = len(self._element)
        made: dict[_Path, int] = {}
        for blame, _ in self._groups:
            blame.rest(rest)
            made.update({path[depth:]: version for path, version in blame.found.items()})
        return made
