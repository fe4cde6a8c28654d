"""How soon a node serves what has been written in years (PROMISES F5)."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from server.app import milestone_key
from server.document.model import new_design
from server.document.versioned import TYPE, Create, Snapshot, encode, replay
from server.ports import Commit, DesignRow, DocumentId, NewOp
from server.runtime.history import milestone_of
from server.settings import Settings
from server.store import SqlStore
from server.store.backup import url_of
from tests.support.process import ServerProcess

from .load import TENANT
from .writer import fetch

DOCUMENTS = 10_000
OPS = 100
LONG = 100_000
SECRET = "the secret of the nodes in this test"
AT_ONCE = 1_000


def ops_of(document: object, first: int, count: int) -> list[NewOp]:
    """The ops of versions `first` on: created, then described anew again and again."""
    ops = []
    for version in range(first, first + count):
        if version == 0:
            body = encode(Create(TYPE, document))
        else:
            old = "" if version == 1 else f"Version {version - 1}"
            path = ["meta", "description"]
            body = encode([{"p": path, "od": old, "oi": f"Version {version}"}])
        ops.append(NewOp("s1", version + 1, "u1", 1_000 * version, body))
    return ops


async def write(path: Path) -> DocumentId:
    """`DOCUMENTS` designs with 1,000,000 ops, and one more with `LONG`; returns that one."""
    document = new_design("Old")
    key = milestone_key(Settings(secret=SECRET))
    async with SqlStore(url_of(path), key=key) as store:
        for first in range(0, DOCUMENTS, 100):
            ids = [DocumentId(TENANT, "designs", f"d{n}") for n in range(first, first + 100)]
            await store.commit([Commit(id, 0, tuple(ops_of(document, 0, OPS))) for id in ids])
            for id in ids:
                row = DesignRow(id.id, "Old", 0, "u1", 1_000 * OPS, OPS, None)
                await store.designs.add(TENANT, row)
        long = DocumentId(TENANT, "designs", "long")
        for base in range(0, LONG, AT_ONCE):
            await store.commit([Commit(long, base, tuple(ops_of(document, base, AT_ONCE)))])
        await store.designs.add(TENANT, DesignRow("long", "Old", 0, "u1", 1, LONG, None))
        # As a room leaves it: the last snapshot is some ops old.
        kept = LONG - 90
        state = replay(Snapshot(0, None, None), Create(TYPE, document))
        meta = {**state.data["meta"], "description": f"Version {kept - 1}"}
        last = Snapshot(kept, TYPE, {**state.data, "meta": meta})
        await store.save_milestone(long, milestone_of(last))
    return long


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_F5_a_node_serves_at_once(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "node", {"COWEAVE_SECRET": SECRET})
    long = await write(server.database)
    starts, opens = [], []
    for _ in range(3):
        begin = time.perf_counter()
        await asyncio.to_thread(server.start)
        starts.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        version, _, data = await fetch(server.socket_url, ("designs", long.id))
        opens.append(time.perf_counter() - begin)
        assert version == LONG and data["meta"]["description"] == f"Version {LONG - 1}"
        assert await asyncio.to_thread(server.stop) == 0
    print(f"\nstart {min(starts):.2f} s, room of {LONG} ops {1_000 * min(opens):.0f} ms")
    assert min(starts) <= 5
    assert min(opens) <= 0.3
