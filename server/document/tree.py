"""The rules that hold between elements, which no schema of one element can say.

    parent      a component's parent exists
    cycle       and is not inside the component itself
    depth       nor are more components around it than MAX_TREE_DEPTH
    slot        the parent's type has that slot, and the slot takes that type
    reference   a page, data source or dependency that is named by id exists
    order       an order key is one
    name        names are unique among the components, queries and scripts of a page and the app-wide

Types that are not known have every slot, and each takes every type.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ot.types import Json, Step

from ..errors import Code
from ..types import TypeRegistry
from .faults import Fault, fingerprint
from .limits import MAX_TREE_DEPTH
from .model import APP, Element, name_of, path_of, section_of, title_of
from .order import is_key
from .state import State

__all__ = ["READ", "faults", "is_concerned"]

_READ = {
    "pages": ("order",),
    "components": ("place", "name", "type", "typeVersion", "events", "dependencies"),
    "queries": ("name", "page", "dataSource"),
    "scripts": ("name", "page"),
}
"""What the rules read of an element."""

READ: Final = frozenset(key for keys in _READ.values() for key in keys)
"""All keys that they read of any."""


def is_concerned(element: Element, before: Json | None, after: Json) -> bool:
    """May a change of the element from `before` to `after` have broken a rule of the tree?"""
    read = _READ.get(section_of(element))
    if read is None or not isinstance(after, dict):
        return False
    if not isinstance(before, dict):
        return True
    return any(before.get(key) is not after.get(key) for key in read)


def faults(state: State, types: TypeRegistry, element: Element) -> list[Fault]:
    """The broken rules of one element, in the order in which they should be told."""
    value = state.element(element)
    if not isinstance(value, dict):
        return []
    rules = _RULES.get(section_of(element))
    if rules is None:
        return []
    return [fault for rule in rules for fault in rule(state, types, element, value)]


def _placed(state: State, types: TypeRegistry, element: Element, value: Any) -> Iterator[Fault]:
    place = value.get("place")
    if not isinstance(place, dict):
        return
    # One identity for all: whoever is misplaced already is not made worse by being so otherwise.
    identity = ("place", fingerprint(place))

    def fault(rule: str, message: str, **details: Any) -> Fault:
        path = (*path_of(element), "place")
        return Fault(Code.TREE, element, rule, message, path, identity, details=details)

    title = title_of(element, value)
    parent = place.get("parent")
    if isinstance(parent, str):
        container = state.element(f"components/{parent}")
        if container is None:
            yield fault("parent", f"{title} would stand in a component that is not there.")
        elif _is_circular(state, element):
            yield fault("cycle", f"{title} cannot stand inside itself.")
        else:
            yield from _in_slot(types, title, value, place, container, fault)
            where = state.where(element)
            if where is not None and where.depth > MAX_TREE_DEPTH:
                yield fault(
                    "depth",
                    f"{title} would be {where.depth:,} components deep; {MAX_TREE_DEPTH} are allowed.",
                    limit=MAX_TREE_DEPTH,
                    actual=where.depth,
                )
    elif isinstance(page := place.get("page"), str) and state.element(f"pages/{page}") is None:
        yield fault("reference", f"{title} would stand on a page that is not there.")
    if isinstance(order := place.get("order"), str) and not is_key(order):
        yield _no_key(element, title, order, "place", "order")


def _is_circular(state: State, element: Element) -> bool:
    above = element
    seen = {element}
    while True:
        value = state.element(above)
        place = value.get("place") if isinstance(value, dict) else None
        parent = place.get("parent") if isinstance(place, dict) else None
        if not isinstance(parent, str):
            return False
        above = f"components/{parent}"
        if above == element:
            return True
        if above in seen:
            return False  # A circle further up: the fault of those in it.
        seen.add(above)


def _in_slot(
    types: TypeRegistry, title: str, value: Any, place: Any, container: Any, fault: Any
) -> Iterator[Fault]:
    if not isinstance(container, dict):
        return
    kind = types.get(container.get("type"), container.get("typeVersion"))
    if kind is None:
        return
    slot = kind.slot(place.get("slot"))
    if slot is None:
        parent = name_of(container) or kind.title
        yield fault(
            "slot", f"{title} cannot stand in {parent}: {_has(kind.title, list(kind.slots))}."
        )
    elif not slot.takes(value.get("type")):
        takes = ", ".join(sorted(slot.accepts or ()))
        yield fault(
            "slot", f"The {slot.title.lower()} of a {kind.title} takes {takes}, not {title}."
        )


def _has(kind: str, slots: list[str]) -> str:
    if not slots:
        return f"a {kind} holds no other components"
    return f"a {kind} has only the slot{'s' * (len(slots) > 1)} {', '.join(slots)}"


def _ordered(state: State, types: TypeRegistry, element: Element, value: Any) -> Iterator[Fault]:
    if isinstance(order := value.get("order"), str) and not is_key(order):
        yield _no_key(element, title_of(element, value), order, "order")


def _handled(state: State, types: TypeRegistry, element: Element, value: Any) -> Iterator[Fault]:
    events = value.get("events")
    for id, handler in events.items() if isinstance(events, dict) else ():
        order = handler.get("order") if isinstance(handler, dict) else None
        if isinstance(order, str) and not is_key(order):
            yield _no_key(element, title_of(element, value), order, "events", id, "order")


def _no_key(element: Element, title: str, order: str, *path: Step) -> Fault:
    return Fault(
        Code.TREE,
        element,
        "order",
        f"{title}: {order[:80]!r} is not an order key.",
        (*path_of(element), *path),
        ("order", path, order),
    )


def _refers(state: State, types: TypeRegistry, element: Element, value: Any) -> Iterator[Fault]:
    title = title_of(element, value)
    for key, section, kind in (
        ("page", "pages", "page"),
        ("dataSource", "dataSources", "data source"),
    ):
        id = value.get(key)
        if isinstance(id, str) and state.element(f"{section}/{id}") is None:
            yield _dangling(element, f"{title} names a {kind} that is not there.", id, key)


def _depends(state: State, types: TypeRegistry, element: Element, value: Any) -> Iterator[Fault]:
    ids = value.get("dependencies")
    for index, id in enumerate(ids if isinstance(ids, list) else ()):
        if isinstance(id, str) and not any(
            state.element(f"{section}/{id}") is not None
            for section in ("components", "queries", "scripts", "dataSources")
        ):
            message = f"{title_of(element, value)} depends on something that is not there."
            yield _dangling(element, message, id, "dependencies", index)


def _dangling(element: Element, message: str, id: str, *path: Step) -> Fault:
    whole = (*path_of(element), *path)
    identity = ("reference", path[0], id)
    return Fault(Code.TREE, element, "reference", message, whole, identity, details={"target": id})


def _named(state: State, types: TypeRegistry, element: Element, value: Any) -> Iterator[Fault]:
    name = name_of(value)
    if name is None:
        return
    rivals = state.rivals(element, name)
    if not rivals:
        return
    scope = state.scope(element)
    other = min(rivals)
    kind = {"components": "component", "queries": "query", "scripts": "script"}[section_of(other)]
    place = "in this app" if APP in (scope, state.scope(other)) else "on this page"
    yield Fault(
        Code.NAME_TAKEN,
        element,
        "name",
        f"The name {name} is taken by a {kind} {place}.",
        (*path_of(element), "name"),
        ("name", name, scope),
        details={"by": other},
    )


_RULES = {
    "pages": (_ordered,),
    "components": (_placed, _named, _handled, _depends),
    "queries": (_refers, _named),
    "scripts": (_refers, _named),
}
