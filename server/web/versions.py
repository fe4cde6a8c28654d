"""What is asked of a design's history: timeline, names of versions, differences, blame."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ot.types import Json, Step

from ..document.versioned import Snapshot
from ..errors import Code, DesignError
from ..history.diff import ABSENT, Change, changes, to_op
from ..history.journal import Entry
from ..history.restore import at, is_element
from ..history.words import page_of, summary
from ..policy.rights import Principal, Right
from ..ports import Clock, DocumentId, People, Store
from ..runtime.chronicle import Chronicle
from ..runtime.history import History
from ..runtime.registry import Rooms
from ..store.chronicle import Query, SqlChronicle
from ..store.labels import Label, SqlLabels
from ..types.registry import TypeRegistry
from .acts import Acts
from .catalogue import Catalogue

__all__ = ["MAX_LABEL", "MAX_NOTE", "Asked", "Ground", "Versions", "shown_changes"]

MAX_LABEL: Final = 128
MAX_NOTE: Final = 2_000
_MOST_LABELS: Final = 1_000
"""Of the entries of one page."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the history of designs stands on."""

    catalogue: Catalogue
    rooms: Rooms
    store: Store
    entries: SqlChronicle
    labels: SqlLabels
    people: People
    history: History
    chronicle: Chronicle
    types: TypeRegistry
    acts: Acts
    clock: Clock


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries of the timeline; times in ms since 1970. `named`: only those with names."""

    limit: int
    before: int | None = None
    author: str | None = None
    kind: str | None = None
    element: str | None = None
    since: int | None = None
    until: int | None = None
    named: bool = False


class Versions:
    """Answers as JSON. Everything raises DesignError and `StoreUnavailable`."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    # -- the timeline ------------------------------------------------------------------------------

    async def timeline(self, principal: Principal, id: str, asked: Asked) -> dict[str, Any]:
        """A page of entries, newest first, with the names that lie in them."""
        ground = self._ground
        document = await ground.catalogue.readable(principal, id)
        head = (await ground.chronicle.up_to_date(document)).version
        before, above = await self._bounds(document, asked, head)
        if asked.named:
            found, rest = await self._named(document, asked, before, above)
        else:
            query = Query(asked.limit, before, above, asked.author, asked.kind, asked.element)
            found, rest = await ground.entries.entries(document, query)
        labels: list[Label] = []
        if found:
            bounds = found[-1].base, found[0].version
            labels = await ground.labels.within(document, *bounds, _MOST_LABELS)
        shown = await self._entries(principal, found, labels)
        return {"head": head, "next": rest, "versions": shown}

    async def _bounds(
        self, document: DocumentId, asked: Asked, head: int
    ) -> tuple[int | None, int | None]:
        """`before` and `above`, with the times that were asked for."""
        before, above = asked.before, None
        if asked.until is not None:
            upto = await self._ground.store.version_at(document, asked.until)
            entry = await self._ground.entries.entry(document, upto)
            end = 0 if entry is None else entry.version
            before = end if before is None else min(before, end)
        if asked.since is not None:
            above = await self._ground.store.version_at(document, max(asked.since - 1, 0))
        return before, above

    async def _named(
        self, document: DocumentId, asked: Asked, before: int | None, above: int | None
    ) -> tuple[list[Entry], int | None]:
        upto = 2**62 if before is None else before
        labels = await self._ground.labels.within(document, above or 0, upto, asked.limit + 1)
        found: dict[int, Entry] = {}
        for label in labels[: asked.limit]:
            entry = await self._ground.entries.entry(document, label.version)
            if entry is not None and await self._fits(document, asked, entry):
                found.setdefault(entry.base, entry)
        more = labels[asked.limit].version if len(labels) > asked.limit else None
        return list(found.values()), more

    async def _fits(self, document: DocumentId, asked: Asked, entry: Entry) -> bool:
        if asked.author is None and asked.kind is None and asked.element is None:
            return True
        alone = Query(1, entry.version, entry.base, asked.author, asked.kind, asked.element)
        found, _ = await self._ground.entries.entries(document, alone)
        return bool(found)

    async def entry(self, principal: Principal, id: str, version: int) -> dict[str, Any]:
        """The entry that made a version, or that it lies within."""
        document = await self._ground.catalogue.readable(principal, id)
        entry = await self.entry_of(document, version)
        labels = await self._ground.labels.within(document, entry.base, entry.version, _MOST_LABELS)
        return (await self._entries(principal, [entry], labels))[0]

    async def entry_of(self, document: DocumentId, version: int) -> Entry:
        """Raises: DesignError(NOT_FOUND)."""
        await self._ground.chronicle.up_to_date(document)
        entry = await self._ground.entries.entry(document, version)
        if entry is None:
            raise _no_version(version)
        return entry

    async def _entries(
        self, principal: Principal, found: Sequence[Entry], labels: Sequence[Label]
    ) -> list[dict[str, Any]]:
        ids = {id for entry in found for id in entry.authors} | {label.author for label in labels}
        names = await self.names(principal, ids)
        return [
            {
                "version": entry.version,
                "base": entry.base,
                "kind": entry.kind,
                "authors": [names[id] for id in entry.authors],
                "startedAt": entry.started_at,
                "endedAt": entry.ended_at,
                "edits": entry.edits,
                "elements": entry.elements,
                "summary": entry.summary,
                "origin": entry.origin,
                "labels": [
                    _shown_label(label, names)
                    for label in labels
                    if entry.base < label.version <= entry.version
                ],
            }
            for entry in found
        ]

    async def names(self, principal: Principal, ids: Iterable[str]) -> dict[str, dict[str, str]]:
        """By id who that is, as it is shown."""
        wanted = sorted(set(ids))
        found = await self._ground.people.get(principal.tenant, wanted)
        return {id: {"id": id, "name": found[id].name if id in found else ""} for id in wanted}

    # -- names of versions -------------------------------------------------------------------------

    async def name(self, principal: Principal, id: str, version: int, body: Any) -> dict[str, Any]:
        """Name a version, or change its name."""
        name, note, protected = body.get("name"), body.get("note", ""), body.get("protected", False)
        if (
            type(name) is not str
            or not 0 < len(name.strip()) <= MAX_LABEL
            or not name.isprintable()
            or type(note) is not str
            or len(note) > MAX_NOTE
            or "\0" in note
            or type(protected) is not bool
        ):
            raise DesignError(
                Code.MESSAGE_BADLY_FORMED,
                f"A version's name has 1 to {MAX_LABEL} printable characters, its note at most"
                f" {MAX_NOTE:,}; `protected` is true or false",
                limit=MAX_LABEL,
            )
        label = Label(version, name.strip(), note, protected, principal.id, self._ground.clock())
        await self._label(principal, id, label)
        return _shown_label(label, await self.names(principal, [principal.id]))

    async def unname(self, principal: Principal, id: str, version: int) -> None:
        """Take a version's name back."""
        now = self._ground.clock()
        await self._label(principal, id, Label(version, "", "", False, principal.id, now))

    async def _label(self, principal: Principal, id: str, label: Label) -> None:
        ground = self._ground
        document, standing = await ground.catalogue.allowed(principal, Right.EDIT, id)
        if not 1 <= label.version <= (await ground.store.head(document)).version:
            raise _no_version(label.version)
        before = await ground.labels.get(document, label.version)
        was_protected = before is not None and before.protected
        if was_protected or label.protected:
            await ground.catalogue.allowed(principal, Right.PROTECT, id)
        if before is None and not label.name:
            raise DesignError(Code.NOT_FOUND, f"Version {label.version} has no name")
        if was_protected and (label.protected or not label.name):
            raise DesignError(
                Code.LOCKED,
                "This name is protected: take the protection away first",
                version=label.version,
            )
        what = "version.name" if label.name else "version.unname"
        await ground.acts.record(
            principal, what, document, version=label.version, protected=label.protected
        )
        if not await ground.labels.add(document, label):
            raise _no_version(label.version)

    # -- differences -------------------------------------------------------------------------------

    async def diff(
        self, principal: Principal, id: str, start: int, end: int | None, other: str | None
    ) -> dict[str, Any]:
        """What has changed from version `start` to `end` (None: now), of design `other` if one is given."""
        old, new = await self._two(principal, id, start, end, other)
        found = await asyncio.to_thread(lambda: list(changes(old.data, new.data)))
        told = await asyncio.to_thread(self.summary, found, old.data, new.data)
        counts = Counter(each.kind for each in found)
        kinds = ("added", "removed", "moved", "renamed", "retyped", "changed")
        return {
            "from": old.version,
            "to": new.version,
            "summary": told,
            "counts": {kind: counts[kind] for kind in kinds},  # type: ignore[index]
            "changes": shown_changes(found, old.data, new.data),
        }

    async def diff_op(
        self, principal: Principal, id: str, start: int, end: int | None, other: str | None
    ) -> dict[str, Any]:
        """The same as an op."""
        old, new = await self._two(principal, id, start, end, other)
        op = await asyncio.to_thread(to_op, old.data, new.data)
        return {"from": old.version, "to": new.version, "op": op}

    def summary(
        self, found: Iterable[Change], old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> str:
        """The changes in words."""
        return summary(found, old, new, self._ground.types)

    async def _two(
        self, principal: Principal, id: str, start: int, end: int | None, other: str | None
    ) -> tuple[Snapshot, Snapshot]:
        ground = self._ground
        document = await ground.catalogue.readable(principal, id)
        if other is not None and other != id:
            theirs = await ground.catalogue.readable(principal, other)
            old, new = await self.open(document, start), await self.open(theirs, end)
        else:
            if end is None:
                end = (await ground.store.head(document)).version
            old, new = await self.pair(document, start, end)
        return old, new

    async def open(self, document: DocumentId, version: int | None) -> Snapshot:
        """A version (None: now). Raises: DesignError(NOT_FOUND) where there was no design."""
        if version is None:
            return await self._ground.rooms.snapshot(document)
        snapshot = await self._ground.history.snapshot(document, version)
        if snapshot.type is None:
            raise _no_version(version)
        return snapshot

    async def pair(self, document: DocumentId, one: int, other: int) -> tuple[Snapshot, Snapshot]:
        """Two versions; where they are near they share what is the same in both."""
        low, high = sorted((one, other))
        first, second = await self._ground.history.pair(document, low, high)
        if first.type is None or second.type is None:
            raise _no_version(low)
        return (first, second) if one <= other else (second, first)

    # -- blame -------------------------------------------------------------------------------------

    async def blame(
        self,
        principal: Principal,
        id: str,
        element: str,
        path: tuple[Step, ...],
        version: int | None,
    ) -> dict[str, Any]:
        """Who made an element's values, or those at `path` in it, what they are."""
        if not is_element(element):
            raise DesignError(Code.MESSAGE_BADLY_FORMED, f"There is no element {element[:80]!r}")
        ground = self._ground
        document = await ground.catalogue.readable(principal, id)
        snapshot = await self.open(document, version)
        value = at(snapshot.data, element)
        steps = element.split("/", 1)
        found = await ground.chronicle.blame(document, snapshot.version, steps, value, path)
        names = await self.names(principal, {origin.author for origin in found.values()})
        return {
            "element": element,
            "version": snapshot.version,
            "properties": [
                {
                    "path": list(place),
                    "version": origin.version,
                    "at": origin.time,
                    "author": names[origin.author],
                    "kind": origin.kind,
                    "origin": origin.origin,
                }
                for place, origin in found.items()
            ],
        }


def shown_changes(
    found: Iterable[Change], old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[dict[str, Json]]:
    """Changes as JSON; values are left out where there is none, and of elements as a whole."""
    shown: list[dict[str, Json]] = []
    for each in found:
        document = old if each.kind == "removed" else new
        value = at(document, each.element)
        kind = value.get("type") if type(value) is dict else None
        is_component = each.element.startswith("components/")
        row: dict[str, Json] = {
            "kind": each.kind,
            "element": each.element,
            "name": each.name,
            "type": kind if is_component and type(kind) is str else None,
            "page": page_of(document, each.element, value),
            "path": list(each.path),
        }
        if each.path:
            sides = (("old", each.old), ("new", each.new))
            row.update({side: each for side, each in sides if each is not ABSENT})
        if each.edits:
            row["edits"] = [edit._asdict() for edit in each.edits]
        shown.append(row)
    return shown


def _shown_label(label: Label, names: Mapping[str, dict[str, str]]) -> dict[str, Any]:
    return {
        "version": label.version,
        "name": label.name,
        "note": label.note,
        "protected": label.protected,
        "by": names[label.author],
        "at": label.at,
    }


def _no_version(version: int) -> DesignError:
    return DesignError(Code.NOT_FOUND, f"There is no version {version}", version=version)
