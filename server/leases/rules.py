"""What becomes of a document's leases. Each rule takes the table as it is, and says what it will be.

Nothing here waits: a wish is granted or refused at once, all of it or nothing, so no order of wishes
can make two people wait for each other. Rules LE1-LE19.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from ..errors import Code, DesignError
from .lease import Holder, Kind, Lease, LeaseEvent, LeaseTable, Terms, What, Why, locked

__all__ = [
    "MAX_ELEMENTS",
    "MAX_LEASES",
    "MAX_REASON",
    "Above",
    "Change",
    "Take",
    "is_over",
    "release",
    "renew",
    "sweep",
    "take",
    "tend",
]

MAX_ELEMENTS: Final = 100
"""Elements in one wish."""
MAX_LEASES: Final = 500
"""Of one document."""
MAX_REASON: Final = 500
"""Characters."""

Above: TypeAlias = Callable[[str], Sequence[str]]
"""What an element stands in, from its parent up to its page; pure."""


@dataclass(frozen=True, slots=True)
class Take:
    """A wish: all these elements, or none.

    `over`: also those that others hold; `reason` says why, and is kept.
    """

    holder: Holder
    elements: frozenset[str]
    kind: Kind = Kind.HARD
    contents: bool = False
    over: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """The table after a rule, and what is to be told and kept of it.

    `table` is the one that was given if nothing changed; its epoch is one more if who holds what
    did, and the same if only times did.
    """

    table: LeaseTable
    events: tuple[LeaseEvent, ...] = ()
    lost: tuple[Lease, ...] = ()
    """Those that ended against their holder's will, or without it."""


def is_over(lease: Lease, now: int, terms: Terms) -> bool:
    """Whether its time is up.

    An end further away than a lease can last was written by a clock that has since been put back:
    such a lease would be stuck (LE9).
    """
    return now >= lease.expires or lease.expires - now > terms.idle


def sweep(table: LeaseTable, terms: Terms) -> Change:
    """Without those whose time is up (LE8). Every other rule begins with it."""
    return _Changing(table, terms).done()


def take(table: LeaseTable, wish: Take, terms: Terms, above: Above) -> Change:
    """Grant the whole wish or refuse it.

    Raises: DesignError: LOCKED, naming the first element in order that another holds (LE3), TOO_LARGE.
    """
    _bound(len(wish.elements), MAX_ELEMENTS, "elements at once")
    change = _Changing(table, terms)
    covers = _covers(change.leases, wish, above)
    in_the_way = _in_the_way(change.leases, wish, above)
    if not wish.over and (covers or in_the_way):
        raise locked(*min([*covers.items(), *in_the_way], key=lambda each: each[0]))
    for _, lease in in_the_way:
        change.take_over(lease, wish)
    for element in sorted(wish.elements):
        if element in covers:  # that lease goes on, without this element
            change.take_out(element, covers[element], wish)
        change.grant(element, wish)
    _bound(len(change.leases), MAX_LEASES, "leases in one design")
    return change.done()


def _in_the_way(leases: Mapping[str, Lease], wish: Take, above: Above) -> list[tuple[str, Lease]]:
    """Other people's leases on the wished elements, and inside those that are wished with contents."""
    found = []
    for element, lease in sorted(leases.items()):
        if lease.holder.principal == wish.holder.principal:
            continue
        if element in wish.elements:
            found.append((element, lease))
        elif wish.contents and (around := wish.elements.intersection(above(element))):
            found.append((min(around), lease))
    return found


def _covers(leases: Mapping[str, Lease], wish: Take, above: Above) -> dict[str, Lease]:
    """Of the wished elements that have no lease of their own, another's that they stand in (LE2)."""
    if not any(lease.contents for lease in leases.values()):
        return {}
    found = {}
    for element in wish.elements - leases.keys():
        around = (leases[outer] for outer in above(element) if outer in leases)
        nearest = next((lease for lease in around if lease.contents), None)
        if nearest is not None and nearest.holder.principal != wish.holder.principal:
            found[element] = nearest
    return found


def renew(
    table: LeaseTable, holder: Holder, elements: frozenset[str] | None, terms: Terms
) -> Change:
    """The holder is still at work: as if they had edited these (None: all of theirs) (LE6).

    Those that they took in another session come into this one.
    """
    change = _Changing(table, terms)
    for lease in change.owned(holder, elements):
        change.prolong(replace(lease, holder=holder), is_alive=True, is_edited=True)
    return change.done()


