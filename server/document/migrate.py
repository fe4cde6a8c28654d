"""Bringing the components of a design to the newest version of their types.

Explicit, never by opening: each component is an op of its own, made by a server command, so that it is in
the history and can be taken back. Components of unknown type or version stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ot.diff import diff
from ot.types import Json, Op

from ..types import TypeRegistry
from ..types.migration import apply_steps
from .model import Element

__all__ = ["migrated", "migrations"]


def migrated(component: Json, types: TypeRegistry, version: int | None = None) -> Json:
    """The component at `version` of its type (None: the newest it can reach).

    Goes from version to version as long as each next one is known and declares a migration; a component
    that can go nowhere comes back as it is.
    """
    if not isinstance(component, dict):
        return component
    while version is None or component["typeVersion"] < version:
        kind = types.get(component.get("type"), component.get("typeVersion"))
        after = kind and types.get(kind.type, kind.version + 1)
        if after is None or after.migration is None:
            break
        component = {**apply_steps(component, after.migration), "typeVersion": after.version}
    return component


def migrations(document: Mapping[str, Any], types: TypeRegistry) -> Iterator[tuple[Element, Op]]:
    """For each component that has a newer version to go to: its element, and the op that takes it there."""
    for id, component in document["components"].items():
        after = migrated(component, types)
        if after is not component:
            element = f"components/{id}"
            steps = diff(component, after)
            yield element, [{**part, "p": ["components", id, *part["p"]]} for part in steps]
