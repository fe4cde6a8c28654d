"""Five stock Yjs clients and five stock ShareDB clients on one design, through crashes of the server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from ot.types import Json
from server.document.design import Design
from server.document.model import new_design
from server.document.versioned import Snapshot, decode, replay
from server.ports import DocumentId, StoredOp
from server.store import SqlStore
from server.types.registry import TypeRegistry
from tests.support.deployment import deployed
from tests.support.node import INTEROP, find_node
from tests.support.process import ServerProcess

ROOTS = "meta settings theme libraries pages components queries scripts dataSources".split()


def canonical(value: Json) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def roots(design: dict[str, Any]) -> dict[str, Any]:
    return {root: design[root] for root in ROOTS}


async def log_of(database: str, id: str) -> list[StoredOp]:
    async with SqlStore(database) as store:
        return await store.read(DocumentId("default", "designs", id), 0)


async def run(
    nodes: Sequence[ServerProcess], id: str, rounds: int, seed: int, kills: Mapping[int, int]
) -> Any:
    """Let the clients edit; kill a node with -9 at these rounds and start it again."""
    bases = [node.url.replace("http", "ws", 1) for node in nodes]
    process = await asyncio.create_subprocess_exec(
        *(find_node(), str(INTEROP / "yjs_fuzz.mjs"), bases[0], id, str(rounds), str(seed)),
        *("5", "5", *bases[1:]),
        stdout=asyncio.subprocess.PIPE,
        cwd=INTEROP,
        limit=1 << 24,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(150):
            async for line in process.stdout:
                if not line.startswith(b"progress"):
                    return json.loads(line)
                if (number := kills.get(int(line.split()[1]))) is not None:
                    await asyncio.to_thread(nodes[number].kill)
                    await asyncio.to_thread(nodes[number].start)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    raise AssertionError("the clients ended without a result")


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.soak)])
async def test_B4_yjs_and_sharedb_clients_hold_one_design(tmp_path: Path, seed: int) -> None:
    with ServerProcess(tmp_path) as server:
        await play([server], f"sqlite:///{server.database}", seed, {200: 0, 400: 0})


@pytest.mark.parametrize("seed", [3, pytest.param(4, marks=pytest.mark.soak)])
async def test_B3_B4_yjs_clients_of_two_nodes_hold_one_design(tmp_path: Path, seed: int) -> None:
    with deployed(tmp_path) as here:
        database = here.environment["COWEAVE_DATABASE"]
        await play(here.nodes, database, seed, {200: 0, 400: 1})


async def play(
    nodes: Sequence[ServerProcess], database: str, seed: int, kills: Mapping[int, int]
) -> None:
    async with httpx.AsyncClient(base_url=nodes[0].url) as http:
        answer = await http.post("/api/designs/import", json=new_design("Both"))
        id = answer.json()["design"]["id"]
    result = await run(nodes, id, 600, seed, kills)
    async with httpx.AsyncClient(base_url=nodes[0].url) as http:
        snapshot = (await http.get(f"/api/designs/{id}/snapshot")).json()
    stored = await log_of(database, id)

    expected = canonical(roots(snapshot["data"]))
    assert [canonical(held) == expected for held in result["held"]] == [True] * 10
    assert result["denials"] > 2
    assert result["refused"] > 2

    # The log alone makes that design, and each of its versions is a valid one.
    registry = TypeRegistry.load()
    state = Snapshot(0, None, None)
    for number, op in enumerate(stored):
        assert op.version == number
        state = replay(state, decode(op.body)[0])
        Design.from_json(state.data, registry)
    assert state.version == snapshot["v"]
    assert canonical(roots(state.data)) == expected

    # No component came twice, and no token inside a list.
    components = snapshot["data"]["components"]
    assert len({component["name"] for component in components.values()}) == len(components)
    options = [
        option["value"]
        for component in components.values()
        for option in component.get("props", {}).get("options", [])
    ]
    assert len(set(options)) == len(options)
