"""What the server adds to an op so that it need not be refused.

    delete        takes with it what is inside at the time of commit: the components in a component or
                  on a page, and a page's queries and scripts
    parent gone   a component that comes to a parent deleted meanwhile lands where that one stood: in the
                  nearest surviving ancestor, or on its page
    name taken    an inserted component, query or script gets the next free name

Each is an op of its own, made on the state that the op has led to; composed onto the op it becomes what
is stored. The author is told what became of the edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from ot.types import Component, Json, Op

from ..errors import DesignError
from ..types import TypeRegistry
from .limits import MAX_NAME, MAX_ORDER_KEY, MAX_TREE_DEPTH
from .model import NAMED, Element, name_of, path_of, section_of, title_of
from .order import is_key, keys_between
from .state import State

__all__ = ["NAME_CHANGED", "PARENT_GONE", "Completion", "Notice", "complete", "doomed"]

NAME_CHANGED: Final = "name-changed"
PARENT_GONE: Final = "parent-gone"


Notice: TypeAlias = tuple[str, str, dict[str, Any]]
"""(code, message, details)"""


@dataclass(slots=True)
class Completion:
    """`op` completes the submitted one (empty: nothing to add); `notices` are for its author."""

    op: Op = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


def doomed(state: State, elements: Sequence[Element]) -> list[Element]:
    """What goes when `elements` go: all that is inside those that are components or pages.

    In an order in which nothing comes before what it is inside of.
    """
    found: dict[Element, None] = {}
    given = frozenset(elements)
    queue = [each for each in elements if section_of(each) in ("components", "pages")]
    for container in queue:
        if container.startswith("components/"):
            inside = state.children(container)
        else:
            inside = iter(state.referrers(container))
        for element in sorted(each for each in inside if each not in found):
            found[element] = None
            if element.startswith("components/"):
                queue.append(element)
    return [element for element in found if element not in given]


def complete(
    state: State,
    before: State,
    types: TypeRegistry,
    touched: Sequence[Element],
    missed: Sequence[Op],
) -> Completion:
    """Bring `state`, to which an op has led from `before`, in order, and say how.

    `touched` are the op's elements in the op's order; `missed` are the ops that were committed since its
    author last saw the design. `state` is changed.
    """
    done = Completion()
    _delete_contents(state, touched, done)
    _land(state, before, types, touched, missed, done)
    _rename(state, before, touched, done)
    return done


def _delete_contents(state: State, touched: Sequence[Element], done: Completion) -> None:
    gone = doomed(state, [element for element in touched if state.element(element) is None])
    for element in gone:
        done.op.append({"p": path_of(element), "od": state.element(element)})
    if gone:
        state.update(dict.fromkeys(gone))


# -- a parent that is gone -------------------------------------------------------------------------


def _land(
    state: State,
    before: State,
    types: TypeRegistry,
    touched: Sequence[Element],
    missed: Sequence[Op],
    done: Completion,
) -> None:
    homeless: dict[str, list[Element]] = {}
    for element in touched:
        place = _place(state.element(element)) if element.startswith("components/") else {}
        parent = place.get("parent")
        if (
            isinstance(parent, str)
            and state.element(f"components/{parent}") is None
            and place != _place(before.element(element))
        ):
            homeless.setdefault(parent, []).append(element)
    for parent, elements in homeless.items():
        elements.sort(key=lambda each: (str(_place(state.element(each)).get("order")), each))
        kinds = {kind for each in elements if (kind := _type(state.element(each))) is not None}
        landing = _landing(state, types, parent, kinds, missed)
        if landing is None:
            continue  # It was never there, or its page is gone too: the tree rules refuse.
        for element, order in zip(elements, _orders(state, landing, len(elements)), strict=True):
            _move(state, element, {**landing, "order": order}, done)


def _place(value: Json) -> dict[str, Any]:
    place = value.get("place") if isinstance(value, dict) else None
    return place if isinstance(place, dict) else {}


def _type(value: Json) -> str | None:
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else None


def _landing(
    state: State, types: TypeRegistry, parent: str, kinds: set[str], missed: Sequence[Op]
) -> dict[str, Any] | None:
    """The place of the nearest of the ancestors that were deleted whose own container still is."""
    for place in _former_places(parent, missed):
        page, above = place.get("page"), place.get("parent")
        if isinstance(page, str):
            found = state.element(f"pages/{page}") is not None
            return {"page": page, "slot": "content", "order": place.get("order")} if found else None
        container = state.element(f"components/{above}")
        if container is None:
            continue
        slot = _slot(types, container, place.get("slot"), kinds)
        if slot is not None:
            return {"parent": above, "slot": slot, "order": place.get("order")}
        return _beside(state, types, f"components/{above}", kinds)
    return None


def _former_places(component: str, missed: Sequence[Op]) -> Iterator[dict[str, Any]]:
    """Where the component stood when it was deleted; then where that parent stood, and so on."""
    seen: set[str] = set()
    while component not in seen:
        seen.add(component)
        deletion = next(
            (
                part
                for op in reversed(missed)
                for part in reversed(op)
                if "od" in part and "oi" not in part and part["p"] == ["components", component]
            ),
            None,
        )
        if deletion is None:
            return
        place = _place(deletion["od"])
        yield place
        above = place.get("parent")
        if not isinstance(above, str):
            return
        component = above


def _beside(
    state: State, types: TypeRegistry, component: Element, kinds: set[str]
) -> dict[str, Any] | None:
    """The first place upwards from a component that does not take those types itself."""
    for _ in range(MAX_TREE_DEPTH):
        place = _place(state.element(component))
        page, above = place.get("page"), place.get("parent")
        if isinstance(page, str):
            return {"page": page, "slot": "content", "order": place.get("order")}
        component = f"components/{above}"
        container = state.element(component)
        slot = None if container is None else _slot(types, container, place.get("slot"), kinds)
        if slot is not None:
            return {"parent": above, "slot": slot, "order": place.get("order")}
    return None


def _slot(types: TypeRegistry, container: Json, wanted: object, kinds: set[str]) -> str | None:
    """A slot of `container` that takes all `kinds`: the wanted one if it does, else the first."""
    kind = types.get(container.get("type"), container.get("typeVersion"))
    if kind is None:
        return wanted if isinstance(wanted, str) else "content"
    names = [name for name in kind.slots if name != "*"]
    if isinstance(wanted, str) and kind.slot(wanted) is not None:
        names = [wanted, *names]
    for name in names:
        if (slot := kind.slot(name)) is not None and all(slot.takes(each) for each in kinds):
            return name
    return None


def _orders(state: State, landing: Mapping[str, Any], count: int) -> list[str]:
    """Keys right behind where the deleted ancestor stood."""
    order = landing["order"]
    start = order if is_key(order) else None
    if "page" in landing:
        inside = state.referrers(f"pages/{landing['page']}")
    else:
        inside = state.referrers(f"components/{landing['parent']}")
    places = [_place(state.element(each)) for each in inside if each.startswith("components/")]
    later = [
        place["order"]
        for place in places
        if place.get("slot") == landing["slot"]
        and is_key(place.get("order"))
        and (start is None or place["order"] > start)
    ]
    try:
        return keys_between(start, min(later, default=None), count)
    except DesignError:
        # No room between two keys of the longest kind: equal ones are allowed, ids break the tie.
        return [(start or "a0")[:MAX_ORDER_KEY]] * count


def _move(state: State, element: Element, place: dict[str, Any], done: Completion) -> None:
    value: Any = state.element(element)
    done.op.append(_replacement(element, "place", value["place"], place))
    state.update({element: {**value, "place": place}})
    landed = state.element(
        f"components/{place['parent']}" if "parent" in place else f"pages/{place['page']}"
    )
    home = title_of("pages/" if "page" in place else "components/", landed)
    done.notices.append(
        (
            PARENT_GONE,
            f"{title_of(element, value)} now stands in {home}:"
            " what it was put into has been deleted meanwhile.",
            {
                "element": element,
                "name": name_of(value),
                "path": [*path_of(element), "place"],
                "from": value["place"],
                "to": place,
            },
        )
    )


# -- a name that is taken --------------------------------------------------------------------------


def _rename(state: State, before: State, touched: Sequence[Element], done: Completion) -> None:
    inserted = [
        element
        for element in touched
        if section_of(element) in NAMED
        and before.element(element) is None
        and state.element(element) is not None
    ]
    waiting = set(inserted)
    last: dict[tuple[str | None, str], int] = {}
    for element in inserted:
        waiting.discard(element)
        value: Any = state.element(element)
        name = name_of(value)
        if name is None or not state.rivals(element, name) - waiting:
            continue
        free = _free(state, element, name, last)
        done.op.append(_replacement(element, "name", name, free))
        state.update({element: {**value, "name": free}})
        done.notices.append(
            (
                NAME_CHANGED,
                f"The name {name} was taken meanwhile: yours is now {free}.",
                {
                    "element": element,
                    "name": free,
                    "path": [*path_of(element), "name"],
                    "from": name,
                    "to": free,
                },
            )
        )


def _free(
    state: State, element: Element, name: str, last: dict[tuple[str | None, str], int]
) -> str:
    """The next name that nobody bears: Button1 → Button2, save → save1.

    `last` has, by scope and stem, the number that this op got last: those before are taken.
    """
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    key = (state.scope(element), stem)
    number = max(int(digits[:18] or 0), last.get(key, 0))
    while True:
        number += 1
        free = f"{stem[: MAX_NAME - len(str(number))]}{number}"
        if not state.rivals(element, free):
            last[key] = number
            return free


def _replacement(element: Element, key: str, old: Json, new: Json) -> Component:
    return {"p": [*path_of(element), key], "od": old, "oi": new}
