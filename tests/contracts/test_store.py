"""The contract of the port `Store`, held by every adapter. Rules: server/store/SPEC.md."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from server.ports import (
    Commit,
    Committed,
    DesignRow,
    DocumentId,
    Head,
    Milestone,
    NewOp,
    Overtaken,
    Store,
    StoredOp,
)
from server.store import MemoryStore, SqlStore
from server.store.chain import ROOT, row_hashes

CLAIMS = DocumentId("acme", "designs", "claims")


def an_op(seq: int, src: str = "s1", *, time: int = 0, body: bytes = b'{"op":[]}') -> NewOp:
    return NewOp(src, seq, "u1", time or 1_000 + seq, body)


def stored(version: int, op: NewOp) -> StoredOp:
    return StoredOp(version, op.src, op.seq, op.author, op.time, op.body)


def a_batch(base: int, *ops: NewOp, document: DocumentId = CLAIMS) -> Commit:
    return Commit(document, base, ops)


async def fill(store: Store, count: int, document: DocumentId = CLAIMS) -> list[StoredOp]:
    """Commit `count` ops s1/1, s1/2, ... from version 0."""
    ops = [an_op(seq) for seq in range(1, count + 1)]
    assert await store.commit([a_batch(0, *ops, document=document)]) == [Committed(count)]
    return [stored(version, op) for version, op in enumerate(ops)]


# -- commit ----------------------------------------------------------------------------------------


async def test_ST1_a_batch_takes_the_versions_from_its_base(store: Store) -> None:
    first, second, third = an_op(1), an_op(2), an_op(3, body="{é\U0001f600\x00}".encode())
    assert await store.commit([a_batch(0, first, second)]) == [Committed(2)]
    assert await store.commit([a_batch(2, third)]) == [Committed(3)]
    assert await store.read(CLAIMS, 0) == [stored(0, first), stored(1, second), stored(2, third)]
    assert (await store.head(CLAIMS)).version == 3


async def test_ST1_a_group_is_answered_batch_by_batch_in_its_order(store: Store) -> None:
    documents = [DocumentId("acme", "scratch", f"d{n}") for n in (3, 1, 2)]
    await store.commit([a_batch(0, an_op(1), document=documents[1])])
    answers = await store.commit(
        [
            a_batch(0, an_op(1), an_op(2), document=documents[0]),
            a_batch(1, an_op(2), document=documents[1]),
            a_batch(0, an_op(1), document=documents[2]),
        ]
    )
    assert answers == [Committed(2), Committed(2), Committed(1)]
    assert [(await store.head(d)).version for d in documents] == [2, 2, 1]


async def test_ST1_documents_differ_by_tenant_collection_and_id(store: Store) -> None:
    same_id = [
        CLAIMS,
        CLAIMS._replace(tenant="other"),
        CLAIMS._replace(collection="scratch"),
        CLAIMS._replace(id="Claims"),
    ]
    answers = await store.commit([a_batch(0, an_op(1, d.tenant), document=d) for d in same_id])
    assert answers == [Committed(1)] * 4
    for document in same_id:
        assert [op.src for op in await store.read(document, 0)] == [document.tenant]


async def test_ST2_a_batch_on_an_old_head_is_overtaken_and_the_others_are_not(store: Store) -> None:
    log = await fill(store, 3)
    other = CLAIMS._replace(id="other")
    answers = await store.commit(
        [a_batch(1, an_op(1, "late"), an_op(2, "late")), a_batch(0, an_op(1), document=other)]
    )
    assert answers == [Overtaken(tuple(log[1:])), Committed(1)]
    assert await store.read(CLAIMS, 0) == log
    assert await store.find(CLAIMS, "late", 1) is None


async def test_ST2_overtaken_tells_of_at_most_a_thousand_ops(store: Store) -> None:
    log = await fill(store, 1_203)
    (answer,) = await store.commit([a_batch(100, an_op(1, "late"))])
    assert answer == Overtaken(tuple(log[100:1_100]))


async def test_ST2_a_base_beyond_the_head_is_overtaken_by_nobody(store: Store) -> None:
    await fill(store, 2)
    assert await store.commit([a_batch(5, an_op(9))]) == [Overtaken(())]
    assert (await store.head(CLAIMS)).version == 2


async def test_ST3_a_source_and_sequence_is_stored_once_per_document(store: Store) -> None:
    log = await fill(store, 3)
    other = CLAIMS._replace(id="other")
    answers = await store.commit(
        [
            a_batch(3, an_op(4), an_op(2), an_op(1)),
            a_batch(0, an_op(2), document=other),
        ]
    )
    assert answers == [Overtaken((), (log[1], log[0])), Committed(1)]
    assert await store.read(CLAIMS, 0) == log
    assert await store.read(other, 0) == [stored(0, an_op(2))]


async def test_ST3_a_group_with_several_doubles_still_writes_the_rest(store: Store) -> None:
    documents = [DocumentId("acme", "scratch", f"d{n}") for n in range(6)]
    await store.commit([a_batch(0, an_op(1), document=d) for d in documents])
    answers = await store.commit(
        [a_batch(1, an_op(1 + n % 2), document=d) for n, d in enumerate(documents)]
    )
    double, new = Overtaken((), (stored(0, an_op(1)),)), Committed(2)
    assert answers == [double, new, double, new, double, new]


async def test_ST4_the_same_batch_again_is_committed_but_not_written(store: Store) -> None:
    batch = a_batch(2, an_op(3), an_op(4))
    await fill(store, 2)
    assert await store.commit([batch]) == [Committed(4)]
    head = await store.head(CLAIMS)
    assert await store.commit([batch]) == [Committed(4)]
    assert await store.head(CLAIMS) == head
    await store.commit([a_batch(4, an_op(5))])
    assert await store.commit([batch]) == [Committed(4)]


@pytest.mark.parametrize(
    "change", [{"body": b"{}"}, {"time": 7}, {"author": "u2"}, {"seq": 9}, {"src": "s2"}]
)
async def test_ST4_a_batch_that_differs_is_not_taken_for_the_same(
    store: Store, change: dict[str, object]
) -> None:
    log = await fill(store, 1)
    op = replace(an_op(1), **change)  # type: ignore[arg-type]
    assert await store.commit([a_batch(0, op)]) == [Overtaken(tuple(log))]


async def test_ST5_no_batches_write_nothing(store: Store) -> None:
    assert await store.commit([]) == []


async def test_ST5_a_batch_without_ops_writes_nothing(store: Store) -> None:
    await fill(store, 1)
    head = await store.head(CLAIMS)
    assert await store.commit([a_batch(1)]) == [Committed(1)]
    assert await store.head(CLAIMS) == head


async def test_ST5_two_batches_of_one_document_are_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="two batches"):
        await store.commit([a_batch(0, an_op(1)), a_batch(1, an_op(2))])
    with pytest.raises(ValueError, match="twice"):
        await store.commit([a_batch(0, an_op(1), an_op(1))])
    assert (await store.head(CLAIMS)).version == 0


async def test_ST6_of_two_who_commit_at_once_one_is_overtaken(store: Store) -> None:
    batches = [a_batch(0, an_op(1, f"s{n}")) for n in range(8)]
    answers = [a for (a,) in await asyncio.gather(*(store.commit([b]) for b in batches))]
    assert answers.count(Committed(1)) == 1
    winner = stored(0, batches[answers.index(Committed(1))].ops[0])
    assert [a for a in answers if a != Committed(1)] == [Overtaken((winner,))] * 7


async def test_ST6_versions_stay_dense_with_many_writers(store: Store) -> None:
    async def write(src: str) -> None:
        base = 0
        for seq in range(1, 6):
            while True:
                (answer,) = await store.commit([a_batch(base, an_op(seq, src))])
                if isinstance(answer, Committed):
                    base = answer.head
                    break
                base += len(answer.ops)

    await asyncio.gather(*(write(f"s{n}") for n in range(4)))
    log = await store.read(CLAIMS, 0)
    assert [op.version for op in log] == list(range(20))
    assert {(op.src, op.seq) for op in log} == {
        (f"s{n}", seq) for n in range(4) for seq in range(1, 6)
    }


# -- the chain of hashes ---------------------------------------------------------------------------


async def test_ST10_the_head_holds_the_hash_of_the_whole_log(store: Store) -> None:
    assert await store.head(CLAIMS) == Head(0, ROOT)
    log = await fill(store, 5)
    await store.commit([a_batch(5, an_op(6))])
    log.append(stored(5, an_op(6)))
    assert await store.head(CLAIMS) == Head(6, row_hashes(CLAIMS, 0, ROOT, log)[-1])


# -- reading ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, None, [0, 1, 2, 3]),
        (2, None, [2, 3]),
        (1, 3, [1, 2]),
        (2, 2, []),
        (3, 99, [3]),
        (4, None, []),
        (9, 12, []),
    ],
)
async def test_ST20_read(store: Store, start: int, end: int | None, expected: list[int]) -> None:
    await fill(store, 4)
    await fill(store, 9, CLAIMS._replace(id="other"))
    assert [op.version for op in await store.read(CLAIMS, start, end)] == expected


@pytest.mark.parametrize(
    ("most", "expected"), [(1, 1), (24, 1), (25, 2), (48, 2), (49, 3), (999, 4)]
)
async def test_ST20_what_is_read_is_bounded_in_bytes(
    store: Store, most: int, expected: int
) -> None:
    body = b'"' + b"x" * 22 + b'"'
    ops = tuple(replace(an_op(seq), body=body) for seq in range(1, 6))
    await store.commit([a_batch(0, *ops)])
    assert len(body) == 24
    found = await store.read(CLAIMS, 1, max_bytes=most)
    assert found == [stored(at, ops[at]) for at in range(1, 1 + min(expected, 4))]
    assert await store.read(CLAIMS, 1, 2, max_bytes=most) == [stored(1, ops[1])]
    assert await store.read(CLAIMS, 5, max_bytes=most) == []


async def test_ST20_what_never_existed_reads_empty(store: Store) -> None:
    assert await store.read(CLAIMS, 0) == []
    assert await store.find(CLAIMS, "s1", 1) is None
    assert await store.version_at(CLAIMS, 1) == 0
    assert await store.milestone(CLAIMS, 10) is None


async def test_ST21_find_knows_every_committed_op(store: Store) -> None:
    log = await fill(store, 3)
    assert [await store.find(CLAIMS, "s1", seq) for seq in (1, 2, 3, 4)] == [*log, None]
    assert await store.find(CLAIMS, "s2", 1) is None
    assert await store.find(CLAIMS._replace(tenant="other"), "s1", 1) is None


@pytest.mark.parametrize("length", [1, 2, 7, 64])
async def test_ST22_version_at_is_after_the_last_op_up_to_that_time(
    store: Store, length: int
) -> None:
    times = [100 * (n // 2 + 1) for n in range(length)]  # always two ops at one time
    await store.commit([a_batch(0, *(an_op(n + 1, time=time) for n, time in enumerate(times)))])
    for asked in (0, 99, 100, 101, 200, times[-1] - 1, times[-1], 10**15):
        expected = sum(time <= asked for time in times)
        assert await store.version_at(CLAIMS, asked) == expected


async def test_ST22_times_that_jump_back_are_passed_at_one_place(store: Store) -> None:
    times = [100, 200, 150, 300, 50, 60, 400]
    await store.commit([a_batch(0, *(an_op(n + 1, time=time) for n, time in enumerate(times)))])
    for asked in (40, 55, 99, 100, 149, 150, 199, 200, 299, 300, 350, 400, 10**15):
        version = await store.version_at(CLAIMS, asked)
        assert version == 0 or times[version - 1] <= asked
        assert version == len(times) or times[version] > asked


# -- milestones ------------------------------------------------------------------------------------


async def test_ST30_the_newest_milestone_at_or_before_a_version(store: Store) -> None:
    kept = {v: Milestone(v, b'{"type":null,"data":%d}' % v) for v in (20, 10, 30)}
    for milestone in kept.values():
        await store.save_milestone(CLAIMS, milestone)
    asked = [9, 10, 19, 20, 29, 30, 10**9]
    found = [await store.milestone(CLAIMS, v) for v in asked]
    expected = [None, 10, 10, 20, 20, 30, 30]
    assert found == [None if v is None else kept[v] for v in expected]
    assert await store.milestone(CLAIMS._replace(tenant="other"), 30) is None


async def test_ST31_saving_a_version_again_does_nothing(store: Store) -> None:
    first = Milestone(7, b'{"type":null}')
    await store.save_milestone(CLAIMS, first)
    await store.save_milestone(CLAIMS, Milestone(7, b'{"type":"other"}'))
    assert await store.milestone(CLAIMS, 7) == first


async def test_ST30_a_large_state_comes_back_whole(store: Store) -> None:
    large = Milestone(1, b'{"type":null,"data":"' + bytes(range(32, 127)) * 40_000 + b'"}')
    await store.save_milestone(CLAIMS, large)
    assert await store.milestone(CLAIMS, 1) == large


# -- the list of designs follows -------------------------------------------------------------------

ROW = DesignRow("claims", "Claims", 10, "u1", 10, 0, None)


async def test_ST7_a_commit_moves_its_row_of_the_list(store: MemoryStore | SqlStore) -> None:
    await store.designs.add("acme", ROW)
    await store.designs.add("other", ROW)
    await fill(store, 2)
    row = await store.designs.get("acme", "claims")
    assert row == replace(ROW, version=2, updated_at=1_002)
    await store.commit([Commit(CLAIMS, 2, (an_op(3, time=5_000),), name="Intake")])
    row = await store.designs.get("acme", "claims")
    assert row == replace(ROW, version=3, updated_at=5_000, name="Intake")
    assert await store.designs.get("other", "claims") == ROW


async def test_ST7_what_is_not_written_moves_no_row(store: MemoryStore | SqlStore) -> None:
    await store.designs.add("acme", ROW)
    await fill(store, 2)
    row = await store.designs.get("acme", "claims")
    await store.commit([Commit(CLAIMS, 1, (an_op(1, "late"),), name="Overtaken")])
    await store.commit([Commit(CLAIMS, 2, (an_op(1),), name="Doubled")])
    await store.commit([Commit(CLAIMS._replace(collection="scratch"), 0, (an_op(1),), name="No")])
    assert await store.designs.get("acme", "claims") == row


async def test_ST20_the_versions_of_many_documents(store: Store) -> None:
    documents = [CLAIMS._replace(id=f"d{n}") for n in range(1_200)]
    some = documents[::7]
    for start in range(0, len(some), 200):
        batch = some[start : start + 200]
        commits = [a_batch(0, an_op(1), an_op(2), document=one) for one in batch]
        assert await store.commit(commits) == [Committed(2)] * len(batch)
    assert await store.versions(documents) == dict.fromkeys(some, 2)
    assert await store.versions([]) == {}
