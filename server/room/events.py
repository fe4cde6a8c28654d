"""What can happen to a room. Time, ids and what was read from outside arrive inside events.

`conn` names a connection of this node. `request` is whatever the asker wants back with the answer;
the room never looks at it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ot.types import Json, Op

from ..ports import StoredOp

__all__ = [
    "Create",
    "CommitFailed",
    "CommitOvertaken",
    "CommitSucceeded",
    "Delete",
    "Edit",
    "Event",
    "Fetch",
    "Leave",
    "LocksGranted",
    "NoOp",
    "OpsRead",
    "RemoteHead",
    "Submit",
    "Subscribe",
    "Turn",
    "Unsubscribe",
]


@dataclass(frozen=True, slots=True)
class Create:
    """Bring the document into being; `type` is the type's uri."""

    type: str
    data: Json


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the document; its version goes on counting."""


@dataclass(frozen=True, slots=True)
class NoOp:
    """Moves the version and changes nothing."""


Edit = Create | Delete | NoOp | Op
"""What one submitted op does. A list is an edit by a json0 op."""


@dataclass(frozen=True, slots=True)
class Submit:
    """Somebody's edit, made on version `base` (None: not fetched, or a create)."""

    conn: str
    src: str
    seq: int
    base: int | None
    edit: Edit
    author: str
    time: int  # ms since 1970, for the log only
    bulk: bool = False  # a server command: limits of its own
    request: Any = None


@dataclass(frozen=True, slots=True)
class Subscribe:
    """From now on `conn` gets every op. `since`: the version it has, or None for a snapshot."""

    conn: str
    src: str  # ops of this src are not broadcast to `conn`
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
    conn: str
    request: Any = None


@dataclass(frozen=True, slots=True)
class Leave:
    """The connection is gone."""

    conn: str


@dataclass(frozen=True, slots=True)
class Turn:
    """The mailbox is drained: what has queued becomes one batch."""


@dataclass(frozen=True, slots=True)
class LocksGranted:
    """The answer to `AskLocks`: one flag per op of the batch."""

    granted: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class OpsRead:
    """The answer to `ReadOps`: ops `start`, `start + 1`, ... without a gap."""

    start: int
    ops: tuple[StoredOp, ...]


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
    """Nothing was written; `ops` came first. `duplicates` were committed before under the same (src, seq)."""

    ops: tuple[StoredOp, ...]
    duplicates: tuple[StoredOp, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitFailed:
    """The store cannot commit now, and certainly did not: the batch is kept and asked again later."""


Event = (
    Submit
    | Subscribe
    | Fetch
    | Unsubscribe
    | Leave
    | Turn
    | LocksGranted
    | OpsRead
    | RemoteHead
    | CommitSucceeded
    | CommitOvertaken
    | CommitFailed
)
