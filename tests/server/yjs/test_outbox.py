from __future__ import annotations

import asyncio

from server.yjs import wire
from server.yjs.outbox import CLOSE_SLOW, MAX_LIVE_BYTES, Outbox


async def test_messages_are_taken_in_order() -> None:
    outbox = Outbox()
    outbox.reply(b"1")
    outbox.tell(b"2")
    outbox.reply(b"3")
    assert await outbox.take() == [b"1", b"2", b"3"]


async def test_whoever_waits_is_woken() -> None:
    outbox = Outbox()
    taking = asyncio.ensure_future(outbox.take())
    await asyncio.sleep(0)
    outbox.tell(b"x")
    assert await taking == [b"x"]


async def test_Y44_a_reader_that_is_too_slow_is_sent_away() -> None:
    outbox = Outbox()
    outbox.reply(bytes(5 * MAX_LIVE_BYTES))  # what it asked for does not count
    for _ in range(3):
        outbox.tell(bytes(MAX_LIVE_BYTES // 2 + 1))
    assert outbox.closing == (CLOSE_SLOW, "too slow")
    outbox.tell(b"more")
    assert await outbox.take() == []
    assert outbox.waiting_bytes == 0


async def test_of_a_presence_only_the_newest_waits() -> None:
    outbox = Outbox()
    for clock in range(1_000):
        outbox.present(wire.State(7, clock, {"at": clock}))
    outbox.present(wire.State(8, 0, None))
    (message,) = await outbox.take()
    assert wire.read(message) == wire.Presences(
        (wire.State(7, 999, {"at": 999}), wire.State(8, 0, None))
    )


async def test_what_waits_is_written_before_the_end() -> None:
    outbox = Outbox()
    outbox.reply(b"last words")
    outbox.close(4400, "bad")
    outbox.close(1013, "later")
    assert await outbox.take() == [b"last words"]
    assert await outbox.take() == []
    assert outbox.closing == (4400, "bad")
