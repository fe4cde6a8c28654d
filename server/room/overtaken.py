"""Who has lost something to an edit that did not know it (RM26, RM27).

Concurrent edits of one place all succeed, and the later one stands; what was written there before is
then gone without anybody having decided so. These are the places where that happens. Only what
somebody wrote counts: a value, a text, a number added; a deletion that comes to nothing does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ot import same
from ot.types import Component, Json, Op, Path

__all__ = ["Loss", "are_related", "losses"]

_NOTHING: Any = object()
_INDEXED = frozenset({"si", "sd", "li", "ld", "lm"})


class Loss(NamedTuple):
    """What was written at `path`, and what stands there now; `is_gone`: the place itself is not."""

    path: list[str | int]
    mine: Json
    theirs: Json
    is_gone: bool

    def details(self, element: str, by: str) -> dict[str, Any]:
        """As in `Notice.details`; `by` is the author of what stands there."""
        return {
            "element": element,
            "path": self.path,
            "mine": self.mine,
            "theirs": self.theirs,
            "gone": self.is_gone,
            "by": by,
        }


def losses(loser: Op, winner: Op, *, ties: bool) -> Iterator[Loss]:
    """What `loser` wrote and `winner` replaces or deletes, both made on one version.

    Args: ties: whether `winner` also wins where both set the same key.
    """
    for over in winner:
        if "od" not in over and "oi" not in over:
            continue
        place = over["p"]
        for component in loser:
            mine = _written(component)
            if mine is _NOTHING:
                continue
            is_text = "si" in component
            path = component["p"][:-1] if is_text else component["p"]
            if len(path) < len(place) or path[: len(place)] != place:
                continue
            is_tie = len(path) == len(place) and not is_text
            if is_tie and (not ties or same(mine, over.get("oi", _NOTHING))):
                continue
            theirs = _at(over["oi"], path[len(place) :]) if "oi" in over else _NOTHING
            is_gone = theirs is _NOTHING
            yield Loss(list(path), mine, None if is_gone else theirs, is_gone)


def are_related(op: Op, others: Op) -> bool:
    """Whether a place of one op is, holds, or lies within a place of the other. Linear in both."""
    places = {_place(component) for component in op}
    holders = {place[:depth] for place in places for depth in range(len(place) + 1)}
    for component in others:
        place = _place(component)
        if place in holders or any(place[:depth] in places for depth in range(len(place))):
            return True
    return False


def _place(component: Component) -> tuple[str | int, ...]:
    """What a component changes: of a text or list, all of it, since its indices move."""
    path = tuple(component["p"])
    return path[:-1] if component.keys() & _INDEXED else path


def _written(component: Component) -> Json:
    for field in ("oi", "li", "si", "na"):
        if field in component:
            return component[field]
    return _NOTHING


def _at(value: Json, path: Path) -> Json:
    """What `value` holds at `path`; `_NOTHING` if there is no such place."""
    for step in path:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return _NOTHING
    return value
