"""One open room: the task that owns it, reads its mailbox and carries out what it wants done."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any, Final, Protocol

from ..errors import Code, DesignError
from ..leases.lease import LeaseTable
from ..ports import (
    Bus,
    Clock,
    Commit,
    Committed,
    DocumentId,
    Locks,
    NewOp,
    OutcomeUnknown,
    Overtaken,
    Store,
    StoreUnavailable,
)
from ..protocol.packed import pack
from ..room.core import Room
from ..room.effects import (
    AskLocks,
    Broadcast,
    CommitBatch,
    Deliver,
    Delivery,
    Effect,
    FindOps,
    LeasesMoved,
    LeasesUsed,
    Lost,
    Publish,
    ReadOps,
    Refused,
    ReleaseLocks,
    Retry,
    SaveMilestone,
    Snapshot,
)
from ..room.events import (
    CommitFailed,
    CommitOvertaken,
    CommitSucceeded,
    CommitUnknown,
    Event,
    Fetch,
    LeasesKnown,
    Leave,
    LocksGranted,
    OpsFound,
    OpsRead,
    ReadFailed,
    Resume,
    Submit,
    Subscribe,
    Turn,
    Unsubscribe,
)
from ..room.kind import Kind
from ..room.limits import RoomLimits
from .committer import Outcome
from .history import milestone_of
from .lease_watch import LeaseWatch, Unwatched
from .loading import Damaged, load_room
from .mailbox import Mailbox
from .meters import Meters

__all__ = ["HEADS", "MAILBOX_EVENTS", "Commits", "Node", "Peer", "RoomTask"]

HEADS: Final = "heads"
"""The channel on which nodes tell each other what they committed."""

_log = logging.getLogger("coweave.room")

MAILBOX_EVENTS: Final = 1_024
"""Edits that wait for a room, and as many reads."""

_LOAD_RETRY_SECONDS: Final = 0.2
_BUSY_WRITERS: Final = 4
_GATHER_SECONDS: Final = 0.001
_MOST_GATHER_SECONDS: Final = 0.005
"""Where so many wrote in the last two batches, the next one waits for them this long, or as long as
the last commit took (who came too late would wait that long), so that they share it. Each reader
costs a write per batch, whatever it holds: without this a busy room falls into groups that take
turns, at two or three times the cost."""

_MAX_CRASHES: Final = 3
"""In a row; then the room is given up and its connections come again."""


class Peer(Protocol):
    """A connection, as rooms see it."""

    id: str

    def deliver(self, document: DocumentId, deliveries: tuple[Delivery, ...]) -> None:
        """Take what a room tells. Never blocks, never raises: the peer bounds its own outbox."""
        ...


class Commits(Protocol):
    """What rooms need of the committer."""

    def begin(self, commit: Commit, tell: Callable[[Outcome], None]) -> None: ...


@dataclass(frozen=True, slots=True)
class Node:
    """What all rooms of a node share. The adapters bound their own waits."""

    name: str  # unique among the nodes: the owner of its locks
    store: Store
    commits: Commits
    locks: Locks
    bus: Bus
    clock: Clock
    leases: LeaseWatch = field(default_factory=Unwatched)
    limits: RoomLimits = field(default_factory=RoomLimits)
    meters: Meters = field(default_factory=Meters)
    mailbox_events: int = MAILBOX_EVENTS
    load_seconds: float = 10.0  # for as long a store that does not answer is asked again


class RoomTask:
    """One document, opened on demand. `run` is the task; everything else may be called beside it.

    The room is loaded by the task before it looks into its mailbox, so nobody is ever shown a
    document that is not loaded (B8), and all who ask meanwhile share the load.
    """

    def __init__(self, node: Node, document: DocumentId, kind: Kind) -> None:
        self.document = document
        self.peers: dict[str, Peer] = {}
        self.is_closed = False
        self.last_used = 0.0
        """Loop time at which somebody last asked for something."""
        self._node = node
        self._kind = kind
        self._mailbox = Mailbox(node.mailbox_events)
        self._room: Room | None = None
        self._told = 0  # the version up to which subscribers were told
        self._tasks = asyncio.TaskGroup()
        self._retry: asyncio.TimerHandle | None = None
        self._is_saving = False
        self._is_stopping = False
        self._is_load_failing = False
        self._is_lockless = False
        self._writers: set[str] = set()  # the connections of the last batch
        self._former_writers: set[str] = set()  # and of the one before
        self._commit_seconds = 0.0  # what its commit took
        self._crashes = 0
        self._raised: dict[tuple[str, int], int] = {}
        self._handling: Event | None = None
        self._committed: tuple[NewOp, ...] = ()
        """The ops of the commit that was answered last."""
        self._asked_again: Event | None = None
        # Answers for a room that was lost are known by their number and dropped.
        self._generation = 0

    # -- beside the task ---------------------------------------------------------------------------

    async def put(self, peer: Peer, event: Submit | Subscribe | Fetch | Unsubscribe) -> bool:
        """Queue what `peer` asks; False if the room has closed meanwhile.

        Waits while the mailbox is full. Cancelled while it waits: nothing was queued.
        """
        self.peers[peer.id] = peer
        self.last_used = asyncio.get_running_loop().time()
        return await self._mailbox.put(event)

    def leave(self, conn: str) -> None:
        """The connection is gone. What it submitted goes on."""
        if self.peers.pop(conn, None) is not None:
            self._mailbox.post(Leave(conn))

    def leases_are(self, document: DocumentId, table: LeaseTable) -> None:
        """Who holds what here."""
        self._mailbox.post(LeasesKnown(table))

    def tell(self, event: Event) -> None:
        """Queue news that no connection asked for."""
        self._mailbox.post(event)

    @property
    def is_loaded(self) -> bool:
        """Whether there is a state to be shown."""
        return self._room is not None

    @property
    def version(self) -> int:
        """The version up to which subscribers were told."""
        return self._told

    @property
    def waiting(self) -> int:
        """How many requests wait for this room."""
        return len(self._mailbox)

    @property
    def is_failing(self) -> bool:
        """Whether the store could not answer or commit when this room last asked."""
        return self._is_load_failing or (self._room is not None and self._room.is_failing)

    def close_if_unused(self) -> bool:
        """Close at once if nobody uses the room and nothing is under way."""
        room = self._room
        if room is None or not room.is_unused or not self._mailbox.is_empty or self._is_saving:
            return False
        self._close(set())
        return True

    def stop(self) -> None:
        """Finish what was submitted, then close. `run` returns when that is done."""
        self._is_stopping = True
        self._mailbox.post(Turn())

    # -- the task ----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Load the document and serve it until it closes. Does not raise.

        Cancelled: what is under way stays unanswered; a commit that is on its way may be durable.
        """
        try:
            async with self._tasks:
                self._room = await self._load()
                if self._room is not None:
                    self._node.leases.follow(self.document, self)
                    await self._serve()
                self._close(self._owed(self._room))
        finally:
            self._node.leases.unfollow(self.document, self)
            if self._retry is not None:
                self._retry.cancel()
            self._close(self._owed(self._room))
            await self._release()

    async def _load(self) -> Room | None:
        """The room; None after the store has not answered for `load_seconds`, or on damage."""
        deadline = asyncio.get_running_loop().time() + self._node.load_seconds
        while True:
            try:
                room = await load_room(
                    self._node.store, self.document, self._kind, self._node.limits
                )
            except StoreUnavailable as error:
                self._is_load_failing = True
                late = asyncio.get_running_loop().time() >= deadline
                if late or self._is_stopping:
                    _log.warning("%s cannot be loaded: %s", self.document, error)
                    return None
                await asyncio.sleep(_LOAD_RETRY_SECONDS)
            except Damaged as error:
                _log.error("%s is damaged: %s", self.document, error)
                return None
            except Exception:
                _log.exception("%s cannot be loaded", self.document)
                return None
            else:
                self._is_load_failing = False
                self._told = room.version
                return room

    async def _serve(self) -> None:
        while not self.is_closed:
            try:
                await self._work()
            except Exception as error:
                if not await self._reload(error):
                    return

    async def _work(self) -> None:
        """Wait for something to do, and do all that has queued."""
        room, mailbox = self._room, self._mailbox
        assert room is not None
        if self._is_stopping and not room.unanswered and mailbox.is_empty:
            self._close(self._owed(room))
            return
        await mailbox.wait(for_submits=room.takes_submits)
        while (event := mailbox.take()) is not None:
            if isinstance(event, Exception):
                raise event
            if self._is_wanted(event):
                await self._handle(event)
                if isinstance(event, Subscribe | Fetch):
                    await asyncio.sleep(0)  # an answer may be large, and many may have asked
        if room.takes_submits:
            await self._gather()
            submits = mailbox.take_submits(self._node.limits.batch_ops)
            for submit in submits:
                room.handle(submit)
            if submits:
                self._former_writers = self._writers
                self._writers = {submit.conn for submit in submits}
                await self._handle(Turn())

    async def _gather(self) -> None:
        """Wait for those who write here at the moment, if they are many."""
        count = len(self._writers | self._former_writers)
        if _BUSY_WRITERS <= count and 0 < self._mailbox.submits < count and not self._is_stopping:
            seconds = min(max(_GATHER_SECONDS, self._commit_seconds), _MOST_GATHER_SECONDS)
            await self._mailbox.wait_for_submits(count, seconds)

    def _is_wanted(self, event: Event) -> bool:
        """Whether whoever asked is still there to be answered."""
        return not isinstance(event, Subscribe | Fetch | Unsubscribe) or event.conn in self.peers

    async def _handle(self, event: Event) -> None:
        room = self._room
        assert room is not None
        self._handling = event
        started = perf_counter()
        effects = room.handle(event)
        if effects and isinstance(effects[-1], CommitBatch):
            self._node.meters.judging.observe(perf_counter() - started)
        told = 0.0
        for effect in effects:
            if isinstance(effect, Deliver):
                self._deliver(effect.conn, effect.deliveries)
            elif isinstance(effect, Broadcast):
                for conn in effect.conns:
                    self._deliver(conn, effect.deliveries)
            else:
                told = told or perf_counter()
                await self._perform(effect)
        self._handling = None
        self._told = room.version
        if isinstance(event, CommitSucceeded):
            self._crashes = 0
            self._raised.clear()
            self._note_commit((told or perf_counter()) - started)

    def _note_commit(self, seconds: float) -> None:
        """A batch was told to all in `seconds`; each of its ops has come a while before that."""
        meters, now = self._node.meters, self._node.clock()
        meters.fan_out.observe(seconds)
        for op in self._committed:
            meters.ack.observe(max(0, now - op.time) / 1_000)
        meters.accepted += len(self._committed)
        self._committed = ()

    # -- effects -----------------------------------------------------------------------------------

    def _deliver(self, conn: str, deliveries: tuple[Delivery, ...]) -> None:
        peer = self.peers.get(conn)
        if peer is None:
            return
        try:
            peer.deliver(self.document, deliveries)
        except Exception:
            _log.exception("%s: connection %s cannot be told", self.document, conn)
            self.leave(conn)

    async def _perform(self, effect: Effect) -> None:
        match effect:
            case AskLocks(groups=groups):
                began = perf_counter()
                granted = await self._ask_locks(groups)
                self._node.meters.locking.observe(perf_counter() - began)
                self._node.meters.postponed += granted.count(False)
                self._mailbox.post(LocksGranted(granted))
            case ReleaseLocks(elements=elements):
                await self._release_locks(elements)
            case CommitBatch():
                self._commit(effect)
            case ReadOps() | FindOps():
                self._begin(self._read(effect, self._generation), "read")
            case Publish(version=version):
                await self._publish(version)
            case SaveMilestone(snapshot=snapshot):
                if not self._is_saving:
                    self._is_saving = True
                    self._begin(self._save(snapshot), "milestone")
            case LeasesMoved():
                self._node.leases.look_again(self.document)
            case LeasesUsed(edited=edited, gone=gone):
                self._node.leases.note_use(self.document, edited, gone)
            case Retry(after_ms=after_ms):
                if self._retry is not None:
                    self._retry.cancel()
                self._retry = asyncio.get_running_loop().call_later(
                    after_ms / 1_000, self._mailbox.post, Turn()
                )

    def _begin(self, work: Coroutine[Any, Any, None], what: str) -> None:
        self._tasks.create_task(work, name=f"{what} {self.document.id}")

    async def _ask_locks(self, groups: tuple[frozenset[str], ...]) -> tuple[bool, ...]:
        """Without the lock service, everybody goes first: the commit decides (DESIGN 5)."""
        try:
            answer = await self._node.locks.acquire(self.document, groups, self._node.name)
        except Exception as error:
            if not self._is_lockless:
                _log.warning("%s: going on without locks: %r", self.document, error)
            self._is_lockless = True
            return (True,) * len(groups)
        self._is_lockless = False
        return tuple(answer)

    async def _release_locks(self, elements: frozenset[str]) -> None:
        try:
            await self._node.locks.release(self.document, elements, self._node.name)
        except Exception as error:
            if not self._is_lockless:
                _log.warning("%s: locks are left to expire: %r", self.document, error)
            self._is_lockless = True

    async def _publish(self, version: int) -> None:
        payload = pack([self._node.name, *self.document, version])
        try:
            await self._node.bus.publish(HEADS, payload)
        except Exception as error:
            _log.warning("%s: other nodes are not told: %r", self.document, error)

    def _commit(self, effect: CommitBatch) -> None:
        commit = Commit(
            self.document, effect.base, effect.ops, effect.name, effect.leases, effect.tokens
        )
        tell = partial(self._note_outcome, effect.ops, self._generation, perf_counter())
        self._node.commits.begin(commit, tell)

    def _note_outcome(
        self, ops: tuple[NewOp, ...], generation: int, started: float, outcome: Outcome
    ) -> None:
        answer: Event | Exception
        match outcome:
            case Committed(head=head):
                self._commit_seconds = perf_counter() - started
                self._node.meters.commit.observe(self._commit_seconds)
                self._committed = ops
                answer = CommitSucceeded(head)
            case Overtaken(ops=theirs, duplicates=duplicates, leases=leases):
                self._node.meters.overtaken += bool(theirs)
                answer = CommitOvertaken(theirs, duplicates, leases)
            case StoreUnavailable():
                answer = CommitFailed()
            case OutcomeUnknown():
                answer = CommitUnknown()
            case fault:
                answer = fault
        self._answer(answer, generation)

    async def _read(self, effect: ReadOps | FindOps, generation: int) -> None:
        store = self._node.store
        answer: Event | Exception
        try:
            if isinstance(effect, ReadOps):
                start, end, most = effect.start, effect.end, self._node.limits.piece_bytes
                ops = await store.read(self.document, start, end, max_bytes=most)
                is_cut = len(ops) < end - start and sum(len(op.body) for op in ops) >= most
                answer = OpsRead(start, tuple(ops), effect.ticket, is_cut)
            else:
                found = [await store.find(self.document, src, seq) for src, seq in effect.keys]
                answer = OpsFound(tuple(found))
        except StoreUnavailable:
            answer = ReadFailed(effect.ticket if isinstance(effect, ReadOps) else 0)
        except Exception as error:
            answer = error
        self._answer(answer, generation)

    def _answer(self, answer: Event | Exception, generation: int) -> None:
        if generation == self._generation:
            self._mailbox.post(answer)

    async def _save(self, snapshot: Snapshot) -> None:
        try:
            await self._node.store.save_milestone(self.document, milestone_of(snapshot))
        except Exception as error:
            _log.warning(
                "%s: no snapshot of version %d: %r", self.document, snapshot.version, error
            )
        finally:
            self._is_saving = False

    # -- when it goes wrong ------------------------------------------------------------------------

    async def _reload(self, error: Exception) -> bool:
        """Make the room anew from the store and do again what is unanswered (RM40, RM41).

        An edit that makes a room raise twice is refused. False: the room was given up.
        """
        lost = self._room
        assert lost is not None
        _log.error("%s is loaded again after a fault", self.document, exc_info=error)
        self._crashes += 1
        self._generation += 1
        self._mailbox.forget_answers()
        submits = self._unsuspected(lost)
        await self._release()
        room = await self._load() if self._crashes <= _MAX_CRASHES else None
        if room is None:
            return False
        self._room = room
        told, self._told = self._told, room.version
        for conn, src in lost.subscribers.items():
            if conn in self.peers:
                self._mailbox.post(Resume(conn, src, told))
        for asked in lost.reading:
            self._mailbox.post(asked)
        self._ask_again()
        for submit in submits:
            room.handle(submit)
        self._mailbox.post(Turn())
        return True

    def _ask_again(self) -> None:
        """Give what a connection asked, and the room was lost over, to the new room; but once."""
        event, self._handling = self._handling, None
        if not isinstance(event, Subscribe | Fetch | Unsubscribe):
            return
        if event is self._asked_again:
            fault = DesignError(Code.UNAVAILABLE, "The server has a fault in answering this.")
            self._deliver(event.conn, (Lost(fault),))
        else:
            self._asked_again = event
            self._mailbox.post(event)

    def _unsuspected(self, lost: Room) -> Iterable[Submit]:
        suspect = lost.current
        if suspect is not None:
            key = suspect.src, suspect.seq
            self._raised[key] = self._raised.get(key, 0) + 1
            if self._raised[key] > 1:
                self._crashes = 0
                fault = DesignError(Code.UNKNOWN, "The server has a fault in handling this edit.")
                self._deliver(suspect.conn, (Refused(fault, suspect.request),))
                return [submit for submit in lost.unanswered if submit is not suspect]
        return lost.unanswered

    async def _release(self) -> None:
        if self._room is not None and self._room.held:
            await self._release_locks(self._room.held)

    def _owed(self, room: Room | None) -> set[str]:
        """The connections that wait for an answer, or for what is to come."""
        if room is None:
            return set()
        asked = [*room.unanswered, *room.reading]
        return {*room.subscribers, *(event.conn for event in asked)}

    def _close(self, owed: set[str]) -> None:
        """Take nothing more. Who is `owed`, or has asked what was not looked at, comes again."""
        if self.is_closed:
            return
        self.is_closed = True
        for event in self._mailbox.close():
            if isinstance(event, Submit | Subscribe | Fetch | Unsubscribe):
                owed.add(event.conn)
        error = DesignError(Code.UNAVAILABLE, "The design cannot be served right now.")
        for conn in owed:
            self._deliver(conn, (Lost(error),))
