"""What the server needs from outside: `Store`, `Locks`, `Bus`. Small, with their guarantees written down.

One contract suite per port (`tests/contracts/`) runs against every adapter. Adapters lie in `server/store`,
`server/locks`, `server/bus`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

__all__ = [
    "Bus",
    "Commit",
    "Committed",
    "Designs",
    "DesignRow",
    "DocumentId",
    "Head",
    "Locks",
    "Milestone",
    "NewOp",
    "OutcomeUnknown",
    "Overtaken",
    "People",
    "Person",
    "Store",
    "StoreUnavailable",
    "StoredOp",
]


class DocumentId(NamedTuple):
    """Whose document, and which. `collection` is "designs" or "scratch"."""

    tenant: str
    collection: str
    id: str


class StoreUnavailable(Exception):
    """Nothing was committed and the same call may succeed later (database down, disk full, locked too long)."""


class OutcomeUnknown(Exception):
    """The commit may or may not have happened: look up (src, seq) with `Store.find` before anything is answered."""


@dataclass(frozen=True, slots=True)
class NewOp:
    """An accepted op before it has a version.

    `body` is JSON, UTF-8: {"op": [...]} | {"create": {"type", "data"}} | {"del": true} | {} (no-op), and beside them
    "fixups": [op, ...] where the server completed the op ("op" then holds the composition).
    `author` is the opaque id of a person, `time` is in milliseconds since 1970 (a label, never an order).
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
    """One room's batch: `ops` get the versions `base`, `base + 1`, ... if the head is still at `base`.

    `name`: the design's new name for the catalogue when an op of the batch set it, else None.
    """

    document: DocumentId
    base: int
    ops: tuple[NewOp, ...]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Committed:
    """Durable: survives kill -9 and power cut. `head` is the document's version after the batch."""

    head: int


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Nothing of this batch was written: others committed since. `ops` are theirs, dense from the batch's `base`.

    Also the answer when a (src, seq) of the batch is stored already under an older version: `ops` is then empty and
    `duplicates` names the stored ops.
    """

    ops: tuple[StoredOp, ...]
    duplicates: tuple[StoredOp, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """Where a document stands: its version (0: never existed) and the hash of its last op row."""

    version: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Milestone:
    """The document's state at a version: `body` is JSON, UTF-8: {"type": uri|null, "data": ...}."""

    version: int
    body: bytes


class Store(Protocol):
    """Truth: the ops and the milestones. Raises `StoreUnavailable` everywhere it cannot answer."""

    async def commit(self, commits: Sequence[Commit]) -> list[Committed | Overtaken]:
        """Write each batch whole or not at all, in one transaction for all; answers in the order of `commits`.

        At most one batch per document. Durable when it returns. Raises `OutcomeUnknown` if it cannot tell.
        """
        ...

    async def head(self, document: DocumentId) -> Head: ...

    async def read(
        self, document: DocumentId, start: int, end: int | None = None
    ) -> list[StoredOp]:
        """Ops `start` ... `end - 1` (None: to the head), in order. Shorter only where the log ends."""
        ...

    async def find(self, document: DocumentId, src: str, seq: int) -> StoredOp | None:
        """The committed op of (src, seq), whatever its version."""
        ...

    async def version_at(self, document: DocumentId, time: int) -> int:
        """The version after the last op whose `time` (ms) is <= `time`; 0 if there is none."""
        ...

    async def milestone(self, document: DocumentId, version: int) -> Milestone | None:
        """The newest sound milestone at or before `version`; one with a wrong checksum is never returned."""
        ...

    async def save_milestone(self, document: DocumentId, milestone: Milestone) -> None:
        """Keep it, compressed and with a checksum. Saving the same version again does nothing."""
        ...


@dataclass(frozen=True, slots=True)
class DesignRow:
    """One entry of the list of designs. Times in ms since 1970; `trashed_at` is None while it is in use."""

    id: str
    name: str
    created_at: int
    created_by: str
    updated_at: int
    version: int
    trashed_at: int | None


class Designs(Protocol):
    """The catalogue of a tenant's designs: what the list shows; never the source of a design's contents."""

    async def add(self, tenant: str, row: DesignRow) -> None: ...

    async def list(self, tenant: str, *, trashed: bool) -> list[DesignRow]:
        """Newest change first."""
        ...

    async def get(self, tenant: str, id: str) -> DesignRow | None: ...

    async def set_trashed(self, tenant: str, id: str, at: int | None) -> bool:
        """Into the trash (`at`, ms) or out of it (None). False if there is no such design."""
        ...


@dataclass(frozen=True, slots=True)
class Person:
    """An opaque id and the name shown for it. The name lies in one erasable table, nowhere else."""

    id: str
    name: str


class People(Protocol):
    """Names of authors."""

    async def named(self, tenant: str, name: str) -> Person:
        """The person of that name, made with a new opaque id if there is none (development mode, imports)."""
        ...

    async def get(self, tenant: str, ids: Sequence[str]) -> dict[str, Person]: ...


class Locks(Protocol):
    """Write locks per element: short, all or none, owned by a node. The commit is the fence, not the lock."""

    async def acquire(
        self, document: DocumentId, groups: Sequence[frozenset[str]], owner: str
    ) -> list[bool]:
        """Take the elements of each group (one op's), all or none per group; one answer per group.

        One call per batch; keys are taken in sorted order; a group whose elements this same call already took for an
        earlier group counts as granted. Never waits while holding. Elements are "section/id".
        """
        ...

    async def release(self, document: DocumentId, elements: frozenset[str], owner: str) -> None:
        """Give back those that `owner` still holds; others' are left alone."""
        ...

    async def close(self) -> None: ...


class Bus(Protocol):
    """Tells other nodes; at most once, in no promised order between publishers: gaps are healed from the store."""

    async def publish(self, channel: str, payload: bytes) -> None: ...

    def subscribe(self, channel: str) -> AsyncIterator[bytes]:
        """Messages published to `channel` by other nodes and by this one, until the iterator is closed."""
        ...

    async def close(self) -> None: ...


Clock = Callable[[], int]  # milliseconds since 1970
