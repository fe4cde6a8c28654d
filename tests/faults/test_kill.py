"""SIGKILL under load: what was acked is there, once, and in order (PROMISES A1, A4, A8, B1, B3)."""

from __future__ import annotations

import asyncio
import json
import random
import urllib.request
from pathlib import Path

import pytest
import zstandard
from websockets.asyncio.client import connect

from server.document.versioned import TYPE, Snapshot
from server.runtime.history import milestone_of
from tests.support.process import ServerProcess

from .ledger import Ledger, kept
from .writer import Writer, fetch, scratch_op, script_op

TENANT = "default"
EMPTY = {"keys": {}, "list": [], "text": "", "count": 0}


async def make_scratch(url: str, id: str) -> tuple[str, str]:
    async with connect(f"{url}?user=maker") as socket, asyncio.timeout(20):
        await socket.send(json.dumps({"a": "hs", "id": None, "protocol": 1, "protocolMinor": 2}))
        await socket.recv()
        create = {"type": TYPE, "data": EMPTY}
        message = {"a": "op", "c": "scratch", "d": id, "v": None, "seq": 1, "create": create}
        await socket.send(json.dumps(message | {"x": {}}))
        answer = json.loads(await socket.recv())
        assert "error" not in answer, answer
    return "scratch", id


def make_design(url: str, name: str) -> tuple[str, str]:
    request = urllib.request.Request(
        f"{url}/api/designs",
        data=json.dumps({"name": name}).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return "designs", json.load(answer)["id"]


async def kill_loop(folder: Path, seed: int, kills: int, writers: int) -> None:
    """Load on two scratch documents and a design; kill and start the server `kills` times."""
    chance = random.Random(seed)
    ledger = Ledger()
    with ServerProcess(folder, {"COWEAVE_SCRATCH": "1"}) as server:
        documents = [
            await make_scratch(server.socket_url, "one"),
            await make_scratch(server.socket_url, "two"),
            await asyncio.to_thread(make_design, server.url, "Killed"),
        ]
        clients = [
            Writer(
                f"w{n}",
                server.socket_url,
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
            acked = 0
            for _ in range(kills):
                # The moment: so many more acks, then up to 50 ms into whatever goes on then.
                enough = acked + chance.randint(writers, 40 * writers)
                async with asyncio.timeout(60):
                    await ledger.reach(enough)
                await asyncio.sleep(chance.random() * 0.05)
                await asyncio.to_thread(server.kill)
                acked = len(ledger.acked)
                await asyncio.to_thread(server.start)
            for client in clients:
                client.stopping = True
        faults: list[str] = []
        for document in documents:
            shown = Snapshot(*await fetch(server.socket_url, document))
            log = kept(server.database, TENANT, document)
            faults += ledger.faults(log, shown)
            for version, body in log.milestones.items():
                state = zstandard.decompress(body)
                if state != milestone_of(log.replayed(version)).body:
                    faults.append(f"{document}: milestone {version} is not the replay")
        assert faults == [], f"seed {seed}: {len(faults)} faults"
        assert all(entry.version is not None for entry in ledger.entries), (
            f"seed {seed}: unanswered"
        )
        assert len(ledger.acked) > kills * writers


@pytest.mark.parametrize("seed", [1, 2])
async def test_A1_what_was_acked_survives_sigkill(tmp_path: Path, seed: int) -> None:
    await kill_loop(tmp_path, seed, kills=4, writers=6)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", range(100, 110))
async def test_A1_two_hundred_kills(tmp_path: Path, seed: int) -> None:
    await kill_loop(tmp_path, seed, kills=20, writers=9)
