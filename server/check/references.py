"""Expressions of a design: where they stand, what they use, and what of it is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import orjson

from ot.types import Json, Step

from ..document.model import APP
from ..document.sound import Standing, standing
from .findings import RULES, Finding
from .javascript import Program, expressions, parse
from .names import EVERYWHERE, TOOLS
from .texts import texts

__all__ = ["Place", "References", "places"]

_UUID = re.compile(
    r"\b(components|queries)\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
)
_CODE_KINDS = frozenset({"runjs", "js"})
_MOST_COMPARED = 20_000
"""Names that are compared with unknown ones in one design, to offer what was meant."""

_FUNCTION = "async () => {\n"
"""Around the body of a query that is code: it may return and await."""


@dataclass(frozen=True, slots=True)
class Place:
    """An expression: its element, the path of the text it stands in, where in that text, and itself."""

    element: str
    path: tuple[Step, ...]
    offset: int
    source: str
    is_module: bool = False

    def program(self) -> Program:
        return parse(_UUID.sub(_as_name, self.source), module=self.is_module)


def _as_name(match: re.Match[str]) -> str:
    """ToolJet's ids in expressions are no names of JavaScript: made so, at the same length."""
    return f"{match[1]}._{match[2][1:].replace('-', '_')}"


def places(document: Mapping[str, Any]) -> Iterator[Place]:
    """Every expression of a design."""
    for id, component in document["components"].items():
        if b"{{" not in orjson.dumps(component):
            continue
        for part in ("props", "style", "events"):
            yield from _inside(f"components/{id}", component.get(part), ("components", id, part))
    for id, query in document["queries"].items():
        element = f"queries/{id}"
        kind = query.get("kind")
        is_code = isinstance(kind, str) and kind in _CODE_KINDS
        if is_code and isinstance(query.get("body"), str):
            source = f"{_FUNCTION}{query['body']}\n}}"
            yield Place(element, ("queries", id, "body"), -len(_FUNCTION), source)
        else:
            yield from _inside(element, query.get("body"), ("queries", id, "body"))
        yield from _inside(element, query.get("config"), ("queries", id, "config"))
    for id, script in document["scripts"].items():
        body = script.get("body")
        if isinstance(body, str) and body.strip():
            yield Place(f"scripts/{id}", ("scripts", id, "body"), 0, body, is_module=True)


def _inside(element: str, value: Json, path: tuple[Step, ...]) -> Iterator[Place]:
    for where, text in texts(value, path):
        if "{{" in text:
            for offset, source in expressions(text):
                yield Place(element, where, offset, source)


