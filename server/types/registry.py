"""The component types that this server knows, by name and version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import schemas
from ot.types import Json

__all__ = ["ComponentType", "Slot", "TypeRegistry"]


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for children in a component. `accepts` holds type names; None takes every type."""

    title: str
    accepts: frozenset[str] | None

    def takes(self, type_name: object) -> bool:
        """May a component of that type stand here?"""
        return self.accepts is None or type_name in self.accepts


@dataclass(frozen=True, slots=True)
class ComponentType:
    """One version of a component type. `schema` is the whole file, annotations included."""

    type: str
    version: int
    pack: str
    title: str
    category: str
    icon: str
    slots: Mapping[str, Slot]
    defaults: Json
    events: tuple[str, ...]
    schema: Json

    @classmethod
    def from_schema(cls, type: str, version: int, pack: str, schema: Json) -> ComponentType:
        """Read the annotation `x-coweave` of a type's schema. Raises KeyError where it is incomplete."""
        about = schema["x-coweave"]
        slots = {
            name: Slot(
                slot["title"], None if "*" in slot["accepts"] else frozenset(slot["accepts"])
            )
            for name, slot in about["slots"].items()
        }
        return cls(
            type=type,
            version=version,
            pack=pack,
            title=about["title"],
            category=about["category"],
            icon=about["icon"],
            slots=MappingProxyType(slots),
            defaults=about["defaults"],
            events=tuple(about["events"]),
            schema=schema,
        )


class TypeRegistry:
    """All versions of all types: `typeVersion` picks, so versions of one type live side by side."""

    def __init__(self, types: Iterable[ComponentType]) -> None:
        self._types: dict[tuple[str, int], ComponentType] = {}
        for each in types:
            key = (each.type, each.version)
            if key in self._types:
                raise ValueError(f"two packs declare {each.type} version {each.version}")
            self._types[key] = each
        self._api = self._listing()
        text = json.dumps(self._api, sort_keys=True, separators=(",", ":"))
        self.etag = hashlib.sha256(text.encode()).hexdigest()[:32]

    @classmethod
    def load(cls) -> TypeRegistry:
        """The types of every pack in `schemas`."""
        return cls(
            ComponentType.from_schema(type, version, pack, schema)
            for pack in schemas.packs()
            for type, version, schema in schemas.type_versions(pack)
        )

    def get(self, type: object, version: object) -> ComponentType | None:
        """The type, or None where it or that version of it is unknown (which is no fault)."""
        # 1 == True == 1.0 as a key; only a whole number names a version, and names are strings.
        if isinstance(type, str) and isinstance(version, int) and not isinstance(version, bool):
            return self._types.get((type, version))
        return None

    def __iter__(self) -> Iterator[ComponentType]:
        return iter(self._types.values())

    def to_api(self) -> dict[str, Any]:
        """What `GET /api/types` answers: the types in the palette's order, and the schemas they share.

        One value for all callers: never change it. `etag` names its contents.
        """
        return self._api

    def _listing(self) -> dict[str, Any]:
        expression = schemas.load(schemas.EXPRESSION)
        return {
            "types": [
                {
                    "type": each.type,
                    "version": each.version,
                    "pack": each.pack,
                    "title": each.title,
                    "category": each.category,
                    "icon": each.icon,
                    "slots": each.schema["x-coweave"]["slots"],
                    "defaults": each.defaults,
                    "events": list(each.events),
                    "schema": each.schema,
                }
                for each in self._types.values()
            ],
            "shared": {expression["$id"]: expression},
        }
