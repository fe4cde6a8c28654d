"""The store in memory: a full one, for tests and trials, that forgets when the process ends."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Self

import orjson

from ..ports import (
    AuditEntry,
    AuditFilter,
    AuditRecord,
    Commit,
    Committed,
    DesignRow,
    DocumentId,
    Head,
    Milestone,
    Overtaken,
    Person,
    StoredOp,
)
from .batch import answer_where_moved, check, is_judged_by, numbered, passed_at
from .catalogue import new_person_id
from .chain import ROOT, row_hashes
from .leases import MemoryLeases
from .records import memory_records
from .trail import entry_hash, stored_details
from .yjs_states import MemoryYjsStates

__all__ = ["MemoryAudit", "MemoryDesigns", "MemoryPeople", "MemoryStore"]


@dataclass(slots=True)
class _Log:
    ops: list[StoredOp] = field(default_factory=list)
    by_source: dict[tuple[str, int], StoredOp] = field(default_factory=dict)
    milestones: dict[int, Milestone] = field(default_factory=dict)
    hash: bytes = ROOT


class MemoryStore:
    """The port `Store`, with the others of SQL. Not durable: that is all it lacks."""

    def __init__(self) -> None:
        self._logs: dict[DocumentId, _Log] = {}
        self.people = MemoryPeople()
        self.audit = MemoryAudit()
        self.yjs_states = MemoryYjsStates()
        self.records = memory_records()
        self.leases = MemoryLeases(lambda document: document in self._logs)
        self.designs = MemoryDesigns(self.leases)

    async def open(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do; what was stored can still be read."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def commit(self, commits: Sequence[Commit]) -> list[Committed | Overtaken]:
        check(commits)
        return [self._append(commit) for commit in commits]

    def _append(self, commit: Commit) -> Committed | Overtaken:
        log = self._logs.get(commit.document, _Log())
        head = commit.base + len(commit.ops)
        if len(log.ops) != commit.base:
            return answer_where_moved(commit, log.ops[commit.base :])
        leases = self.leases.table(commit.document).live()
        if not is_judged_by(commit, leases):
            return Overtaken((), leases=leases)
        doubled = [log.by_source.get((op.src, op.seq)) for op in commit.ops]
        if any(doubled):
            return Overtaken((), tuple(op for op in doubled if op is not None))
        if commit.ops:
            log.hash = row_hashes(commit.document, commit.base, log.hash, commit.ops)[-1]
            log.ops += numbered(commit)
            log.by_source.update({(op.src, op.seq): op for op in log.ops[commit.base :]})
            self._logs[commit.document] = log
            if commit.document.collection == "designs":
                self.designs.show(commit, head)
        return Committed(head)

    async def head(self, document: DocumentId) -> Head:
        log = self._logs.get(document, _Log())
        return Head(len(log.ops), log.hash)

    async def versions(self, documents: Sequence[DocumentId]) -> dict[DocumentId, int]:
        return {one: len(self._logs[one].ops) for one in documents if one in self._logs}

    async def read(
        self,
        document: DocumentId,
        start: int,
        end: int | None = None,
        *,
        max_bytes: int | None = None,
    ) -> list[StoredOp]:
        ops = self._logs.get(document, _Log()).ops
        found = ops[max(start, 0) : len(ops) if end is None else max(end, 0)]
        if max_bytes is None:
            return found
        sizes = accumulate((len(op.body) for op in found), initial=0)
        return [op for op, before in zip(found, sizes, strict=False) if before < max_bytes]

    async def find(self, document: DocumentId, src: str, seq: int) -> StoredOp | None:
        return self._logs.get(document, _Log()).by_source.get((src, seq))

    async def version_at(self, document: DocumentId, time: int) -> int:
        ops = self._logs.get(document, _Log()).ops
        return passed_at(len(ops), lambda version: ops[version].time, time)

    async def milestone(self, document: DocumentId, version: int) -> Milestone | None:
        kept = self._logs.get(document, _Log()).milestones
        versions = sorted(kept)
        at = bisect_right(versions, version)
        return kept[versions[at - 1]] if at else None

    async def save_milestone(self, document: DocumentId, milestone: Milestone) -> None:
        log = self._logs.setdefault(document, _Log())
        log.milestones.setdefault(milestone.version, milestone)


class MemoryDesigns:
    """The port `Designs`."""

    def __init__(self, leases: MemoryLeases) -> None:
        self._leases = leases
        self._rows: dict[tuple[str, str], DesignRow] = {}

    async def add(self, tenant: str, row: DesignRow) -> None:
        if self._rows.setdefault((tenant, row.id), row) != row:
            raise ValueError(f"there is a design {row.id} already")

    async def list(self, tenant: str, *, trashed: bool) -> list[DesignRow]:
        rows = [
            row
            for (owner, _), row in self._rows.items()
            if owner == tenant and (row.trashed_at is not None) == trashed and row.root is None
        ]
        return sorted(rows, key=lambda row: (-row.updated_at, row.id))

    async def get(self, tenant: str, id: str) -> DesignRow | None:
        return self._rows.get((tenant, id))

    async def set_trashed(self, tenant: str, id: str, at: int | None) -> bool:
        return self._set(tenant, id, trashed_at=at)

    async def set_protected(self, tenant: str, id: str, at: int | None) -> bool:
        self._leases.protect(DocumentId(tenant, "designs", id), at is not None)
        return self._set(tenant, id, protected_at=at)

    def _set(self, tenant: str, id: str, **values: int | None) -> bool:
        row = self._rows.get((tenant, id))
        if row is not None:
            self._rows[tenant, id] = replace(row, **values)  # type: ignore[arg-type]
        return row is not None

    async def set_frozen(self, tenant: str, id: str, at: int | None) -> bool:
        row = self._rows.get((tenant, id))
        if row is not None:
            self._rows[tenant, id] = replace(row, frozen_at=at)
        return row is not None

    def show(self, commit: Commit, version: int) -> None:
        """Follow a commit; nothing if the design is not in the list."""
        key = (commit.document.tenant, commit.document.id)
        row = self._rows.get(key)
        if row is not None:
            self._rows[key] = replace(
                row,
                version=version,
                updated_at=commit.ops[-1].time,
                name=row.name if commit.name is None else commit.name,
            )


class MemoryPeople:
    """The port `People`."""

    def __init__(self) -> None:
        self._people: dict[tuple[str, str], Person] = {}

    async def named(self, tenant: str, name: str) -> Person:
        for (owner, _), person in self._people.items():
            if owner == tenant and person.name == name:
                return person
        person = Person(new_person_id(), name)
        self._people[tenant, person.id] = person
        return person

    async def get(self, tenant: str, ids: Sequence[str]) -> dict[str, Person]:
        found = ((id, self._people.get((tenant, id))) for id in ids)
        return {id: person for id, person in found if person is not None}


class MemoryAudit:
    """The port `Audit`."""

    def __init__(self) -> None:
        self._trails: dict[str, list[AuditRecord]] = {}

    async def record(self, *entries: AuditEntry) -> None:
        for entry in entries:
            trail = self._trails.setdefault(entry.tenant, [])
            previous = trail[-1].hash if trail else ROOT
            number, details = len(trail) + 1, stored_details(entry)
            hash = entry_hash(previous, number, entry, details)
            kept = replace(entry, details=orjson.loads(details))
            trail.append(AuditRecord(number, kept, hash))

    async def read(
        self,
        tenant: str,
        wanted: AuditFilter | None = None,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int = 1_000,
    ) -> list[AuditRecord]:
        trail = self._trails.get(tenant, [])[after:]
        if before is not None:
            trail = [record for record in reversed(trail) if record.number < before]
        wanted = wanted or AuditFilter()
        return [record for record in trail if _is_wanted(record.entry, wanted)][:limit]


def _is_wanted(entry: AuditEntry, wanted: AuditFilter) -> bool:
    return (
        wanted.principal in (None, entry.principal)
        and (wanted.action is None or f"{entry.action}.".startswith(f"{wanted.action}."))
        and wanted.design in (None, entry.design)
        and wanted.element in (None, entry.element)
        and (wanted.since is None or wanted.since <= entry.time)
        and (wanted.until is None or entry.time < wanted.until)
    )
