"""All open rooms of a node: opened when asked for, closed when nobody uses them."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Self

from ..document.versioned import Edit, Snapshot, Why
from ..errors import Code, DesignError
from ..leases.lease import LeaseTable
from ..policy.roles import Within
from ..ports import DocumentId, StoreUnavailable
from ..protocol.packed import unpack
from ..room.effects import Acked, Answer, Delivery, Lost, Refused
from ..room.events import Fetch, LeasesKnown, RemoteHead, Submit, Subscribe, Unsubscribe
from ..room.kind import Kind
from .meters import Meters
from .room_task import HEADS, Node, Peer, RoomTask

__all__ = ["MOST_ROOMS", "Rooms"]

_log = logging.getLogger("coweave.rooms")

MOST_ROOMS: Final = 10_000
"""Open at once on one node."""

_LISTEN_RETRY_SECONDS: Final = 1.0


class Rooms:
    """The rooms of one node. An async context manager that owns all their tasks.

    Leaving it stops in this order (the doors have closed before): 1. take nothing new; 2. finish
    what was submitted, for at most `stop_seconds`; 3. tell those who are left to come again;
    4. give back the locks; 5. end the tasks. The committer and the store are closed after it.

    Args:
        kinds: how documents behave, by collection.
        max_rooms: open at once; then the one that was opened first and is unused makes place.
        idle_seconds: how long an unused room stays open.
        ask_seconds: how long `submit` and `snapshot` wait for their answer.
        watch_seconds: how often rooms compare their versions with the store's, where other nodes
            write to it as well; None: nobody else does.
    """

    def __init__(
        self,
        node: Node,
        kinds: Mapping[str, Kind],
        *,
        max_rooms: int = MOST_ROOMS,
        idle_seconds: float = 60.0,
        ask_seconds: float = 30.0,
        stop_seconds: float = 10.0,
        watch_seconds: float | None = None,
    ) -> None:
        self._node = node
        self._kinds = kinds
        self._max_rooms = max_rooms
        self._idle_seconds = idle_seconds
        self._ask_seconds = ask_seconds
        self._stop_seconds = stop_seconds
        self._watch_seconds = watch_seconds
        self._open: dict[DocumentId, RoomTask] = {}
        self._running: dict[RoomTask, asyncio.Task[None]] = {}
        self._visited: dict[str, set[RoomTask]] = {}  # by connection
        self._tasks = asyncio.TaskGroup()
        self._services: list[asyncio.Task[None]] = []
        self._is_stopping = False
        # Server commands are one source of ops, new with each start, so that no number comes twice.
        self._src = f"server-{secrets.token_hex(8)}"
        self._seq = 0
        self._asked = 0

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._services = [
            self._tasks.create_task(self._listen(), name="rooms-listen"),
            self._tasks.create_task(self._sweep(), name="rooms-sweep"),
        ]
        if self._watch_seconds is not None:
            watch = self._watch(self._watch_seconds)
            self._services.append(self._tasks.create_task(watch, name="rooms-watch"))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_stopping = True
        for service in self._services:
            service.cancel()
        await self._stop_rooms()
        await self._tasks.__aexit__(None, None, None)

    # -- what doors ask ----------------------------------------------------------------------------

    async def send(
        self, document: DocumentId, peer: Peer, event: Submit | Subscribe | Fetch | Unsubscribe
    ) -> None:
        """Give `event` (whose `conn` is `peer.id`) to the document's room, opening it if need be.

        The answer comes to `peer.deliver`; `Lost` if there can be none. Waits while the room's
        mailbox is full, so that a door stops reading. Cancelled while it waits: nothing was given.
        """
        while True:
            try:
                room = self._room(document)
            except DesignError as error:
                peer.deliver(document, (Lost(error),))
                return
            self._visited.setdefault(peer.id, set()).add(room)
            if await room.put(peer, event):
                return

    async def leave(self, peer: Peer) -> None:
        """The connection is gone: its subscriptions end; what it submitted goes on."""
        for room in self._visited.pop(peer.id, ()):
            room.leave(peer.id)

    async def submit(
        self,
        document: DocumentId,
        edit: Edit,
        author: str,
        *,
        bulk: bool = True,
        base: int | None = None,
        why: Why | None = None,
        within: Within | None = None,
        is_merge: bool = False,
    ) -> int:
        """A server command: commit `edit`, made on version `base` (None: whatever is current).

        `why` is kept beside it (`versioned.why_of`). `within`: the pages that the author may edit,
        as `Access.check` says (None: everything). `is_merge`: refused as STALE where anything that
        it relies on has changed since `base`; it may change a protected design.

        Returns: the version after it. Raises: DesignError with the reason of the refusal, or
        UNAVAILABLE if there is no answer in time; the edit may be committed all the same then, as
        it may when the caller is cancelled.
        """
        self._seq += 1
        acked = await self._ask(
            document,
            lambda conn: Submit(
                conn,
                self._src,
                self._seq,
                base,
                edit,
                author,
                self._node.clock(),
                bulk,
                why=why,
                within=within,
                is_merge=is_merge,
            ),
        )
        assert isinstance(acked, Acked)
        return acked.op.version + 1

    def know_leases(self, document: DocumentId, table: LeaseTable) -> None:
        """Who holds what, and whether it is protected, as it is now; for a room that is open."""
        room = self._open.get(document)
        if room is not None:
            room.tell(LeasesKnown(table))

    async def snapshot(self, document: DocumentId) -> Snapshot:
        """The committed state now; it must not be changed. Raises: DesignError(UNAVAILABLE)."""
        answer = await self._ask(document, lambda conn: Fetch(conn, None))
        assert isinstance(answer, Answer)
        return answer.snapshot

    @property
    def ready(self) -> bool:
        """Whether no open room waits for the store."""
        return not self._is_stopping and not any(room.is_failing for room in self._open.values())

    def __len__(self) -> int:
        """How many rooms are open."""
        return len(self._open)

    @property
    def waiting(self) -> int:
        """How many requests wait in the mailboxes of all rooms."""
        return sum(room.waiting for room in self._open.values())

    @property
    def meters(self) -> Meters:
        """What the rooms have counted."""
        return self._node.meters

    async def _ask(
        self, document: DocumentId, event_of: Callable[[str], Submit | Fetch]
    ) -> Acked | Answer:
        self._asked += 1
        asker = _Asker(f"ask-{self._asked}")
        try:
            async with asyncio.timeout(self._ask_seconds):
                await self.send(document, asker, event_of(asker.id))
                return await asker.answer
        except TimeoutError:
            raise DesignError(
                Code.UNAVAILABLE, "The database does not answer; please try again."
            ) from None
        finally:
            await self.leave(asker)

    # -- opening and closing -----------------------------------------------------------------------

    def _room(self, document: DocumentId) -> RoomTask:
        """The open room. Raises: DesignError(UNAVAILABLE, OVERLOADED)."""
        room = self._open.get(document)
        if room is not None and not room.is_closed:
            return room
        if self._is_stopping:
            raise DesignError(Code.UNAVAILABLE, "The server is stopping.")
        self._make_place()
        room = RoomTask(self._node, document, self._kinds[document.collection])
        self._open[document] = room
        self._running[room] = self._tasks.create_task(
            self._run(room), name=f"room {document.collection}/{document.id}"
        )
        return room

    def _make_place(self) -> None:
        if len(self._open) < self._max_rooms:
            return
        for room in self._open.values():
            if room.close_if_unused():
                self._forget(room)
                return
        raise DesignError(Code.OVERLOADED, "Too many designs are open on this server.")

    async def _run(self, room: RoomTask) -> None:
        try:
            await room.run()
        except Exception:
            _log.exception("room %s ended by a fault", room.document)
        finally:
            self._forget(room)
            del self._running[room]

    def _forget(self, room: RoomTask) -> None:
        if self._open.get(room.document) is room:
            del self._open[room.document]
        for conn in room.peers:
            visited = self._visited.get(conn)
            if visited is not None:
                visited.discard(room)

    async def _sweep(self) -> None:
        """Close rooms that nobody has used for a while. Runs until cancelled."""
        while True:
            await asyncio.sleep(self._idle_seconds / 4)
            limit = asyncio.get_running_loop().time() - self._idle_seconds
            for room in list(self._open.values()):
                if room.last_used < limit and room.close_if_unused():
                    self._forget(room)

    async def _stop_rooms(self) -> None:
        rooms = dict(self._running)
        for room in rooms:
            room.stop()
        if rooms:
            await asyncio.wait(rooms.values(), timeout=self._stop_seconds)
        for room, task in rooms.items():
            if not task.done():
                _log.warning("%s has not finished in time", room.document)
                task.cancel()

    # -- other nodes -------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Tell rooms what other nodes have committed. Runs until cancelled."""
        while True:
            try:
                async for payload in self._node.bus.subscribe(HEADS):
                    node, tenant, collection, id, version = unpack(payload)
                    room = self._open.get(DocumentId(tenant, collection, id))
                    if room is not None and node != self._node.name:
                        room.tell(RemoteHead(version))
            except Exception:
                _log.exception("nothing is heard of other nodes")
            await asyncio.sleep(_LISTEN_RETRY_SECONDS)

    async def _watch(self, seconds: float) -> None:
        """Notice what the bus has lost: nobody stays behind (B5). Runs until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            rooms = [room for room in self._open.values() if room.is_loaded]
            try:
                versions = await self._node.store.versions([room.document for room in rooms])
            except StoreUnavailable:
                continue
            except Exception:
                _log.exception("the versions of open documents cannot be compared")
                continue
            for room in rooms:
                version = versions.get(room.document, 0)
                if version > room.version:
                    room.tell(RemoteHead(version))


class _Asker:
    """A peer that waits for one answer."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.answer: asyncio.Future[Acked | Answer] = asyncio.get_running_loop().create_future()

    def deliver(self, document: DocumentId, deliveries: tuple[Delivery, ...]) -> None:
        for delivery in deliveries:
            if self.answer.done():
                return
            if isinstance(delivery, Acked | Answer):
                self.answer.set_result(delivery)
            elif isinstance(delivery, Refused | Lost):
                self.answer.set_exception(delivery.error)
