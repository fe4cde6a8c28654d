"""What the server needs from outside: `Store`, `Leases`, `Locks`, `Bus`, each small, with guarantees.

One contract suite per port (`tests/contracts/`) runs against every adapter. The adapters lie in
`server/store`, `server/locks` and `server/bus`. Rules with numbers: `server/store/SPEC.md`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ot.types import Json

from .leases.lease import LeaseEvent, LeaseTable
from .leases.rules import Change

__all__ = [
    "Audit",
    "AuditEntry",
    "AuditFilter",
    "AuditRecord",
    "Bus",
    "Clock",
    "Commit",
    "Committed",
    "DesignRow",
    "Designs",
    "DocumentId",
    "Decide",
    "Head",
    "Leases",
    "Locks",
    "LocksUnavailable",
    "Milestone",
    "NewOp",
    "OutcomeUnknown",
    "Overtaken",
    "People",
    "Person",
    "Store",
    "StoreUnavailable",
    "StoredOp",
    "YjsState",
    "YjsStates",
]


class DocumentId(NamedTuple):
    """Whose document, and which. `collection` is "designs" or "scratch"."""

    tenant: str
    collection: str
    id: str


class StoreUnavailable(Exception):
    """Nothing was committed, and the same call may succeed later.

    The database is down, the disk full, the file locked too long, or too many calls wait.
    """


class OutcomeUnknown(Exception):
    """The commit may or may not have happened.

    Before anything is answered, look up (src, seq) with `Store.find`, or commit the same batch
    again: one that is stored already is not written twice.
    """


@dataclass(frozen=True, slots=True)
class NewOp:
    """An accepted op before it has a version.

    `body` is JSON, UTF-8: {"op": [...]} | {"create": {"type", "data"}} | {"del": true} | {} (a
    no-op), and beside them "fixups": [op, ...] where the server completed the op ("op" then holds
    the composition), and "why": {"kind", ...} where a server command made it. `author` is the
    opaque id of a person. `time` is in milliseconds since 1970: a label, never an order.
    """

    src: str
    seq: int
    author: str
    time: int
    body: bytes


@dataclass(frozen=True, slots=True)
class StoredOp:
    """A committed op: takes the document from `version` to `version + 1`."""

    version: int
    src: str
    seq: int
    author: str
    time: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """One room's batch: `ops` get the versions `base`, `base + 1`, ... if the head is at `base`.

    `name`: the design's new name for the catalogue when an op of the batch set it, else None.
    `leases`: the epoch of the leases by which the batch was judged (0: there never were any).
    `tokens`: of leases that must not be over when it is committed.
    """

    document: DocumentId
    base: int
    ops: tuple[NewOp, ...]
    name: str | None = None
    leases: int = 0
    tokens: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Committed:
    """Durable: survives kill -9 and a power cut. `head` is the version after the batch's last op.

    Also the answer when exactly this batch is stored already at the versions it asks for.
    """

    head: int


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Nothing of this batch was written, for one of four reasons.

    - Others committed since: `ops` are theirs, dense from the batch's `base`; at most 1,000, and if
      there are more the next try tells of them. `duplicates` is empty.
    - A (src, seq) of the batch is stored already under an older version: `ops` is empty and
      `duplicates` names the stored ops.
    - The leases have changed, or a token's is over: `leases` are those that hold now, the rest is
      empty.
    - All are empty: the head is behind `base`, as after a database was restored from a backup.
      What the room holds is not what is stored: it must be loaded again.
    """

    ops: tuple[StoredOp, ...]
    duplicates: tuple[StoredOp, ...] = ()
    leases: LeaseTable | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """Where a document stands: its version and the hash of its last op row.

    A document that never existed has version 0 and a hash of 32 zero bytes.
    """

    version: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Milestone:
    """The document's state at a version: `body` is JSON, UTF-8: {"type": uri|null, "data": ...}."""

    version: int
    body: bytes


