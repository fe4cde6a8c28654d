"""All state of one open document. SPEC.md has the rules that the comments name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from typing import Any

from ..document.versioned import TYPE, Create, Delete, NoOp, Snapshot
from ..errors import Code, DesignError
from ..leases.lease import LeaseTable
from ..ports import StoredOp
from .batch import Batch, Entry, committed_op
from .effects import (
    Acked,
    Answer,
    AskLocks,
    Broadcast,
    CaughtUp,
    CommitBatch,
    CommittedOp,
    Deliver,
    Delivery,
    Effect,
    FindOps,
    LeasesMoved,
    LeasesUsed,
    Lost,
    OpsSince,
    Publish,
    ReadOps,
    Refused,
    ReleaseLocks,
    Retry,
    SaveMilestone,
    Unsubscribed,
)
from .events import (
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
    RemoteHead,
    Resume,
    Submit,
    Subscribe,
    Turn,
    Unsubscribe,
)
from .kind import Draft, Kind, State
from .leases import HeldElements
from .limits import RoomLimits
from .window import Window

__all__ = ["Room"]

_LOCKED_RETRY_MS = 5  # others hold their locks for milliseconds
_FAILED_RETRY_MS = (50, 100, 200, 400, 800, 1_000)  # so writes resume soon after the store is back


class _Phase(Enum):
    """What the room waits for before it can take the next batch."""

    IDLE = "nothing"
    LOCKING = "the locks of the batch"
    READING = "ops that it has not seen"
    FINDING = "ops that a create may be a resend of"
    COMMITTING = "the outcome of the commit"
    RESTING = "the time to try the same again"


class _Reader:
    """A connection that is being caught up from the store, piece by piece."""

    __slots__ = ("asked", "at")

    def __init__(self, asked: Subscribe | Fetch | Resume, at: int) -> None:
        self.asked = asked
        self.at = at


class Room:
    """One document's state, its recent ops, its subscribers and the batch under way.

    Changed only through `handle`, which takes one event and returns what is to be done, in order.
    It never waits; answers come back as later events. After an exception the room is of no use:
    make a new one from the store and hand it what `unanswered`, `reading` and `subscribers` of the
    lost one say.
    """

    def __init__(
        self,
        kind: Kind,
        snapshot: Snapshot,
        *,
        recent: Sequence[StoredOp] = (),
        milestone: int = 0,
        limits: RoomLimits | None = None,
        last_time: int = 0,
    ) -> None:
        """Open the document at `snapshot`, the head as far as is known.

        `recent` are stored ops that end there; `last_time` is that of the last op, where it is not
        among them. `milestone` is the newest version that is kept as a snapshot.
        """
        self.version = snapshot.version
        self.current: Submit | None = None
        """The submit that is being judged: it is at fault if `handle` raises."""
        self._kind = kind
        self._limits = limits or RoomLimits()
        self._state = kind.load(snapshot.data, False) if snapshot.type is not None else None
        start = recent[0].version if recent else snapshot.version
        self._window = Window(start, self._limits.batch_work, last_time)
        for stored in recent:
            self._window.append(committed_op(stored, kind))
        assert self._window.end == self.version
        self._subscribers: dict[str, str] = {}  # connection -> its src
        # Of connections that submit without being subscribed: the version up to which they have ops.
        self._sent: dict[str, int] = {}
        self._phase = _Phase.IDLE
        self._queue: list[Submit] = []
        self._batch: Batch | None = None
        self._groups: tuple[frozenset[str], ...] = ()
        self._held: frozenset[str] = frozenset()
        self._told: tuple[CommittedOp, ...] = ()  # the ops of the last batch
        self._older: list[StoredOp] = []  # read back so far, of a piece that comes in several
        self._found: dict[tuple[str, int], StoredOp | None] = {}
        self._asked: tuple[tuple[str, int], ...] = ()
        self._is_deferring = False
        self._has_looked = False
        self._remote_head = 0
        self._failures = 0
        self._readers: dict[int, _Reader] = {}
        self._last_ticket = 0
        self._leases = HeldElements(LeaseTable())  # the first commit tells if there are others
        self._milestone = milestone
        self._milestone_bytes = 0
        self._handlers: dict[type[Any], Callable[[Any], list[Effect]]] = {
            Submit: self._on_submit,
            Turn: self._on_turn,
            LocksGranted: self._on_locks_granted,
            OpsRead: self._on_ops_read,
            OpsFound: self._on_ops_found,
            ReadFailed: self._on_read_failed,
            CommitSucceeded: self._on_commit_succeeded,
            CommitOvertaken: self._on_commit_overtaken,
            CommitFailed: self._on_commit_failed,
            CommitUnknown: self._on_commit_unknown,
            RemoteHead: self._on_remote_head,
            LeasesKnown: self._on_leases_known,
            Subscribe: self._on_subscribe,
            Fetch: self._on_read,
            Resume: self._on_read,
            Unsubscribe: self._on_unsubscribe,
            Leave: self._on_leave,
        }

    def handle(self, event: Event) -> list[Effect]:
        """Take one event in. Returns what is to be done, in this order."""
        return self._handlers[type(event)](event)

    # -- what the runtime asks ---------------------------------------------------------------------

    @property
    def takes_submits(self) -> bool:
        """Whether submits given now are worked on at the next `Turn`; else hold them back (RM30)."""
        return self._phase is _Phase.IDLE

    @property
    def is_failing(self) -> bool:
        """Whether the store could not commit or answer when it was last asked (RM31)."""
        return self._failures > 0

    @property
    def is_unused(self) -> bool:
        """Whether nobody is subscribed and nothing is under way."""
        return self._phase is _Phase.IDLE and not (
            self._subscribers or self._queue or self._readers
        )

    @property
    def unanswered(self) -> list[Submit]:
        """Submits that have no answer yet, in their order."""
        entries = self._batch.entries if self._batch is not None else []
        return [entry.submit for entry in entries] + self._queue

    @property
    def reading(self) -> list[Subscribe | Fetch | Resume]:
        """What is being caught up from the store and is not answered yet."""
        return [reader.asked for reader in self._readers.values()]

    @property
    def subscribers(self) -> dict[str, str]:
        """The connections that have every op below `version` and get each new one, and their src."""
        return dict(self._subscribers)

    @property
    def held(self) -> frozenset[str]:
        """The elements whose locks the room has."""
        return self._held

    def snapshot(self) -> Snapshot:
        """The committed state; its data must not be changed."""
        if self._state is None:
            return Snapshot(self.version, None, None)
        return Snapshot(self.version, TYPE, self._state.to_json())

    # -- a batch: check, lock, catch up, judge, commit, send, release (RM1) ------------------------

    def _on_submit(self, event: Submit) -> list[Effect]:
        self._queue.append(event)
        return []

    def _on_turn(self, event: Turn) -> list[Effect]:
        if self._phase not in (_Phase.IDLE, _Phase.RESTING):
            return []
        self._phase = _Phase.IDLE
        if self._batch is not None:
            return self._restart()
        if self._remote_head > self.version:
            return self._read_on()
        if not self._queue:
            return []
        return self._begin(self._taken())

    def _taken(self) -> list[Submit]:
        """The next submits of the queue, as many as one batch may have (RM8)."""
        count = components = 0
        for submit in self._queue[: self._limits.batch_ops]:
            components += len(submit.edit) if isinstance(submit.edit, list) else 1
            if count and components > self._limits.batch_components:
                break
            count += 1
        taken = self._queue[:count]
        del self._queue[:count]
        return taken

    def _restart(self) -> list[Effect]:
        """Do the whole batch again, from the locks on."""
        assert self._batch is not None
        submits = [entry.submit for entry in self._batch.entries]
        return [*self._release(), *self._begin(submits)]

    def _begin(self, submits: Iterable[Submit]) -> list[Effect]:
        """Steps 1 and 2: check each, and ask for all locks at once."""
        entries = [Entry.admit(submit, self._kind, self._limits) for submit in submits]
        self._batch = batch = self._new_batch(entries)
        self._groups = batch.lock_sets()
        if not any(self._groups):
            return self._catch_up()
        self._phase = _Phase.LOCKING
        return [AskLocks(self._groups)]

    def _new_batch(self, entries: list[Entry]) -> Batch:
        return Batch(entries, self._kind, self._state, self._window, self._found, self._leases)

    def _on_locks_granted(self, event: LocksGranted) -> list[Effect]:
        assert self._phase is _Phase.LOCKING
        taken = (
            group
            for group, is_granted in zip(self._groups, event.granted, strict=True)
            if is_granted
        )
        self._held = frozenset().union(*taken)
        if not all(event.granted):
            self._defer(event.granted)
        return self._catch_up()

    def _defer(self, granted: Sequence[bool]) -> None:
        """Put back what got no lock, and what its src sent after it (LK3)."""
        assert self._batch is not None
        kept: list[Entry] = []
        deferred: list[Submit] = []
        waiting: set[str] = set()
        for entry, is_granted in zip(self._batch.entries, granted, strict=True):
            src = entry.submit.src
            if src not in waiting and (is_granted or entry.error is not None):
                kept.append(entry)
            else:
                waiting.add(src)
                deferred.append(entry.submit)
        self._batch.entries = kept
        self._queue[:0] = deferred
        self._is_deferring = bool(deferred)

    def _catch_up(self) -> list[Effect]:
        """Step 3: see what others committed, and what lies further back than the window."""
        assert self._batch is not None
        entries = [entry for entry in self._batch.entries if entry.error is None]
        bases = [entry.submit.base for entry in entries if entry.submit.base is not None]
        if self._remote_head > self.version:
            return self._read_on()
        if bases and max(bases) > self.version and not self._has_looked:
            return self._read_on()
        if bases and min(bases) < self._window.start:
            return self._read_back(entries)
        suspects = tuple(
            key
            for entry in entries
            if isinstance(entry.edit, Create) and (key := self._suspect(entry.submit)) is not None
        )
        if suspects:
            self._asked = suspects
            self._phase = _Phase.FINDING
            return [FindOps(suspects)]
        return self._judge()

    def _read_on(self) -> list[Effect]:
        self._phase = _Phase.READING
        return [ReadOps(self.version, self.version + self._limits.piece_ops)]

    def _read_back(self, entries: Iterable[Entry]) -> list[Effect]:
        """Reach back to the oldest base, unless it is too far away (RM13)."""
        start = self._window.start
        oldest = start
        for entry in entries:
            base = entry.submit.base
            if base is None:
                continue
            too_much = base < start and self._window.size >= self._limits.catch_up_bytes
            if too_much or base < self.version - self._limits.catch_up_ops:
                entry.error = DesignError(
                    Code.OPS_NOT_FOUND,
                    f"The edit was made on version {base}, too long before {self.version}.",
                    version=self.version,
                )
            else:
                oldest = min(oldest, base)
        if oldest == start:
            return self._catch_up()
        self._phase = _Phase.READING
        return [ReadOps(max(oldest, start - self._limits.piece_ops), start)]

    def _suspect(self, submit: Submit) -> tuple[str, int] | None:
        """The key of a create that may have been committed at a version nobody names (RM16)."""
        key = submit.src, submit.seq
        if submit.base is not None or self._state is None or key in self._found:
            return None
        return key if self._window.find(*key) is None else None

    def _on_ops_found(self, event: OpsFound) -> list[Effect]:
        assert self._phase is _Phase.FINDING
        self._found.update(zip(self._asked, event.ops, strict=True))
        return self._catch_up()

    def _on_ops_read(self, event: OpsRead) -> list[Effect]:
        if event.ticket:
            return self._on_reader_read(event)
        assert self._phase is _Phase.READING
        effects: list[Effect] = []
        if event.start == self.version:
            effects = self._take_in(event.ops)
            if len(event.ops) >= self._limits.piece_ops or event.is_cut:
                return effects + self._read_on()
            self._has_looked = True
            self._remote_head = self.version  # what was announced beyond it is not there (yet)
        else:
            self._older += event.ops
            at, start = event.start + len(event.ops), self._window.start
            if event.is_cut:
                return [ReadOps(at, start)]
            assert at == start, "the log has a gap"
            self._window.prepend([committed_op(stored, self._kind) for stored in self._older])
            self._older.clear()
        if self._batch is not None:
            return effects + self._catch_up()
        self._failures = 0
        return effects + self._rest()

    def _take_in(self, ops: Sequence[StoredOp]) -> list[Effect]:
        """Make the next committed ops, of other nodes or of an unknown commit, our own."""
        state, draft = self._state, None
        start = self.version
        for stored in ops:
            op = committed_op(stored, self._kind)
            state, draft = self._replayed(op.edit, state, draft)
            self._window.append(op)
            self._milestone_bytes += op.size
        if draft is not None:
            draft.commit()
        self._state = state
        self.version = self._window.end
        news = self._window.slice(start, self.version)
        if not news or not self._subscribers:
            return []
        return [Broadcast(tuple(self._subscribers), (OpsSince(news),))]

    def _replayed(
        self, edit: Any, state: State | None, draft: Draft | None
    ) -> tuple[State | None, Draft | None]:
        match edit:
            case Create(data=data):
                return self._kind.load(data, False), None
            case Delete():
                return None, None
            case NoOp():
                return state, draft
        assert state is not None, "an edit of a document that does not exist is stored"
        draft = draft or state.draft()
        draft.replay(edit)
        return state, draft

    def _judge(self) -> list[Effect]:
        """Steps 4 and 5: refuse what fails, commit the rest."""
        batch = self._batch
        assert batch is not None
        if batch.base != self.version or batch.leases is not self._leases:
            self._batch = batch = self._new_batch(batch.entries)
        most = self._window.work + self._limits.batch_work
        for number, entry in enumerate(batch.entries):
            if self._window.work > most:
                self._queue[:0] = [later.submit for later in batch.entries[number:]]
                del batch.entries[number:]
                break
            self.current = entry.submit
            batch.judge(entry)
        self.current = None
        if not batch.new_ops:
            return self._finish(batch)
        self._phase = _Phase.COMMITTING
        return [
            CommitBatch(
                batch.base,
                tuple(batch.new_ops),
                batch.name,
                self._leases.epoch,
                frozenset(batch.tokens),
            )
        ]

    def _on_commit_succeeded(self, event: CommitSucceeded) -> list[Effect]:
        batch = self._batch
        assert self._phase is _Phase.COMMITTING and batch is not None
        assert event.head == self._window.end, "another batch was committed than was asked for"
        self._state = batch.commit()
        self.version = event.head
        return self._finish(batch)

    def _on_commit_overtaken(self, event: CommitOvertaken) -> list[Effect]:
        """Others came first: see what they did, and begin again."""
        assert self._phase is _Phase.COMMITTING
        self._window.truncate(self.version)
        if event.leases is not None:
            self._leases = HeldElements(event.leases)
            return [LeasesMoved(), *self._restart()]
        assert event.ops or event.duplicates, "the store is behind what it said was committed"
        for stored in event.duplicates:
            self._found[stored.src, stored.seq] = stored
        return [*self._take_in(event.ops), *self._restart()]

    def _on_commit_failed(self, event: CommitFailed) -> list[Effect]:
        """Nothing is answered: the batch waits for the store (RM31)."""
        self._window.truncate(self.version)
        self._older.clear()
        delay = _FAILED_RETRY_MS[min(self._failures, len(_FAILED_RETRY_MS) - 1)]
        self._failures += 1
        self._phase = _Phase.RESTING
        return [*self._release(), Retry(delay)]

    def _on_commit_unknown(self, event: CommitUnknown) -> list[Effect]:
        """As after a failure, but read what is stored before anything else (RM32)."""
        self._remote_head = max(self._remote_head, self.version + 1)
        return self._on_commit_failed(CommitFailed())

    def _on_read_failed(self, event: ReadFailed) -> list[Effect]:
        if not event.ticket:
            return self._on_commit_failed(CommitFailed())
        reader = self._readers.pop(event.ticket, None)
        if reader is None:
            return []
        return [_lost(reader.asked.conn, Code.UNAVAILABLE, "The database does not answer.")]

    def _finish(self, batch: Batch) -> list[Effect]:
        """Steps 6 and 7: tell everybody, give the locks back, tell the other nodes."""
        # The encodings of the batch before have been given to all who were here; whoever comes
        # later has them made again, once more for all. They are as large as the ops themselves.
        for op in self._told:
            op.frames.clear()
        self._told = self._window.slice(batch.base, self.version)
        effects = self._deliveries(batch)
        effects += self._release()
        if batch.new_ops:
            effects.append(Publish(self.version))
            if batch.edited or batch.gone:
                effects.append(LeasesUsed(frozenset(batch.edited), frozenset(batch.gone)))
            self._milestone_bytes += sum(len(op.body) for op in batch.new_ops)
        self._batch = None
        self._found.clear()
        self._failures = 0
        return effects + self._rest()

    def _rest(self) -> list[Effect]:
        """Be ready for what comes next."""
        limits = self._limits
        effects: list[Effect] = []
        self._phase = _Phase.IDLE
        self._has_looked = False
        self._window.trim(limits.recent_ops, limits.recent_bytes)
        if self._is_milestone_due():
            effects.append(SaveMilestone(self.snapshot()))
            self._milestone, self._milestone_bytes = self.version, 0
        if self._remote_head > self.version:
            return effects + self._read_on()
        if self._queue:
            effects.append(Retry(_LOCKED_RETRY_MS if self._is_deferring else 0))
        self._is_deferring = False
        return effects

    def _is_milestone_due(self) -> bool:
        limits, ops = self._limits, self.version - self._milestone
        if ops < limits.milestone_ops:
            return self._milestone_bytes >= limits.milestone_bytes
        size = self._state.size if self._state is not None else 0
        return ops >= min(size // 1_000, limits.milestone_most_ops)

    def _release(self) -> list[Effect]:
        held, self._held = self._held, frozenset()
        return [ReleaseLocks(held)] if held else []

    # -- telling connections -----------------------------------------------------------------------

    def _deliveries(self, batch: Batch) -> list[Effect]:
        """Each connection's part of the batch, in version order (RM20)."""
        own: dict[str, list[Entry]] = {}
        for entry in batch.entries:
            own.setdefault(entry.submit.conn, []).append(entry)
        effects: list[Effect] = []
        news = self._told
        others = tuple(conn for conn in self._subscribers if conn not in own)
        if news and others:
            effects.append(Broadcast(others, (OpsSince(news),)))
        effects += [
            Deliver(conn, tuple(self._outcomes(conn, entries, batch.base)))
            for conn, entries in own.items()
        ]
        return effects + self._overtaken(batch)

    def _overtaken(self, batch: Batch) -> list[Effect]:
        """Tell those whose work an edit has replaced that did not know it (RM26)."""
        return [
            Deliver(conn, (notice,))
            for entry in batch.entries
            if entry.error is None
            for loser, notice in entry.overtakes
            for conn, src in self._subscribers.items()
            if src == loser
        ]

    def _outcomes(self, conn: str, entries: Iterable[Entry], base: int) -> Iterator[Delivery]:
        """What a submitter is told: its answers, each after the lower versions that it lacks."""
        is_subscribed = conn in self._subscribers
        has = base if is_subscribed else self._sent.get(conn, 0)
        for entry in entries:
            submit = entry.submit
            if entry.error is not None:
                yield Refused(entry.error, submit.request)
                yield from entry.notices
                continue
            op = entry.op
            assert op is not None
            if not is_subscribed:
                has = max(has, op.version if submit.base is None else submit.base)
            if has < op.version:
                yield OpsSince(self._window.slice(has, op.version))
            has = max(has, op.version + 1)
            yield Acked(op, submit.request)
            yield from entry.notices
        if not is_subscribed:
            self._remember(conn, has)
        elif has < self.version:
            yield OpsSince(self._window.slice(has, self.version))

    # -- readers: they never wait for a batch (RM33) -----------------------------------------------

    def _on_subscribe(self, event: Subscribe) -> list[Effect]:
        # A new subscription replaces the former one: no live ops until it has caught up.
        self._unsubscribe(event.conn)
        return self._on_read(event)

    def _on_read(self, event: Subscribe | Fetch | Resume) -> list[Effect]:
        if event.since is None:
            assert not isinstance(event, Resume)
            if isinstance(event, Subscribe):
                self._subscribe(event)
            return [Deliver(event.conn, (Answer(self.snapshot(), event.request),))]
        if event.since >= self._window.start:
            effects = self._caught_up(event, event.since)
            if event.since > self.version:
                effects += self._on_remote_head(RemoteHead(event.since))
            return effects
        if len(self._readers) >= self._limits.readers:
            return [_lost(event.conn, Code.OVERLOADED, "Too many are reading old versions.")]
        self._last_ticket += 1
        self._readers[self._last_ticket] = reader = _Reader(event, event.since)
        return [self._read_piece(reader, self._last_ticket)]

    def _on_reader_read(self, event: OpsRead) -> list[Effect]:
        reader = self._readers.get(event.ticket)
        if reader is None:
            return []
        assert event.start == reader.at and event.ops, "the log has a gap"
        ops = tuple(committed_op(stored, self._kind) for stored in event.ops)
        reader.at += len(ops)
        told = Deliver(reader.asked.conn, (OpsSince(ops),))
        if reader.at < self._window.start:
            return [told, self._read_piece(reader, event.ticket)]
        del self._readers[event.ticket]
        return [told, *self._caught_up(reader.asked, reader.at)]

    def _read_piece(self, reader: _Reader, ticket: int) -> Effect:
        end = min(reader.at + self._limits.piece_ops, self._window.start)
        return ReadOps(reader.at, end, ticket)

    def _caught_up(self, asked: Subscribe | Fetch | Resume, since: int) -> list[Effect]:
        told: list[Delivery] = []
        if since < self.version:
            told.append(OpsSince(self._window.slice(since, self.version)))
        if not isinstance(asked, Resume):
            told.append(CaughtUp(asked.request))
        if not isinstance(asked, Fetch):
            self._subscribe(asked)
        return [Deliver(asked.conn, tuple(told))] if told else []

    def _subscribe(self, asked: Subscribe | Resume) -> None:
        self._sent.pop(asked.conn, None)
        self._subscribers[asked.conn] = asked.src

    def _remember(self, conn: str, has: int) -> None:
        """Note what `conn` has. What is forgotten is sent once more, which does no harm."""
        self._sent.pop(conn, None)
        self._sent[conn] = has
        if len(self._sent) > self._limits.submitters:
            del self._sent[next(iter(self._sent))]

    def _unsubscribe(self, conn: str) -> None:
        if conn in self._subscribers:
            del self._subscribers[conn]
            self._remember(conn, self.version)
        self._readers = {
            ticket: reader
            for ticket, reader in self._readers.items()
            if reader.asked.conn != conn or isinstance(reader.asked, Fetch)
        }

    def _on_unsubscribe(self, event: Unsubscribe) -> list[Effect]:
        self._unsubscribe(event.conn)
        return [Deliver(event.conn, (Unsubscribed(event.request),))]

    def _on_leave(self, event: Leave) -> list[Effect]:
        self._subscribers.pop(event.conn, None)
        self._sent.pop(event.conn, None)
        self._readers = {
            ticket: reader
            for ticket, reader in self._readers.items()
            if reader.asked.conn != event.conn
        }
        return []

    def _on_leases_known(self, event: LeasesKnown) -> list[Effect]:
        known = self._leases.table
        if (event.table.epoch, event.table.now) >= (known.epoch, known.now):
            self._leases = HeldElements(event.table)
        return []

    def _on_remote_head(self, event: RemoteHead) -> list[Effect]:
        self._remote_head = max(self._remote_head, event.version)
        if self._remote_head > self.version and self._phase is _Phase.IDLE:
            return self._read_on()
        return []


def _lost(conn: str, code: Code, message: str) -> Deliver:
    return Deliver(conn, (Lost(DesignError(code, message)),))
