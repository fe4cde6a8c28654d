"""What a node counts, and what rooms tell it."""

from __future__ import annotations

import asyncio

from server.runtime.meters import BOUNDS, Histogram

from .node import Ear, TrickyStore, running


def test_a_histogram_tells_shares() -> None:
    histogram = Histogram()
    assert histogram.at_most(0.99) == 0
    for _ in range(98):
        histogram.observe(0.0009)
    histogram.observe(0.2)
    histogram.observe(99.0)
    assert sum(histogram.counts) == 100 and histogram.counts[-1] == 1
    assert histogram.at_most(0.5) == 0.001
    assert histogram.at_most(0.99) == 0.25
    assert histogram.at_most(1.0) == float("inf")
    assert round(histogram.total, 4) == round(98 * 0.0009 + 99.2, 4)


def test_a_bound_belongs_to_what_is_up_to_it() -> None:
    histogram = Histogram()
    for bound in BOUNDS:
        histogram.observe(bound)
    assert histogram.counts == [1] * len(BOUNDS) + [0]


async def test_rooms_time_and_count_what_they_commit() -> None:
    store = TrickyStore()
    async with running(store) as rooms:
        meters = rooms.meters
        assert meters.accepted == 1, "the create"
        one, two = Ear(rooms, "one"), Ear(rooms, "two")
        await one.subscribe()
        await two.subscribe()
        await one.submit(1, [{"p": ["x"], "oi": 1}])
        assert meters.accepted == 2
        for histogram in (meters.ack, meters.judging, meters.commit, meters.fan_out):
            assert sum(histogram.counts) == 2
        await one.submit(2, [{"p": ["x", 0], "li": 1}])  # no list: refused
        assert meters.accepted == sum(meters.commit.counts) == 2


async def test_what_waits_is_counted() -> None:
    store = TrickyStore()
    async with running(store) as rooms:
        store.go.clear()
        one = Ear(rooms, "one")
        for number in range(3):
            await one.ask(one.edit(1, [{"p": [f"x{number}"], "oi": 1}]))
            async with asyncio.timeout(10):
                while rooms.waiting != number:  # the first is being committed
                    await asyncio.sleep(0)
        store.go.set()
        async with asyncio.timeout(10):
            while rooms.meters.accepted != 4:
                await asyncio.sleep(0)
        assert rooms.waiting == 0
