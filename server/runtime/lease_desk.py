"""Leases of this node's open documents: told to whoever watches, kept alive, ended in time.

Truth is the port `Leases`; nothing here grants anything. Other nodes are told by hints on the bus,
which may be lost: what is watched is read again every few seconds all the same.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Final, NamedTuple, Protocol, Self

from ..errors import DesignError
from ..leases.lease import LeaseEvent, LeaseTable, Terms, What
from ..leases.rules import Change, is_over, tend
from ..ports import Bus, Decide, DocumentId, Leases, OutcomeUnknown, StoreUnavailable
from ..protocol.packed import pack, unpack
from ..room.effects import Notice
from .lease_watch import LeaseListener

__all__ = ["LEASES", "Known", "LeaseDesk", "LeaseWatcher"]

LEASES: Final = "leases"
"""The channel on which nodes tell each other that leases have changed."""

_log = logging.getLogger("coweave.leases")

_MIND_SECONDS: Final = 1.0
"""How soon a change of what is known is told: nobody is shown old badges as sure for longer."""
_LOOK_SECONDS: Final = 2.0
"""How often leases that another node keeps alive are read, in case its hint was lost."""
_SOON_MS: Final = 60_000
"""An edit under a lease that would end this soon is told to the store at once."""


class Known(NamedTuple):
    """The leases as they were read last, and whether that is known to be how they are."""

    table: LeaseTable
    is_sure: bool


class LeaseWatcher(Protocol):
    """A connection that has asked for the leases of a document."""

    @property
    def holder(self) -> tuple[str, str]:
        """The person and their session."""
        ...

    def leases_known(self, document: DocumentId, known: Known) -> None:
        """Who holds what now. Never blocks, never raises."""
        ...

    def lease_news(self, document: DocumentId, notice: Notice) -> None:
        """Something that concerns this person's leases. Never blocks, never raises."""
        ...


@dataclass(slots=True, eq=False)
class _Desk:
    """One document's."""

    table: LeaseTable | None = None
    read_at: float = 0.0  # loop time
    rooms: set[LeaseListener] = field(default_factory=set)
    watchers: set[LeaseWatcher] = field(default_factory=set)
    edited: set[tuple[str, str]] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    is_failing: bool = False
    timer: asyncio.TimerHandle | None = None

    @property
    def sessions(self) -> frozenset[str]:
        """Those of the watchers that hold something."""
        if self.table is None or not self.table.leases:
            return frozenset()
        here = {watcher.holder[1] for watcher in self.watchers}
        return frozenset(lease.holder.session for lease in self.table) & here


