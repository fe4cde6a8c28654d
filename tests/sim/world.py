"""A whole deployment in one thread: clients, network, nodes, a store that fails. All from one seed.

`World.step` does one thing that could happen next; `World.settle` lets everything happen, without
faults, until nothing is left to do. What must hold is checked all the way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson

from ot import same
from ot.types import Json, Op
from server.document.versioned import (
    TYPE,
    Create,
    Delete,
    Edit,
    NoOp,
    Snapshot,
    decode,
    encode,
    replay,
)
from server.ports import NewOp, StoredOp
from server.room.core import Room
from server.room.effects import (
    Acked,
    Answer,
    AskLocks,
    Broadcast,
    CaughtUp,
    CommitBatch,
    CommittedOp,
    Deliver,
    Delivery,
    FindOps,
    Lost,
    OpsSince,
    Publish,
    ReadOps,
    Refused,
    ReleaseLocks,
    Retry,
    SaveMilestone,
)
from server.room.events import (
    CommitFailed,
    CommitOvertaken,
    CommitSucceeded,
    CommitUnknown,
    Event,
    Fetch,
    Leave,
    LocksGranted,
    OpsFound,
    OpsRead,
    ReadFailed,
    RemoteHead,
    Submit,
    Subscribe,
    Turn,
)
from server.room.kind import Kind
from server.room.limits import RoomLimits

from .client import Client, Message

LIMITS = RoomLimits(batch_ops=6, recent_ops=6, piece_ops=4, milestone_ops=7)
"""Small, so that windows, pieces and milestones are passed all the time."""

Asked = AskLocks | ReadOps | FindOps | CommitBatch


class SimStore:
    """What `ports.Store` promises, without time."""

    def __init__(self) -> None:
        self.ops: list[StoredOp] = []
        self.keys: dict[tuple[str, int], StoredOp] = {}
        self.milestones: list[Snapshot] = [Snapshot(0, None, None)]
        self._states = [Snapshot(0, None, None)]  # by version, as far as they were asked for

    def commit(self, base: int, ops: tuple[NewOp, ...]) -> Event:
        if len(self.ops) > base:
            return CommitOvertaken(tuple(self.ops[base : base + 3]))
        duplicates = tuple(self.keys[op.src, op.seq] for op in ops if (op.src, op.seq) in self.keys)
        if duplicates:
            return CommitOvertaken((), duplicates)
        assert base == len(self.ops)
        for op in ops:
            assert (op.src, op.seq) not in self.keys, "one key twice in a batch"
            stored = StoredOp(len(self.ops), op.src, op.seq, op.author, op.time, op.body)
            self.ops.append(stored)
            self.keys[op.src, op.seq] = stored
        return CommitSucceeded(len(self.ops))

    def head(self) -> Snapshot:
        """The replay of all ops."""
        return self.at(len(self.ops))

    def at(self, version: int) -> Snapshot:
        """The replay of the ops up to `version`; it must not be changed."""
        for stored in self.ops[len(self._states) - 1 : version]:
            self._states.append(replay(self._states[-1], decode(stored.body)[0]))
        return self._states[version]


@dataclass(eq=False)
class Link:
    """One connection: what is on its way up and down."""

    conn: str
    client: Client
    node: Node
    up: deque[bytes] = field(default_factory=deque)
    down: deque[bytes] = field(default_factory=deque)


class Node:
    """A server process with the one document open, or crashed."""

    def __init__(self, name: str, world: World) -> None:
        self.name = name
        self.world = world
        self.room: Room | None = None
        self.asked: list[Asked] = []
        self.submits: deque[Submit] = deque()
        self.links: dict[str, Link] = {}
        self.has_retry = False

    def open(self) -> Room:
        """Load the document as the runtime does: newest milestone, and the ops since."""
        if self.room is None:
            store = self.world.store
            snapshot = store.milestones[-1]
            for stored in store.ops[snapshot.version :]:
                snapshot = replay(snapshot, decode(stored.body)[0])
            recent = store.ops[store.milestones[-1].version :]
            self.room = Room(
                self.world.kind,
                snapshot,
                recent=recent,
                milestone=store.milestones[-1].version,
                limits=LIMITS,
            )
        return self.room

    def feed(self, event: Event) -> None:
        room = self.open()
        for effect in room.handle(event):
            match effect:
                case Deliver(conn=conn, deliveries=deliveries):
                    link = self.links.get(conn)
                    for delivery in deliveries:
                        self.world.delivered(link, delivery)
                case Broadcast(conns=conns, deliveries=deliveries):
                    for conn in conns:
                        for delivery in deliveries:
                            self.world.delivered(self.links.get(conn), delivery)
                case ReleaseLocks(elements=elements):
                    for element in elements:
                        if self.world.locks.get(element) == self.name:
                            del self.world.locks[element]
                case Publish(version=version):
                    assert version <= len(self.world.store.ops), "published before it is durable"
                    for node in self.world.nodes:
                        if node is not self:
                            self.world.news.append((node, version))
                case Retry():
                    self.has_retry = True
                case SaveMilestone(snapshot=snapshot):
                    self.world.saved(snapshot)
                case _:
                    self.asked.append(effect)

    def turn(self, most: int) -> None:
        room = self.open()
        self.has_retry = False
        if room.takes_submits:
            for _ in range(min(most, len(self.submits))):
                room.handle(self.submits.popleft())
        self.feed(Turn())

    def answer(self, asked: Asked, fault: str | None) -> None:
        """Do what was asked of locks or store, and tell the room; or fail in one of the ways."""
        self.asked.remove(asked)
        store = self.world.store
        match asked:
            case AskLocks(groups=groups):
                self.feed(LocksGranted(tuple(self._lock(group) for group in groups)))
            case ReadOps(start=start, end=end, ticket=ticket):
                if fault is not None:
                    self.feed(ReadFailed(ticket))
                else:
                    ops = tuple(store.ops[start:end])
                    cut = ops[: self.world.random.randint(1, 8)]
                    self.feed(OpsRead(start, cut, ticket, is_cut=len(cut) < len(ops)))
            case FindOps(keys=keys):
                if fault is not None:
                    self.feed(ReadFailed())
                else:
                    self.feed(OpsFound(tuple(store.keys.get(key) for key in keys)))
            case CommitBatch(base=base, ops=ops):
                if fault == "failed":
                    self.feed(CommitFailed())
                    return
                if fault == "unknown, not done":
                    self.feed(CommitUnknown())
                    return
                outcome = store.commit(base, ops)
                self.feed(CommitUnknown() if fault == "unknown, done" else outcome)

    def _lock(self, group: frozenset[str]) -> bool:
        locks = self.world.locks
        if any(locks.get(element, self.name) != self.name for element in group):
            return False
        locks.update(dict.fromkeys(group, self.name))
        return True

    def crash(self) -> None:
        """kill -9: a commit on its way may be durable; nobody hears of it. Locks stay, and expire."""
        for asked in self.asked:
            if isinstance(asked, CommitBatch) and self.world.random.random() < 0.5:
                self.world.store.commit(asked.base, asked.ops)
        for link in list(self.links.values()):
            self.world.disconnect(link)
        self.room, self.asked, self.has_retry = None, [], False
        self.submits.clear()


class World:
    """Everything, driven by one random generator."""

    def __init__(
        self,
        seed: int,
        kind: Kind,
        document: Json,
        edit: Callable[[Random, Json], Op],
        *,
        nodes: int = 2,
        clients: int = 4,
        creates: bool = True,
        deletes: bool = False,
    ) -> None:
        """With `creates`, clients create the document, else it is there from the beginning."""
        self.random = Random(seed)
        self.kind = kind
        self.store = SimStore()
        self.locks: dict[str, str] = {}
        self.news: list[tuple[Node, int]] = []
        self.nodes = [Node(f"n{number}", self) for number in range(nodes)]
        self.clients = [Client(f"s{number}") for number in range(clients)]
        self.links: dict[Client, Link] = {}
        self.acked: set[tuple[str, int]] = set()
        self.refused: dict[tuple[str, int], str] = {}
        self.log: list[str] = []
        self._edit = edit
        self._document = document
        self._deletes = deletes
        if not creates:
            body = encode(Create(TYPE, document))
            self.store.commit(0, (NewOp("server", 1, "server", 0, body),))
        self._conns = 0
        self._cut: list[Link] = []

    # -- what can happen ---------------------------------------------------------------------------

    def step(self) -> None:
        random = self.random
        dice = random.random()
        client = random.choice(self.clients)
        node = random.choice(self.nodes)
        link = self.links.get(client)
        if dice < 0.15:
            self._edits(client)
        elif dice < 0.33:
            for _ in range(random.randint(1, 3)):
                self._goes_up(link)
        elif dice < 0.58:
            for _ in range(random.randint(1, 6)):
                self._comes_down(link)
        elif dice < 0.70:
            self._turns(node)
        elif dice < 0.90:
            self._answers(node, self._fault())
        elif dice < 0.94:
            self._hears(lost=random.random() < 0.3)
        elif dice < 0.97:
            if link is None:
                self.connect(client, node)
            elif random.random() < 0.2:
                self.disconnect(link)
        elif dice < 0.995:
            self.locks.clear()
        elif random.random() < 0.3:
            self.log.append(f"{node.name} crashes")
            node.crash()
        self.check()

    def _fault(self) -> str | None:
        if self.random.random() < 0.85:
            return None
        return self.random.choice(("failed", "unknown, done", "unknown, not done"))

    def _edits(self, client: Client) -> None:
        if len(client.pending) > 3 or client.version is None:
            return
        if not client.exists:
            if self.random.random() < 0.3 or not self._deletes:
                client.create(_copy(self._document))
                self.log.append(f"{client.src} creates")
            return
        if self._deletes and self.random.random() < 0.03:
            client.delete()
            self.log.append(f"{client.src} deletes")
            return
        op = self._edit(self.random, client.data)
        if op:
            client.edit(_copy(op), compose=self.random.random() < 0.5)
            self.log.append(f"{client.src} edits v{client.version} {op}")

    def _goes_up(self, link: Link | None) -> bool:
        if link is None or not link.up:
            return False
        message = orjson.loads(link.up.popleft())
        request = message
        match message["a"]:
            case "op":
                submit = Submit(
                    link.conn,
                    message["src"],
                    message["seq"],
                    message["v"],
                    _edit(message),
                    link.client.src,
                    len(self.log),
                    request=request,
                )
                link.node.submits.append(submit)
            case "s":
                link.node.feed(Subscribe(link.conn, link.client.src, message["v"], request))
            case "f":
                link.node.feed(Fetch(link.conn, message["v"], request))
        return True

    def _comes_down(self, link: Link | None) -> bool:
        if link is None or not link.down:
            return False
        message = orjson.loads(link.down.popleft())
        self.log.append(f"{link.client.src} hears {message}")
        if "error" in message:
            self.refused[message["src"], message["seq"]] = message["error"]
        link.client.receive(message)
        return True

    def _turns(self, node: Node) -> bool:
        if node.room is None or not (node.has_retry or (node.submits and node.room.takes_submits)):
            return False
        node.turn(self.random.randint(1, LIMITS.batch_ops))
        return True

    def _answers(self, node: Node, fault: str | None) -> bool:
        if not node.asked:
            return False
        asked = self.random.choice(node.asked)
        self.log.append(f"{node.name} {type(asked).__name__} {fault or ''}")
        node.answer(asked, fault)
        return True

    def _hears(self, *, lost: bool) -> bool:
        if not self.news:
            return False
        node, version = self.news.pop(self.random.randrange(len(self.news)))
        if not lost and node.room is not None:
            node.feed(RemoteHead(version))
        return True

    def connect(self, client: Client, node: Node) -> None:
        self._conns += 1
        link = Link(f"c{self._conns}", client, node)
        self.links[client] = link
        node.links[link.conn] = link
        self.log.append(f"{client.src} connects to {node.name}")
        client.connected(lambda message: link.up.append(orjson.dumps(message)))

    def disconnect(self, link: Link) -> None:
        """What was sent may still arrive; what was to come does not."""
        for _ in range(self.random.randint(0, len(link.up))):
            self._goes_up(link)
        link.node.links.pop(link.conn, None)
        if link.node.room is not None:
            link.node.feed(Leave(link.conn))
        if self.links.get(link.client) is link:
            del self.links[link.client]
            link.client.disconnected()
            self.log.append(f"{link.client.src} is cut off")

    def settle(self) -> None:
        """No more edits and faults; everybody comes back; everything arrives."""
        self.locks.clear()
        for client in self.clients:
            if client not in self.links:
                self.connect(client, self.random.choice(self.nodes))
        for node in self.nodes:
            self.news.append((node, len(self.store.ops)))
        for _ in range(100_000):
            busy = [self._goes_up(link) for link in list(self.links.values())]
            busy += [self._comes_down(link) for link in list(self.links.values())]
            busy += [self._turns(node) for node in self.nodes]
            busy += [self._answers(node, None) for node in self.nodes]
            busy.append(self._hears(lost=False))
            for client in self.clients:
                if client not in self.links:
                    self.connect(client, self.random.choice(self.nodes))
                    busy.append(True)
            self.check()
            if not any(busy):
                return
        raise AssertionError("the world does not come to rest")

    # -- what rooms tell ---------------------------------------------------------------------------

    def delivered(self, link: Link | None, delivery: Delivery) -> None:
        match delivery:
            case Acked(op=op):
                key = op.src, op.seq
                stored = self.store.keys.get(key)
                assert stored is not None and stored.version == op.version, "acked, not durable"
                self.acked.add(key)
                self._send(link, {"a": "op", **_names(op), **_fixups(op)})
            case Refused(error=error, request=request):
                key = request["src"], request["seq"]
                assert key not in self.store.keys, f"refused, but committed: {error}"
                assert not error.code.is_retryable
                self._send(link, {**request, "error": error.code})
            case OpsSince(ops=ops):
                assert [op.version for op in ops] == list(
                    range(ops[0].version, ops[0].version + len(ops))
                )
                for op in ops:
                    assert op.version < len(self.store.ops), "shown before it is durable"
                    own = link is not None and op.src == link.client.src
                    self._send(
                        link,
                        {"a": "op", **_names(op), **_body(op.edit), **(_fixups(op) if own else {})},
                    )
            case Answer(snapshot=snapshot, request=request):
                data = {"v": snapshot.version, "type": snapshot.type, "data": snapshot.data}
                self._send(link, {"a": request["a"], "data": data})
            case CaughtUp(request=request):
                self._send(link, {"a": request["a"]})
            case Lost():
                if link is not None and link.node.links.get(link.conn) is link:
                    self._cut.append(link)

    def _send(self, link: Link | None, message: Message) -> None:
        if link is not None:
            link.down.append(orjson.dumps(message))

    def saved(self, snapshot: Snapshot) -> None:
        expected = self.store.at(snapshot.version)
        assert snapshot.type == expected.type and same(snapshot.data, expected.data)
        # A write that is torn leaves what does not bear its seal, and is never given back (A7).
        is_torn = self.random.random() < 0.2
        if snapshot.version > self.store.milestones[-1].version and not is_torn:
            self.store.milestones.append(_copy_snapshot(snapshot))

    # -- what must hold ----------------------------------------------------------------------------

    def check(self) -> None:
        cut, self._cut = self._cut, []
        for link in cut:
            self.disconnect(link)
        for node in self.nodes:
            if node.room is not None:
                assert node.room.version <= len(self.store.ops)

    def check_rooms(self) -> None:
        """Every room's state is the replay of the log up to its version."""
        for node in self.nodes:
            if node.room is not None:
                snapshot = node.room.snapshot()
                expected = self.store.at(snapshot.version)
                assert snapshot.type == expected.type
                assert same(snapshot.data, expected.data), node.name

    def check_settled(self) -> None:
        """All see the same, and every edit has become what its author was told."""
        head = self.store.head()
        for node in self.nodes:
            if node.room is not None and node.links:
                assert node.room.version == head.version
                assert not node.room.unanswered
        for client in self.clients:
            assert client.is_idle, client.src
            assert client.version == head.version, (client.src, client.version, head.version)
            assert client.exists == (head.type is not None)
            assert same(client.data, head.data), client.src
        keys = [(stored.src, stored.seq) for stored in self.store.ops]
        assert len(keys) == len(set(keys))
        assert self.acked <= set(keys)
        if len(self.nodes) == 1:
            # A client that moves to another node while this one has its edit queued may be told
            # "refused" there, and see this one commit it: only then.
            assert not self.refused.keys() & set(keys)
        assert "ERR_DESIGN_RESEND_DIFFERS" not in self.refused.values(), (
            "an honest resend is refused"
        )


def _edit(message: Message) -> Edit:
    if "create" in message:
        return Create(message["create"]["type"], message["create"]["data"])
    if "del" in message:
        return Delete()
    op: Op = message["op"]
    return op


def _names(op: CommittedOp) -> Message:
    return {"v": op.version, "src": op.src, "seq": op.seq}


def _fixups(op: CommittedOp) -> Message:
    return {"fixup": list(op.fixups)} if op.fixups else {}


def _body(edit: Edit) -> Message:
    match edit:
        case Create(type=type_, data=data):
            return {"create": {"type": type_, "data": data}}
        case Delete():
            return {"del": True}
        case NoOp():
            return {}
    return {"op": edit}


def _copy(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value))


def _copy_snapshot(snapshot: Snapshot) -> Snapshot:
    return Snapshot(snapshot.version, snapshot.type, _copy(snapshot.data))
