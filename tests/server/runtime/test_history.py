from __future__ import annotations

from dataclasses import replace

import pytest

from server.document.versioned import TYPE, Create, Delete, Edit, NoOp, Snapshot, encode
from server.errors import Code, DesignError
from server.ports import (
    Commit,
    Committed,
    DocumentId,
    Milestone,
    NewOp,
    StoredOp,
    StoreUnavailable,
)
from server.runtime.history import MOST_REPLAYED, OPS_AT_ONCE, History, milestone_of, snapshot_of
from server.store import MemoryStore

DOCUMENT = DocumentId("acme", "scratch", "d")
ABSENT = Snapshot(0, None, None)


async def write(store: MemoryStore, edits: list[Edit]) -> None:
    ops = tuple(NewOp("s1", n, "u1", 100 * n, encode(edit)) for n, edit in enumerate(edits, 1))
    assert await store.commit([Commit(DOCUMENT, 0, ops)]) == [Committed(len(ops))]


def count(n: int) -> Edit:
    return [{"p": ["n"], "na": n}]


LIFE: list[Edit] = [
    Create(TYPE, {"n": 0}),
    count(1),
    NoOp(),
    count(2),
    Delete(),
    Create(TYPE, {"n": 10}),
]
STATES = [
    ABSENT,
    Snapshot(1, TYPE, {"n": 0}),
    Snapshot(2, TYPE, {"n": 1}),
    Snapshot(3, TYPE, {"n": 1}),
    Snapshot(4, TYPE, {"n": 3}),
    Snapshot(5, None, None),
    Snapshot(6, TYPE, {"n": 10}),
]


@pytest.fixture
async def store() -> MemoryStore:
    store = MemoryStore()
    await write(store, LIFE)
    return store


async def test_every_version_can_be_opened(store: MemoryStore) -> None:
    history = History(store)
    assert [await history.snapshot(DOCUMENT, v) for v in range(7)] == STATES
    assert await history.snapshot(DOCUMENT) == STATES[-1]


async def test_every_version_is_the_same_from_any_milestone(store: MemoryStore) -> None:
    for state in STATES[1:]:
        await store.save_milestone(DOCUMENT, milestone_of(state))
        history = History(store)
        assert [await history.snapshot(DOCUMENT, v) for v in range(7)] == STATES


async def test_only_the_ops_after_the_milestone_are_read(store: MemoryStore) -> None:
    # A milestone of another state shows which one it was built on.
    await store.save_milestone(DOCUMENT, Milestone(3, b'{"type":"t","data":{"n":100}}'))
    history = History(store)
    assert (await history.snapshot(DOCUMENT, 4)).data == {"n": 102}
    assert (await history.snapshot(DOCUMENT, 2)).data == {"n": 1}


@pytest.mark.parametrize(
    ("time", "version"), [(0, 0), (99, 0), (100, 1), (350, 3), (600, 6), (10**14, 6), (None, 6)]
)
async def test_by_time(store: MemoryStore, time: int | None, version: int) -> None:
    assert await History(store).snapshot_at(DOCUMENT, time) == STATES[version]


async def test_what_never_existed_is_empty() -> None:
    history = History(MemoryStore())
    assert await history.snapshot(DOCUMENT) == ABSENT
    assert await history.snapshot(DOCUMENT, 0) == ABSENT
    assert await history.snapshot_at(DOCUMENT, 5) == ABSENT


@pytest.mark.parametrize(
    ("version", "code"), [(7, Code.VERSION_TOO_NEW), (-1, Code.MESSAGE_BADLY_FORMED)]
)
async def test_versions_that_are_none(store: MemoryStore, version: int, code: Code) -> None:
    with pytest.raises(DesignError) as refusal:
        await History(store).snapshot(DOCUMENT, version)
    assert refusal.value.code is code


