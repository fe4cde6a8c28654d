"""What all acts on branches and reviews need: the root of a design, its rules, states and people."""

from __future__ import annotations

import asyncio
import secrets
import string
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from ot.types import Json

from ...document.versioned import Snapshot
from ...errors import Code, DesignError
from ...policy.rights import DESIGNS, Principal, Right
from ...policy.roles import Standing
from ...ports import Clock, DesignRow, Designs, DocumentId, Store
from ...records import Records
from ...review.content import content_hash
from ...review.rules import Rules
from ...runtime.history import History
from ...runtime.registry import Rooms
from ...types.registry import TypeRegistry
from ..access import Access
from ..acts import Acts
from ..names import Names
from .contributors import Contributors
from .news import News

__all__ = ["Desk", "Hashes", "new_id", "text_of", "texts_in"]

_MOST_HASHES: Final = 2_000
_ID_LETTERS: Final = string.ascii_letters + string.digits


class Hashes:
    """Hashes of contents by document and version, the last used kept."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[DocumentId, int], str] = OrderedDict()

    def known(self, document: DocumentId, version: int) -> str | None:
        return self._known.get((document, version))

    async def of(self, document: DocumentId, snapshot: Snapshot) -> str:
        key = document, snapshot.version
        found = self._known.get(key)
        if found is None:
            found = await asyncio.to_thread(content_hash, snapshot.data)
            self._known[key] = found
            while len(self._known) > _MOST_HASHES:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return found


@dataclass(frozen=True, slots=True)
class Desk:
    """The ports and services, and a few questions to them that everybody asks."""

    rooms: Rooms
    store: Store
    history: History
    designs: Designs
    records: Records
    access: Access
    acts: Acts
    names: Names
    news: News
    types: TypeRegistry
    clock: Clock
    contributors: Contributors
    hashes: Hashes
    protection_changed: Callable[[DocumentId], Awaitable[None]]
    """Tells this node's room whether its design is protected."""

    async def root(
        self, principal: Principal, right: Right, id: str, part: str | None = None
    ) -> tuple[DocumentId, DesignRow, Standing]:
        """The root design of `id`, which may be one of its branches, if `principal` has the right on it.

        Raises: DesignError(NOT_FOUND, FORBIDDEN, …).
        """
        document = DocumentId(principal.tenant, DESIGNS, id)
        await self.access.check(principal, Right.READ, document)
        row = await self.row(document)
        if row.root is not None:
            document = document._replace(id=row.root)
            row = await self.row(document)
        return document, row, await self.access.check(principal, right, document, part)

    async def row(self, document: DocumentId) -> DesignRow:
        row = await self.designs.get(document.tenant, document.id)
        if row is None:
            raise DesignError(Code.NOT_FOUND, "There is no such design")
        return row

    async def rules(self, root: DocumentId) -> Rules:
        kept = await self.records.rules.get(root.tenant, root.id)
        return Rules() if kept is None else Rules().changed(orjson.loads(kept.body))

    async def hash_of(self, document: DocumentId, snapshot: Snapshot) -> str:
        """Of its content; made beside the loop, once for each version, which never changes."""
        return await self.hashes.of(document, snapshot)

    async def current(self, document: DocumentId) -> tuple[int, str]:
        """(version, hash of the content) as stored now; no room is opened for it."""
        version = (await self.store.head(document)).version
        known = self.hashes.known(document, version)
        if known is None:
            known = await self.hash_of(document, await self.history.snapshot(document, version))
        return version, known

    async def people(self, tenant: str, ids: Iterable[str]) -> dict[str, dict[str, str]]:
        """{"id", "name"} of each, by id."""
        found = await self.names.find(tenant, ids)
        return {id: {"id": id, "name": name} for id, name in found.items()}


def new_id(kind: str) -> str:
    """`kind` is one letter; the rest cannot be guessed."""
    return kind + "".join(secrets.choice(_ID_LETTERS) for _ in range(12))


def text_of(given: Json, what: str, most: int, *, least: int = 1) -> str:
    """A text without spaces around it. Raises: DesignError(INVALID)."""
    text = given.strip() if type(given) is str else None
    if text is None or not least <= len(text) <= most or "\0" in text or not _is_sound(text):
        raise DesignError(
            Code.INVALID, f"`{what}` is a text of {least} to {most:,} characters", limit=most
        )
    return text


def texts_in(given: Json, what: str, most: int) -> list[str]:
    """A list of ids, each once. Raises: DesignError(MESSAGE_BADLY_FORMED)."""
    if (
        type(given) is not list
        or len(given) > most
        or not all(type(each) is str and 0 < len(each) <= 200 and _is_sound(each) for each in given)
    ):
        raise DesignError(Code.MESSAGE_BADLY_FORMED, f"`{what}` is a list of at most {most} ids")
    listed: list[Any] = given
    return list(dict.fromkeys(listed))


def _is_sound(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= each <= "\udfff" for each in text)
