"""The elements of a design with what must be found quickly: who refers to whom, and who bears a name.

A `State` may lie on top of another and hold only what differs: a draft on the committed state, an
attempt at one op on the draft. So an op that is refused is dropped, and one that is accepted costs
what it changes, whatever the size of the design.

Everything here takes malformed elements (a newer server's, an older one's): they are kept, and found
by whatever of them can be read. Elements are never changed, only replaced.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

from ot.types import Json

from .model import APP, NAMED, Element, name_of, section_of, targets_of

__all__ = ["INDEXED", "State", "Where"]

INDEXED: Final = frozenset({"name", "place", "page", "dataSource"})
"""What the indexes know of an element."""

_NOBODY: frozenset[Element] = frozenset()
_NOWHERE: Mapping[str, frozenset[Element]] = {}


_Named: TypeAlias = tuple[str | None, str | None]
"""A name and its scope."""


class Where(NamedTuple):
    """Where a component is: the page's id, and its depth (1: on the page itself)."""

    page: str
    depth: int


class State:
    """Elements and indexes, on top of `below` (None: the ground)."""

    __slots__ = ("_below", "_elements", "_holders", "_referrers", "_where")

    def __init__(self, below: State | None = None) -> None:
        self._below = below
        # In a layer a key with None or an empty value hides what is below.
        self._elements: dict[Element, Json] = {}
        self._referrers: dict[Element, frozenset[Element]] = {}
        self._holders: dict[str, Mapping[str, frozenset[Element]]] = {}
        self._where: dict[Element, Where | None] = {}

    # -- asking ------------------------------------------------------------------------------------

    def element(self, element: Element) -> Json | None:
        """The element's value; None: there is none."""
        layer: State | None = self
        while layer is not None:
            if element in layer._elements:
                return layer._elements[element]
            layer = layer._below
        return None

    def referrers(self, target: Element) -> frozenset[Element]:
        """Those that stand in `target` or use it by id: children, a page's queries, a source's queries.

        Also where `target` itself is not there.
        """
        layer: State | None = self
        while layer is not None:
            if target in layer._referrers:
                return layer._referrers[target]
            layer = layer._below
        return _NOBODY

    def holders(self, name: str) -> Mapping[str, frozenset[Element]]:
        """Who bears that name, by scope: a page's id or `APP`. Never has an empty set."""
        layer: State | None = self
        while layer is not None:
            if name in layer._holders:
                return layer._holders[name]
            layer = layer._below
        return _NOWHERE

    def where(self, component: Element) -> Where | None:
        """Where a component is; None: nowhere (a parent is missing, or the parents form a circle)."""
        layer: State | None = self
        while layer is not None:
            if component in layer._where:
                return layer._where[component]
            layer = layer._below
        return None

    def children(self, component: Element) -> Iterator[Element]:
        return (each for each in self.referrers(component) if each.startswith("components/"))

    def scope(self, element: Element) -> str | None:
        """In which scope the name of a component, query or script must be unique; None: unknown."""
        return self._scope(element, self.element(element))

    def _scope(self, element: Element, value: Json) -> str | None:
        if element.startswith("components/"):
            where = self.where(element)
            return None if where is None else where.page
        if not isinstance(value, dict):
            return None
        page = value.get("page")
        return APP if page is None else page if isinstance(page, str) else None

    def rivals(self, element: Element, name: str) -> frozenset[Element]:
        """The others that may not bear `name` beside `element`: of its scope and of the app's."""
        scope = self.scope(element)
        held = self.holders(name)
        if scope is None or not held:
            return _NOBODY
        if scope == APP:
            found = _NOBODY.union(*held.values())
        else:
            found = held.get(scope, _NOBODY) | held.get(APP, _NOBODY)
        return found - {element}

    def descendants(self, roots: Iterable[Element]) -> set[Element]:
        """All components inside the components `roots`, without those themselves unless inside."""
        found: set[Element] = set()
        queue = list(roots)
        while queue:
            for child in self.children(queue.pop()):
                if child not in found:
                    found.add(child)
                    queue.append(child)
        return found

    def own_elements(self) -> Iterable[tuple[Element, Json | None]]:
        """What this layer has changed: elements with their values, None for those taken out."""
        return self._elements.items()

    # -- changing ----------------------------------------------------------------------------------

    def update(self, changes: Mapping[Element, Json | None]) -> set[Element]:
        """Put elements in (None: take out) and bring the indexes up to date.

        Returns: the components, queries and scripts whose name, scope or place became another one, the
        contents of moved components included. Costs what `changes` and those weigh.
        """
        named: dict[Element, _Named] = {}
        moved: list[Element] = []
        gained: defaultdict[Element, set[Element]] = defaultdict(set)
        lost: defaultdict[Element, set[Element]] = defaultdict(set)
        for element, new in changes.items():
            old = self.element(element)
            self._elements[element] = new
            if section_of(element) not in NAMED or _is_alike(old, new):
                continue
            named[element] = (name_of(old), self._scope(element, old))
            before, after = targets_of(element, old), targets_of(element, new)
            for target in before:
                lost[target].add(element)
            for target in after:
                gained[target].add(element)
            if element.startswith("components/") and (
                before != after or (old is None) != (new is None)
            ):
                moved.append(element)
        for target in gained.keys() | lost.keys():
            self._referrers[target] = (self.referrers(target) - lost[target]) | gained[target]
        if moved:
            self._settle(moved, named)
        self._rename(named)
        return set(named)

    def put(self, element: Element, value: Json) -> None:
        """Replace an element that is there by one that agrees with it in all that is `INDEXED`."""
        self._elements[element] = value

    def absorb(self, layer: State) -> None:
        """Take over what a layer right on top of this one holds; the layer is spent."""
        self._elements.update(layer._elements)
        self._referrers.update(layer._referrers)
        self._holders.update(layer._holders)
        self._where.update(layer._where)
        if self._below is None:
            for element, value in layer._elements.items():
                if value is None:
                    del self._elements[element]
            for target, referrers in layer._referrers.items():
                if not referrers:
                    del self._referrers[target]
            for name, held in layer._holders.items():
                if not held:
                    del self._holders[name]
            for component, where in layer._where.items():
                if where is None:
                    del self._where[component]

    def _settle(self, moved: list[Element], named: dict[Element, _Named]) -> None:
        """Find where moved components and all inside them are now; those it concerns join `named`."""
        # First nobody is anywhere; then whoever stands on a page is found, and who is inside those.
        # What is left stands in a circle, or in something that is not there.
        inside = self.descendants(moved)
        for element in inside:
            if element not in named:
                named[element] = (name_of(self.element(element)), self.scope(element))
        for element in inside:
            self._where[element] = None
        for element in moved:
            self._where[element] = None
        queue = list(moved)
        while queue:
            element = queue.pop()
            if self._where.get(element) is not None:
                continue
            where = self._found(element)
            if where is not None:
                self._where[element] = where
                queue.extend(self.children(element))

    def _found(self, component: Element) -> Where | None:
        for target in targets_of(component, self.element(component)):
            if target.startswith("pages/"):
                return Where(target.partition("/")[2], 1)
            above = self.where(target)
            if above is not None and self.element(target) is not None:
                return Where(above.page, above.depth + 1)
        return None

    def _rename(self, named: Mapping[Element, _Named]) -> None:
        """Bring the index of names up to date; `named` has the old name and scope of each element."""
        changed: dict[str, dict[str, set[Element]]] = {}

        def bearers(name: str, scope: str) -> set[Element]:
            if name not in changed:
                held = self.holders(name)
                changed[name] = {each: set(bearing) for each, bearing in held.items()}
            return changed[name].setdefault(scope, set())

        for element, (name, scope) in named.items():
            value = self.element(element)
            new_name, new_scope = name_of(value), self._scope(element, value)
            if (name, scope) == (new_name, new_scope):
                continue
            if name is not None and scope is not None:
                bearers(name, scope).discard(element)
            if new_name is not None and new_scope is not None:
                bearers(new_name, new_scope).add(element)
        for each, scopes in changed.items():
            self._holders[each] = {
                scope: frozenset(bearing) for scope, bearing in scopes.items() if bearing
            }


def _is_alike(old: Json, new: Json) -> bool:
    """Do two values of one element agree in all that the indexes know of it?"""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    return all(old.get(key) is new.get(key) or old.get(key) == new.get(key) for key in INDEXED)
