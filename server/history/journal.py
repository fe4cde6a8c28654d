"""The versions that people see: a document's ops gathered into entries, by author and pause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Final

from ot.types import Op

from ..document.model import Element, element_of
from ..document.replay import Replay
from ..document.versioned import Create, Delete, Edit, Snapshot, Why, decode, why_of
from ..ports import StoredOp
from ..types.registry import TypeRegistry
from .diff import ABSENT, Change, Value, element_changes, is_same
from .text import TextDiff
from .words import created, summary

__all__ = ["MOST_OPS", "PAUSE_MS", "Entry", "Journal", "Made", "Outline"]

PAUSE_MS: Final = 5 * 60_000
"""Who comes back after so long begins a new entry."""

_TOGETHER_MS: Final = 60_000
"""Whoever joins an entry within so long of its last edit works on it together with the others."""

_LONGEST_MS: Final = 30 * 60_000
MOST_OPS: Final = 500
"""An entry has no more ops, so that whoever reads on from its start reads few."""


@dataclass(frozen=True, slots=True)
class Made:
    """A committed op, as far as it matters here. `version` is the one that it made. Time in ms."""

    version: int
    author: str
    time: int
    edit: Edit
    why: Why | None = None

    @classmethod
    def of(cls, stored: StoredOp) -> Made:
        """A stored op. Raises: ValueError if it is damaged."""
        edit, _ = decode(stored.body)
        return cls(stored.version + 1, stored.author, stored.time, edit, why_of(stored.body))

    @property
    def kind(self) -> str:
        """Why it was made: "edit", "create", "delete", or what `why` says."""
        if self.why is not None:
            return str(self.why["kind"])
        match self.edit:
            case Create():
                return "create"
            case Delete():
                return "delete"
            case _:
                return "edit"


@dataclass(frozen=True, slots=True)
class Entry:
    """What people see as one version: the ops that led from `base` to `version`.

    `authors`: who made most of it first. `origin`: what a server command came from. Times in ms.
    """

    base: int
    version: int
    kind: str
    authors: tuple[str, ...]
    started_at: int
    ended_at: int
    edits: int
    elements: int
    summary: str
    origin: Mapping[str, Any] | None


class Outline:
    """Gathers ops into entries without looking at the design: all of an entry but what it is about.

    Args: base: the version where the first entry begins.
    """

    __slots__ = ("_authors", "_edits", "_elements", "_first", "_last", "base", "version")

    def __init__(self, base: int) -> None:
        self.version = base
        self._begin()

    def _begin(self) -> None:
        self.base = self.version
        """Where the entry under way begins."""
        self._first: Made | None = None
        self._last: Made | None = None
        self._edits = 0
        self._authors: Counter[str] = Counter()
        self._elements: set[Element] = set()

    def take(self, op: Made) -> Entry | None:
        """One op on. Returns: the entry that ended before it."""
        ended = None
        if self._first is not None and self._last is not None and self._parts(op):
            ended = self.entry()
            self._begin()
        if isinstance(op.edit, list):
            self._elements.update(element_of(component["p"]) for component in op.edit)
        self.version = op.version
        self._first = self._first or op
        self._last = op
        self._edits += 1
        self._authors[op.author] += 1
        return ended

    def _parts(self, op: Made) -> bool:
        """Does `op` begin an entry of its own?"""
        first, last = self._first, self._last
        assert first is not None and last is not None
        if op.kind != first.kind or self._edits >= MOST_OPS:
            return True
        if op.why is not None and op.kind != "migration":
            return True
        pause = op.time - last.time
        if pause >= PAUSE_MS or op.time - first.time >= _LONGEST_MS:
            return True
        return op.author not in self._authors and pause >= _TOGETHER_MS

    def entry(self, summary: str = "") -> Entry | None:
        """The entry under way, as it stands; None before its first op."""
        first, last = self._first, self._last
        if first is None or last is None:
            return None
        why = first.why
        return Entry(
            base=self.base,
            version=self.version,
            kind=first.kind,
            authors=tuple(author for author, _ in self._authors.most_common()),
            started_at=first.time,
            ended_at=last.time,
            edits=self._edits,
            elements=len(self._elements),
            summary=summary,
            origin=None if why is None else {k: v for k, v in why.items() if k != "kind"},
        )


class Journal:
    """Takes a design's ops one by one, from the start of an entry on; tells of each entry's end.

    The same ops give the same entries, wherever one begins as long as it is the start of one.
    """

    __slots__ = ("_before", "_edit", "_outline", "_replay", "_types")

    def __init__(self, start: Snapshot, types: TypeRegistry) -> None:
        self._types = types
        self._replay = Replay(start, by_element=True)
        self._outline = Outline(start.version)
        self._edit: Edit | None = None  # the first of the entry under way
        # The values, before the entry, of the elements that it has touched.
        self._before: dict[Element, Value] = {}

    @property
    def version(self) -> int:
        return self._replay.version

    @property
    def base(self) -> int:
        """Where the entry under way begins."""
        return self._outline.base

    @property
    def elements(self) -> int:
        """How many elements the document has: what keeping this costs."""
        data = self._replay.snapshot.data
        sections = data.values() if type(data) is dict else ()
        return sum(len(section) for section in sections if type(section) is dict)

    def take(self, op: Made) -> Entry | None:
        """One op on. Returns: the entry that ended before it. Raises: OpError if it does not apply."""
        ended = self._outline.take(op)
        if ended is not None:
            ended = replace(ended, summary=self._summary())
            self._before.clear()
            self._edit = None
        if isinstance(op.edit, list):
            self._remember(op.edit)
        self._replay.advance(op.edit)
        self._edit = op.edit if self._edit is None else self._edit
        return ended

    def _remember(self, op: Op) -> None:
        data = self._replay.snapshot.data
        for component in op:
            element = element_of(component["p"])
            if element not in self._before:
                section, _, id = element.partition("/")
                found = data.get(section, ABSENT)
                # What is there once is changed in place by the replay; elements never are.
                self._before[element] = found.get(id, ABSENT) if id else copy(found)

    def entry(self) -> Entry | None:
        """The entry under way, as it stands; None before its first op."""
        return None if self._edit is None else self._outline.entry(self._summary())

    def _summary(self) -> str:
        new = self._replay.snapshot.data
        if type(new) is not dict:
            return ""
        if isinstance(self._edit, Create):
            return created(new)
        # Only where elements stand is asked of the older document: those that were changed are enough.
        old: dict[str, Any] = {"pages": dict(new["pages"]), "components": dict(new["components"])}
        for element, value in self._before.items():
            section, _, id = element.partition("/")
            if id and value is not ABSENT:
                old.setdefault(section, {})[id] = value
        return summary(self._changes(), old, new, self._types)

    def _changes(self) -> Iterator[Change]:
        texts = TextDiff()
        data = self._replay.snapshot.data
        for element, before in self._before.items():
            section, _, id = element.partition("/")
            found = data.get(section, ABSENT)
            after = found.get(id, ABSENT) if id else found
            if not is_same(before, after):
                yield from element_changes(element, before, after, texts)
