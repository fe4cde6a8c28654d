"""Whose ops a range of versions holds, also by way of merges and of changes picked from elsewhere."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final

from ...document.versioned import Why, why_of
from ...ports import DocumentId, Store, StoredOp

__all__ = ["Contributors"]

_OPS_AT_ONCE: Final = 500
_BYTES_AT_ONCE: Final = 4_000_000
_MOST_KEPT: Final = 1_000

_Range = tuple[DocumentId, int, int]


class Contributors:
    """Answers from the log, which nobody can forge; what was read once is read on from there."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: OrderedDict[tuple[DocumentId, int], tuple[int, frozenset[str]]] = OrderedDict()

    async def between(self, document: DocumentId, start: int, end: int) -> frozenset[str]:
        """The authors of the ops `start` … `end - 1`. Raises `StoreUnavailable`."""
        at, found = self._known.get((document, start), (start, frozenset[str]()))
        if at > end:
            at, found = start, frozenset()
        people = set(found)
        own = (document, at, end)
        queue: list[_Range] = [own]
        read: list[_Range] = []  # each op once, however many ranges with picked changes hold it
        reached = at
        for one in queue:
            for each in _unread(one, read):
                picked, last = await self._read(each, people)
                queue += picked
                reached = last if one is own else reached
            read.append(one)
        found = frozenset(people)
        self._known[document, start] = (reached, found)
        self._known.move_to_end((document, start))
        while len(self._known) > _MOST_KEPT:
            self._known.popitem(last=False)
        return found

    async def _read(self, wanted: _Range, people: set[str]) -> tuple[list[_Range], int]:
        """Add the authors of one range; returns the ranges from which its ops were picked, and how far
        the log went."""
        document, at, end = wanted
        picked: list[_Range] = []
        while at < end:
            ops = await self._store.read(
                document, at, min(end, at + _OPS_AT_ONCE), max_bytes=_BYTES_AT_ONCE
            )
            if not ops:
                break
            for op in ops:
                why = why_of(op.body)
                people |= _authors(op, why or {})
                if why is not None and (source := _picked(document, why)) is not None:
                    picked.append(source)
            at += len(ops)
        return picked, at


def _authors(op: StoredOp, why: Why) -> set[str]:
    match why.get("kind"):
        case "merge" | "update":
            # Who only pressed the button has contributed nothing; who decided conflicts has.
            people = why.get("contributors", [op.author])
            decided = {op.author} if why.get("decided") else set()
            return decided | ({str(each) for each in people} if type(people) is list else set())
        case "migration":
            return {str(why.get("by", op.author))}
    return {op.author}


def _picked(document: DocumentId, why: Why) -> _Range | None:
    base, version = why.get("base"), why.get("version")
    design: Any = why.get("design", document.id)
    if why.get("kind") != "pick" or type(design) is not str:
        return None
    if type(base) is not int or type(version) is not int:
        return None
    return document._replace(id=design), base, version


def _unread(wanted: _Range, read: list[_Range]) -> Iterator[_Range]:
    """The parts of a range that are in none of those that were read."""
    document, start, end = wanted
    for _, low, high in sorted(each for each in read if each[0] == document):
        if start < low < end:
            yield document, start, low
        if low <= start < high or start < low < end:
            start = max(start, high)
    if start < end:
        yield document, start, end
