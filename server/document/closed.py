"""Which elements are closed to somebody, and whether an edit touches one of them (leases LE2, LE12).

The edit is looked at as it will be committed: what goes with a deleted element is among the touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from ot.types import Json

from .limits import MAX_TREE_DEPTH
from .model import Element, targets_of
from .state import State

__all__ = ["NOTHING", "Hold", "ancestors", "closed_at"]


class Hold(NamedTuple):
    """An element that is closed to somebody, or expressly open; `contents`: so is what is inside."""

    is_closed: bool
    contents: bool


NOTHING: Final[Mapping[Element, Hold]] = {}


def ancestors(element: Element, value_of: Callable[[Element], Json | None]) -> Iterator[Element]:
    """What an element stands in: the containers of a component, and the page.

    Args: value_of: an element's value; None: there is none.
    """
    for _ in range(MAX_TREE_DEPTH + 1):
        inside = (above for above in targets_of(element, value_of(element)) if _holds_others(above))
        outer = next(inside, None)
        if outer is None:
            return
        yield outer
        element = outer


def _holds_others(element: Element) -> bool:
    return element.startswith(("components/", "pages/"))


def closed_at(
    holds: Mapping[Element, Hold], before: State, after: State, touched: Iterable[Element]
) -> tuple[Element, Element] | None:
    """The first touched element that is closed, and the held element that closes it.

    Args: touched: by the edit that leads from `before` to `after`, completed.
    """
    moved: set[Element] = set()
    for element in touched:
        for state in (before, after):
            if state.element(element) is None:
                continue
            by = _closer(holds, [element, *ancestors(element, state.element)])
            if by is not None:
                return element, by
        if not _stays(before, after, element):
            moved.add(element)
            for state in (before, after):
                by = _inside(holds, ancestors(element, state.element))
                if by is not None:
                    return element, by
    if moved:
        for held, hold in holds.items():
            if hold.is_closed and not moved.isdisjoint(ancestors(held, before.element)):
                return held, held
    return None


def _closer(holds: Mapping[Element, Hold], outwards: Iterable[Element]) -> Element | None:
    """What closes the first of these, each standing in the next; the nearest hold decides."""
    own, *around = outwards
    hold = holds.get(own)
    if hold is not None:
        return own if hold.is_closed else None
    return _inside(holds, around)


def _inside(holds: Mapping[Element, Hold], outwards: Iterable[Element]) -> Element | None:
    """What closes the contents of the first of these."""
    for outer in outwards:
        hold = holds.get(outer)
        if hold is not None and hold.contents:
            return outer if hold.is_closed else None
    return None


def _stays(before: State, after: State, element: Element) -> bool:
    """Whether it stands where it stood. What came, went or was taken to another page does not."""
    old, new = before.element(element), after.element(element)
    if old is None or new is None:
        return False
    return targets_of(element, old) == targets_of(element, new) and _place(old) == _place(new)


def _place(value: Json) -> Json:
    return value.get("place") if isinstance(value, dict) else None
