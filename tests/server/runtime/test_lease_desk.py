"""The desks of two nodes over one store of leases: who is told, what is kept alive, what ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest

from server.bus.memory import MemoryBus
from server.leases.lease import Holder, LeaseTable, Terms
from server.leases.rules import Change, Take, release, take
from server.ports import Decide, DocumentId, OutcomeUnknown, StoreUnavailable
from server.protocol.packed import pack
from server.room.effects import Notice
from server.runtime.lease_desk import LEASES, Known, LeaseDesk
from server.store.leases import MemoryLeases

CLAIMS = DocumentId("acme", "designs", "claims")
TERMS = Terms(idle=60_000, grace=2_000)  # longer than a pause of the whole process
ADA, BEN = Holder("ada", "tab-a"), Holder("ben", "tab-b")
TEXT = "components/text"


class Leases(MemoryLeases):
    """Can be away."""

    def __init__(self) -> None:
        super().__init__(lambda document: True)
        self.fault: Exception | None = None

    async def change(self, document: DocumentId, decide: Decide) -> Change:
        if self.fault is not None:
            raise self.fault
        return await super().change(document, decide)

    async def read(self, document: DocumentId) -> LeaseTable:
        if self.fault is not None:
            raise self.fault
        return await super().read(document)


class Bus(MemoryBus):
    """Can be cut off: what is published then is lost."""

    is_cut = False

    @property
    def is_reachable(self) -> bool:
        return not self.is_cut

    async def publish(self, channel: str, payload: bytes) -> None:
        if not self.is_cut:
            await super().publish(channel, payload)


class Watcher:
    def __init__(self, holder: Holder) -> None:
        self.holder = holder
        self.states: list[Known] = []
        self.news: list[Notice] = []
        self._heard = asyncio.Event()

    def leases_known(self, document: DocumentId, known: Known) -> None:
        self.states.append(known)
        self._heard.set()

    def lease_news(self, document: DocumentId, notice: Notice) -> None:
        self.news.append(notice)
        self._heard.set()

    async def until(self, wanted: Callable[[Watcher], object]) -> None:
        async with asyncio.timeout(20):
            while not wanted(self):
                self._heard.clear()
                await self._heard.wait()

    def holders(self) -> list[str]:
        return [lease.holder.principal for lease in self.states[-1].table] if self.states else []


class Room:
    def __init__(self) -> None:
        self.tables: list[LeaseTable] = []

    def leases_are(self, document: DocumentId, table: LeaseTable) -> None:
        self.tables.append(table)


Two = tuple[LeaseDesk, LeaseDesk, Leases, Bus]


@pytest.fixture
async def two() -> AsyncIterator[Two]:
    leases, bus = Leases(), Bus()
    async with (
        LeaseDesk(leases, bus, "node-1", TERMS) as one,
        LeaseDesk(leases, bus, "node-2", TERMS) as other,
    ):
        await asyncio.sleep(0)  # both begin to listen
        yield one, other, leases, bus
    await bus.close()


def taking(holder: Holder, *elements: str, over: bool = False) -> Decide:
    wish = Take(holder, frozenset(elements or (TEXT,)), over=over, reason="why")
    return partial(take, wish=wish, terms=TERMS, above=lambda _: ())


def giving(holder: Holder) -> Decide:
    return partial(release, holder=holder, elements=None, terms=TERMS)


async def test_C5_watchers_and_rooms_of_both_nodes_are_told(two: Two) -> None:
    one, other, _, _ = two
    ada, ben, room, far = Watcher(ADA), Watcher(BEN), Room(), Room()
    assert (await one.watch(CLAIMS, ada)).is_sure
    await other.watch(CLAIMS, ben)
    one.follow(CLAIMS, room)
    other.follow(CLAIMS, far)
    await one.change(CLAIMS, taking(ADA))
    assert ada.holders() == ["ada"]  # at once
    assert [lease.element for lease in room.tables[-1]] == [TEXT]
    await ben.until(lambda w: w.holders() == ["ada"])
    assert far.tables[-1].epoch == room.tables[-1].epoch
    await other.change(CLAIMS, taking(BEN, over=True))
    await ada.until(lambda w: w.holders() == ["ben"] and w.news)
    assert [notice.code for notice in ada.news] == ["lease-taken-over"]
    assert ada.news[0].details == {"element": TEXT, "by": "ben", "reason": "why"}
    assert ben.news == []


async def test_LE6_a_session_is_kept_alive_as_long_as_it_watches(two: Two) -> None:
    one, other, leases, _ = two
    ada, ben = Watcher(ADA), Watcher(BEN)
    await one.watch(CLAIMS, ada)
    await other.watch(CLAIMS, ben)
    await one.change(CLAIMS, taking(ADA))
    begun = leases.table(CLAIMS).now
    await ben.until(lambda w: w.holders() == ["ada"])
    while leases.table(CLAIMS).now < begun + 3 * TERMS.grace:
        assert leases.table(CLAIMS).live().get(TEXT) is not None
        await asyncio.sleep(0.02)
    one.unwatch(CLAIMS, ada)
    await ben.until(lambda w: w.holders() == [])
    (event, *_) = await leases.events(CLAIMS, None, 1)
    assert event.why == "disconnected"


async def test_LE6_edits_are_told_to_the_store(two: Two) -> None:
    one, _, leases, _ = two
    ada = Watcher(ADA)
    await one.watch(CLAIMS, ada)
    (lease,) = (await one.change(CLAIMS, taking(ADA))).table
    while leases.table(CLAIMS).now <= lease.until - TERMS.idle:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    one.note_use(CLAIMS, frozenset({("ada", TEXT)}), frozenset())
    await ada.until(lambda w: [each.until for each in w.states[-1].table] > [lease.until])
    one.note_use(CLAIMS, frozenset(), frozenset({TEXT}))
    await ada.until(lambda w: w.holders() == [])
    assert ada.news[-1].details == {"element": TEXT, "why": "deleted"}


async def test_C3_unknown_while_the_store_does_not_answer(two: Two) -> None:
    one, _, leases, _ = two
    ada = Watcher(ADA)
    await one.watch(CLAIMS, ada)
    await one.change(CLAIMS, taking(ADA))
    leases.fault = StoreUnavailable("away")
    one.look_again(CLAIMS)
    await ada.until(lambda w: not w.states[-1].is_sure)
    assert ada.holders() == ["ada"]
    with pytest.raises(StoreUnavailable):
        await one.change(CLAIMS, giving(ADA))
    leases.fault = OutcomeUnknown("who knows")
    with pytest.raises(StoreUnavailable):
        await one.change(CLAIMS, giving(ADA))
    leases.fault = None
    await ada.until(lambda w: w.states[-1].is_sure)


async def test_C3_unknown_while_the_other_nodes_cannot_be_heard(two: Two) -> None:
    one, other, _, bus = two
    ada, ben = Watcher(ADA), Watcher(BEN)
    await one.watch(CLAIMS, ada)
    await other.watch(CLAIMS, ben)
    bus.is_cut = True
    await ben.until(lambda w: w.states and not w.states[-1].is_sure)
    await one.change(CLAIMS, taking(ADA))  # the hint is lost
    assert (await other.read(CLAIMS)).table.leases
    bus.is_cut = False
    await ben.until(lambda w: w.states[-1].is_sure and w.holders() == ["ada"])


async def test_a_lost_hint_is_made_up_for(two: Two) -> None:
    """Where something is held, what another node does is seen soon all the same."""
    one, other, _, bus = two
    ada, ben = Watcher(ADA), Watcher(BEN)
    await one.watch(CLAIMS, ada)
    await other.watch(CLAIMS, ben)
    await one.change(CLAIMS, taking(ADA))
    await ben.until(lambda w: w.holders() == ["ada"])
    publish, bus.publish = bus.publish, lambda *_: asyncio.sleep(0)  # type: ignore[assignment, method-assign]
    await one.change(CLAIMS, giving(ADA))
    await ben.until(lambda w: w.holders() == [])
    bus.publish = publish  # type: ignore[method-assign]


async def test_what_is_no_hint_is_passed_over(two: Two) -> None:
    one, _, _, bus = two
    ada = Watcher(ADA)
    await one.watch(CLAIMS, ada)
    for payload in (b"", b"[]", b"{}", b"null", b"\xff", pack(["x", 1, 2])):
        await bus.publish(LEASES, payload)
    hint = ["another node", *CLAIMS, 0, [["ada", "lease-asked", "hear me", {}]]]
    await bus.publish(LEASES, pack(hint))
    await ada.until(lambda w: w.news)
    assert ada.news.pop().message == "hear me"
    await one.tell(CLAIMS, "ada", Notice("lease-asked", "please", {}))
    assert [notice.code for notice in ada.news] == ["lease-asked"]
    await one.change(CLAIMS, taking(ADA))
    assert ada.holders() == ["ada"]


async def test_nothing_is_kept_of_a_document_that_nobody_has_open(two: Two) -> None:
    one, _, _, _ = two
    ada, room = Watcher(ADA), Room()
    one.follow(CLAIMS, room)
    await one.watch(CLAIMS, ada)
    await one.change(CLAIMS, taking(ADA))
    assert len(one) == 1
    one.unwatch(CLAIMS, ada)
    one.unwatch(CLAIMS, ada)
    one.unfollow(CLAIMS, room)
    assert len(one) == 0
    await one.change(CLAIMS, giving(ADA))
    assert ada.holders() == ["ada"]
