"""What waits for a room, in which order, and who has to wait."""

from __future__ import annotations

import asyncio

import pytest

from server.room.events import Fetch, RemoteHead, Submit, Turn
from server.runtime.mailbox import Mailbox


def submit(seq: int) -> Submit:
    return Submit("c", "s", seq, 0, [], "author", 0)


async def test_answers_come_before_reads_and_submits_apart() -> None:
    mailbox = Mailbox(10)
    await mailbox.put(submit(1))
    await mailbox.put(Fetch("c", None))
    mailbox.post(Turn())
    mailbox.post(RemoteHead(3))
    assert [mailbox.take() for _ in range(4)] == [Turn(), RemoteHead(3), Fetch("c", None), None]
    assert not mailbox.is_empty
    assert mailbox.take_submits(5) == [submit(1)]
    assert mailbox.is_empty and mailbox.take_submits(5) == []


async def test_submits_are_taken_in_order_and_by_count() -> None:
    mailbox = Mailbox(10)
    for seq in range(5):
        await mailbox.put(submit(seq))
    assert [event.seq for event in mailbox.take_submits(3)] == [0, 1, 2]
    assert [event.seq for event in mailbox.take_submits(3)] == [3, 4]


async def test_who_brings_more_than_there_is_room_for_waits() -> None:
    mailbox = Mailbox(1)
    await mailbox.put(submit(1))
    more = asyncio.ensure_future(mailbox.put(submit(2)))
    assert await mailbox.put(Fetch("c", None))  # reads have room of their own
    await asyncio.sleep(0)
    assert not more.done()
    mailbox.take_submits(1)
    assert await more
    assert mailbox.take_submits(1) == [submit(2)]


async def test_a_cancelled_put_queues_nothing() -> None:
    mailbox = Mailbox(1)
    await mailbox.put(submit(1))
    more = asyncio.ensure_future(mailbox.put(submit(2)))
    await asyncio.sleep(0)
    more.cancel()
    await asyncio.wait([more])
    assert mailbox.take_submits(9) == [submit(1)]


async def test_RM9_waiting_for_submits_only_when_asked() -> None:
    mailbox = Mailbox(9)
    await mailbox.put(submit(1))
    await mailbox.wait(for_submits=True)
    others = asyncio.ensure_future(mailbox.wait(for_submits=False))
    await asyncio.sleep(0)
    assert not others.done()
    mailbox.post(Turn())
    await others


async def test_closing_lets_nobody_wait_and_hands_back_what_was_left() -> None:
    mailbox = Mailbox(1)
    await mailbox.put(submit(1))
    await mailbox.put(Fetch("c", None))
    more = asyncio.ensure_future(mailbox.put(submit(2)))
    waiting = asyncio.ensure_future(mailbox.wait(for_submits=False))
    await asyncio.sleep(0)
    assert mailbox.close() == [Fetch("c", None), submit(1)]
    assert await more is False
    assert await mailbox.put(submit(3)) is False
    await waiting
    mailbox.post(Turn())
    mailbox.forget_answers()
    assert mailbox.is_empty


async def test_RM9_waiting_for_submits_ends_with_the_last_of_them() -> None:
    mailbox = Mailbox(10)
    await mailbox.put(submit(1))
    waiting = asyncio.create_task(mailbox.wait_for_submits(3, 60))
    for seq in (2, 3):
        await asyncio.sleep(0)
        assert not waiting.done()
        await mailbox.put(submit(seq))
    async with asyncio.timeout(10):
        await waiting
    assert mailbox.submits == 3


@pytest.mark.parametrize("what", ["an answer", "a read", "the end"])
async def test_RM9_waiting_for_submits_ends_when_anything_else_comes(what: str) -> None:
    mailbox = Mailbox(10)
    waiting = asyncio.create_task(mailbox.wait_for_submits(3, 60))
    await asyncio.sleep(0)
    if what == "an answer":
        mailbox.post(Turn())
    elif what == "a read":
        await mailbox.put(Fetch("c", None))
    else:
        mailbox.close()
    async with asyncio.timeout(10):
        await waiting


async def test_RM9_waiting_for_submits_ends_in_time_and_one_is_enough_again_after_it() -> None:
    mailbox = Mailbox(10)
    async with asyncio.timeout(10):
        await mailbox.wait_for_submits(3, 0.001)
    waiting = asyncio.create_task(mailbox.wait(for_submits=True))
    await asyncio.sleep(0)
    await mailbox.put(submit(1))
    async with asyncio.timeout(10):
        await waiting
