"""What waits for one connection, and what becomes of slow readers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from server.ports import DocumentId
from server.web.outbox import MAX_LIVE_BYTES, MAX_WAITING_BYTES, Outbox

DESIGN = DocumentId("default", "designs", "d1")
OTHER = DocumentId("default", "designs", "d2")


async def taken(outbox: Outbox) -> list[bytes]:
    """Everything that can be taken without waiting."""
    frames = []
    while outbox._waiting:
        frames += await outbox.take()
    return frames


async def test_frames_come_in_order_and_together() -> None:
    outbox = Outbox()
    outbox.put(b"1")
    outbox.put_live(DESIGN, 1, b"2")
    outbox.put_presence("me", b"3")
    outbox.put(b"4")
    assert await outbox.take() == [b"1", b"2", b"3", b"4"]
    assert outbox.live_bytes == 0


async def test_taking_waits_for_something() -> None:
    outbox = Outbox()
    taking = asyncio.ensure_future(outbox.take())
    await asyncio.sleep(0)
    assert not taking.done()
    outbox.put(b"1")
    assert await taking == [b"1"]


async def test_one_write_is_bounded() -> None:
    outbox = Outbox()
    for _ in range(10):
        outbox.put(b"x" * 30_000)
    assert [len(await outbox.take()) for _ in range(4)] == [3, 3, 3, 1]


async def test_of_a_presence_only_the_newest_waits() -> None:
    outbox = Outbox()
    outbox.put_presence("a", b"a1")
    outbox.put_presence("b", b"b1")
    outbox.put_presence("a", b"a2")
    assert await outbox.take() == [b"a2", b"b1"]
    outbox.put_presence("a", b"a3")
    assert await outbox.take() == [b"a3"]


async def test_a_slow_reader_is_moved_to_catching_up() -> None:
    outbox = Outbox()
    frame = b"x" * 100_000
    outbox.put(b"reply")
    outbox.put_live(OTHER, 7, b"other")
    for version in range(20):
        outbox.put_live(DESIGN, version, frame)
        assert outbox.live_bytes <= MAX_LIVE_BYTES
    assert await taken(outbox) == [b"reply"]
    # Where to go on from, per document: the first version that was dropped.
    assert outbox.behind() == {DESIGN: 0, OTHER: 7}
    assert await outbox.take() == []  # the writer's turn to catch up

    outbox.put_live(DESIGN, 20, frame)  # live ops are of no use before that
    outbox.put_live(DESIGN, 20, b"an ack of it neither")
    assert await taken(outbox) == []
    outbox.put(b"op 0")
    outbox.advance(DESIGN, 1)
    assert outbox.behind()[DESIGN] == 1
    outbox.await_rest(DESIGN)
    outbox.await_rest(OTHER)
    assert outbox.behind() == {}
    outbox.put_live(DESIGN, 21, frame)
    outbox.put(b"the rest")
    outbox.caught_up(DESIGN)
    outbox.put_live(DESIGN, 22, b"live again")
    assert await taken(outbox) == [b"op 0", b"the rest", b"live again"]


async def test_an_ack_of_an_older_op_is_not_dropped() -> None:
    outbox = Outbox()
    for version in range(10, 30):
        outbox.put_live(DESIGN, version, b"x" * 100_000)
    outbox.put_live(DESIGN, 3, b"ack of a resend")
    assert await taken(outbox) == [b"ack of a resend"]


async def test_replies_are_kept_and_stop_the_reading_instead() -> None:
    outbox = Outbox()
    outbox.put(b"x" * (MAX_WAITING_BYTES + 1))
    waiting = asyncio.ensure_future(outbox.has_room())
    await asyncio.sleep(0)
    assert not waiting.done()
    assert len(await outbox.take()) == 1
    await waiting


async def test_closing_lets_what_waits_go_first() -> None:
    outbox = Outbox()
    outbox.put(b"1")
    outbox.close(1013, "later")
    outbox.close(1000, "too late")
    outbox.put(b"2")
    assert outbox.is_closing and outbox.closing is None
    assert await outbox.take() == [b"1"]
    assert outbox.closing == (1013, "later")
    assert await outbox.take() == []


async def test_with_nobody_to_write_to_nothing_is_kept() -> None:
    outbox = Outbox()
    for version in range(20):
        outbox.put_live(DESIGN, version, b"x" * 100_000)
    outbox.put(b"x" * (MAX_WAITING_BYTES + 1))
    outbox.discard()
    await outbox.has_room()
    outbox.put(b"reply")
    outbox.put_live(DESIGN, 21, b"op")
    outbox.put_presence("me", b"presence")
    assert await taken(outbox) == []
    assert outbox.live_bytes == 0 and outbox.behind() == {}


async def test_the_writer_can_be_called_for_something_else() -> None:
    outbox = Outbox()
    outbox.put(b"1")
    outbox.call()
    assert await outbox.take() == [b"1"]
    assert await outbox.take() == []
    taking = asyncio.ensure_future(outbox.take())
    await asyncio.sleep(0)
    assert not taking.done()  # once
    outbox.put(b"2")
    assert await taking == [b"2"]


class Wire:
    """Writes into a list; the reader keeps up until told otherwise."""

    def __init__(self) -> None:
        self.is_writable = True
        self.written: list[list[bytes]] = []

    def write(self, frames: Sequence[bytes]) -> None:
        self.written.append(list(frames))


async def parked(outbox: Outbox) -> asyncio.Task[list[bytes]]:
    taking = asyncio.create_task(outbox.take())
    await asyncio.sleep(0)
    return taking


async def test_what_is_put_in_one_turn_is_written_at_its_end_without_the_writer() -> None:
    outbox = Outbox()
    outbox.wire = wire = Wire()
    taking = await parked(outbox)
    outbox.put(b"1")
    outbox.put_live(DESIGN, 1, b"2")
    assert wire.written == []
    await asyncio.sleep(0)
    outbox.put(b"3")
    await asyncio.sleep(0)
    assert wire.written == [[b"1", b"2"], [b"3"]]
    assert outbox.live_bytes == 0 and not taking.done()
    taking.cancel()


async def test_the_writer_takes_what_a_slow_reader_leaves() -> None:
    outbox = Outbox()
    outbox.wire = wire = Wire()
    taking = await parked(outbox)
    wire.is_writable = False
    outbox.put(b"1")
    async with asyncio.timeout(10):
        assert await taking == [b"1"]
    outbox.put(b"2")  # it is at work: what comes now waits behind what it has
    wire.is_writable = True
    await asyncio.sleep(0)
    assert wire.written == []
    assert await outbox.take() == [b"2"]


async def test_the_writer_is_woken_to_catch_up_and_to_end() -> None:
    outbox = Outbox()
    outbox.wire = Wire()
    taking = await parked(outbox)
    for version in range(3):
        outbox.put_live(DESIGN, version, b"x" * (MAX_LIVE_BYTES // 2))
    async with asyncio.timeout(10):
        assert await taking == []
    assert outbox.behind() == {DESIGN: 0}
    outbox.await_rest(DESIGN)
    taking = await parked(outbox)
    outbox.close(1000, "")
    async with asyncio.timeout(10):
        assert await taking == []
    assert outbox.closing == (1000, "")
