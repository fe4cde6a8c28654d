"""The states of Yjs documents, in SQL and in memory. Rules ST50-ST52."""

from __future__ import annotations

import zstandard
from sqlalchemy import ColumnElement, Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from ..ports import DocumentId, YjsState
from .database import Database
from .tables import yjs_states

__all__ = ["MemoryYjsStates", "SqlYjsStates"]

_KEPT = 2
MOST_BYTES = 256 << 20


class SqlYjsStates:
    """The port `YjsStates`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(self, document: DocumentId) -> YjsState | None:
        def work(connection: Connection) -> YjsState | None:
            c = yjs_states.c
            query = select(c.number, c.version, c.body).where(*_of(document))
            row = connection.execute(query.order_by(c.number.desc()).limit(1)).one_or_none()
            return None if row is None else YjsState(*row)

        packed = await self._database.read(work)
        if packed is None:
            return None
        body = await self._database.aside(
            lambda: zstandard.ZstdDecompressor().decompress(packed.body, MOST_BYTES)
        )
        return YjsState(packed.number, packed.version, body)

    async def add(self, document: DocumentId, state: YjsState) -> bool:
        body = await self._database.aside(lambda: zstandard.compress(state.body))

        def work(connection: Connection) -> bool:
            c = yjs_states.c
            numbers = set(connection.execute(select(c.number).where(*_of(document))).scalars())
            if state.number in numbers or any(number > state.number for number in numbers):
                return False
            _check(state, numbers)
            row = {
                "tenant": document.tenant,
                "collection": document.collection,
                "document": document.id,
                "number": state.number,
                "version": state.version,
                "body": body,
            }
            connection.execute(insert(yjs_states), row)
            connection.execute(
                delete(yjs_states).where(*_of(document), c.number <= state.number - _KEPT)
            )
            return True

        try:
            return await self._database.write(work)
        except IntegrityError:  # another node was first
            return False


class MemoryYjsStates:
    """The port `YjsStates`, until the process ends."""

    def __init__(self) -> None:
        self._kept: dict[DocumentId, dict[int, YjsState]] = {}

    async def newest(self, document: DocumentId) -> YjsState | None:
        kept = self._kept.get(document)
        return kept[max(kept)] if kept else None

    async def add(self, document: DocumentId, state: YjsState) -> bool:
        kept = self._kept.setdefault(document, {})
        if any(number >= state.number for number in kept):
            return False
        _check(state, set(kept))
        kept[state.number] = state
        kept.pop(state.number - _KEPT, None)
        return True


def _check(state: YjsState, numbers: set[int]) -> None:
    if state.number != 1 and state.number - 1 not in numbers:
        raise ValueError(f"there is no state {state.number - 1} before it")


def _of(document: DocumentId) -> list[ColumnElement[bool]]:
    c = yjs_states.c
    return [
        c.tenant == document.tenant,
        c.collection == document.collection,
        c.document == document.id,
    ]
