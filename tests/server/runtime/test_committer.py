from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from server.ports import (
    Commit,
    Committed,
    DocumentId,
    NewOp,
    OutcomeUnknown,
    Overtaken,
    StoreUnavailable,
)
from server.runtime import committer as module
from server.runtime.committer import Committer
from server.store import MemoryStore


def a_commit(name: str, base: int = 0, *, seq: int = 1, size: int = 2) -> Commit:
    body = b'"' + b"x" * (size - 2) + b'"'
    return Commit(DocumentId("acme", "scratch", name), base, (NewOp("s1", seq, "u1", 1, body),))


class Gated(MemoryStore):
    """Commits one group whenever the test opens the gate; keeps the groups that it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: list[list[str]] = []
        self.begun = asyncio.Semaphore(0)
        self.gate = asyncio.Semaphore(0)
        self.done = asyncio.Semaphore(0)
        self.faults: list[Exception | None] = []

    async def commit(self, commits: Sequence[Commit]) -> list[Committed | Overtaken]:
        self.groups.append([commit.document.id for commit in commits])
        self.begun.release()
        await self.gate.acquire()
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        self.done.release()
        return await super().commit(commits)

    def open(self, times: int = 1_000) -> None:  # type: ignore[override]
        for _ in range(times):
            self.gate.release()


@pytest.fixture
def store() -> Gated:
    return Gated()


async def test_ST60_what_comes_during_a_commit_goes_into_the_next(store: Gated) -> None:
    async with Committer(store) as committer, asyncio.TaskGroup() as tasks:
        first = tasks.create_task(committer.commit(a_commit("a")))
        await store.begun.acquire()
        others = [tasks.create_task(committer.commit(a_commit(name))) for name in "bcd"]
        await asyncio.sleep(0)
        assert store.groups == [["a"]]
        store.open()
        assert [await task for task in (first, *others)] == [Committed(1)] * 4
    assert store.groups == [["a"], ["b", "c", "d"]]


async def test_ST60_what_comes_in_one_turn_is_one_group(store: Gated) -> None:
    store.open()
    async with Committer(store) as committer:
        await asyncio.gather(*(committer.commit(a_commit(name)) for name in "abc"))
    assert store.groups == [["a", "b", "c"]]


async def test_ST61_batches_of_one_document_go_one_after_the_other(store: Gated) -> None:
    store.open()
    async with Committer(store) as committer:
        answers = await asyncio.gather(
            committer.commit(a_commit("a", 0, seq=1)),
            committer.commit(a_commit("a", 1, seq=2)),
            committer.commit(a_commit("b")),
            committer.commit(a_commit("a", 2, seq=3)),
        )
    assert answers == [Committed(1), Committed(2), Committed(1), Committed(3)]
    assert store.groups == [["a", "b"], ["a"], ["a"]]


async def test_ST61_each_learns_of_its_own(store: Gated) -> None:
    store.open()
    async with Committer(store) as committer:
        await committer.commit(a_commit("a"))
        answers = await asyncio.gather(
            committer.commit(a_commit("b")), committer.commit(a_commit("a", 0, seq=2))
        )
    assert answers[0] == Committed(1)
    assert isinstance(answers[1], Overtaken)


async def test_ST62_a_group_is_bounded_in_batches_and_bytes(
    store: Gated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BATCHES", 3)
    monkeypatch.setattr(module, "MOST_BYTES", 100)
    store.open()
    sizes = [40, 40, 40, 150, 10, 10, 10, 10]
    async with Committer(store) as committer:
        asked = (committer.commit(a_commit(f"{n}", size=size)) for n, size in enumerate(sizes))
        assert await asyncio.gather(*asked) == [Committed(1)] * 8
    assert store.groups == [["0", "1"], ["2"], ["3"], ["4", "5", "6"], ["7"]]


async def test_ST60_who_does_not_wait_is_told_once(store: Gated) -> None:
    told: list[object] = []
    store.faults = [StoreUnavailable("down")]
    async with Committer(store) as committer:
        committer.begin(a_commit("a"), told.append)
        committer.begin(a_commit("b"), told.append)
        await store.begun.acquire()
        assert told == []
        store.open()
        assert await committer.commit(a_commit("a")) == Committed(1)
        assert [type(one) for one in told] == [StoreUnavailable] * 2
        committer.begin(a_commit("b"), told.append)
    committer.begin(a_commit("c"), told.append)
    assert told[2] == Committed(1)
    assert isinstance(told[3], StoreUnavailable)


@pytest.mark.parametrize("fault", [StoreUnavailable("down"), OutcomeUnknown("cut")])
async def test_ST63_a_fault_of_the_store_is_told_to_all_of_the_group(
    store: Gated, fault: Exception
) -> None:
    store.faults = [fault]
    store.open()
    async with Committer(store) as committer:
        told = await asyncio.gather(
            *(committer.commit(a_commit(name)) for name in "ab"), return_exceptions=True
        )
        assert [(type(t), str(t)) for t in told] == [(type(fault), str(fault))] * 2
        assert not committer.ready
        assert await committer.commit(a_commit("a")) == Committed(1)
        assert committer.ready


async def test_ST64_a_fault_of_ours_hits_its_own_batch_only(store: Gated) -> None:
    store.faults = [KeyError("bug"), None, KeyError("bug"), None]
    store.open()
    async with Committer(store) as committer:
        told = await asyncio.gather(
            *(committer.commit(a_commit(name)) for name in "abc"), return_exceptions=True
        )
    assert told[0] == told[2] == Committed(1)
    assert isinstance(told[1], KeyError)
    assert store.groups == [["a", "b", "c"], ["a"], ["b"], ["c"]]


async def test_ST65_a_batch_that_waits_can_be_withdrawn(store: Gated) -> None:
    async with Committer(store) as committer, asyncio.TaskGroup() as tasks:
        tasks.create_task(committer.commit(a_commit("a")))
        await store.begun.acquire()
        withdrawn = tasks.create_task(committer.commit(a_commit("b")))
        kept = tasks.create_task(committer.commit(a_commit("c")))
        await asyncio.sleep(0)
        withdrawn.cancel()
        store.open()
        assert await kept == Committed(1)
    assert withdrawn.cancelled()
    assert store.groups == [["a"], ["c"]]


async def test_ST65_a_batch_on_its_way_is_committed_all_the_same(store: Gated) -> None:
    async with Committer(store) as committer, asyncio.TaskGroup() as tasks:
        task = tasks.create_task(committer.commit(a_commit("a")))
        await store.begun.acquire()
        task.cancel()
        store.open()
    assert task.cancelled()
    assert (await store.head(a_commit("a").document)).version == 1


async def test_ST66_leaving_commits_what_waits_and_takes_no_more(store: Gated) -> None:
    async with asyncio.TaskGroup() as tasks:
        async with Committer(store) as committer:
            first = tasks.create_task(committer.commit(a_commit("a")))
            await store.begun.acquire()
            second = tasks.create_task(committer.commit(a_commit("b")))
            await asyncio.sleep(0)
            store.open()
        assert (await first, await second) == (Committed(1), Committed(1))
        with pytest.raises(StoreUnavailable, match="stopping"):
            await committer.commit(a_commit("c"))


async def test_ST66_when_the_owner_is_cancelled_nobody_waits_for_ever(store: Gated) -> None:
    told: list[BaseException] = []

    async def ask(committer: Committer, name: str) -> None:
        try:
            await committer.commit(a_commit(name))
        except Exception as fault:
            told.append(fault)

    async with asyncio.TaskGroup() as askers:

        async def own() -> None:
            async with Committer(store) as committer:
                askers.create_task(ask(committer, "a"))
                await store.begun.acquire()
                askers.create_task(ask(committer, "b"))
                await asyncio.sleep(0)
                leaving.set()

        leaving = asyncio.Event()
        owner = asyncio.get_running_loop().create_task(own())
        await leaving.wait()
        await asyncio.sleep(0)  # the owner waits in the end of its context now
        owner.cancel()
        await asyncio.gather(owner, return_exceptions=True)
        assert owner.cancelled()
    assert [type(fault) for fault in told] == [OutcomeUnknown, StoreUnavailable]


async def test_ST67_a_store_that_failed_is_asked_until_it_is_back(store: Gated) -> None:
    store.faults = [StoreUnavailable("down"), StoreUnavailable("still")]
    store.open(2)
    async with Committer(store, probe_seconds=0.001) as committer:
        with pytest.raises(StoreUnavailable):
            await committer.commit(a_commit("a"))
        for _ in range(3):
            await store.begun.acquire()
        assert not committer.ready
        store.open()
        await store.done.acquire()
        assert committer.ready
        assert await committer.commit(a_commit("b")) == Committed(1)
    assert store.groups == [["a"], [], [], ["b"]]


async def test_ST67_a_commit_that_is_stuck_is_not_ready(
    store: Gated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STALL_SECONDS", -1.0)
    async with Committer(store) as committer, asyncio.TaskGroup() as tasks:
        assert committer.ready
        task = tasks.create_task(committer.commit(a_commit("a")))
        await store.begun.acquire()
        assert not committer.ready
        store.open()
        await task
        assert committer.ready
