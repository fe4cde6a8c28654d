"""The list of designs and what is done to a design as a whole: made, renamed, copied, put away.

What changes a design's contents goes through its room like every other edit, as a server command;
so those who have it open see it, and nothing is written past the checks.
"""

from __future__ import annotations

import asyncio
import secrets
import string
from dataclasses import dataclass
from typing import Any, Final

from ot.types import Json

from ..accounts import Grants
from ..document.design import Design
from ..document.model import new_design
from ..document.versioned import TYPE, Create
from ..errors import Code, DesignError
from ..interchange import import_from, sniff
from ..policy.rights import DESIGNS, Principal, Right
from ..policy.roles import EVERYONE, Grant, Role, Standing
from ..ports import Clock, DesignRow, Designs, DocumentId, People
from ..room.effects import Snapshot
from ..runtime.registry import Rooms
from ..types.registry import TypeRegistry
from .access import Access
from .acts import Acts
from .audience import Audience

__all__ = ["MAX_DESIGN_NAME", "Catalogue", "Imported"]

MAX_DESIGN_NAME: Final = 128

_ID_LETTERS: Final = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Imported:
    """A design made from a file, and what the importer has to say about it."""

    row: DesignRow
    report: dict[str, Any]


class Catalogue:
    """All commands about whole designs. They raise DesignError and `StoreUnavailable`."""

    def __init__(
        self,
        *,
        rooms: Rooms,
        designs: Designs,
        people: People,
        grants: Grants,
        access: Access,
        audience: Audience,
        types: TypeRegistry,
        acts: Acts,
        clock: Clock,
        new_for_all: Role | None = None,
    ) -> None:
        """Args: new_for_all: the role that everyone of the tenant has on a new design."""
        self._audience = audience
        self._rooms = rooms
        self._designs = designs
        self._people = people
        self._grants = grants
        self._new_for_all = new_for_all
        self.acts = acts
        self._access = access
        self._types = types
        self._clock = clock

    async def rows(self, principal: Principal, *, trashed: bool) -> list[DesignRow]:
        """Those that `principal` may know of, newest change first."""
        rows = await self._designs.list(principal.tenant, trashed=trashed)
        return await self._access.visible(principal, rows)

    async def roles(self, principal: Principal, rows: list[DesignRow]) -> dict[str, Role]:
        """What `principal` is on each of `rows`, by id."""
        found = await self._access.standings(principal, rows)
        return {row.id: standing.role for row, standing in found}

    async def people(self, principal: Principal, rows: list[DesignRow]) -> dict[str, str]:
        """Names of those who made `rows`, by id."""
        ids = sorted({row.created_by for row in rows})
        found = await self._people.get(principal.tenant, ids)
        return {id: person.name for id, person in found.items()}

    async def create(self, principal: Principal, name: Json) -> DesignRow:
        """A new design with one empty page."""
        await self._access.check_creation(principal)
        return await self._create(principal, new_design(_name(name)))

    async def add(self, principal: Principal, data: Json, name: Json = None) -> Imported:
        """A new design from the JSON of a file: one of ours, or an export of Appsmith or ToolJet."""
        await self._access.check_creation(principal)
        given = None if name is None else _name(name)
        match sniff(data):
            case "coweave":
                document, report = data, dict[str, Any]()
            case "appsmith" | "tooljet":
                # Up to a second of computing; the others are served meanwhile.
                imported = await asyncio.to_thread(import_from, data, given)
                document, report = imported.document, imported.report
            case _:
                raise DesignError(
                    Code.IMPORT,
                    "This file is neither a Coweave design nor an export of Appsmith or ToolJet",
                )
        if given is not None:
            meta = document.get("meta")
            document = {**document, "meta": {**(meta if type(meta) is dict else {}), "name": given}}
        return Imported(await self._create(principal, document), report)

    async def duplicate(self, principal: Principal, id: str, name: Json = None) -> DesignRow:
        """A copy of the design as it is now."""
        await self._access.check_creation(principal)
        design, _ = await self.allowed(principal, Right.EXPORT, id)
        snapshot = await self._rooms.snapshot(design)
        meta = snapshot.data["meta"]
        if name is None:
            name = f"{meta['name'][: MAX_DESIGN_NAME - 7]} (copy)"
        document = {**snapshot.data, "meta": {**meta, "name": _name(name)}}
        return await self._create(principal, document)

    async def rename(self, principal: Principal, id: str, name: Json) -> DesignRow:
        """Set `meta.name`, seen at once by everybody who has the design open."""
        wanted = _name(name)
        document, standing = await self.allowed(principal, Right.EDIT, id)
        snapshot = await self._rooms.snapshot(document)
        now = snapshot.data["meta"]["name"]
        if now != wanted:
            op = [{"p": ["meta", "name"], "od": now, "oi": wanted}]
            # Made on this version: whoever renames between is overwritten, not collided with.
            await self._rooms.submit(
                document, op, principal.id, base=snapshot.version, within=standing.within
            )
        return await self._row(document)

    async def trash(self, principal: Principal, id: str) -> None:
        """Put the design away; it can be restored. Whoever has it open is told."""
        document, _ = await self.allowed(principal, Right.TRASH, id)
        await self.acts.record(principal, "design.trash", document)
        await self._set_trashed(document, self._clock())
        gone = DesignError(Code.NOT_FOUND, "This design was moved to the trash")
        await self._audience.withdraw(document, gone)

    async def restore(self, principal: Principal, id: str) -> DesignRow:
        """Take the design out of the trash."""
        document, _ = await self.allowed(principal, Right.RESTORE, id)
        await self.acts.record(principal, "design.restore", document)
        await self._set_trashed(document, None)
        return await self._row(document)

    async def snapshot(self, principal: Principal, id: str) -> Snapshot:
        """The design as it is now."""
        return await self._rooms.snapshot(await self.readable(principal, id))

    async def readable(self, principal: Principal, id: str) -> DocumentId:
        """The design, if `principal` may read it."""
        return (await self.allowed(principal, Right.READ, id))[0]

    async def allowed(
        self, principal: Principal, right: Right, id: str
    ) -> tuple[DocumentId, Standing]:
        """The design and what `principal` is on it, if they have that right."""
        document = DocumentId(principal.tenant, DESIGNS, id)
        return document, await self._access.check(principal, right, document)

    async def _create(self, principal: Principal, document: dict[str, Any]) -> DesignRow:
        id = DocumentId(principal.tenant, DESIGNS, _new_id())
        # A second of computing for a large one; the others are served meanwhile.
        judged = await asyncio.to_thread(Design.from_json, document, self._types)
        version = await self._rooms.submit(id, Create(TYPE, document, judged), principal.id)
        # The ops come first: a row without a design would be a broken entry in the list, a design
        # without a row is seen by nobody.
        now = self._clock()
        row = DesignRow(
            id=id.id,
            name=document["meta"]["name"],
            created_at=now,
            created_by=principal.id,
            updated_at=now,
            version=version,
            trashed_at=None,
        )
        owner = Grant(row.id, "", "person", principal.id, Role.OWNER)
        await self._grants.put(principal.tenant, owner, principal.id, now)
        if self._new_for_all is not None:
            everyone = Grant(row.id, "", EVERYONE, "", self._new_for_all)
            await self._grants.put(principal.tenant, everyone, principal.id, now)
        await self._designs.add(principal.tenant, row)
        await self.acts.record(principal, "design.create", id)
        return row

    async def _row(self, document: DocumentId) -> DesignRow:
        row = await self._designs.get(document.tenant, document.id)
        if row is None:
            raise DesignError(Code.NOT_FOUND, "There is no such design")
        return row

    async def _set_trashed(self, document: DocumentId, at: int | None) -> None:
        await self._designs.set_trashed(document.tenant, document.id, at)
        self._access.forget(document)


def _new_id() -> str:
    return "".join(secrets.choice(_ID_LETTERS) for _ in range(12))


def _name(value: Json) -> str:
    name = value.strip() if type(value) is str else ""
    if not 0 < len(name) <= MAX_DESIGN_NAME or not name.isprintable():
        raise DesignError(
            Code.INVALID,
            f"A design's name has 1 to {MAX_DESIGN_NAME} printable characters",
            rule="name",
            limit=MAX_DESIGN_NAME,
        )
    return name