class LeaseDesk:
    """The leases of one node. A `LeaseWatch` for its rooms; an async context manager.

    Args: node: unique among the nodes. terms: how long leases last.
    """

    def __init__(self, leases: Leases, bus: Bus, node: str, terms: Terms | None = None) -> None:
        self.terms = terms or Terms()
        self._leases = leases
        self._bus = bus
        self._node = node
        self._desks: dict[DocumentId, _Desk] = {}
        self._due: dict[DocumentId, None] = {}
        self._has_due = asyncio.Event()
        self._was_reachable = True
        self._tasks = asyncio.TaskGroup()
        self._services: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._services = [
            self._tasks.create_task(self._work(), name="leases-work"),
            self._tasks.create_task(self._beat(), name="leases-beat"),
            self._tasks.create_task(self._mind(), name="leases-mind"),
            self._tasks.create_task(self._hear(), name="leases-hear"),
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for service in self._services:
            service.cancel()
        for desk in self._desks.values():
            if desk.timer is not None:
                desk.timer.cancel()
        await self._tasks.__aexit__(None, None, None)

    # -- what rooms tell ---------------------------------------------------------------------------

    def follow(self, document: DocumentId, room: LeaseListener) -> None:
        """Tell `room` of the leases whenever they change, and now if they are known."""
        desk = self._desks.setdefault(document, _Desk())
        desk.rooms.add(room)
        if desk.table is not None:
            room.leases_are(document, desk.table)

    def unfollow(self, document: DocumentId, room: LeaseListener) -> None:
        """No more."""
        desk = self._desks.get(document)
        if desk is not None:
            desk.rooms.discard(room)
            self._settle(document, desk)

    def look_again(self, document: DocumentId) -> None:
        """They have changed, as somebody says."""
        if document in self._desks:
            self._due[document] = None
            self._has_due.set()

    def note_use(
        self, document: DocumentId, edited: frozenset[tuple[str, str]], gone: frozenset[str]
    ) -> None:
        """Edits were committed under leases of (person, element); the elements `gone` are no more."""
        desk = self._desks.get(document)
        if desk is None or desk.table is None:
            return
        desk.edited |= edited
        desk.gone |= gone
        soon = self._now(desk) + _SOON_MS
        if gone or any(
            lease.until < soon and (lease.holder.principal, lease.element) in edited
            for lease in desk.table
        ):
            self.look_again(document)

    # -- what doors ask ----------------------------------------------------------------------------

    async def watch(self, document: DocumentId, watcher: LeaseWatcher) -> Known:
        """`watcher` hears of the leases from now on, and its session keeps its own alive.

        Raises: DesignError(NOT_FOUND). Cancelled: it is not watching.
        """
        desk = self._desks.setdefault(document, _Desk())
        desk.watchers.add(watcher)
        if desk.table is None or watcher.holder[1] in desk.sessions:
            try:
                await self._tend(document, desk)
            except BaseException:
                self.unwatch(document, watcher)
                raise
        return self._known(desk)

    def unwatch(self, document: DocumentId, watcher: LeaseWatcher) -> None:
        """It hears no more; what its session holds ends after the grace. Harmless if it never did."""
        desk = self._desks.get(document)
        if desk is not None:
            desk.watchers.discard(watcher)
            self._settle(document, desk)

    async def read(self, document: DocumentId) -> Known:
        """The leases as they are now. Raises: `StoreUnavailable`."""
        return Known((await self._leases.read(document)).live(), self._bus.is_reachable)

    async def change(self, document: DocumentId, decide: Decide) -> Known:
        """Do what `decide` decides; who watches is told before this returns.

        Raises: what `decide` raises, DesignError(NOT_FOUND); `StoreUnavailable`, after which it may
        have been done all the same: whoever asks again is told how it is.
        """
        try:
            change = await self._leases.change(document, decide)
        except OutcomeUnknown as error:
            self.look_again(document)
            raise StoreUnavailable(str(error)) from error
        await self._took(document, change)
        return Known(change.table, self._bus.is_reachable)

    async def tell(self, document: DocumentId, person: str, notice: Notice) -> None:
        """Tell all connections of a person that watch the document, on every node."""
        self._pass_on(document, person, notice)
        await self._publish(document, 0, [(person, notice)])

    def __len__(self) -> int:
        """How many leases are known here."""
        return sum(len(desk.table.leases) for desk in self._desks.values() if desk.table)

    # -- telling -----------------------------------------------------------------------------------

    async def _took(self, document: DocumentId, change: Change) -> None:
        news = [(event.holder, _notice(event)) for event in change.events if _is_loss(event)]
        desk = self._desks.get(document)
        if desk is not None:
            self._learn(document, desk, change.table)
        for person, notice in news:
            self._pass_on(document, person, notice)
        if change.events:
            await self._publish(document, change.table.epoch, news)

    def _learn(self, document: DocumentId, desk: _Desk, table: LeaseTable) -> None:
        """Tell all if it is news; take the time of the next end."""
        old, was_failing = desk.table, desk.is_failing
        if old is not None and table.epoch < old.epoch:
            return
        desk.table, desk.is_failing = table, False
        desk.read_at = asyncio.get_running_loop().time()
        if old is None or old.epoch != table.epoch:
            for room in tuple(desk.rooms):
                room.leases_are(document, table)
        if old is None or was_failing or _ends(old) != _ends(table):
            self._show(document, desk)
        self._time(document, desk, table)

    def _time(self, document: DocumentId, desk: _Desk, table: LeaseTable) -> None:
        if desk.timer is not None:
            desk.timer.cancel()
            desk.timer = None
        if table.leases:
            wait = max(0, min(lease.expires for lease in table) - table.now) / 1_000
            loop = asyncio.get_running_loop()
            desk.timer = loop.call_later(wait + 0.005, self.look_again, document)

    def _show(self, document: DocumentId, desk: _Desk) -> None:
        known = self._known(desk)
        for watcher in tuple(desk.watchers):
            watcher.leases_known(document, known)

    def _known(self, desk: _Desk) -> Known:
        is_sure = desk.table is not None and not desk.is_failing and self._bus.is_reachable
        return Known(desk.table or LeaseTable(), is_sure)

    def _pass_on(self, document: DocumentId, person: str, notice: Notice) -> None:
        desk = self._desks.get(document)
        for watcher in tuple(desk.watchers) if desk is not None else ():
            if watcher.holder[0] == person:
                watcher.lease_news(document, notice)

    def _now(self, desk: _Desk) -> int:
        """About what the database's clock says."""
        assert desk.table is not None
        passed = asyncio.get_running_loop().time() - desk.read_at
        return desk.table.now + int(passed * 1_000)

    def _settle(self, document: DocumentId, desk: _Desk) -> None:
        if desk.rooms or desk.watchers:
            return
        if desk.timer is not None:
            desk.timer.cancel()
        self._desks.pop(document, None)
        self._due.pop(document, None)

    # -- tending -----------------------------------------------------------------------------------

    async def _tend(self, document: DocumentId, desk: _Desk) -> None:
        """Keep alive what is held here, end what is over, read the rest. Raises: DesignError."""
        edited, gone = frozenset(desk.edited), frozenset(desk.gone)
        sessions = frozenset(watcher.holder[1] for watcher in desk.watchers)
        try:
            table = await self._leases.read(document)
            change = Change(table)
            if table.leases and (edited or gone or _needs(table, sessions, self.terms)):
                rule = partial(tend, sessions=sessions, edited=edited, gone=gone, terms=self.terms)
                change = await self._leases.change(document, rule)
        except (StoreUnavailable, OutcomeUnknown):
            if not desk.is_failing:
                desk.is_failing = True
                self._show(document, desk)
            return
        desk.edited -= edited
        desk.gone -= gone
        await self._took(document, change)

    async def _work(self) -> None:
        """Tend what is due. Runs until cancelled."""
        while True:
            await self._has_due.wait()
            self._has_due.clear()
            while self._due:
                document = next(iter(self._due))
                del self._due[document]
                desk = self._desks.get(document)
                if desk is None:
                    continue
                try:
                    await self._tend(document, desk)
                except DesignError:
                    pass  # a document that is not there has no leases
                except Exception:
                    _log.exception("%s: the leases cannot be tended", document)

    async def _beat(self) -> None:
        """Everything that somebody watches, three times in a grace. Runs until cancelled."""
        while True:
            await asyncio.sleep(self.terms.grace / 3_000)
            for document, desk in tuple(self._desks.items()):
                if desk.watchers or desk.edited:
                    self.look_again(document)

    async def _mind(self) -> None:
        """What others keep alive, what fails, and whether the other nodes can be heard."""
        looked = 0.0
        while True:
            await asyncio.sleep(_MIND_SECONDS)
            is_reachable = self._bus.is_reachable
            has_turned = is_reachable != self._was_reachable
            self._was_reachable = is_reachable
            now = asyncio.get_running_loop().time()
            is_time = now - looked >= _LOOK_SECONDS
            looked = now if is_time else looked
            for document, desk in tuple(self._desks.items()):
                if has_turned:
                    self._show(document, desk)
                if desk.is_failing or (is_reachable and has_turned):
                    self.look_again(document)
                elif is_time and desk.table is not None and desk.table.leases:
                    if any(lease.holder.session not in desk.sessions for lease in desk.table):
                        self.look_again(document)

    # -- other nodes -------------------------------------------------------------------------------

    async def _publish(
        self, document: DocumentId, epoch: int, news: Sequence[tuple[str, Notice]]
    ) -> None:
        told = [[person, each.code, each.message, each.details] for person, each in news]
        try:
            payload = pack([self._node, *document, epoch, told])
            await self._bus.publish(LEASES, payload)
        except Exception as error:
            _log.warning("%s: other nodes are not told of leases: %r", document, error)

    async def _hear(self) -> None:
        while True:
            try:
                async for payload in self._bus.subscribe(LEASES):
                    try:
                        self._heard(payload)
                    except (DesignError, ValueError, TypeError):
                        _log.warning("a hint about leases cannot be read: %.100r", payload)
            except Exception:
                _log.exception("nothing is heard of other nodes' leases")
            await asyncio.sleep(_MIND_SECONDS)

    def _heard(self, payload: bytes) -> None:
        node, tenant, collection, id, epoch, news = unpack(payload)
        document = DocumentId(tenant, collection, id)
        desk = self._desks.get(document)
        if node == self._node or desk is None:
            return
        if epoch and (desk.table is None or epoch > desk.table.epoch):
            self.look_again(document)
        for person, code, message, details in news:
            self._pass_on(document, person, Notice(code, message, details))


def _needs(table: LeaseTable, sessions: frozenset[str], terms: Terms) -> bool:
    """Whether there is something to keep alive, or to end."""
    return any(
        lease.holder.session in sessions or is_over(lease, table.now, terms) for lease in table
    )


def _ends(table: LeaseTable) -> list[tuple[int, str, int]]:
    """All of a table that people are shown: a beat alone changes nothing of it."""
    return [(lease.token, lease.element, lease.until) for lease in table]


def _is_loss(event: LeaseEvent) -> bool:
    return event.what in (What.TAKEN_OVER, What.ENDED)


def _notice(event: LeaseEvent) -> Notice:
    """What the holder is told who has lost a lease."""
    details: dict[str, Any] = {"element": event.element}
    if event.what is What.TAKEN_OVER:
        details |= {"by": event.by, "reason": event.reason}
        return Notice("lease-taken-over", "What you had locked was taken over.", details)
    message = {
        "idle": "Your lock has ended: you had not edited for a while.",
        "deleted": "Your lock has ended: what you had locked was deleted.",
    }.get(event.why, "Your lock has ended: you were not connected.")
    return Notice("lease-ended", message, {**details, "why": event.why})