class References:
    """Who is there by which name, page by page, and what expressions use of it."""

    def __init__(self, document: Mapping[str, Any], where: Standing | None = None) -> None:
        """`where`: who stands where, if it is known already."""
        self._document = document
        self._where = standing(document["components"]) if where is None else where
        self.places = tuple(places(document))
        self._compared = 0
        origin = document["meta"].get("importedFrom")
        tool = origin.get("tool") if isinstance(origin, dict) else None
        self._tool = tool if isinstance(tool, str) and tool in TOOLS else "coweave"
        ext = document.get("ext")
        # A bare layout is a part of an app: what else there is, nobody can tell.
        self._is_part = isinstance(ext, dict) and ext.get("shape") == "dsl"
        self._libraries = frozenset(_accessors(document.get("libraries")))

    @cached_property
    def _names(self) -> dict[str, dict[str, str]]:
        """Page or `APP` → name → element."""
        found: dict[str, dict[str, str]] = {APP: {}}
        for element, each in self._bearing():
            found.setdefault(self.scope(element), {}).setdefault(str(each.get("name")), element)
        return found

    @cached_property
    def _ids(self) -> dict[str, str]:
        """ToolJet's id, as expressions call it → element."""
        found = {}
        for element, each in self._bearing():
            ext = each.get("ext")
            source_id = ext.get("sourceId") if isinstance(ext, dict) else None
            if isinstance(source_id, str):
                found["_" + source_id[1:].replace("-", "_")] = element
        return found

    def _bearing(self) -> Iterator[tuple[str, Any]]:
        for section in ("components", "queries", "scripts"):
            for id, each in self._document[section].items():
                yield f"{section}/{id}", each

    def scope(self, element: str) -> str:
        """The page whose names an element sees beside the app-wide ones."""
        section, _, id = element.partition("/")
        if section == "components":
            here = self._where.get(id)
            return APP if here is None else here[0]
        page = self._document[section].get(id, {}).get("page")
        return page if isinstance(page, str) else APP

    def target(self, scope: str, path: tuple[str, ...]) -> str | None:
        """The element that a used name means; None: none of the design."""
        if self._tool == "tooljet" and path[0] in ("components", "queries") and len(path) > 1:
            return self._ids.get(path[1]) or self._find(scope, path[1])
        return self._find(scope, path[0])

    def _find(self, scope: str, name: str) -> str | None:
        found = self._names.get(scope, {}).get(name) or self._names[APP].get(name)
        if found is None and scope == APP:
            # What is app-wide meets the names of whichever page is open.
            return next((names[name] for names in self._names.values() if name in names), None)
        return found

    def plain(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """A use as (name, property, …), without what a tool puts before names."""
        if self._tool == "tooljet" and path[0] in ("components", "queries"):
            return path[1:]
        return path

    def findings(self) -> Iterator[Finding]:
        """Names that are not there, and expressions that are no JavaScript."""
        for place in self.places:
            program = place.program()
            if program.fault is not None:
                yield self._finding("syntax", place, program.fault, "This is not JavaScript.", "")
                continue
            if self._is_part:
                continue
            scope = self.scope(place.element)
            told: set[str] = set()
            for use in program.uses:
                missing = self._missing(scope, use.path)
                if missing is not None and missing not in told:
                    told.add(missing)
                    near = self._nearest(scope, missing)
                    fix = f"Did you mean {near}?" if near else ""
                    message = f"{missing} is not there: no component, query or script of this page has that name."
                    yield self._finding("unknown-name", place, use.start, message, fix)

    def _missing(self, scope: str, path: tuple[str, ...]) -> str | None:
        name = path[0]
        if self._tool == "tooljet" and name in ("components", "queries"):
            if len(path) < 2 or self.target(scope, path) is not None or path[1] in _PARTS:
                return None
            return path[1]
        if name in EVERYWHERE or name in TOOLS[self._tool] or name in self._libraries:
            return None
        return None if self._find(scope, name) is not None else name

    def _nearest(self, scope: str, name: str) -> str | None:
        known = {*self._names.get(scope, ()), *self._names[APP]}
        # Asked only as long as it is cheap: comparing thousands of names with thousands is not.
        if self._compared > _MOST_COMPARED:
            return None
        self._compared += len(known)
        found = get_close_matches(name, sorted(known), n=1, cutoff=0.65)
        return found[0] if found else None

    def _finding(self, rule: str, place: Place, start: int, message: str, fix: str) -> Finding:
        section, _, id = place.element.partition("/")
        name = str(self._document[section][id].get("name"))
        return Finding(
            rule,
            RULES[rule].level,
            place.element,
            name,
            place.path,
            f"{name}: {message}",
            fix,
            max(0, place.offset + start),
        )


_PARTS = frozenset({"map", "length", "filter", "find", "hasOwnProperty", "toString"})


def _accessors(libraries: Json) -> Iterator[str]:
    """Names under which an app's own libraries stand."""
    for library in libraries.values() if isinstance(libraries, dict) else ():
        accessor = library.get("accessor") if isinstance(library, dict) else None
        yield from (
            (each for each in accessor if isinstance(each, str))
            if isinstance(accessor, list)
            else ()
        )
