"""A design in which a part is again as it was: what an older version is restored into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ot.types import Json, Op, Step

from ..document.limits import MAX_BULK_OP_COMPONENTS
from ..document.model import NAMED, SECTIONS, SINGLES, Element, is_id, targets_of
from .diff import ABSENT, Value, differing, element_op, to_op

__all__ = [
    "Scope",
    "at",
    "compact_op",
    "is_element",
    "put",
    "restored",
    "value_at",
    "with_value",
]


@dataclass(frozen=True, slots=True)
class Scope:
    """What to restore: everything, or an element with all inside it, or one property of it.

    `path` leads from the element to the property, with keys only up to the first list.
    """

    element: Element | None = None
    path: tuple[Step, ...] = ()


def restored(now: Mapping[str, Any], then: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """`now`, with the part as it was `then`. Neither is changed; all else is shared.

    An element comes back with what it needs: what it stood in and used, where that is gone. What has
    come into it since goes, unless it stood elsewhere then. A property of an element that is gone brings
    the element back.
    """
    document = {key: dict(value) if key in SECTIONS else value for key, value in now.items()}
    if scope.element is None:
        parts: set[Element] = {element for element, _, _ in differing(now, then)}
    elif scope.path and at(now, scope.element) is not ABSENT:
        _put_back(document, then, scope.element, scope.path)
        return document
    elif scope.path:
        parts = {scope.element}
    else:
        parts = _inside(then, scope.element) | {
            element for element in _inside(now, scope.element) if at(then, element) is ABSENT
        }
    for element in parts:
        put(document, element, at(then, element))
    _bring_needed(document, then, [element for element in parts if at(then, element) is not ABSENT])
    return document


def at(document: Mapping[str, Any], element: Element) -> Value:
    """The element's value, ABSENT where it is not there."""
    section, _, id = element.partition("/")
    found = document.get(section, ABSENT)
    return found.get(id, ABSENT) if id and found is not ABSENT else found


def value_at(value: Value, path: Sequence[Step]) -> Value:
    """What is at a path of keys inside of a value."""
    for step in path:
        value = value.get(step, ABSENT) if type(value) is dict else ABSENT
    return value


def put(document: dict[str, Any], element: Element, value: Value) -> None:
    """Set an element of a document whose sections are its own."""
    section, _, id = element.partition("/")
    holder = document[section] if id else document
    if value is ABSENT:
        holder.pop(id or section, None)
    else:
        holder[id or section] = value


def with_value(value: Value, path: Sequence[Step], inner: Value) -> Json:
    """`value` with `inner` at a path of keys; objects on the way are made."""
    if not path:
        return inner
    made = dict(value) if type(value) is dict else {}
    key, rest = path[0], path[1:]
    new = with_value(made.get(key, ABSENT), rest, inner)
    if new is ABSENT:
        made.pop(key, None)
    else:
        made[key] = new
    return made


def compact_op(old: Mapping[str, Any], new: Mapping[str, Any]) -> Op:
    """`to_op`, with elements replaced whole where an edit of each value would be too long an op."""
    op = to_op(old, new)
    if len(op) <= MAX_BULK_OP_COMPONENTS:
        return op
    op = []
    for element, before, after in differing(old, new):
        parts = element_op(element, before, after)
        if len(parts) > 1 and "/" in element and ABSENT not in (before, after):
            parts = [{"p": element.split("/", 1), "od": before, "oi": after}]
        op += parts
    return op


_OTHERS: Final = tuple(section for section in NAMED if section != "components")


def _put_back(
    document: dict[str, Any], then: Mapping[str, Any], element: Element, path: Sequence[Step]
) -> None:
    old = value_at(at(then, element), path)
    now = at(document, element)
    if old is ABSENT and value_at(now, path) is ABSENT:
        return
    put(document, element, with_value(now, path, old))


def _inside(document: Mapping[str, Any], element: Element) -> set[Element]:
    """The element, if it is there, and all that stands in it: on a page its queries and scripts, too."""
    if at(document, element) is ABSENT:
        return set()
    children: dict[Element, list[Element]] = {}
    for section in ("components", *_OTHERS):
        for id, value in document[section].items():
            each = f"{section}/{id}"
            for home in targets_of(each, value):
                if not home.startswith("dataSources/"):
                    children.setdefault(home, []).append(each)
    found = {element}
    queue = [element]
    while queue:
        for child in children.get(queue.pop(), ()):
            if child not in found:
                found.add(child)
                queue.append(child)
    return found


def _bring_needed(
    document: dict[str, Any], then: Mapping[str, Any], elements: Iterable[Element]
) -> None:
    queue = list(elements)
    while queue:
        element = queue.pop()
        for target in targets_of(element, at(then, element)):
            if at(document, target) is ABSENT and at(then, target) is not ABSENT:
                put(document, target, at(then, target))
                queue.append(target)


def is_element(element: object) -> bool:
    """Is that how an element is called?"""
    if type(element) is not str:
        return False
    section, slash, id = element.partition("/")
    return section in SECTIONS and is_id(id) if slash else section in SINGLES
