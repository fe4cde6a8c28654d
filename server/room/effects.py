"""What a room wants done. The runtime carries effects out in the order given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ot.types import Op

from ..document.versioned import Edit, Snapshot
from ..errors import DesignError
from ..ports import NewOp

__all__ = [
    "Acked",
    "Answer",
    "AskLocks",
    "Broadcast",
    "CaughtUp",
    "CommitBatch",
    "CommittedOp",
    "Deliver",
    "Delivery",
    "Effect",
    "FindOps",
    "LeasesMoved",
    "LeasesUsed",
    "Lost",
    "Notice",
    "OpsSince",
    "Publish",
    "ReadOps",
    "Refused",
    "ReleaseLocks",
    "Retry",
    "SaveMilestone",
    "Snapshot",
    "Unsubscribed",
]


@dataclass(slots=True, eq=False)
class CommittedOp:
    """A committed op as all see it. `frames` caches its encodings (by codec), made once for all.

    `elements` are those it touches; None: the whole document. `size` is that of its stored body in
    bytes. `update` is the Yjs update that the edit was read from, if it was.
    """

    version: int
    src: str  # the public part only
    seq: int
    author: str
    time: int
    edit: Edit
    fixups: tuple[Op, ...] = ()
    elements: frozenset[str] | None = None
    size: int = 0
    frames: dict[str, bytes] = field(default_factory=dict)
    update: bytes = b""


# -- what a connection is told ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpsSince:
    """Ops in version order: of others as they are committed, or of a catch-up.

    An op of the connection's own src is among them when an earlier connection of that src sent it.
    `frames` caches the encodings of all together (by codec), made once for all readers.
    """

    ops: tuple[CommittedOp, ...]
    frames: dict[str, tuple[frozenset[str], bytes]] = field(
        default_factory=dict, compare=False, repr=False
    )


@dataclass(frozen=True, slots=True)
class Acked:
    """The submitted op is durable as `op` (also for a resend: `op` is what was committed first).

    Ops that the submitter has missed come before it, in an `OpsSince`.
    """

    op: CommittedOp
    request: Any


@dataclass(frozen=True, slots=True)
class Refused:
    """Not committed and never will be; nothing else of the session is touched."""

    error: DesignError
    request: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a fetch or subscribe without a version."""

    snapshot: Snapshot
    request: Any


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """The answer to a fetch or subscribe with a version; the ops came before it."""

    request: Any


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    """The answer to an unsubscribe."""

    request: Any


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the author of an edit should know, after its answer or much later.

    `details` as in `DesignError.details`; `code` is stable: "parent-gone", "name-changed", or
    "overtaken" with `element`, `path`, `mine`, `theirs`, `gone` (nothing stands there any more) and
    `by`, an author's id.
    """

    code: str
    message: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lost:
    """The document cannot be served now: what this connection asked of it stays unanswered.

    It has to reconnect and ask again; `error` has a retryable code.
    """

    error: DesignError


Delivery: TypeAlias = OpsSince | Acked | Refused | Answer | CaughtUp | Unsubscribed | Notice | Lost


# -- effects ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deliver:
    """Tell one connection, in this order."""

    conn: str
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Tell each of these connections the same."""

    conns: tuple[str, ...]
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class AskLocks:
    """Answered by `LocksGranted`. One group of elements ("section/id") per op."""

    groups: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class ReleaseLocks:
    """Give the locks of these elements back."""

    elements: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReadOps:
    """Answered by `OpsRead` or `ReadFailed` with the same ticket: ops `start` ... `end - 1`.

    The answer is shorter only where the log ends, or where it is large. Ticket 0 is the room's own
    reading, for which it waits; others are readers', several may be under way.
    """

    start: int
    end: int
    ticket: int = 0


@dataclass(frozen=True, slots=True)
class FindOps:
    """Answered by `OpsFound` or `ReadFailed`: the committed ops of these (src, seq)."""

    keys: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class CommitBatch:
    """Answered by `CommitSucceeded`, `CommitOvertaken`, `CommitFailed` or `CommitUnknown`."""

    base: int
    ops: tuple[NewOp, ...]
    name: str | None  # the design's new name, if the batch changes it
    leases: int = 0  # the epoch of the leases by which it was judged
    tokens: frozenset[int] = frozenset()  # of leases that must hold when it is committed


@dataclass(frozen=True, slots=True)
class LeasesMoved:
    """The leases are others than the room knew: whoever watches them should look again."""


@dataclass(frozen=True, slots=True)
class LeasesUsed:
    """Edits were committed under leases: `edited` are (author, element); those on `gone` are void."""

    edited: frozenset[tuple[str, str]]
    gone: frozenset[str]


@dataclass(frozen=True, slots=True)
class Publish:
    """Tell the other nodes that the head has moved to `version`."""

    version: int


@dataclass(frozen=True, slots=True)
class SaveMilestone:
    """Keep this snapshot; in the background, failing harmlessly."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Retry:
    """Give a `Turn` after this time, or earlier. A later `Retry` replaces it."""

    after_ms: int


Effect: TypeAlias = (
    Deliver
    | Broadcast
    | AskLocks
    | ReleaseLocks
    | ReadOps
    | FindOps
    | CommitBatch
    | LeasesMoved
    | LeasesUsed
    | Publish
    | SaveMilestone
    | Retry
)
