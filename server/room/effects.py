"""What a room wants done. The runtime carries effects out in the order given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ot.types import Json, Op

from ..errors import DesignError
from ..ports import NewOp
from .events import Edit

__all__ = [
    "Acked",
    "Answer",
    "AskLocks",
    "CaughtUp",
    "CommitBatch",
    "CommittedOp",
    "Deliver",
    "Delivery",
    "Effect",
    "Notice",
    "OpsSince",
    "Publish",
    "ReadOps",
    "Refused",
    "ReleaseLocks",
    "SaveMilestone",
    "Snapshot",
    "Unsubscribed",
]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The document at a version. `type` is None where it does not exist (then `data` is None too)."""

    version: int
    type: str | None
    data: Json


@dataclass(slots=True)
class CommittedOp:
    """A committed op as all see it. `frames` caches its encodings (by codec), made once for all readers."""

    version: int
    src: str  # the public part only
    seq: int
    author: str
    time: int
    edit: Edit
    fixups: tuple[Op, ...] = ()
    frames: dict[str, bytes] = field(default_factory=dict)


# -- what a connection is told ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpsSince:
    """Ops of others (or of a catch-up), in version order."""

    ops: tuple[CommittedOp, ...]


@dataclass(frozen=True, slots=True)
class Acked:
    """The submitted op is durable as `op` (also for a resend: then `op` is what was committed first).

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
    request: Any


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the person should know about an op that was accepted (moved to a surviving ancestor, overtaken...).

    `details` as in `DesignError.details`; `code` is stable, e.g. "parent-gone", "name-changed".
    """

    code: str
    message: str
    details: dict[str, Any]


Delivery = OpsSince | Acked | Refused | Answer | CaughtUp | Unsubscribed | Notice


# -- effects -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deliver:
    """Tell one connection, in this order."""

    conn: str
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class AskLocks:
    """Answered by `LocksGranted`. One group of elements ("section/id") per op of the batch."""

    groups: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class ReleaseLocks:
    elements: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReadOps:
    """Answered by `OpsRead`: ops from `start` to the head (`end` None) or to `end - 1`."""

    start: int
    end: int | None


@dataclass(frozen=True, slots=True)
class CommitBatch:
    """Answered by `CommitSucceeded`, `CommitOvertaken` or `CommitFailed`."""

    base: int
    ops: tuple[NewOp, ...]
    name: str | None  # the design's new name, if the batch changes it


@dataclass(frozen=True, slots=True)
class Publish:
    """Tell the other nodes that the head has moved to `version`."""

    version: int


@dataclass(frozen=True, slots=True)
class SaveMilestone:
    """Keep this snapshot; in the background, failing harmlessly."""

    snapshot: Snapshot


Effect = Deliver | AskLocks | ReleaseLocks | ReadOps | CommitBatch | Publish | SaveMilestone
