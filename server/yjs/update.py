"""What a Yjs update says, before any document takes it.

A document that takes an update whose beginning it lacks keeps it aside for ever, and one that takes
items under another client's id hides that client's own. So an update is read first: whose items it
brings, what they hang on, and whether they hold JSON. Source: npm yjs 13 `src/utils/UpdateDecoder.js`
and `src/structs/`; the form is version 1, the one on the wire of y-websocket.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Final

from .lib0 import Malformed, Reader

__all__ = ["EMPTY", "MOST_ITEMS", "Update"]

EMPTY: Final = b"\x00\x00"
"""The update that changes nothing."""

MOST_ITEMS: Final = 200_000
"""In one update; more are refused before they are counted to the end."""

_ORIGIN, _RIGHT, _KEY = 0x80, 0x40, 0x20
_GC, _STRING, _SKIP = 0, 4, 10
_TEXT, _ELEMENT, _HOOK, _LAST_TYPE = 2, 3, 5, 6  # before _TEXT come array and map


@dataclass(frozen=True, slots=True)
class Update:
    """An update that was read to its end.

    `items`: for each client the (first, end) of its numbered items. `needs`: for each client the
    number that the document must have reached for these items to hang on something. `roots`: the
    names of the root types that items were put into. `is_json`: whether it brings nothing but maps,
    arrays, text and JSON values. `deletes`: whether it deletes anything. `halves`: the second halves
    of characters that take two UTF-16 units, as (client, number). `cuts`: the (client, number) before
    which it needs a cut: where it deletes from and up to, and where it inserts.
    """

    items: Mapping[int, tuple[int, int]]
    needs: Mapping[int, int]
    roots: frozenset[str]
    is_json: bool
    deletes: bool
    halves: frozenset[tuple[int, int]]
    cuts: frozenset[tuple[int, int]]

    @classmethod
    def read(cls, data: bytes, most_items: int = MOST_ITEMS) -> Update:
        """Raises: Malformed, also where there are more than `most_items`."""
        return _Scan(data, most_items).update()

    def is_complete(self, known: Mapping[int, int]) -> bool:
        """Whether a document that has `known` (the next number of each client) can take all of it."""
        for client, (first, _) in self.items.items():
            if first > known.get(client, 0):
                return False
        for client, end in self.needs.items():
            reached = known.get(client, 0)
            if end > reached and end > self.items.get(client, (0, 0))[1]:
                return False
        return True

    def brings(self, known: Mapping[int, int]) -> list[int]:
        """The clients of whom it has items that a document with `known` lacks."""
        return [client for client, (_, end) in self.items.items() if end > known.get(client, 0)]

    def fault(self, halves: Set[tuple[int, int]]) -> str | None:
        """Why a design cannot hold what it brings; None: there is nothing in its form against it.

        Where a character is cut in two, Yjs makes two signs of it that stand for nothing, and
        pycrdt does not: from then on the two hold different texts.
        Args: halves: those of the document.
        """
        if not self.is_json:
            return "Only maps, arrays, text and JSON values can be taken"
        if not self.cuts.isdisjoint(halves) or not self.cuts.isdisjoint(self.halves):
            return "A character would be cut in two"
        return None


class _Scan:
    def __init__(self, data: bytes, most_items: int) -> None:
        self._reader = Reader(data)
        self._items: dict[int, tuple[int, int]] = {}
        self._needs: dict[int, int] = {}
        self._roots: set[str] = set()
        self._is_json = True
        self._left = most_items
        self._halves: list[tuple[int, int]] = []
        self._cuts: list[tuple[int, int]] = []

    def update(self) -> Update:
        reader = self._reader
        for _ in range(reader.uint()):
            self._client()
        deletes = False
        for _ in range(reader.uint()):
            client = reader.uint()
            for _ in range(reader.uint()):
                self._spend()
                clock, length = reader.uint(), reader.uint()
                self._need(client, clock + length)
                self._cuts += ((client, clock), (client, clock + length))
                deletes = deletes or length > 0
        if not reader.is_done:
            raise Malformed("there is more than an update")
        return Update(
            self._items,
            self._needs,
            frozenset(self._roots),
            self._is_json,
            deletes,
            frozenset(self._halves),
            frozenset(self._cuts),
        )

    def _client(self) -> None:
        reader = self._reader
        count, client, first = reader.uint(), reader.uint(), reader.uint()
        if client in self._items or count == 0:
            raise Malformed("a client is told twice, or of nothing")
        at = first
        for _ in range(count):
            self._spend()
            info = reader.byte()
            kind = info & 31
            if kind == _SKIP:
                raise Malformed("a part is missing")
            length = reader.uint() if kind == _GC else self._item(info, kind, client, at)
            if length < 1:
                raise Malformed("an item is empty")
            at += length
        self._items[client] = (first, at)

    def _item(self, info: int, kind: int, client: int, at: int) -> int:
        reader = self._reader
        if info & _ORIGIN:
            self._id(after=1)
        if info & _RIGHT:
            self._id(after=0)
        if not info & (_ORIGIN | _RIGHT):
            if reader.uint() == 1:
                self._roots.add(reader.string())
            else:
                self._id()
            if info & _KEY:
                reader.string()
        return self._string(client, at) if kind == _STRING else self._content(kind)

    def _string(self, client: int, at: int) -> int:
        """Counted as JavaScript does, in UTF-16 units."""
        text = self._reader.string()
        length = len(text)
        if text.isascii():
            return length
        for place, character in enumerate(text):
            if character > "\uffff":
                self._halves.append((client, at + place + 1))
                at += 1
                length += 1
        return length

    def _content(self, kind: int) -> int:
        """Pass over what the item holds; its length."""
        reader = self._reader
        match kind:
            case 8:  # any
                length = reader.uint()
                for _ in range(length):
                    self._spend()
                    self._is_json = reader.any() and self._is_json
                return length
            case 1:  # deleted
                return reader.uint()
            case 7:  # type
                type_ = reader.uint()
                if type_ > _TEXT:
                    self._is_json = False
                    if type_ > _LAST_TYPE:
                        raise Malformed(f"there is no type {type_}")
                    if type_ in (_ELEMENT, _HOOK):
                        reader.string()
                return 1
            case 2:  # json, what old clients wrote
                length = reader.uint()
                for _ in range(length):
                    self._spend()
                    reader.string()
                self._is_json = False
                return length
        self._is_json = False
        match kind:
            case 3:  # binary
                reader.bytes()
            case 5:  # embed
                reader.string()
            case 6:  # format
                reader.string()
                reader.string()
            case 9:  # doc
                reader.string()
                reader.any()
            case _:
                raise Malformed(f"there is no content {kind}")
        return 1

    def _id(self, after: int | None = None) -> None:
        client, clock = self._reader.uint(), self._reader.uint()
        self._need(client, clock + 1)
        if after is not None:
            self._cuts.append((client, clock + after))

    def _need(self, client: int, end: int) -> None:
        if end > self._needs.get(client, 0):
            self._needs[client] = end

    def _spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Malformed("it has too many items")
