"""What a node counts, and what rooms tell it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from server.ports import Commit, Committed, Overtaken
from server.room.effects import Acked
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


class SlowStore(TrickyStore):
    """Tells when a commit has begun."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()

    async def commit(self, commits: Sequence[Commit]) -> list[Committed | Overtaken]:
        self.begun.set()
        return await super().commit(commits)


async def test_what_waits_is_counted() -> None:
    store = SlowStore()
    async with running(store) as rooms:
        store.go.clear()
        store.begun.clear()
        one = Ear(rooms, "one")
        await one.ask(one.edit(1, [{"p": ["a"], "oi": 1}]))
        await store.begun.wait()
        assert rooms.waiting == 0, "it is being committed"
        await one.ask(one.edit(1, [{"p": ["b"], "oi": 1}]))
        await one.ask(one.edit(1, [{"p": ["c"], "oi": 1}]))
        assert rooms.waiting == 2
        store.go.set()
        await one.hears(Acked, 3)
        assert rooms.waiting == 0
