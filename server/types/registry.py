"""The component types that this server knows, by name and version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import schemas
from ot.types import Json

if TYPE_CHECKING:
    from .packs import Pack

__all__ = ["OWN_PACK", "ComponentType", "Slot", "TypeRegistry"]

OWN_PACK = "core"
"""The pack of types that are ours; the others hold those of other tools."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for children in a component. `accepts` holds type names; None takes every type."""

    title: str
    accepts: frozenset[str] | None

    def takes(self, type_name: object) -> bool:
        """May a component of that type stand here?"""
        return self.accepts is None or (isinstance(type_name, str) and type_name in self.accepts)


@dataclass(frozen=True, slots=True)
class ComponentType:
    """One version of a component type. `schema` is the whole file, annotations included.

    `slots`: the slot `*` stands for every name that is not declared. `migration`: the steps that bring a
    component from the version before (None: there is no way). `deprecated`: why not to use it any more.
    """

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
    migration: tuple[Json, ...] | None = None
    deprecated: str | None = None

    @classmethod
    def from_schema(
        cls, type: str, version: int, pack: str, schema: Json, deprecated: str | None = None
    ) -> ComponentType:
        """Read the annotation `x-coweave` of a type's schema. Raises KeyError where it is incomplete."""
        about = schema["x-coweave"]
        steps = about.get("migration")
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
            migration=None if steps is None else tuple(steps),
            deprecated=deprecated,
        )

    def slot(self, name: object) -> Slot | None:
        """The slot of that name; None: a component of this type has none."""
        return self.slots.get(name) or self.slots.get("*") if isinstance(name, str) else None


class TypeRegistry:
    """All versions of all types: `typeVersion` picks, so versions of one type live side by side."""

    def __init__(self, types: Iterable[ComponentType] = ()) -> None:
        self._types: dict[tuple[str, int], ComponentType] = {}
        # Type name → pack of those whose schemas are not read yet: a design uses few of them.
        self._unread: dict[str, str] = {}
        self._order: tuple[str, ...] = ()
        self._api: dict[str, Any] | None = None
        for each in types:
            self._add(each)

    @classmethod
    def load(cls, packs: Iterable[Pack] = ()) -> TypeRegistry:
        """The types of every pack in `schemas`, and of those given.

        Raises: ValueError where two packs declare one type.
        """
        registry = cls()
        for pack in schemas.packs():
            for name in schemas.manifest(pack)["types"]:
                if name in registry._unread:
                    raise ValueError(f"two packs declare {name}")
                registry._unread[name] = pack
        registry._order = tuple(registry._unread)
        for given in packs:
            names = dict.fromkeys(each.type for each in given.types)
            for name in names:
                if name in registry:
                    raise ValueError(f"{given.name}: another pack declares {name} already")
            for each in given.types:
                registry._add(each)
            registry._order += tuple(names)
        return registry

    def _add(self, kind: ComponentType) -> None:
        key = (kind.type, kind.version)
        if key in self._types:
            raise ValueError(f"two packs declare {kind.type} version {kind.version}")
        self._types[key] = kind

    def _read(self, name: str) -> None:
        pack = self._unread.pop(name)
        reasons = {
            version: each["reason"]
            for each in schemas.manifest(pack)["deprecations"]
            if each["type"] == name
            for version in each["versions"]
        }
        for version, schema in schemas.versions(pack, name):
            self._add(ComponentType.from_schema(name, version, pack, schema, reasons.get(version)))

    def get(self, type: object, version: object) -> ComponentType | None:
        """The type, or None where it or that version of it is unknown (which is no fault)."""
        # 1 == True == 1.0 as a key; only a whole number names a version, and names are strings.
        if isinstance(type, str) and isinstance(version, int) and not isinstance(version, bool):
            if type in self._unread:
                self._read(type)
            return self._types.get((type, version))
        return None

    def __iter__(self) -> Iterator[ComponentType]:
        if self._unread:
            for name in list(self._unread):
                self._read(name)
            # Those read before come at their place in the packs all the same.
            rank = {name: place for place, name in enumerate(self._order)}
            self._types = dict(sorted(self._types.items(), key=lambda each: rank[each[0][0]]))
        return iter(self._types.values())

    def __contains__(self, type: object) -> bool:
        """Is a type of that name known, in whatever version?"""
        return type in self._unread or any(name == type for name, _ in self._types)

    def to_api(self) -> dict[str, Any]:
        """What `GET /api/types` answers: the types in the palette's order, and the schemas they share.

        One value for all callers: never change it. `etag` names its contents.
        """
        if self._api is None:
            self._api = self._listing()
        return self._api

    @cached_property
    def etag(self) -> str:
        """Names the contents of the listing."""
        text = json.dumps(self.to_api(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

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
                    "deprecated": each.deprecated,
                    "schema": each.schema,
                }
                for each in self
            ],
            "shared": {expression["$id"]: expression},
        }
