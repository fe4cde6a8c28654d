"""Plays what is around one room: a store that works, locks that are free, connections that listen."""

from __future__ import annotations

from typing import Any

from ot.types import Json
from server.document.versioned import TYPE, Create, Edit, Snapshot, decode, replay
from server.room.core import Room
from server.room.effects import (
    Acked,
    AskLocks,
    Broadcast,
    CommitBatch,
    Deliver,
    Delivery,
    Effect,
    FindOps,
    OpsSince,
    ReadOps,
    Refused,
)
from server.room.events import (
    Event,
    LocksGranted,
    OpsFound,
    OpsRead,
    Submit,
    Subscribe,
    Turn,
)
from server.room.kind import SCRATCH, Kind
from server.room.limits import RoomLimits
from tests.sim.world import SimStore

Asked = AskLocks | ReadOps | FindOps | CommitBatch


class Driver:
    """`told` is what each connection was told; `done` all other effects; `asked` what is not answered."""

    def __init__(
        self,
        kind: Kind = SCRATCH,
        *,
        limits: RoomLimits | None = None,
        store: SimStore | None = None,
        version: int | None = None,
    ) -> None:
        self.store = store or SimStore()
        end = len(self.store.ops) if version is None else version
        snapshot = Snapshot(0, None, None)
        for stored in self.store.ops[:end]:
            snapshot = replay(snapshot, decode(stored.body)[0])
        self.room = Room(kind, snapshot, limits=limits)
        self.told: dict[str, list[Delivery]] = {}
        self.done: list[Effect] = []
        self.asked: list[Asked] = []
        self.cut: int | None = None  # ops that one answer of the store has at most

    def feed(self, event: Event) -> list[Effect]:
        effects = self.room.handle(event)
        for effect in effects:
            if isinstance(effect, Deliver):
                self.told.setdefault(effect.conn, []).extend(effect.deliveries)
            elif isinstance(effect, Broadcast):
                for conn in effect.conns:
                    self.told.setdefault(conn, []).extend(effect.deliveries)
            elif isinstance(effect, Asked):
                self.asked.append(effect)
            else:
                self.done.append(effect)
        return effects

    def answer(self) -> None:
        """Answer what was asked first, as a healthy world does."""
        match self.asked.pop(0):
            case AskLocks(groups=groups):
                self.feed(LocksGranted((True,) * len(groups)))
            case ReadOps(start=start, end=end, ticket=ticket):
                ops = tuple(self.store.ops[start:end])
                cut = ops[: self.cut]
                self.feed(OpsRead(start, cut, ticket, is_cut=len(cut) < len(ops)))
            case FindOps(keys=keys):
                self.feed(OpsFound(tuple(self.store.keys.get(key) for key in keys)))
            case CommitBatch(base=base, ops=ops):
                self.feed(self.store.commit(base, ops))

    def settle(self) -> None:
        while self.asked:
            self.answer()

    def until(self, kind: type[Asked]) -> Asked:
        """Answer until the room asks for this; it stays unanswered and is returned."""
        while not isinstance(self.asked[0], kind):
            self.answer()
        return self.asked.pop(0)

    def submit(self, conn: str, seq: int, base: int | None, edit: Edit, **others: Any) -> Submit:
        """Queue an edit of the src of the same name."""
        src, author = others.pop("src", conn), others.pop("author", "author")
        time = others.pop("time", 0)
        submit = Submit(conn, src, seq, base, edit, author, time, **others)
        self.feed(submit)
        return submit

    def commit(self, conn: str, seq: int, base: int | None, edit: Edit, **others: Any) -> Delivery:
        """Submit one edit, let everything happen; returns its answer."""
        self.submit(conn, seq, base, edit, **others)
        self.feed(Turn())
        self.settle()
        return self.answers(conn)[-1]

    def create(self, data: Json) -> None:
        """Bring the document into being, by a connection of its own."""
        answer = self.commit("creator", 1, None, Create(TYPE, data))
        assert isinstance(answer, Acked)

    def subscribe(self, conn: str, since: int | None = None) -> None:
        self.feed(Subscribe(conn, conn, since))

    def answers(self, conn: str) -> list[Acked | Refused]:
        return [told for told in self.told.get(conn, ()) if isinstance(told, Acked | Refused)]

    def versions(self, conn: str) -> list[int]:
        """The versions that a connection was told of, in the order of telling."""
        versions: list[int] = []
        for told in self.told.get(conn, ()):
            if isinstance(told, OpsSince):
                versions += [op.version for op in told.ops]
            elif isinstance(told, Acked):
                versions.append(told.op.version)
        return versions
