"""Eight stock clients edit one design at random, with reconnects; then everything must be one."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
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
from tests.support.node import INTEROP, run_node
from tests.support.process import ServerProcess

CLIENTS = 8
SECONDS = 10


def component(type: str, name: str, place: dict[str, Any], **props: Any) -> dict[str, Any]:
    return {"type": type, "typeVersion": 1, "name": name, "place": place, "props": props}


def start_design() -> dict[str, Any]:
    """Two pages, containers three deep, and one element that everybody will edit."""
    design = new_design("Fuzz")
    page = next(iter(design["pages"]))
    design["pages"]["p2"] = {"name": "Second", "order": "a1", "settings": {}}
    components = design["components"]
    root = {"page": page, "slot": "content", "order": "a0"}
    components["base"] = component("Container", "Container1", root)
    components["hot"] = component("Text", "Hot1", {**root, "order": "a1"}, text="Everybody")
    parent = "base"
    for n in range(2, 8):
        place = {"parent": parent, "slot": "content", "order": f"a{n}"}
        components[f"box{n}"] = component("Container", f"Container{n}", place)
        inside = {"parent": f"box{n}", "slot": "content", "order": "a1"}
        components[f"button{n}"] = component("Button", f"Button{n}", inside, label=f"B {n}")
        parent = f"box{n}" if n % 3 else "base"
    return design


async def log_of(database: Path, id: str) -> list[StoredOp]:
    async with SqlStore(f"sqlite:///{database}") as store:
        return await store.read(DocumentId("default", "designs", id), 0)


def canonical(value: Json) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


@pytest.mark.parametrize("seed", [1])
def test_B4_eight_clients_edit_one_design_half_of_them_in_msgpack(
    tmp_path: Path, seed: int
) -> None:
    with ServerProcess(tmp_path) as server:
        answer = httpx.post(f"{server.url}/api/designs/import", json=start_design())
        assert answer.status_code == 201, answer.text
        id = answer.json()["design"]["id"]
        printed = run_node(
            INTEROP / "fuzz.mjs",
            *(server.socket_url, id, str(SECONDS), str(seed), str(CLIENTS)),
            seconds=SECONDS + 90,
        )
        result = json.loads(printed)
        clients = result["clients"]
        fresh = httpx.get(f"{server.url}/api/designs/{id}/snapshot").json()
        stored = asyncio.run(log_of(server.database, id))

    told = Counter(
        refusal.get("code") or refusal["message"]
        for client in clients
        for refusal in client["refused"]
    )
    submitted = sum(client["submitted"] for client in clients)
    accepted = sum(client["accepted"] for client in clients)
    kinds = sum((Counter(client["kinds"]) for client in clients), Counter())
    summary = (
        f"seed {seed}: {accepted} of {submitted} accepted, {dict(kinds)}, refused {dict(told)}"
    )
    assert result["settled"], summary
    assert submitted > 300, summary
    assert accepted >= 0.9 * submitted, summary
    assert accepted + sum(told.values()) == submitted, summary  # each op was answered once
    assert sum(client["hot"] for client in clients) >= 0.2 * submitted, summary
    assert all(client["cuts"] > 0 for client in clients), summary
    assert len(kinds) == 6, summary
    assert [client["errors"] for client in clients] == [[]] * CLIENTS, summary

    assert [client["protocols"] for client in clients] == [[""], ["coweave.msgpack"]] * 4

    # All clients, a fresh fetch and the replay of the log hold the same design.
    assert {client["version"] for client in clients} == {fresh["v"]} == {len(stored)}
    assert {canonical(client["data"]) for client in clients} == {canonical(fresh["data"])}
    assert [op.version for op in stored] == list(range(len(stored)))
    types = TypeRegistry.load()
    snapshot = Snapshot(0, None, None)
    for op in stored:
        edit, _ = decode(op.body)
        snapshot = replay(snapshot, edit)
        Design.from_json(snapshot.data, types)  # every version is a valid design
    assert canonical(snapshot.data) == canonical(fresh["data"])