class Store(Protocol):
    """Truth: the ops and the milestones. Raises `StoreUnavailable` wherever it cannot answer.

    Cancelling a call that waits is safe; one that has begun goes on to its end, unobserved.
    """

    async def commit(self, commits: Sequence[Commit]) -> list[Committed | Overtaken]:
        """Write each batch whole or not at all, all in one transaction; answer in their order.

        Durable when it returns. At most one batch per document, else `ValueError`. No batches at
        all: only finds out whether the store can commit. Raises `OutcomeUnknown` if it cannot tell.
        """
        ...

    async def head(self, document: DocumentId) -> Head:
        """Where the document stands now."""
        ...

    async def versions(self, documents: Sequence[DocumentId]) -> dict[DocumentId, int]:
        """The versions at which these documents stand now; those that never existed are left out."""
        ...

    async def read(
        self,
        document: DocumentId,
        start: int,
        end: int | None = None,
        *,
        max_bytes: int | None = None,
    ) -> list[StoredOp]:
        """Ops `start` ... `end - 1` (None: to the head), in order. Shorter only at the log's end.

        With `max_bytes` also shorter where the bodies so far have as many bytes or more; one op is
        there in any case. The answer is held in memory: what may be long is read in pieces.
        """
        ...

    async def find(self, document: DocumentId, src: str, seq: int) -> StoredOp | None:
        """The committed op of (src, seq), whatever its version."""
        ...

    async def version_at(self, document: DocumentId, time: int) -> int:
        """The version after the last op whose `time` (ms) is <= `time`; 0 if there is none.

        Where times jump back there may be several answers: the op before it is not later than
        `time`, and the op after it is.
        """
        ...

    async def milestone(self, document: DocumentId, version: int) -> Milestone | None:
        """The newest sound milestone at or before `version`; never one with a wrong checksum."""
        ...

    async def save_milestone(self, document: DocumentId, milestone: Milestone) -> None:
        """Keep it, compressed and sealed. Saving a version again only mends what is damaged."""
        ...


@dataclass(frozen=True, slots=True)
class DesignRow:
    """One entry of the list of designs.

    Times are in ms since 1970; `trashed_at` is None while the design is in use, `frozen_at` while it
    can be changed. `name`, `version` and `updated_at` follow the design's commits, in the same
    transaction. `root`: the design that this one is a branch of; branches are not in the list.
    `protected_at`: since when it changes by merges only.
    """

    id: str
    name: str
    created_at: int
    created_by: str
    updated_at: int
    version: int
    trashed_at: int | None
    root: str | None = None
    protected_at: int | None = None
    frozen_at: int | None = None


class Designs(Protocol):
    """The catalogue of a tenant's designs: what the list shows, never the source of contents."""

    async def add(self, tenant: str, row: DesignRow) -> None:
        """Enter it. The same row again does nothing; `ValueError` if the id is another's."""
        ...

    async def list(self, tenant: str, *, trashed: bool) -> list[DesignRow]:
        """Those in use, or those in the trash, without branches. Newest change first."""
        ...

    async def get(self, tenant: str, id: str) -> DesignRow | None:
        """In use or in the trash; None if there is none."""
        ...

    async def set_trashed(self, tenant: str, id: str, at: int | None) -> bool:
        """Into the trash (`at`, ms) or out of it (None). False if there is no such design."""
        ...

    async def set_protected(self, tenant: str, id: str, at: int | None) -> bool:
        """Changed by merges only (`at`, ms), or by everybody. False if there is no such design."""
        ...

    async def set_frozen(self, tenant: str, id: str, at: int | None) -> bool:
        """Frozen (`at`, ms) or not (None). False if there is no such design."""
        ...


@dataclass(frozen=True, slots=True)
class Person:
    """An opaque id and the name shown for it. The name lies in one erasable table, nowhere else."""

    id: str
    name: str


class People(Protocol):
    """Names of authors."""

    async def named(self, tenant: str, name: str) -> Person:
        """The person of that name, made with a new opaque id if there is none.

        For development mode and imports, where a name is all that is known.
        """
        ...

    async def get(self, tenant: str, ids: Sequence[str]) -> dict[str, Person]:
        """Those of `ids` that are known, by id."""
        ...


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to which element, when, from where, by which request. Edits have the op log.

    Args:
        time: ms since 1970.
        principal: the opaque id of a person or token; "" for somebody who is not known.
        action: what was done, as "<noun>.<verb>": "lease.take", "share.revoke", "sign-in.refused".
        design: its id; None for what is done to the tenant.
        element: "section/id".
        request: names the request, as its answer and the log do.
        address: where it came from.
        details: JSON for what else matters. Never a name, a secret, or contents of a design: an
            entry can never be changed, so what may have to be erased must not be in it.
    """

    tenant: str
    time: int
    principal: str
    action: str
    design: str | None = None
    element: str | None = None
    request: str | None = None
    address: str | None = None
    details: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """A stored entry: the tenant's `number`-th, from 1, and the hash that chains it."""

    number: int
    entry: AuditEntry
    hash: bytes


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries; None: all. `action` may be a whole one or its noun ("lease").

    Times in ms: `since` <= time < `until`.
    """

    principal: str | None = None
    action: str | None = None
    design: str | None = None
    element: str | None = None
    since: int | None = None
    until: int | None = None


class Audit(Protocol):
    """The record of acts: append-only, hash-chained per tenant. Raises `StoreUnavailable`."""

    async def record(self, *entries: AuditEntry) -> None:
        """Append them, in order and in one transaction. Durable when it returns."""
        ...

    async def read(
        self,
        tenant: str,
        wanted: AuditFilter | None = None,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int = 1_000,
    ) -> list[AuditRecord]:
        """At most `limit` with a number above `after`, oldest first; newest first below `before`."""
        ...


class LocksUnavailable(Exception):
    """The lock service cannot answer now; whoever asked goes on without, and the commit decides."""


@dataclass(frozen=True, slots=True)
class YjsState:
    """What is kept of a design's Yjs document: the `number`-th state, counted from 1, at `version`."""

    number: int
    version: int
    body: bytes