async def test_long_logs_are_read_in_pieces() -> None:
    pieces: list[int] = []

    class Watched(MemoryStore):
        async def read(
            self,
            document: DocumentId,
            start: int,
            end: int | None = None,
            *,
            max_bytes: int | None = None,
        ) -> list[StoredOp]:
            ops = await super().read(document, start, end, max_bytes=max_bytes)
            pieces.append(len(ops))
            return ops

    store = Watched()
    length = 2 * OPS_AT_ONCE + 7
    await write(store, [Create(TYPE, {"n": 0}), *[count(1)] * (length - 1)])
    assert (await History(store).snapshot(DOCUMENT)).data == {"n": length - 1}
    assert pieces == [OPS_AT_ONCE, OPS_AT_ONCE, 7]


@pytest.mark.parametrize(
    "damage",
    [
        lambda ops: ops[:2] + ops[3:],
        lambda ops: [],
        lambda ops: [*ops[:3], replace(ops[3], body=b'{"op":[{"p":["n"],"li":1}]}')],
        lambda ops: [*ops[:3], replace(ops[3], body=b"\xff")],
        lambda ops: [replace(ops[0], body=b'{"op":[]}'), *ops[1:]],
    ],
    ids=["gap", "gone", "does not apply", "no JSON", "edit of nothing"],
)
async def test_a_damaged_log_is_refused_with_a_code(damage: object) -> None:
    class Damaged(MemoryStore):
        async def read(
            self,
            document: DocumentId,
            start: int,
            end: int | None = None,
            *,
            max_bytes: int | None = None,
        ) -> list[StoredOp]:
            return damage(await super().read(document, start, end, max_bytes=max_bytes))  # type: ignore[operator]

    store = Damaged()
    await write(store, LIFE)
    with pytest.raises(DesignError) as refusal:
        await History(store).snapshot(DOCUMENT, 4)
    assert refusal.value.code is Code.UNAVAILABLE


def test_a_snapshot_comes_back_from_its_milestone() -> None:
    for state in [*STATES, Snapshot(9, TYPE, {"é": [1.5, None, True, "\U0001f600"]})]:
        assert snapshot_of(milestone_of(state)) == state


async def test_A7_a_milestone_that_does_not_fit_the_ops_is_passed_over(store: MemoryStore) -> None:
    for body in (b'{"type":null,"data":null}', b'{"type":"t","data":[]}', b"{", b"[]", b"{}"):
        wrong = MemoryStore()
        await write(wrong, LIFE)
        await wrong.save_milestone(DOCUMENT, Milestone(1, body))
        assert await History(wrong).snapshot(DOCUMENT, 2) == STATES[2]


async def test_a_long_way_without_milestones_leaves_one() -> None:
    reads: list[int] = []

    class Watched(MemoryStore):
        async def read(
            self,
            document: DocumentId,
            start: int,
            end: int | None = None,
            *,
            max_bytes: int | None = None,
        ) -> list[StoredOp]:
            reads.append(start)
            return await super().read(document, start, end, max_bytes=max_bytes)

    store = Watched()
    length = MOST_REPLAYED + 300
    await write(store, [Create(TYPE, {"n": 0}), *[count(1)] * (length - 1)])
    first = await History(store).snapshot(DOCUMENT)
    reads.clear()
    assert await History(store).snapshot(DOCUMENT) == first
    assert reads == []
    assert (await History(store).snapshot(DOCUMENT, length - 200)).data == {"n": length - 201}
    reads.clear()
    assert (await History(store).snapshot(DOCUMENT, length - 100)).data == {"n": length - 101}
    assert reads == [length - 200], "the ops since the snapshot that was kept, and no more"


async def test_a_milestone_that_cannot_be_kept_is_no_matter() -> None:
    class Full(MemoryStore):
        async def save_milestone(self, document: DocumentId, milestone: Milestone) -> None:
            raise StoreUnavailable("disk full")

    store = Full()
    await write(store, [Create(TYPE, {"n": 0}), *[count(1)] * MOST_REPLAYED])
    assert (await History(store).snapshot(DOCUMENT)).data == {"n": MOST_REPLAYED}
