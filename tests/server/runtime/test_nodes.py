"""Several nodes with rooms of one document over one store (PROMISES B3, B5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from server.bus.memory import MemoryBus
from server.document.versioned import TYPE, Create
from server.room.effects import Acked, Refused
from server.room.kind import designs
from server.runtime.registry import Rooms
from server.types.registry import TypeRegistry
from tests.server.document.designs import small

from .node import DOCUMENT, Ear, TrickyStore, running

DESIGN = designs(TypeRegistry.load())


class DeafBus(MemoryBus):
    """Everything is lost on it."""

    async def publish(self, channel: str, payload: bytes) -> None:
        pass


@asynccontextmanager
async def two_nodes(**options: object) -> AsyncIterator[tuple[TrickyStore, Rooms, Rooms]]:
    """Each with locks and a bus of its own that nothing comes through."""
    store = TrickyStore()
    async with (
        running(store, name="one", bus=DeafBus(), **options) as one,  # type: ignore[arg-type]
        running(store, name="two", bus=DeafBus(), **{**options, "create": False}) as two,  # type: ignore[arg-type]
    ):
        yield store, one, two


async def test_B5_what_the_bus_has_lost_is_seen_all_the_same() -> None:
    async with two_nodes(watch_seconds=0.02) as (_, one, two):
        writer, reader = Ear(one, "w"), Ear(two, "r")
        await reader.subscribe()
        for n in range(3):
            assert isinstance(await writer.submit(n + 1, [{"p": [f"k{n}"], "oi": n}]), Acked)
        await reader.until(lambda _: reader.versions == [1, 2, 3])


async def test_B5_a_store_that_is_away_is_asked_again() -> None:
    async with two_nodes(watch_seconds=0.02) as (store, one, two):
        writer, reader = Ear(one, "w"), Ear(two, "r")
        await reader.subscribe()
        await writer.submit(1, [{"p": ["a"], "oi": 1}])
        store.down = True
        async with asyncio.timeout(5):
            while not store.failed:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        store.down = False
        await reader.until(lambda _: reader.versions == [1])


async def test_B5_a_document_that_nobody_follows_is_shown_as_it_is_now() -> None:
    async with two_nodes(watch_seconds=0.02) as (_, one, two):
        await two.snapshot(DOCUMENT)
        await Ear(one, "w").submit(1, [{"p": ["a"], "oi": 1}])
        async with asyncio.timeout(5):
            while (await two.snapshot(DOCUMENT)).version < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("rename", [False, True])
async def test_one_name_is_given_once_by_two_nodes_without_locks(rename: bool) -> None:
    """Both judge the same name as free; the commit tells the second that it is not any more."""
    async with two_nodes(kind=DESIGN, create=False, watch_seconds=0.02) as (store, one, two):
        await one.submit(DOCUMENT, Create(TYPE, small()), "author")
        ada, ben = Ear(one, "ada"), Ear(two, "ben")
        await ada.subscribe()
        await ben.subscribe()
        base = (await one.snapshot(DOCUMENT)).version
        ops = []
        for id in ("n1", "n2"):
            script = {"name": "same", "page": None, "body": "", "config": {}}
            if rename:
                await one.submit(
                    DOCUMENT, [{"p": ["scripts", id], "oi": script | {"name": id}}], "author"
                )
                ops.append([{"p": ["scripts", id, "name"], "od": id, "oi": "same"}])
            else:
                ops.append([{"p": ["scripts", id], "oi": script}])
        base = (await one.snapshot(DOCUMENT)).version
        async with asyncio.timeout(5):
            while (await two.snapshot(DOCUMENT)).version < base:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        store.go.clear()  # both have judged before either commits
        answers = asyncio.gather(ada.submit(base, ops[0]), ben.submit(base, ops[1]))
        async with asyncio.timeout(5):
            while store.waiting < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        store.go.set()
        answered = await answers
        scripts = (await one.snapshot(DOCUMENT)).data["scripts"]
        names = [script["name"] for script in scripts.values()]
        assert len(set(names)) == len(names)
        assert "same" in names
        kinds = sorted(type(answer).__name__ for answer in answered)
        assert kinds == (["Acked", "Refused"] if rename else ["Acked", "Acked"])
        for answer in answered:
            if isinstance(answer, Refused):
                assert answer.error.code == "ERR_DESIGN_NAME_TAKEN"