class YjsStates(Protocol):
    """The states of Yjs documents. The first decides which items a document has, for ever."""

    async def newest(self, document: DocumentId) -> YjsState | None:
        """The one with the highest number."""
        ...

    async def add(self, document: DocumentId, state: YjsState) -> bool:
        """Keep it as the next one; False if one of that number is there. The last two are kept.

        Raises: ValueError if the number is not 1 and the one before it is not there.
        """
        ...


class Locks(Protocol):
    """Write locks per element: short, all or none, owned by a node.

    The commit is the fence, not the lock: an adapter may lose locks at any time. It bounds its own
    waits, and where the service is away it says so: `acquire` raises `LocksUnavailable`.
    """

    async def acquire(
        self, document: DocumentId, groups: Sequence[frozenset[str]], owner: str
    ) -> list[bool]:
        """Take the elements of each group (one op's), all or none; one answer per group.

        One call per batch; what `owner` holds already, by this call or an earlier one, counts as
        taken. Never waits while holding. Elements are "section/id". Raises: LocksUnavailable.
        """
        ...

    async def release(self, document: DocumentId, elements: frozenset[str], owner: str) -> None:
        """Give back those that `owner` still holds; others' are left alone.

        Raises: LocksUnavailable; what was held then ends by itself.
        """
        ...

    async def close(self) -> None:
        """End the adapter's connections. What it held may stay held until it expires."""
        ...


Decide = Callable[[LeaseTable], Change]
"""What is to become of a table of leases; pure, and may be asked twice."""


class Leases(Protocol):
    """Truth: who holds which element. Raises `StoreUnavailable` wherever it cannot answer.

    Cancelling a call that waits is safe; one that has begun goes on to its end, unobserved.
    """

    async def change(self, document: DocumentId, decide: Decide) -> Change:
        """Make it so: durable, with its events, when this returns.

        `decide` is given the table as it stands, with the database's clock, while no commit of the
        document and no other change can come between. What it raises is raised here, and changes
        nothing. Raises: DesignError(NOT_FOUND) for a document without ops; `OutcomeUnknown`.
        """
        ...

    async def read(self, document: DocumentId) -> LeaseTable:
        """The table as it stands, also what is over and not swept yet; empty without a document."""
        ...

    async def events(
        self, document: DocumentId, before: int | None, limit: int
    ) -> list[LeaseEvent]:
        """The newest `limit` events of the epochs below `before` (None: of all), newest first."""
        ...


class Bus(Protocol):
    """Tells other nodes: at most once, in no promised order between publishers.

    Gaps are healed from the store.
    """

    @property
    def is_reachable(self) -> bool:
        """Whether, as far as is known, what is published now reaches the other nodes."""
        ...

    async def publish(self, channel: str, payload: bytes) -> None:
        """Send to whoever is subscribed now. Never waits for a subscriber that is slow."""
        ...

    def subscribe(self, channel: str) -> AsyncIterator[bytes]:
        """What is published to `channel` by any node, this one too, until the iterator is closed.

        It begins with the first `__anext__`; only a message that came tells that it has begun. A
        subscriber that is slow may lose messages, never the order of one publisher's.
        """
        ...

    async def close(self) -> None:
        """End the adapter: every subscription ends, as if closed."""
        ...


Clock = Callable[[], int]
"""Milliseconds since 1970."""
