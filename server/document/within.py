"""Holds an edit to the pages that its author may edit."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import Code, DesignError
from ..policy.roles import Within
from .model import Element, section_of, title_of
from .state import State

__all__ = ["page_of", "refuse_elsewhere"]


def page_of(state: State, element: Element) -> str | None:
    """The id of the page that an element is, or stands on; None: it is the whole app's."""
    section, _, id = element.partition("/")
    return id if section == "pages" else state.scope(element) if section in _PLACED else None


_PLACED = frozenset({"components", "queries", "scripts"})


def refuse_elsewhere(
    within: Within, before: State, after: State, touched: Iterable[Element]
) -> None:
    """Refuse an edit that touches something on another page, or brings something there.

    Raises: DesignError(FORBIDDEN) with `element` and `name`.
    """
    for element in touched:
        for state in (before, after):
            value = state.element(element)
            if value is None or within.has(page_of(state, element)):
                continue
            name = title_of(element, value)
            place = "this page" if section_of(element) in ("pages", *_PLACED) else "the whole app"
            raise DesignError(
                Code.FORBIDDEN,
                f"You may not edit {place}: {name} stays as it is",
                element=element,
                name=name,
                right="edit",
            )
