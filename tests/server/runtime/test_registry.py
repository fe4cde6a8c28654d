"""Rooms of a node: opening, serving, closing, stopping; what a failing store and a fault do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from ot.types import Op
from server.bus.memory import MemoryBus
from server.document.applied import Applied
from server.document.scratch import Scratch, ScratchDraft
from server.document.versioned import TYPE, Create, Delete
from server.errors import Code, DesignError
from server.locks.memory import MemoryLocks
from server.ports import DocumentId, Milestone
from server.room.effects import Acked, Answer, Lost, Refused, Unsubscribed
from server.room.events import Fetch, Unsubscribe
from server.room.kind import SCRATCH
from server.room.limits import RoomLimits

from .node import DOCUMENT, OTHER, Ear, TrickyStore, running


def put(key: str, value: Any = 1) -> Op:
    return [{"p": [key], "oi": value}]


# -- serving ---------------------------------------------------------------------------------------


async def test_two_connections_edit_one_document() -> None:
    store = TrickyStore()
    async with running(store) as rooms:
        one, two = Ear(rooms, "one"), Ear(rooms, "two")
        await one.subscribe()
        await two.subscribe(0)
        assert isinstance(await one.submit(1, put("x")), Acked)
        assert isinstance(await two.submit(1, put("y")), Acked)
        await one.until(lambda heard: one.versions == [1, 2])
        assert two.versions == [0, 1, 2]
        assert (await rooms.snapshot(DOCUMENT)).data == {"x": 1, "y": 1}
        await one.ask(Unsubscribe("one"))
        await one.hears(Unsubscribed)
        assert isinstance(await two.submit(3, put("z")), Acked)
        await rooms.leave(two)
        await rooms.leave(one)
        assert one.versions == [1, 2]


async def test_server_commands_return_the_version_or_raise() -> None:
    async with running(TrickyStore()) as rooms:
        assert await rooms.submit(DOCUMENT, put("x"), "author") == 2
        assert await rooms.submit(DOCUMENT, put("y"), "author", base=1) == 3
        with pytest.raises(DesignError) as refused:
            await rooms.submit(DOCUMENT, Create(TYPE, {}), "author")
        assert refused.value.code == Code.DOC_ALREADY_CREATED
        assert await rooms.submit(DOCUMENT, Delete(), "author") == 4
        gone = await rooms.snapshot(DOCUMENT)
        assert (gone.version, gone.type) == (4, None)


async def test_a_command_that_gets_no_answer_ends() -> None:
    store = TrickyStore()
    async with running(store, ask_seconds=0.05, stop_seconds=0.05) as rooms:
        store.go.clear()
        with pytest.raises(DesignError) as refused:
            await rooms.submit(DOCUMENT, put("x"), "author")
        assert refused.value.code == Code.UNAVAILABLE
        store.go.set()


async def test_RM30_a_full_mailbox_holds_back_who_submits_and_nobody_who_reads() -> None:
    store = TrickyStore()
    async with running(store, mailbox_events=2) as rooms:
        ear, reader = Ear(rooms, "one"), Ear(rooms, "reader")
        store.go.clear()
        await ear.ask(ear.edit(1, put("k0")))
        await asyncio.sleep(0)  # the room takes it as a batch
        await asyncio.sleep(0)
        for number in (1, 2):
            await ear.ask(ear.edit(1, put(f"k{number}")))
        held = asyncio.ensure_future(ear.ask(ear.edit(1, put("k3"))))
        await reader.ask(Fetch("reader", None))
        await reader.hears(Answer)
        assert not held.done()
        store.go.set()
        await held
        await ear.hears(Acked, 4)
        assert [op.seq for op in await store.read(DOCUMENT, 1)] == [1, 2, 3, 4]


# -- opening ---------------------------------------------------------------------------------------


async def test_RM42_all_who_ask_share_one_load_and_see_a_loaded_document() -> None:
    store = TrickyStore()
    async with running(store) as rooms:
        await rooms.submit(DOCUMENT, put("x"), "author")
    store.reads = 0
    async with running(store, create=False) as rooms:
        ears = [Ear(rooms, f"e{number}") for number in range(5)]
        await asyncio.gather(*(ear.subscribe() for ear in ears))
        for ear in ears:
            answer = await ear.hears(Answer)
            assert answer.snapshot.data == {"x": 1} and answer.snapshot.version == 2
        assert store.reads == 1 and len(rooms) == 1


async def test_RM42_a_store_that_comes_back_in_time_is_waited_for() -> None:
    store = TrickyStore()
    async with running(store):
        pass
    async with running(store, create=False) as rooms:
        store.down = True
        ear = Ear(rooms, "one")
        await ear.ask(Fetch("one", None))
        await _while(lambda: rooms.ready)
        assert ear.heard == []
        store.down = False
        await ear.hears(Answer)
        assert rooms.ready


async def test_RM42_without_a_store_who_asks_is_told_to_come_again() -> None:
    store = TrickyStore()
    async with running(store, create=False, load_seconds=0.0) as rooms:
        store.down = True
        ear = Ear(rooms, "one")
        await ear.ask(ear.edit(0, Create(TYPE, {})))
        lost = await ear.hears(Lost)
        assert lost.error.code == Code.UNAVAILABLE and lost.error.code.is_retryable
        await _while(lambda: len(rooms) > 0)
        store.down = False
        assert isinstance(await ear.submit(0, Create(TYPE, {})), Acked)


async def test_RM42_a_damaged_document_is_not_shown() -> None:
    store = TrickyStore()
    async with running(store) as rooms:
        await rooms.submit(DOCUMENT, put("x"), "author")
    log = store._logs[DOCUMENT]
    log.ops[1] = replace(log.ops[1], body=b'{"op":[{"p":["a","b"],"oi":1}]}')
    async with running(store, create=False) as rooms:
        with pytest.raises(DesignError) as refused:
            await rooms.snapshot(DOCUMENT)
        assert refused.value.code == Code.UNAVAILABLE
        assert await rooms.submit(OTHER, Create(TYPE, {}), "author") == 1


async def test_A7_a_wrong_snapshot_is_passed_over() -> None:
    store = TrickyStore()
    async with running(store) as rooms:
        await rooms.submit(DOCUMENT, put("x"), "author")
        await rooms.submit(DOCUMENT, [{"p": ["x"], "na": 1}], "author")
    for body in (b"nonsense", b'{"type":"t","data":[]}'):
        store._logs[DOCUMENT].milestones[2] = Milestone(2, body)
        async with running(store, create=False) as rooms:
            assert (await rooms.snapshot(DOCUMENT)).data == {"x": 2}


async def test_RM35_snapshots_are_kept_and_used() -> None:
    store = TrickyStore()
    limits = RoomLimits(milestone_ops=3)
    async with running(store, limits=limits) as rooms:
        for number in range(5):
            await rooms.submit(DOCUMENT, put(f"k{number}"), "author")
    assert sorted(store._logs[DOCUMENT].milestones) == [3, 6]
    store._logs[DOCUMENT].ops[5] = replace(store._logs[DOCUMENT].ops[5], time=77)
    async with running(store, limits=limits, create=False) as rooms:
        assert len((await rooms.snapshot(DOCUMENT)).data) == 5
        await rooms.submit(DOCUMENT, put("later"), "author")
    assert (await store.read(DOCUMENT, 6))[0].time == 77  # RM19, though the clock says 0


# -- closing ---------------------------------------------------------------------------------------


async def test_RM43_an_unused_room_is_closed_after_a_while() -> None:
    async with running(TrickyStore(), idle_seconds=0.02) as rooms:
        ear = Ear(rooms, "one")
        await ear.subscribe()
        assert len(rooms) == 1
        await ear.ask(Unsubscribe("one"))
        await ear.hears(Unsubscribed)
        await _while(lambda: len(rooms) > 0)
        assert not any(isinstance(told, Lost) for told in ear.heard)
        assert (await rooms.snapshot(DOCUMENT)).version == 1


async def test_RM43_a_room_in_use_stays_open() -> None:
    async with running(TrickyStore(), idle_seconds=0.01) as rooms:
        ear = Ear(rooms, "one")
        await ear.subscribe()
        other = Ear(rooms, "two", document=OTHER)
        await other.ask(Fetch("two", None))
        await other.hears(Answer)
        await _while(lambda: len(rooms) > 1)
        assert isinstance(await ear.submit(1, put("x")), Acked)


async def test_RM43_the_number_of_open_rooms_is_bounded() -> None:
    async with running(TrickyStore(), max_rooms=1) as rooms:
        ear = Ear(rooms, "one")
        await ear.subscribe()
        other = Ear(rooms, "two", document=OTHER)
        await other.ask(Fetch("two", None))
        lost = await other.hears(Lost)
        assert lost.error.code == Code.OVERLOADED
        await rooms.leave(ear)
        await _while(lambda: not any(room.close_if_unused() for room in rooms._open.values()))
        await other.ask(Fetch("two", None))
        await other.hears(Answer)


# -- a failing store -------------------------------------------------------------------------------


async def test_RM31_while_the_store_is_down_edits_wait_and_reads_go_on() -> None:
    store = TrickyStore()
    async with running(store) as rooms:
        ear = Ear(rooms, "one")
        await ear.subscribe()
        store.down = True
        await ear.ask(ear.edit(1, put("x")))
        await _while(lambda: rooms.ready)
        assert (await rooms.snapshot(DOCUMENT)).version == 1
        assert ear.versions == []
        store.down = False
        await ear.hears(Acked)
        assert rooms.ready and ear.versions == [1]


@pytest.mark.parametrize("outcome", ["unknown, done", "unknown, not done", "failed"])
async def test_RM32_an_unknown_outcome_is_found_out(outcome: str) -> None:
    store = TrickyStore()
    async with running(store) as rooms:
        ear = Ear(rooms, "one")
        await ear.subscribe()
        store.outcomes = [outcome]
        assert isinstance(await ear.submit(1, put("x")), Acked)
        assert isinstance(await ear.submit(2, put("y")), Acked)
        # What turned out to be committed was told as read from the store, before its ack.
        assert ear.versions in ([1, 2], [1, 1, 2])
        assert [op.seq for op in await store.read(DOCUMENT, 1)] == [1, 2]


# -- several nodes ---------------------------------------------------------------------------------


async def test_two_nodes_serve_one_document() -> None:
    store, locks, bus = TrickyStore(), MemoryLocks(), MemoryBus()
    async with (
        running(store, locks=locks, bus=bus) as rooms,
        running(store, name="two", locks=locks, bus=bus, create=False) as others,
    ):
        one, two = Ear(rooms, "one"), Ear(others, "two")
        await one.subscribe(0)
        await two.subscribe(0)
        await asyncio.gather(
            *(ear.submit(1, put(f"{ear.id}{number}")) for number in range(20) for ear in (one, two))
        )
        for ear in (one, two):
            await ear.until(lambda heard, ear=ear: len(ear.versions) == 41)
            assert ear.versions == list(range(41))
        assert (await rooms.snapshot(DOCUMENT)).data == (await others.snapshot(DOCUMENT)).data


async def test_LK4_without_the_lock_service_edits_go_on() -> None:
    class Away(MemoryLocks):
        async def acquire(self, *_: Any) -> list[bool]:
            raise ConnectionError("no lock service")

        async def release(self, *_: Any) -> None:
            raise ConnectionError("no lock service")

    async with running(TrickyStore(), locks=Away()) as rooms:
        assert await rooms.submit(DOCUMENT, put("x"), "author") == 2


async def test_a_bus_that_fails_holds_nobody_up() -> None:
    class Broken(MemoryBus):
        async def publish(self, channel: str, payload: bytes) -> None:
            raise ConnectionError("no bus")

    async with running(TrickyStore(), bus=Broken()) as rooms:
        assert await rooms.submit(DOCUMENT, put("x"), "author") == 2


# -- a fault of ours -------------------------------------------------------------------------------


class PoisonDraft(ScratchDraft):
    """Raises what nobody expects at the op that sets `poison`, as often as `raises` says."""

    raises = 10**9

    def apply(self, op: Op, missed: Any = (), **others: Any) -> Applied:
        if op and op[0]["p"] == ["poison"] and PoisonDraft.raises > 0:
            PoisonDraft.raises -= 1
            raise ZeroDivisionError("a fault")
        return super().apply(op, missed, **others)


class Poison(Scratch):
    reads = 0  # that raise

    def to_json(self) -> Any:
        if Poison.reads > 0:
            Poison.reads -= 1
            raise ZeroDivisionError("a fault")
        return super().to_json()

    def draft(self) -> ScratchDraft:
        return PoisonDraft(self)


POISON = replace(SCRATCH, load=lambda data, judged: Poison(data))


@pytest.fixture(autouse=True)
def _poison_is_fresh() -> None:
    PoisonDraft.raises = 10**9
    Poison.reads = 0


async def test_RM40_after_a_fault_the_room_goes_on_and_nobody_notices() -> None:
    PoisonDraft.raises = 1
    async with running(TrickyStore(), kind=POISON) as rooms:
        ear, reader = Ear(rooms, "one"), Ear(rooms, "reader")
        await ear.subscribe()
        await reader.subscribe()
        answers = await asyncio.gather(
            ear.submit(1, put("x")), ear.submit(1, put("poison")), ear.submit(1, put("y"))
        )
        assert all(isinstance(answer, Acked) for answer in answers)
        await reader.until(lambda heard: reader.versions == [1, 2, 3])
        assert ear.versions == [1, 2, 3]
        assert not any(isinstance(told, Lost) for told in ear.heard + reader.heard)


async def test_RM40_the_answer_to_a_lost_room_is_not_taken_for_the_new_ones(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = TrickyStore()
    async with running(store, kind=POISON) as rooms:
        ear, reader = Ear(rooms, "one"), Ear(rooms, "reader")
        await ear.subscribe()
        store.go.clear()
        await ear.ask(ear.edit(1, put("x")))
        await _while(lambda: next(iter(rooms._open.values()))._room.takes_submits)  # type: ignore[union-attr]
        Poison.reads = 1
        await reader.ask(Fetch("reader", None))
        await _while(lambda: Poison.reads > 0)
        store.go.set()
        await ear.hears(Acked)
        await reader.hears(Answer)
        assert isinstance(await ear.submit(2, put("y")), Acked)
    assert [op.seq for op in await store.read(DOCUMENT, 1)] == [1, 2]
    faults = [record for record in caplog.records if "loaded again" in record.message]
    assert len(faults) == 1


async def test_RM41_an_edit_that_raises_twice_is_refused() -> None:
    async with running(TrickyStore(), kind=POISON) as rooms:
        ear, other = Ear(rooms, "one"), Ear(rooms, "other", document=OTHER)
        await ear.subscribe()
        await other.subscribe()
        first, poison, last = await asyncio.gather(
            ear.submit(1, put("x")), ear.submit(1, put("poison")), ear.submit(1, put("y"))
        )
        assert isinstance(first, Acked) and isinstance(last, Acked)
        assert isinstance(poison, Refused) and poison.error.code == Code.UNKNOWN
        again = await ear.submit(3, put("poison"))
        assert isinstance(again, Refused)
        assert isinstance(await ear.submit(3, put("z")), Acked)
        assert len(other.heard) == 1
        assert isinstance(await other.submit(0, Create(TYPE, {})), Acked)


async def test_D4_others_do_not_notice_a_room_that_fails_again_and_again() -> None:
    """Nothing of it reaches another document, and no task ends with its fault."""
    unhandled: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    others = [DocumentId("default", "scratch", f"other{n}") for n in range(8)]
    async with running(TrickyStore(), kind=POISON) as rooms:
        bad, reader = Ear(rooms, "bad"), Ear(rooms, "reader")
        await bad.subscribe()
        await reader.subscribe()
        good = [Ear(rooms, f"good{n}", document=at) for n, at in enumerate(others)]
        for ear in good:
            await ear.subscribe()
            await ear.submit(0, Create(TYPE, {}))

        async def edit(ear: Ear) -> list[Acked | Refused]:
            return [await ear.submit(version, put(f"k{version}")) for version in range(1, 13)]

        async def fail() -> list[Acked | Refused]:
            return [await bad.submit(1, put("poison")) for _ in range(6)]

        failing, *answers = await asyncio.gather(fail(), *map(edit, good))
        assert [answer.error.code for answer in failing] == [Code.UNKNOWN] * 6  # type: ignore[union-attr]
        for ear, told in zip(good, answers, strict=True):
            assert all(isinstance(answer, Acked) for answer in told)
            assert ear.versions == list(range(13))
            assert not any(isinstance(heard, Lost) for heard in ear.heard)
        # Those who have the document itself open go on, too.
        assert isinstance(await bad.submit(1, put("sound")), Acked)
        await reader.until(lambda heard: reader.versions == [1])
        assert not any(isinstance(heard, Lost) for heard in reader.heard)
    assert unhandled == []


async def test_RM41_a_read_that_raises_twice_is_lost_and_no_other() -> None:
    async with running(TrickyStore(), kind=POISON) as rooms:
        ear, reader = Ear(rooms, "one"), Ear(rooms, "reader")
        await ear.subscribe()
        Poison.reads = 2
        await reader.ask(Fetch("reader", None))
        lost = await reader.hears(Lost)
        assert lost.error.code == Code.UNAVAILABLE
        assert isinstance(await ear.submit(1, put("x")), Acked)
        await reader.ask(Fetch("reader", None))
        await reader.hears(Answer)
        assert not any(isinstance(told, Lost) for told in ear.heard)


async def test_RM41_a_room_that_keeps_raising_is_given_up(monkeypatch: Any) -> None:
    store = TrickyStore()
    async with running(store) as rooms:
        ear = Ear(rooms, "one")
        await ear.subscribe()

        async def broken(commits: Any) -> Any:
            raise ZeroDivisionError("a fault in the store")

        monkeypatch.setattr(store, "commit", broken)
        await ear.ask(ear.edit(1, put("x")))
        lost = await ear.hears(Lost)
        assert lost.error.code == Code.UNAVAILABLE
        monkeypatch.undo()
        await _while(lambda: len(rooms) > 0)
        assert isinstance(await ear.submit(1, put("y")), Acked)


async def test_a_peer_that_raises_is_left() -> None:
    async with running(TrickyStore()) as rooms:
        ear, bad = Ear(rooms, "one"), Ear(rooms, "bad")
        await ear.subscribe()
        await bad.subscribe()
        bad.deliver = lambda *_: 1 / 0  # type: ignore[assignment,method-assign,return-value]
        assert isinstance(await ear.submit(1, put("x")), Acked)
        assert isinstance(await ear.submit(2, put("y")), Acked)


# -- stopping --------------------------------------------------------------------------------------


async def test_RM44_stopping_finishes_what_was_submitted() -> None:
    store = TrickyStore()
    async with running(store) as rooms:
        ear = Ear(rooms, "one")
        await ear.subscribe()
        store.go.clear()
        for number in range(20):
            await ear.ask(ear.edit(1, put(f"k{number}")))
        asyncio.get_running_loop().call_soon(store.go.set)
    assert len(ear.versions) == 20 and len(await store.read(DOCUMENT, 0)) == 21
    assert isinstance(ear.heard[-1], Lost)
    await rooms.send(DOCUMENT, ear, Fetch("one", None))
    assert isinstance(ear.heard[-1], Lost) and not rooms.ready


async def test_RM44_stopping_does_not_wait_for_ever_and_gives_locks_back() -> None:
    store, locks = TrickyStore(), MemoryLocks()
    async with running(store, locks=locks, stop_seconds=0.05) as rooms:
        ear = Ear(rooms, "one")
        await ear.subscribe()
        store.go.clear()
        await ear.ask(ear.edit(1, put("x")))
        await _while(lambda: not locks.held)
        asyncio.get_running_loop().call_later(0.2, store.go.set)
    assert isinstance(ear.heard[-1], Lost) and not any(isinstance(t, Acked) for t in ear.heard)
    assert not locks.held


async def _while(condition: Any) -> None:
    """Until it is no longer so, for at most 10 s."""
    async with asyncio.timeout(10):
        while condition():  # noqa: ASYNC110 (what is waited for tells nobody)
            await asyncio.sleep(0.002)
