"""A room is opened with all that was committed, or not at all (PROMISES A7, B8)."""

from __future__ import annotations

import pytest

from server.document.versioned import TYPE, Create, Edit, Snapshot, encode
from server.ports import Commit, Committed, DocumentId, Milestone, NewOp, StoredOp
from server.room.effects import AskLocks, CommitBatch
from server.room.events import LocksGranted, Submit, Turn
from server.room.kind import SCRATCH
from server.room.limits import RoomLimits
from server.runtime.history import milestone_of
from server.runtime.loading import Damaged, load_room
from server.store import MemoryStore

DOCUMENT = DocumentId("acme", "scratch", "d")
LIMITS = RoomLimits(piece_ops=4, recent_ops=6)
LENGTH = 11


def count(n: int) -> Edit:
    return [{"p": ["n"], "na": n}]


class Cut(MemoryStore):
    """A store whose ops from a version on are gone."""

    def __init__(self, end: int) -> None:
        super().__init__()
        self._end = end

    async def read(
        self,
        document: DocumentId,
        start: int,
        end: int | None = None,
        *,
        max_bytes: int | None = None,
    ) -> list[StoredOp]:
        return [
            op
            for op in await super().read(document, start, end, max_bytes=max_bytes)
            if op.version < self._end
        ]


async def filled(end: int = LENGTH) -> Cut:
    store = Cut(end)
    edits = [Create(TYPE, {"n": 0}), *[count(1)] * (LENGTH - 1)]
    ops = tuple(NewOp("s1", n, "u1", n, encode(edit)) for n, edit in enumerate(edits, 1))
    assert await store.commit([Commit(DOCUMENT, 0, ops)]) == [Committed(LENGTH)]
    return store


async def test_A8_a_room_holds_what_the_ops_make() -> None:
    room = await load_room(await filled(), DOCUMENT, SCRATCH, LIMITS)
    assert room.snapshot() == Snapshot(LENGTH, TYPE, {"n": LENGTH - 1})


async def test_RM19_time_does_not_go_back_where_a_room_is_opened() -> None:
    store = await filled()
    await store.save_milestone(DOCUMENT, milestone_of(Snapshot(LENGTH, TYPE, {"n": LENGTH - 1})))
    room = await load_room(store, DOCUMENT, SCRATCH, LIMITS)
    room.handle(Submit("c", "s2", 1, LENGTH, count(1), "u1", 0))
    (asked,) = room.handle(Turn())
    assert isinstance(asked, AskLocks)
    (commit,) = room.handle(LocksGranted((True,)))
    assert isinstance(commit, CommitBatch)
    assert [op.time for op in commit.ops] == [LENGTH]


async def test_a_log_is_loaded_in_pieces_bounded_in_bytes() -> None:
    limits = RoomLimits(piece_bytes=40, recent_bytes=60)
    room = await load_room(await filled(), DOCUMENT, SCRATCH, limits)
    assert room.snapshot() == Snapshot(LENGTH, TYPE, {"n": LENGTH - 1})


@pytest.mark.parametrize("end", [0, 1, 4, 7, 8, 10])
@pytest.mark.parametrize("milestone", [None, 3])
async def test_B8_a_log_without_its_end_is_not_shown(end: int, milestone: int | None) -> None:
    store = await filled(end)
    if milestone is not None:
        await store.save_milestone(DOCUMENT, milestone_of(Snapshot(milestone, TYPE, {"n": 2})))
    with pytest.raises(Damaged, match="is missing"):
        await load_room(store, DOCUMENT, SCRATCH, LIMITS)


async def test_A7_a_milestone_that_does_not_fit_is_passed_over() -> None:
    store = await filled()
    for version, body in ((3, b'{"type":null,"data":null}'), (5, b"{")):
        await store.save_milestone(DOCUMENT, Milestone(version, body))
        room = await load_room(store, DOCUMENT, SCRATCH, LIMITS)
        assert room.snapshot() == Snapshot(LENGTH, TYPE, {"n": LENGTH - 1})


async def test_what_never_existed_is_at_version_0() -> None:
    room = await load_room(MemoryStore(), DOCUMENT, SCRATCH, LIMITS)
    assert room.snapshot() == Snapshot(0, None, None)
