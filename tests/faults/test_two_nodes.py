"""Two nodes write the same documents (PROMISES B1, B3, B4, B5)."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.support.deployment import deployed

from .load import make_design, under_load


@pytest.mark.parametrize(
    "locks", [True, pytest.param(False, marks=pytest.mark.soak)], ids=["locks", "no locks"]
)
async def test_B3_two_nodes_write_the_same_documents(tmp_path: Path, locks: bool) -> None:
    with deployed(tmp_path, environment={"COWEAVE_WRITE_LOCKS": str(int(locks))}) as here:
        async with asyncio.timeout(60), under_load(here, writers=18, seed=31) as ledger:
            await ledger.reach(1_000)


async def test_B5_what_one_node_does_or_suffers_is_seen_at_the_other(tmp_path: Path) -> None:
    """A design is put into the trash; a node dies with the presence of its people."""
    with deployed(tmp_path) as here:
        one, two = here.nodes
        _, first = await asyncio.to_thread(make_design, one.url)
        _, second = await asyncio.to_thread(make_design, one.url)
        async with (
            connect(f"{one.socket_url}?user=Ada") as ada,
            connect(f"{two.socket_url}?user=Ben") as ben,
        ):
            for socket in (ada, ben):
                await say(socket, a="hs", id=None, protocol=1, protocolMinor=2)
                await hears(socket, lambda m: m["a"] == "hs")
                for design in (first, second):
                    await say(socket, a="s", c="designs", d=design, v=None)
                    await hears(socket, lambda m: m["a"] == "s")
            request = urllib.request.Request(f"{one.url}/api/designs/{first}", method="DELETE")
            await asyncio.to_thread(lambda: urllib.request.urlopen(request, timeout=5).close())
            for socket in (ada, ben):
                async with asyncio.timeout(5):
                    await hears(
                        socket, lambda m: m.get("d") == first and ("error" in m or "code" in m)
                    )
            channel = f"designs.{second}"
            await say(ben, a="ps", ch=channel, seq=1)
            await hears(ben, lambda m: m["a"] == "ps")
            await say(ada, a="p", ch=channel, id="cursor", p={"x": 1}, pv=1)
            async with asyncio.timeout(5):
                await hears(ben, lambda m: m["a"] == "p" and m["p"] == {"x": 1})
            await asyncio.to_thread(one.kill)
            async with asyncio.timeout(10):
                await hears(ben, lambda m: m["a"] == "p" and m["p"] is None)
            await asyncio.to_thread(one.start)


async def say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def hears(socket: ClientConnection, is_it: Callable[[dict[str, Any]], bool]) -> None:
    while not is_it(json.loads(await socket.recv())):
        pass
