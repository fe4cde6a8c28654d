"""What a design is made of: sections, elements, and what an element says of itself.

An element is named by one string everywhere: "components/c1", "queries/q1", … for those in a map by
id, and "meta", "settings", "theme", "libraries", "ext" for those that are there once. Every edit of a
design lies inside one element; locks, conflicts, validation and history go by element.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias

from ot.types import Json, Op, Path

from ..errors import Code, DesignError

__all__ = [
    "APP",
    "FORMAT",
    "FORMAT_VERSION",
    "NAMED",
    "SECTIONS",
    "SINGLES",
    "Element",
    "element_of",
    "elements_of",
    "is_id",
    "name_of",
    "new_design",
    "path_of",
    "section_of",
    "targets_of",
    "title_of",
]

Element: TypeAlias = str

FORMAT: Final = "coweave-design"
FORMAT_VERSION: Final = 1

SECTIONS: Final = ("pages", "components", "queries", "scripts", "dataSources")
SINGLES: Final = ("meta", "settings", "theme", "libraries", "ext")
NAMED: Final = frozenset({"components", "queries", "scripts"})
"""Sections whose names expressions use, so that they must be unique."""

APP: Final = ""
"""The scope of names that hold in the whole app; a page's scope is the page's id."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_IN_SECTIONS = frozenset(SECTIONS)
_IN_SINGLES = frozenset(SINGLES)


def is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def element_of(path: Path) -> Element:
    """The element that an edit at `path` touches.

    Raises: DesignError(UNSAFE_OP) where the path does not reach into an element: the root, a whole
    section, `format`, `formatVersion`, a name that is no section, an id that is none; or where it reaches
    into a component's place, which is set whole so that two moves never mix.
    """
    if len(path) < 2:
        raise _unsafe(path, "An edit must reach into one element of the design", "path")
    section = path[0]
    if section in _IN_SECTIONS:
        if len(path) > 3 and path[2] == "place" and section == "components":
            raise _unsafe(path, "A component's place is set as a whole", "place")
        if is_id(path[1]):
            return f"{section}/{path[1]}"
        raise _unsafe(path, "An id is 1 to 64 letters, digits, _ and -", "id")
    if section in _IN_SINGLES:
        return str(section)
    raise _unsafe(path, "Only the parts of a design can be edited", "path")


def elements_of(op: Op) -> frozenset[Element]:
    """The elements that an op touches. Raises: as `element_of`."""
    if len(op) == 1:
        return frozenset((element_of(op[0]["p"]),))
    return frozenset(element_of(component["p"]) for component in op)


def _unsafe(path: Path, message: str, rule: str) -> DesignError:
    shown = "/".join(str(step)[:80] for step in path[:4]) or "the whole document"
    return DesignError(Code.UNSAFE_OP, f"{message}: not at {shown}.", rule=rule, path=list(path))


def section_of(element: Element) -> str:
    return element.partition("/")[0]


def path_of(element: Element) -> list[str | int]:
    """The path of an element: `["components", "c1"]` or `["meta"]`."""
    return list(element.split("/", 1))


def name_of(value: Json) -> str | None:
    """The name that an element bears; None where it has none that could be looked up."""
    name = value.get("name") if isinstance(value, dict) else None
    return name if isinstance(name, str) else None


_KINDS: Final = {
    "pages": "the page",
    "components": "the component",
    "queries": "the query",
    "scripts": "the script",
    "dataSources": "the data source",
    "meta": "the description of the design",
    "settings": "the settings",
    "theme": "the theme",
    "libraries": "the libraries",
    "ext": "the importer's notes",
}


def title_of(element: Element, value: Json) -> str:
    """What to call an element in a message: its name, or what it is."""
    section = section_of(element)
    if section not in _IN_SECTIONS:
        return _KINDS[section].capitalize()
    return (name_of(value) or "")[
        :80
    ] or f"{_KINDS[section].capitalize()} {element.partition('/')[2]}"


def targets_of(element: Element, value: Json) -> tuple[Element, ...]:
    """The elements that this one stands in or uses by id: its parent or page, its data source.

    Whether they exist is another question. Any value is taken; what is malformed has no targets.
    """
    if not isinstance(value, dict):
        return ()
    section = section_of(element)
    if section == "components":
        place = value.get("place")
        if isinstance(place, dict):
            if isinstance(parent := place.get("parent"), str):
                return (f"components/{parent}",)
            if isinstance(page := place.get("page"), str):
                return (f"pages/{page}",)
        return ()
    found = []
    if section in NAMED:
        if isinstance(page := value.get("page"), str):
            found.append(f"pages/{page}")
        if section == "queries" and isinstance(source := value.get("dataSource"), str):
            found.append(f"dataSources/{source}")
    return tuple(found)


def new_design(name: str) -> dict[str, Any]:
    """An empty design with one page. The page's id is the same in every new design."""
    return {
        "format": FORMAT,
        "formatVersion": FORMAT_VERSION,
        "meta": {"name": name, "description": ""},
        "settings": {},
        "theme": {},
        "libraries": {},
        "pages": {"page1": {"name": "Page 1", "order": "a0", "settings": {}}},
        "components": {},
        "queries": {},
        "scripts": {},
        "dataSources": {},
    }
