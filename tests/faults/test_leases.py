"""Leases on two nodes while a node is stopped, and while Redis is away (C1, C2, C3, C4, C5)."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.errors import Code
from tests.server.web.test_leases import C2, Seat, free, held_by, history, imported
from tests.support.deployment import Deployment, deployed
from tests.support.redis_server import RedisServer

from .stopping import STOP_FILE
from .test_fencing import STOPPING, _is_stopped

GRACE_SECONDS = 2
ENVIRONMENT = {"COWEAVE_LEASE_GRACE_SECONDS": str(GRACE_SECONDS)}


@asynccontextmanager
async def at_both(here: Deployment) -> AsyncIterator[tuple[Seat, Seat, str]]:
    """Ada at the first node and Ben at the second, in one design."""
    one, two = here.nodes
    async with httpx.AsyncClient(base_url=one.url) as http:
        design = await imported(http)
    async with AsyncExitStack() as stack:
        seats = []
        for node, user in ((one, "Ada"), (two, "Ben")):
            seat = await Seat.open(node, user, design)
            stack.push_async_callback(seat.wire.socket.close)
            seats.append(seat)
        yield seats[0], seats[1], design


async def stopped_at_its_commit(here: Deployment, ada: Seat, **extra: Any) -> int:
    """Ada's edit is judged on her node, which stops before it commits it. Returns its seq."""
    one = here.nodes[0]
    (one.folder / STOP_FILE).touch()
    message = ada.wire.op(
        ada.at, ada.version, [{"p": ["components", "c2", "props", "text", 0], "si": "A"}]
    )
    await ada.wire.send({**message, "x": extra})
    async with asyncio.timeout(30):
        while not _is_stopped(one.pid):  # noqa: ASYNC110
            await asyncio.sleep(0.002)
    return int(message["seq"])


async def answer(seat: Seat, seq: int) -> dict[str, Any]:
    return await seat.until(lambda m: m["a"] == "op" and m.get("seq") == seq)


async def rounds(here: Deployment, count: int) -> None:
    """Ada's node stops past her lease with her edit under way; Ben has taken it, or nobody has."""
    one = here.nodes[0]
    async with at_both(here) as (ada, ben, design):
        tokens: list[int] = []
        for number in range(count):
            is_taken = number % 2 == 0
            (lease,) = (await ada.call("take", elements=[C2]))["leases"]
            await ben.state(held_by("Ada"))
            assert (await ben.edit("c2"))["error"]["code"] == Code.LOCKED
            relied = {} if is_taken else {"lease": lease["token"]}
            seq = await stopped_at_its_commit(here, ada, **relied)
            gone = time.monotonic()
            try:
                await ben.state(free)
                # Lease + 1 s is promised; the rest is for a machine that other tests use too.
                assert time.monotonic() - gone < GRACE_SECONDS + 1 + 5
                if is_taken:
                    (his,) = (await ben.call("take", elements=[C2]))["leases"]
                    assert "error" not in await ben.edit("c2")
                    tokens.append(his["token"])
            finally:
                one.signal(signal.SIGCONT)
            hers = await answer(ada, seq)
            assert hers["error"]["code"] == Code.LOCKED, hers
            if is_taken:
                assert hers["details"]["holder"]["id"] == his["holder"]["id"]
                await ben.call("release")
                await ada.state(free)
            tokens.insert(-1 if is_taken else len(tokens), lease["token"])
        assert tokens == sorted(set(tokens)), "tokens only grow"
        assert [event["why"] for event in await history(here.nodes[1], design)].count(
            "disconnected"
        ) == count


async def test_C1_C2_C4_a_holder_paused_past_its_lease_cannot_write(tmp_path: Path) -> None:
    with deployed(tmp_path, program=STOPPING, environment=ENVIRONMENT) as here:
        await rounds(here, 4)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
async def test_C1_C2_a_hundred_of_a_hundred(tmp_path: Path) -> None:
    with deployed(tmp_path, program=STOPPING, environment=ENVIRONMENT) as here:
        await rounds(here, 100)


async def test_C2_C3_C5_leases_on_two_nodes_while_redis_loses_all_and_goes(
    tmp_path: Path,
) -> None:
    with deployed(tmp_path, environment=ENVIRONMENT) as here:
        redis = here.redis
        assert isinstance(redis, RedisServer)
        async with at_both(here) as (ada, ben, _):
            # Told from node to node: the best of three, on a machine that other tests use too.
            taken = []
            for _number in range(3):
                started = time.monotonic()
                (first,) = (await ada.call("take", elements=[C2]))["leases"]
                await ben.state(held_by("Ada"))
                taken.append(time.monotonic() - started)
                await ada.call("release")
                await ben.state(free)
            assert min(taken) < 0.3, taken
            (first,) = (await ada.call("take", elements=[C2]))["leases"]
            await ben.state(held_by("Ada"))

            await asyncio.to_thread(redis.run, "FLUSHALL")
            assert (await ben.edit("c2"))["error"]["code"] == Code.LOCKED
            (over,) = (await ben.call("takeover", elements=[C2], reason="flushed"))["leases"]
            assert over["token"] > first["token"]
            told = await ada.until(lambda m: m["a"] == "notice")
            assert told["code"] == "lease-taken-over"

            await asyncio.to_thread(redis.kill)
            for seat in (ada, ben):
                await seat.until(lambda m: m.get("do") == "state" and not m["known"])
            # Held from SQL all the same, and what one's own node does is told.
            assert (await ada.edit("c2"))["error"]["code"] == Code.LOCKED
            assert "error" not in await ada.edit("c3")
            assert "error" not in await ben.edit("c2")
            (again,) = (await ben.call("take", elements=[C2]))["leases"]
            assert again["token"] > over["token"]
            await ben.call("release")
            # The other node finds out by itself.
            await ada.state(free)
            assert "error" not in await ada.edit("c2")

            await asyncio.to_thread(redis.start)
            for seat in (ada, ben):
                await seat.until(lambda m: m.get("do") == "state" and m["known"])
            (last,) = (await ada.call("take", elements=[C2]))["leases"]
            assert last["token"] > again["token"]
            await ben.state(held_by("Ada"))
