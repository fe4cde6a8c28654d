"""What can happen to a room. Time, ids and what was read from outside arrive inside events.

`conn` names a connection of this node. `request` is whatever the asker wants back with the answer;
the room never looks at it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from ..document.versioned import Create, Delete, Edit, NoOp, Why
from ..leases.lease import LeaseTable
from ..policy.roles import Within
from ..ports import StoredOp

__all__ = [
    "CommitFailed",
    "CommitOvertaken",
    "CommitSucceeded",
    "CommitUnknown",
    "Create",
    "Delete",
    "Edit",
    "Event",
    "Fetch",
    "Leave",
    "LeasesKnown",
    "LocksGranted",
    "NoOp",
    "OpsFound",
    "OpsRead",
    "ReadFailed",
    "RemoteHead",
    "Resume",
    "Submit",
    "Subscribe",
    "Turn",
    "Unsubscribe",
]


@dataclass(frozen=True, slots=True)
class Submit:
    """Somebody's edit, made on version `base` (None: not fetched, or a create)."""

    conn: str
    src: str  # the public part only
    seq: int
    base: int | None
    edit: Edit
    author: str
    time: int  # ms since 1970, for the log only
    bulk: bool = False  # a server command: limits of its own
    update: bytes = b""  # the Yjs update that the edit was read from; it is stored with the edit
    why: Why | None = None  # what a server command keeps beside the op
    is_merge: bool = False  # as it is or not at all; a protected document changes so only
    lease: int | None = None  # the token by which its author relies on holding what it edits
    request: Any = None
    within: Within | None = None  # the pages that the author may edit; None: everything


@dataclass(frozen=True, slots=True)
class Subscribe:
    """From now on `conn` gets every op. `since`: the version it has, or None for a snapshot."""

    conn: str
    src: str  # the public part only
    since: int | None
    request: Any = None


@dataclass(frozen=True, slots=True)
class Fetch:
    """A snapshot, or the ops since the version it has."""

    conn: str
    since: int | None
    request: Any = None


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """No more ops for `conn`; what it submitted goes on."""

    conn: str
    request: Any = None


@dataclass(frozen=True, slots=True)
class Leave:
    """The connection is gone; what it submitted goes on."""

    conn: str


@dataclass(frozen=True, slots=True)
class Resume:
    """`conn` was subscribed when the room was lost, and has every op below `since`: not answered."""

    conn: str
    src: str
    since: int


@dataclass(frozen=True, slots=True)
class Turn:
    """The mailbox is drained, or the time of a `Retry` has come: work on what has queued."""


@dataclass(frozen=True, slots=True)
class LocksGranted:
    """The answer to `AskLocks`: one flag per group."""

    granted: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class OpsRead:
    """The answer to `ReadOps`: ops `start`, `start + 1`, ... without a gap.

    `is_cut`: it ends where it does for its size; there are more.
    """

    start: int
    ops: tuple[StoredOp, ...]
    ticket: int = 0
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class OpsFound:
    """The answer to `FindOps`, in its order; None where there is no such op."""

    ops: tuple[StoredOp | None, ...]


@dataclass(frozen=True, slots=True)
class ReadFailed:
    """The store cannot answer a `ReadOps` or `FindOps` now."""

    ticket: int = 0


@dataclass(frozen=True, slots=True)
class RemoteHead:
    """Another node committed: its head is at `version`."""

    version: int


@dataclass(frozen=True, slots=True)
class CommitSucceeded:
    """The batch is durable; `head` is the version after it."""

    head: int


@dataclass(frozen=True, slots=True)
class CommitOvertaken:
    """Nothing was written; see `ports.Overtaken`."""

    ops: tuple[StoredOp, ...]
    duplicates: tuple[StoredOp, ...] = ()
    leases: LeaseTable | None = None


@dataclass(frozen=True, slots=True)
class LeasesKnown:
    """Who holds which element, as it was read a moment ago."""

    table: LeaseTable


@dataclass(frozen=True, slots=True)
class CommitFailed:
    """The store cannot commit now, and certainly did not: the batch is kept and tried again."""


@dataclass(frozen=True, slots=True)
class CommitUnknown:
    """The batch may be durable or not: what is stored decides."""


Event: TypeAlias = (
    Submit
    | Subscribe
    | Fetch
    | Unsubscribe
    | Leave
    | Resume
    | Turn
    | LocksGranted
    | OpsRead
    | OpsFound
    | ReadFailed
    | RemoteHead
    | LeasesKnown
    | CommitSucceeded
    | CommitOvertaken
    | CommitFailed
    | CommitUnknown
)
