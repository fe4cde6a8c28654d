"""A node that stops between its locks and its commit, and goes on when others have committed (C1, C2).

It holds a lock that is no more: it has ended, or Redis has lost it. What it goes on to write must
have been made anew on what the others wrote.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from server.store.backup import back_up, url_of
from server.store.verify import verify
from tests.support.deployment import Deployment, deployed
from tests.support.redis_server import RedisServer, Sentinels, replicated

from .ledger import kept
from .load import TENANT, make_design
from .stopping import STOP_FILE
from .test_redis import failover

STOPPING = Path(__file__).with_name("stopping.py")
SCRIPT: dict[str, Any] = {"name": "notes", "page": None, "body": "start", "config": {}}


class Hand:
    """One person's connection to one node; writes the body of one script."""

    def __init__(self, socket: ClientConnection, id: str, design: str) -> None:
        self.version = 0
        self.body = ""
        self._socket = socket
        self._id = id
        self._design = design
        self._seq = itertools.count(1)

    async def hear(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self._socket.recv())
        assert "error" not in message, message
        if message["a"] == "op":
            self.version = message["v"] + 1
            for component in message.get("op", ()):
                if component["p"] == ["scripts", "s1", "body"]:
                    self.body = component["oi"]
        return message

    async def reach(self, version: int) -> None:
        while self.version < version:
            await self.hear()

    async def send(self, op: list[dict[str, Any]]) -> int:
        seq = next(self._seq)
        message = {"a": "op", "c": "designs", "d": self._design, "v": self.version, "x": {}}
        await self._socket.send(json.dumps(message | {"src": self._id, "seq": seq, "op": op}))
        return seq

    async def write(self, body: str) -> int:
        before, self.body = self.body, body
        return await self.send([{"p": ["scripts", "s1", "body"], "od": before, "oi": body}])

    async def acked(self, seq: int) -> int:
        """The version of the op, once it is acked."""
        while True:
            message = await self.hear()
            if message["a"] == "op" and (message["src"], message["seq"]) == (self._id, seq):
                return int(message["v"])


@asynccontextmanager
async def hand(url: str, person: str, design: str) -> AsyncIterator[Hand]:
    async with connect(f"{url}?user={person}", max_size=None) as socket:
        await socket.send(json.dumps({"a": "hs", "id": None, "protocol": 1, "protocolMinor": 2}))
        one = Hand(socket, (await _answer(socket, "hs"))["id"], design)
        await socket.send(json.dumps({"a": "s", "c": "designs", "d": design, "v": None}))
        data = (await _answer(socket, "s"))["data"]
        one.version = data["v"]
        one.body = SCRIPT["body"]
        yield one


async def _answer(socket: ClientConnection, kind: str) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(await socket.recv())
        assert "error" not in message, message
        if message["a"] == kind:
            return message


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


async def lock_ends(here: Deployment) -> None:
    assert isinstance(here.redis, RedisServer)
    while await asyncio.to_thread(here.redis.run, "DBSIZE"):  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def everything_is_lost(here: Deployment) -> None:
    assert isinstance(here.redis, RedisServer)
    await asyncio.to_thread(here.redis.run, "FLUSHALL")


async def an_older_replica_takes_over(here: Deployment) -> None:
    assert isinstance(here.redis, Sentinels)
    await failover(here.redis)


async def rounds(
    here: Deployment, count: int, meanwhile: Callable[[Deployment], Awaitable[None]]
) -> None:
    """Ada's node stops with her edit under way, Ben's commits his, hers goes on: `count` times."""
    one, two = here.nodes
    collection, design = await asyncio.to_thread(make_design, one.url)
    order = ["start"]
    async with (
        hand(one.socket_url, "Ada", design) as ada,
        hand(two.socket_url, "Ben", design) as ben,
    ):
        await ada.acked(await ada.send([{"p": ["scripts", "s1"], "oi": SCRIPT}]))
        for number in range(count):
            await ben.reach(ada.version)
            (one.folder / STOP_FILE).touch()
            hers = await ada.write(f"ada {number}")
            async with asyncio.timeout(30):
                while not _is_stopped(one.pid):  # noqa: ASYNC110
                    await asyncio.sleep(0.002)
                try:
                    await meanwhile(here)
                    his = await ben.acked(await ben.write(f"ben {number}"))
                finally:
                    one.signal(signal.SIGCONT)
                # The second one was made on what the first one did not know, and says so.
                assert await ada.acked(hers) == his + 1
                ada.body = f"ada {number}"  # what came meanwhile was under hers
                await ben.reach(ada.version)
            order += [f"ben {number}", f"ada {number}"]
            assert ben.body == f"ada {number}"
    await asyncio.to_thread(
        back_up, here.environment["COWEAVE_DATABASE"], here.database, replace=True
    )
    assert [str(fault) for one in verify(url_of(here.database)) for fault in one.faults] == []
    log = kept(here.database, TENANT, (collection, design))
    written = [
        (component.get("od"), component["oi"])
        for row in log.rows
        for component in json.loads(row["body"]).get("op", ())
        if component["p"] == ["scripts", "s1", "body"]
    ]
    assert written == list(itertools.pairwise(order)), "an edit was written as if it were alone"


@pytest.mark.parametrize(
    ("count", "meanwhile"), [(2, lock_ends), (10, everything_is_lost)], ids=["ended", "flushed"]
)
async def test_C1_a_node_woken_past_its_lock(
    tmp_path: Path, count: int, meanwhile: Callable[[Deployment], Awaitable[None]]
) -> None:
    with deployed(tmp_path, program=STOPPING) as here:
        await rounds(here, count, meanwhile)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("meanwhile", [lock_ends, everything_is_lost])
async def test_C1_a_hundred_of_a_hundred(
    tmp_path: Path, meanwhile: Callable[[Deployment], Awaitable[None]]
) -> None:
    with deployed(tmp_path, program=STOPPING) as here:
        await rounds(here, 100, meanwhile)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
async def test_C2_ten_failovers_to_an_older_replica(tmp_path: Path) -> None:
    with replicated() as group, deployed(tmp_path, redis=group, program=STOPPING) as here:
        await rounds(here, 10, an_older_replica_takes_over)
