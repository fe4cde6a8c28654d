"""Leases as values. Times are milliseconds of the database's clock; persons are opaque ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from ..errors import Code, DesignError

__all__ = [
    "Holder",
    "Kind",
    "Lease",
    "LeaseEvent",
    "LeaseTable",
    "Terms",
    "What",
    "Why",
    "locked",
    "with_name",
]

_SOMEBODY = "Somebody else"


class Kind(StrEnum):
    """What a lease does to others."""

    SOFT = "soft"  # it is shown
    HARD = "hard"  # their edits are refused


class What(StrEnum):
    """What happened to a lease."""

    TAKEN = "taken"
    RELEASED = "released"
    TAKEN_OVER = "taken-over"
    ENDED = "ended"


class Why(StrEnum):
    """Why a lease ended by itself."""

    IDLE = "idle"  # too long without an edit
    DISCONNECTED = "disconnected"  # its session was not heard of
    DELETED = "deleted"  # the element is no more


class Holder(NamedTuple):
    """A person, and the session in which they took it: the public part of a connection's id.

    A program that comes by REST has no session (""): its leases end by time alone.
    """

    principal: str
    session: str


class Terms(NamedTuple):
    """How long leases last, in milliseconds."""

    idle: int = 600_000  # without an edit
    grace: int = 30_000  # without a sign of life of the session


@dataclass(frozen=True, slots=True)
class Lease:
    """One element, held by one person.

    `token` is larger than that of every lease before it in the document. `until` is when it ends
    unless the holder edits; `expires` is when it ends unless the session is heard of, at most
    `until`. `contents`: it covers what stands inside the element as well.
    """

    element: str
    holder: Holder
    kind: Kind
    contents: bool
    token: int
    since: int
    until: int
    expires: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LeaseTable:
    """All leases of a document, by element and in its order.

    `epoch` counts the changes of who holds what, ever; it is the counter that tokens are from.
    `now` is when it was read. `is_protected`: the document changes by merges only, which counts as
    a change of who holds what.
    """

    epoch: int = 0
    leases: tuple[Lease, ...] = ()
    now: int = 0
    is_protected: bool = False

    def get(self, element: str) -> Lease | None:
        """The lease on this very element."""
        return next((lease for lease in self.leases if lease.element == element), None)

    def live(self) -> LeaseTable:
        """Without those whose time is up, swept or not (LE8)."""
        return replace(self, leases=tuple(each for each in self if each.expires > self.now))

    def __iter__(self) -> Iterator[Lease]:
        return iter(self.leases)

    def with_leases(self, leases: Iterable[Lease], *, epoch: int) -> LeaseTable:
        """The same moment, other leases."""
        ordered = tuple(sorted(leases, key=lambda lease: lease.element))
        return replace(self, epoch=epoch, leases=ordered)


@dataclass(frozen=True, slots=True)
class LeaseEvent:
    """One line of the history of leases.

    `epoch` and `position` order the events of a document. `by` did it: the holder, whoever took it
    over, or "" where it ended by itself, and then `why` says why.
    """

    epoch: int
    position: int
    time: int
    what: What
    element: str
    holder: str
    by: str
    kind: Kind
    contents: bool
    token: int
    reason: str = ""
    why: str = ""


def with_name(error: DesignError, name: str) -> DesignError:
    """The refusal that `locked` made, once the holder's name is known."""
    if not name:
        return error
    details = {**error.details, "holder": {**error.details["holder"], "name": name}}
    return DesignError(error.code, error.message.replace(_SOMEBODY, name, 1), **details)


def locked(element: str, lease: Lease) -> DesignError:
    """The refusal of what would touch `element`, which `lease` keeps for somebody else."""
    verb = "locked" if lease.kind is Kind.HARD else "taken"
    details: dict[str, Any] = {
        "element": element,
        "lease": lease.element,
        "kind": lease.kind.value,
        "holder": {"id": lease.holder.principal, "name": ""},
        "since": lease.since,
        "until": lease.until,
    }
    message = f"{_SOMEBODY} has {verb} this part of the design."
    return DesignError(Code.LOCKED, message, **details)
