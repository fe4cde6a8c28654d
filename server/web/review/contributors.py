"""Whose ops a range of versions holds, also by way of merges and of changes picked from elsewhere."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

import orjson

from ...document.versioned import why_of
from ...ports import DocumentId, Store, StoredOp
from ...records import Records

__all__ = ["Contributors"]

_OPS_AT_ONCE: Final = 500
_MOST_KEPT: Final = 1_000
_MOST_DEEP: Final = 8
"""Changes picked from ranges with picked changes in them; deeper ones count as their author's alone."""


class Contributors:
    """Answers from the log, which nobody can forge; what was read once is read on from there."""

    def __init__(self, store: Store, records: Records) -> None:
        self._store = store
        self._records = records
        self._known: OrderedDict[tuple[DocumentId, int], tuple[int, frozenset[str]]] = OrderedDict()

    async def between(
        self, document: DocumentId, start: int, end: int, *, depth: int = 0
    ) -> frozenset[str]:
        """The authors of the ops `start` … `end - 1`. Raises `StoreUnavailable`."""
        at, found = self._known.get((document, start), (start, frozenset[str]()))
        if at > end:
            at, found = start, frozenset()
        people = set(found)
        while at < end:
            ops = await self._store.read(document, at, min(end, at + _OPS_AT_ONCE))
            if not ops:
                break
            for op in ops:
                people |= await self._of(document, op, depth)
            at += len(ops)
        found = frozenset(people)
        self._known[document, start] = (at, found)
        self._known.move_to_end((document, start))
        while len(self._known) > _MOST_KEPT:
            self._known.popitem(last=False)
        return found

    async def _of(self, document: DocumentId, op: StoredOp, depth: int) -> set[str]:
        why = why_of(op.body) or {}
        match why.get("kind"):
            case "merge" | "update":
                row = await self._records.merges.get(document.tenant, str(why.get("merge")))
                if row is None:
                    return {op.author}
                # Who only pressed the button has contributed nothing; who decided conflicts has.
                decided = {row.author} if orjson.loads(row.resolutions) else set()
                return decided | set(orjson.loads(row.contributors))
            case "migration":
                return {str(why.get("by", op.author))}
            case "pick" if depth < _MOST_DEEP:
                return {op.author} | await self._picked(document, why, depth)
        return {op.author}

    async def _picked(self, document: DocumentId, why: Any, depth: int) -> set[str]:
        base, version = why.get("base"), why.get("version")
        design = why.get("design") or document.id
        if type(base) is not int or type(version) is not int or type(design) is not str:
            return set()
        source = document._replace(id=design)
        return set(await self.between(source, base, version, depth=depth + 1))
