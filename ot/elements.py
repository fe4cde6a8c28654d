"""A document by its elements, so that an edit costs the same whatever else there is (SPEC OT100, OT101).

A *place* is the first two steps of a path, `("components", "c1")`, fewer where the path is shorter or
comes to an index of a list before: `("meta",)`, `()` for an edit of the whole document.
"""

from enum import Enum
from typing import Final, Literal, TypeAlias

from .strict import apply
from .types import Json, Op, Path

__all__ = ["ABSENT", "Absent", "Place", "apply_to_elements", "place_of"]

Place: TypeAlias = tuple[str, ...]


class Absent(Enum):
    """The one value that says: no element is there."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


def place_of(path: Path) -> Place:
    """The place that an edit at `path` touches: at most two keys."""
    if len(path) >= 2:
        first, second = path[0], path[1]
        if type(first) is str:
            return (first, second) if type(second) is str else (first,)
        return ()
    return (path[0],) if path and type(path[0]) is str else ()


def apply_to_elements(doc: Json, op: Op) -> dict[Place, Json | Literal[Absent.ABSENT]]:
    """What `op` makes of the elements that it touches; nothing else of `doc` is even looked at.

    Returns: the new value (or ABSENT) of each place touched. To put these into `doc` gives
    `apply(doc, op)`; `{(): document}` when an edit is not within one element.
    Raises: OpError as `apply` does. Cost: independent of the number of elements.
    """
    places = {place_of(component["p"]) for component in op}
    if type(doc) is not dict or not all(len(place) == 2 for place in places):
        return {(): apply(doc, op)}
    part: dict[str, Json] = {}
    for section, key in places:
        if section in doc:
            elements = doc[section]
            if type(elements) is not dict:
                part[section] = elements
                continue
            there = part.setdefault(section, {})
            if key in elements:
                there[key] = elements[key]
    after = apply(part, op)
    return {(section, key): after[section].get(key, ABSENT) for section, key in places}
