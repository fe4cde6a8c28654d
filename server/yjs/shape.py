"""Which Yjs type a value of a design becomes (SPEC Y1-Y8).

Pure: what a path holds is told by the design itself and by the schemas of its component types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from ot.types import Json, Step

from ..document.model import SECTIONS, SINGLES
from ..types.registry import TypeRegistry

__all__ = ["ROOTS", "Shape"]

ROOTS: Final = (*SECTIONS, *SINGLES)
"""The root maps. `format` and `formatVersion` cannot be edited and are not among them."""

_SECTIONS: Final = frozenset(SECTIONS)
_TEXT_CONTROLS: Final = frozenset({"text", "textarea"})
_BODIES: Final = frozenset({"queries", "scripts"})


class Shape:
    """The rules for all designs of one registry."""

    def __init__(self, types: TypeRegistry) -> None:
        self._types = types
        self._texts = lru_cache(maxsize=4_096)(self._text_paths)

    def is_text(self, path: Sequence[Step], element: Json) -> bool:
        """Whether a string at `path`, in `element`, is a `Y.Text` when this server writes it."""
        if len(path) < 3:
            return False
        section = path[0]
        if section == "components":
            if not isinstance(element, dict):
                return False
            name, version = element.get("type"), element.get("typeVersion")
            if type(name) is not str or type(version) is not int:
                return False
            return tuple(path[2:]) in self._texts(name, version)
        return section in _BODIES and len(path) == 3 and path[2] == "body"

    @staticmethod
    def is_whole(path: Sequence[Step]) -> bool:
        """Whether the value at `path` is one plain value, set whole: a component's place."""
        return len(path) == 3 and path[2] == "place" and path[0] == "components"

    @staticmethod
    def depth(root: str) -> int:
        """How many steps lead to an element below that root."""
        return 2 if root in _SECTIONS else 1

    def _text_paths(self, name: str, version: int) -> frozenset[tuple[Step, ...]]:
        known = self._types.get(name, version)
        if known is None:
            return frozenset()
        found: set[tuple[Step, ...]] = set()
        _walk(known.schema, (), found)
        return frozenset(found)


def _walk(schema: Mapping[str, Any], path: tuple[Step, ...], found: set[tuple[Step, ...]]) -> None:
    for key, value in schema.get("properties", {}).items():
        if not isinstance(value, Mapping):
            continue
        here = (*path, key)
        if value.get("x-form", {}).get("control") in _TEXT_CONTROLS:
            found.add(here)
        _walk(value, here, found)
