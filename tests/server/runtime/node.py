"""A node around rooms for tests: a store that fails when told, peers that remember what they hear."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from server.bus.memory import MemoryBus
from server.document.versioned import TYPE, Create
from server.locks.memory import MemoryLocks
from server.ports import (
    Commit,
    Committed,
    DocumentId,
    Milestone,
    OutcomeUnknown,
    Overtaken,
    StoredOp,
    StoreUnavailable,
)
from server.room.effects import Acked, Answer, CaughtUp, Delivery, Lost, OpsSince, Refused
from server.room.events import Fetch, Submit, Subscribe, Unsubscribe
from server.room.kind import SCRATCH, Kind
from server.room.limits import RoomLimits
from server.runtime.committer import Committer
from server.runtime.registry import Rooms
from server.runtime.room_task import Node
from server.store.memory import MemoryStore

DOCUMENT = DocumentId("default", "scratch", "d1")
OTHER = DocumentId("default", "scratch", "d2")


class TrickyStore(MemoryStore):
    """Fails as long as `down` is set; `hold` keeps commits waiting; `outcomes` befall commits first."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False
        self.failed = 0
        """How often it was asked while it was down."""
        self.waiting = 0
        """Commits that `hold` keeps."""
        self.outcomes: list[str] = []
        self.reads = 0
        self.go = asyncio.Event()
        self.go.set()

    async def commit(self, commits: Sequence[Commit]) -> list[Committed | Overtaken]:
        self.waiting += 1
        await self.go.wait()
        self.waiting -= 1
        outcome = self.outcomes.pop(0) if self.outcomes and commits else None
        if self.down or outcome == "failed":
            raise StoreUnavailable("down")
        if outcome == "unknown, not done":
            raise OutcomeUnknown("cut off")
        answers = await super().commit(commits)
        if outcome == "unknown, done":
            raise OutcomeUnknown("cut off")
        return answers

    async def read(
        self,
        document: DocumentId,
        start: int,
        end: int | None = None,
        *,
        max_bytes: int | None = None,
    ) -> list[StoredOp]:
        self.reads += 1
        if self.down:
            self.failed += 1
            raise StoreUnavailable("down")
        return await super().read(document, start, end, max_bytes=max_bytes)

    async def milestone(self, document: DocumentId, version: int) -> Milestone | None:
        if self.down:
            self.failed += 1
            raise StoreUnavailable("down")
        return await super().milestone(document, version)


class Ear:
    """A peer: what it heard, and a way to wait for more."""

    def __init__(self, rooms: Rooms, id: str, *, document: DocumentId = DOCUMENT) -> None:
        self.id = id
        self.heard: list[Delivery] = []
        self._rooms = rooms
        self._document = document
        self._news = asyncio.Event()
        self._seq = 0

    def deliver(self, document: DocumentId, deliveries: tuple[Delivery, ...]) -> None:
        self.heard.extend(deliveries)
        self._news.set()

    async def until(self, enough: Callable[[list[Delivery]], Any]) -> Any:
        """Wait until `enough(heard)` is true; returns what it says."""
        async with asyncio.timeout(10):
            while not (answer := enough(self.heard)):
                self._news.clear()
                await self._news.wait()
            return answer

    async def hears(self, kind: type[Any], count: int = 1) -> Any:
        """The `count`th delivery of this kind."""
        found = await self.until(lambda heard: _of(heard, kind)[count - 1 :])
        return found[0]

    async def ask(self, event: Submit | Subscribe | Fetch | Unsubscribe) -> None:
        await self._rooms.send(self._document, self, event)

    async def subscribe(self, since: int | None = None) -> None:
        await self.ask(Subscribe(self.id, self.id, since))
        await self.until(lambda heard: _of(heard, Answer) or _of(heard, CaughtUp))

    def edit(self, base: int | None, edit: Any, *, seq: int | None = None) -> Submit:
        """A submit with the next number."""
        self._seq = seq or self._seq + 1
        return Submit(self.id, self.id, self._seq, base, edit, "author", 0, request=self._seq)

    async def submit(self, base: int | None, edit: Any) -> Acked | Refused:
        """Submit and wait for the answer."""
        event = self.edit(base, edit)
        await self.ask(event)
        return await self.until(  # type: ignore[no-any-return]
            lambda heard: next(
                (
                    told
                    for told in heard
                    if isinstance(told, Acked | Refused) and told.request == event.seq
                ),
                None,
            )
        )

    @property
    def versions(self) -> list[int]:
        versions: list[int] = []
        for told in self.heard:
            if isinstance(told, OpsSince):
                versions += [op.version for op in told.ops]
            elif isinstance(told, Acked):
                versions.append(told.op.version)
        return versions


def _of(heard: list[Delivery], kind: type[Any]) -> list[Any]:
    return [told for told in heard if isinstance(told, kind)]


@asynccontextmanager
async def running(
    store: TrickyStore,
    *,
    name: str = "one",
    kind: Kind = SCRATCH,
    locks: Any = None,
    bus: Any = None,
    load_seconds: float = 10.0,
    mailbox_events: int = 1_024,
    limits: RoomLimits | None = None,
    create: bool = True,
    **others: Any,
) -> AsyncIterator[Rooms]:
    """Rooms over `store`; `create`: with `DOCUMENT` in them, an empty object."""
    async with Committer(store, probe_seconds=0.02) as committer:
        node = Node(
            name,
            store,
            committer,
            locks or MemoryLocks(),
            bus or MemoryBus(),
            lambda: 0,
            limits=limits or RoomLimits(),
            load_seconds=load_seconds,
            mailbox_events=mailbox_events,
        )
        async with Rooms(node, {"scratch": kind}, **others) as rooms:
            if create:
                await rooms.submit(DOCUMENT, Create(TYPE, {}), "author")
            yield rooms


__all__ = ["DOCUMENT", "OTHER", "Ear", "Lost", "TrickyStore", "running"]
