"""Server commands on one design: rename with references, migration, check, export.

Each edit is made on a version and goes through the room like everybody's; the others see it at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from ot.types import Json

from ..check.rename import leftovers, rename_op
from ..check.rules import check
from ..document.migrate import migrations
from ..errors import Code, DesignError
from ..interchange import export_to
from ..policy.rights import Principal, Right
from ..runtime.history import History
from ..runtime.registry import Rooms
from ..types.registry import TypeRegistry
from .catalogue import Catalogue

__all__ = ["MIGRATION", "Commands"]

MIGRATION = "migration"
"""The author of what a migration changes."""


class Commands:
    """Computing that may take long is done beside the loop; rooms are asked on it."""

    def __init__(
        self, catalogue: Catalogue, rooms: Rooms, history: History, types: TypeRegistry
    ) -> None:
        self._catalogue = catalogue
        self._history = history
        self._rooms = rooms
        self._types = types

    async def rename(
        self, principal: Principal, id: str, element: Json, name: Json
    ) -> dict[str, Any]:
        """Rename an element with all references to it, in one version.

        Raises: DesignError as for any edit (NAME_TAKEN, INVALID, …); MESSAGE_BADLY_FORMED for an element
            that is not there or has no name in expressions.
        """
        document, standing = await self._catalogue.allowed(principal, Right.EDIT, id)
        snapshot = await self._rooms.snapshot(document)
        if not isinstance(element, str) or not isinstance(name, str):
            raise DesignError(Code.MESSAGE_BADLY_FORMED, "`element` and `name` must be texts")
        old = _name_of(snapshot.data, element)
        try:
            op = await asyncio.to_thread(rename_op, snapshot.data, element, name)
        except KeyError:
            message = f"There is no component, query or script {element[:80]}"
            raise DesignError(Code.MESSAGE_BADLY_FORMED, message) from None
        version = snapshot.version
        if op:
            version = await self._rooms.submit(
                document, op, principal.id, base=snapshot.version, within=standing.within
            )
        after = await self._rooms.snapshot(document)
        left = await asyncio.to_thread(leftovers, after.data, element, old) if op else []
        return {"version": version, "leftovers": [list(path) for path in left]}

    async def migrate(self, principal: Principal, id: str) -> dict[str, Any]:
        """Bring components to the newest versions of their types, each by a version of its own."""
        document, standing = await self._catalogue.allowed(principal, Right.MIGRATE, id)
        snapshot = await self._rooms.snapshot(document)
        version = snapshot.version
        migrated = []
        for element, op in await asyncio.to_thread(_migrations, snapshot.data, self._types):
            version = await self._rooms.submit(
                document,
                op,
                MIGRATION,
                base=version,
                why={"kind": "migration", "by": principal.id},
                within=standing.within,
            )
            migrated.append(element)
        return {"version": version, "migrated": migrated}

    async def check(self, principal: Principal, id: str) -> dict[str, Any]:
        """All that `coweave check` would say of the design as it is now."""
        snapshot = await self._catalogue.snapshot(principal, id)
        found = await asyncio.to_thread(check, snapshot.data, self._types)
        findings = [
            {
                "rule": each.rule,
                "level": str(each.level),
                "element": each.element,
                "name": each.name,
                "path": list(each.path),
                "message": each.message,
                "fix": each.fix,
            }
            for each in found
        ]
        return {"version": snapshot.version, "findings": findings}

    async def export(
        self, principal: Principal, id: str, to: str | None, version: int | None = None
    ) -> Mapping[str, Any]:
        """The design as a file, now or at a version: our own form, or that of the tool it came from."""
        design, _ = await self._catalogue.allowed(principal, Right.EXPORT, id)
        if version is None:
            snapshot = await self._rooms.snapshot(design)
        else:
            snapshot = await self._history.snapshot(design, version)
        if snapshot.type is None:
            raise DesignError(Code.NOT_FOUND, f"There is no version {version}", version=version)
        await self._catalogue.acts.record(
            principal, "design.export", design, to=to or "coweave", version=snapshot.version
        )
        if to is None:
            document: Mapping[str, Any] = snapshot.data
            return document
        return await asyncio.to_thread(export_to, to, snapshot.data)


def _migrations(document: Mapping[str, Any], types: TypeRegistry) -> list[tuple[str, Any]]:
    return list(migrations(document, types))


def _name_of(document: Mapping[str, Any], element: str) -> str:
    section, _, id = element.partition("/")
    found = document.get(section)
    value = found.get(id) if isinstance(found, dict) else None
    return str(value.get("name", "")) if isinstance(value, dict) else ""