def release(
    table: LeaseTable, holder: Holder, elements: frozenset[str] | None, terms: Terms
) -> Change:
    """Give back these (None: all) of the person's own, whatever session took them (LE7)."""
    change = _Changing(table, terms)
    for lease in change.owned(holder, elements):
        change.give_back(lease)
    return change.done()


def tend(
    table: LeaseTable,
    sessions: frozenset[str],
    edited: frozenset[tuple[str, str]],
    gone: frozenset[str],
    terms: Terms,
) -> Change:
    """These sessions are alive, (person, element) were edited since, `gone` were deleted (LE6, LE10).

    What is over stays over: it may be another's by now.
    """
    change = _Changing(table, terms)
    for element in sorted(gone & change.leases.keys()):
        change.end(change.leases[element], Why.DELETED)
    for lease in tuple(change.leases.values()):
        is_edited = (lease.holder.principal, lease.element) in edited
        is_alive = lease.holder.session in sessions
        change.prolong(lease, is_alive=is_alive, is_edited=is_edited)
    return change.done()


def _bound(count: int, limit: int, what: str) -> None:
    if count > limit:
        message = f"There may be {limit:,} {what}; these would be {count:,}."
        raise DesignError(Code.TOO_LARGE, message, limit=limit, actual=count)


class _Changing:
    """A table on its way to the next epoch; what is over is out of it from the start."""

    def __init__(self, table: LeaseTable, terms: Terms) -> None:
        self._table = table
        self._terms = terms
        self._events: list[LeaseEvent] = []
        self._lost: list[Lease] = []
        self.leases = {lease.element: lease for lease in table}
        for lease in table:
            if is_over(lease, table.now, terms):
                # The session of one that is idle may well be here.
                is_cut = table.now < lease.until <= table.now + terms.idle
                self.end(lease, Why.DISCONNECTED if is_cut else Why.IDLE)

    def owned(self, holder: Holder, elements: frozenset[str] | None) -> list[Lease]:
        """The person's own among these (None: all)."""
        return [
            lease
            for lease in self.leases.values()
            if lease.holder.principal == holder.principal
            and (elements is None or lease.element in elements)
        ]

    def end(self, lease: Lease, why: Why) -> None:
        del self.leases[lease.element]
        self._lost.append(lease)
        self._note(What.ENDED, lease, by="", why=why.value)

    def give_back(self, lease: Lease) -> None:
        del self.leases[lease.element]
        self._note(What.RELEASED, lease, by=lease.holder.principal)

    def take_over(self, lease: Lease, wish: Take) -> None:
        del self.leases[lease.element]
        self.take_out(lease.element, lease, wish)

    def take_out(self, element: str, lease: Lease, wish: Take) -> None:
        """`element` is taken from the holder of `lease`."""
        lost = replace(lease, element=element, reason=wish.reason)
        self._lost.append(lost)
        self._note(What.TAKEN_OVER, lost, by=wish.holder.principal)

    def grant(self, element: str, wish: Take) -> None:
        """A new token, also for who has it already."""
        now = self._table.now
        old = self.leases.get(element)
        until = now + self._terms.idle
        self.leases[element] = lease = Lease(
            element=element,
            holder=wish.holder,
            kind=wish.kind,
            contents=wish.contents,
            token=self._table.epoch + 1,
            since=now if old is None else old.since,
            until=until,
            expires=self._expiry(wish.holder, until),
            reason=wish.reason,
        )
        self._note(What.TAKEN, lease, by=wish.holder.principal)

    def prolong(self, lease: Lease, *, is_alive: bool, is_edited: bool) -> None:
        until = self._table.now + self._terms.idle if is_edited else lease.until
        expires = lease.expires
        if is_alive or not lease.holder.session:
            expires = self._expiry(lease.holder, until)
        self.leases[lease.element] = replace(lease, until=until, expires=expires)

    def _expiry(self, holder: Holder, until: int) -> int:
        return min(until, self._table.now + self._terms.grace) if holder.session else until

    def _note(self, what: What, lease: Lease, *, by: str, why: str = "") -> None:
        self._events.append(
            LeaseEvent(
                epoch=self._table.epoch + 1,
                position=len(self._events),
                time=self._table.now,
                what=what,
                element=lease.element,
                holder=lease.holder.principal,
                by=by,
                kind=lease.kind,
                contents=lease.contents,
                token=lease.token,
                reason=lease.reason,
                why=why,
            )
        )

    def done(self) -> Change:
        table = self._table
        epoch = table.epoch + 1 if self._events else table.epoch
        changed = table.with_leases(self.leases.values(), epoch=epoch)
        if changed.leases == table.leases:
            return Change(table)
        return Change(changed, tuple(self._events), tuple(self._lost))
