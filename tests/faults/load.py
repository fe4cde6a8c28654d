"""A server under load from writers, and the check of what it promised them."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

from server.document.versioned import TYPE, Snapshot
from server.runtime.history import milestone_of
from server.store.backup import back_up, url_of
from server.store.verify import verify
from tests.support.deployment import Deployment
from tests.support.process import ServerProcess

from .ledger import Kept, Ledger, kept
from .writer import Writer, fetch, scratch_op, script_op

__all__ = ["becomes_ready", "make_design", "stands_still", "under_load"]

TENANT = "default"
EMPTY = {"keys": {}, "list": [], "text": "", "count": 0}

Document = tuple[str, str]  # collection, id


@asynccontextmanager
async def under_load(
    server: ServerProcess | Deployment, writers: int, seed: int
) -> AsyncIterator[Ledger]:
    """Writers on two scratch documents and a design, until the block ends.

    Where there are several nodes and no proxy, half of the writers of each document begin at each
    node, and go to the next whenever they have lost their connection.
    Then every op that was sent has to be answered, and everything is checked against the database
    and against what a new client is given by each node. Fails with the seed and the faults.
    """
    doors = server.socket_urls if isinstance(server, Deployment) else [server.socket_url]
    ledger = Ledger()
    documents = [
        await _make_scratch(server.socket_url, "one"),
        await _make_scratch(server.socket_url, "two"),
        await asyncio.to_thread(make_design, server.url),
    ]
    clients = [
        Writer(
            f"w{n}",
            [*doors[n // 3 % len(doors) :], *doors[: n // 3 % len(doors)]],
            document := documents[n % 3],
            script_op if document[0] == "designs" else scratch_op,
            ledger,
            seed,
        )
        for n in range(writers)
    ]
    async with asyncio.TaskGroup() as tasks:
        for client in clients:
            tasks.create_task(client.run(), name=client.name)
        yield ledger
        for client in clients:
            client.stopping = True
    database = await asyncio.to_thread(_as_file, server)
    faults = []
    for document in documents:
        log = kept(database, TENANT, document)
        for door in doors:
            shown = Snapshot(*await _settled(door, document, len(log.rows)))
            faults += _faults(log, ledger, shown)
    faults += [str(fault) for one in verify(url_of(database)) for fault in one.faults]
    assert faults == [], f"seed {seed}: {len(faults)} faults"
    unanswered = [entry.token for entry in ledger.entries if entry.version is None]
    assert unanswered == [], f"seed {seed}: refused or unanswered"


def _as_file(server: ServerProcess | Deployment) -> Path:
    """The node's database as SQLite's file, whatever it is."""
    url = server.environment["COWEAVE_DATABASE"]
    if url != url_of(server.database):
        back_up(url, server.database, replace=True)
    return server.database


async def _settled(door: str, document: Document, version: int) -> tuple[int, str | None, Any]:
    """What a node shows once it has all that is stored; for which it has 2 s (B5)."""
    deadline = time.monotonic() + 2.5
    while True:
        shown = await fetch(door, document)
        if shown[0] >= version or time.monotonic() > deadline:
            return shown
        await asyncio.sleep(0.05)


def _faults(log: Kept, ledger: Ledger, shown: Snapshot) -> list[str]:
    faults = list(ledger.faults(log, shown))
    for version, body in log.milestones.items():
        if body != milestone_of(log.replayed(version)).body:
            faults.append(f"{log.document}: milestone {version} is not the replay")
    return faults


async def _make_scratch(url: str, id: str) -> Document:
    async with connect(f"{url}?user=maker") as socket, asyncio.timeout(20):
        await socket.send(json.dumps({"a": "hs", "id": None, "protocol": 1, "protocolMinor": 2}))
        await socket.recv()
        create = {"type": TYPE, "data": EMPTY}
        message = {"a": "op", "c": "scratch", "d": id, "v": None, "seq": 1, "create": create}
        await socket.send(json.dumps(message | {"x": {}}))
        answer = json.loads(await socket.recv())
        assert "error" not in answer, answer
    return "scratch", id


def make_design(url: str) -> Document:
    """Make a design by REST."""
    request = urllib.request.Request(
        f"{url}/api/designs",
        data=json.dumps({"name": "Under load"}).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return "designs", json.load(answer)["id"]


async def _is_ready(server: ServerProcess) -> bool:
    def ask() -> bool:
        try:
            with urllib.request.urlopen(f"{server.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as answer:
            answer.close()
            return False

    return await asyncio.to_thread(ask)


async def becomes_ready(server: ServerProcess, ready: bool = True, *, seconds: float) -> None:
    """Wait until `/readyz` says so, or fail."""
    async with asyncio.timeout(seconds):
        while await _is_ready(server) != ready:  # noqa: ASYNC110 - it can only be asked
            await asyncio.sleep(0.02)


async def stands_still(
    server: ServerProcess, ledger: Ledger, *, seconds: float, reads: bool = True
) -> int:
    """Wait until the server says that it cannot commit, and see that nothing is acked any more.

    Args: reads: whether the database can still be read; then the server goes on giving what it reads.
    Returns: how many ops are acked.
    """
    await becomes_ready(server, False, seconds=seconds)
    await asyncio.sleep(0.3)  # acks of what was committed before are on their way
    acked = len(ledger.acked)
    await asyncio.sleep(0.7)  # how long the fault lasts
    assert len(ledger.acked) == acked
    assert not await _is_ready(server)
    assert await asyncio.to_thread(_answers, server, "/api/designs" if reads else "/healthz")
    return acked


def _answers(server: ServerProcess, path: str) -> bool:
    with urllib.request.urlopen(f"{server.url}{path}", timeout=5) as answer:
        return bool(answer.status == 200)
