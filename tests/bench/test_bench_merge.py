"""Merging a branch into a design of 10,000 components; not a gate."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.app import create_app, open_backend
from server.document.model import new_design
from server.history.diff import to_op
from server.ports import DocumentId
from server.review.merge import merge_designs
from server.settings import Settings
from server.types.registry import TypeRegistry

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

COMPONENTS = 10_000


def design() -> dict[str, Any]:
    made = new_design("Bench")
    made["components"] = {
        f"c{n}": {
            "type": "Text",
            "typeVersion": 1,
            "name": f"Text{n}",
            "place": {"page": "page1", "slot": "content", "order": "a0"},
            "props": {"text": f"What this is about, number {n}", "variant": "body"},
        }
        for n in range(COMPONENTS)
    }
    return made


@pytest.mark.parametrize("edited", [20, 1_000, COMPONENTS // 2])
def test_merge(edited: int) -> None:
    """As in the server: the states come from the log, and share nothing."""
    base = design()
    main, branch = copy.deepcopy(base), copy.deepcopy(base)
    for n in range(edited):
        main["components"][f"c{n}"]["props"]["text"] += " on main"
        branch["components"][f"c{COMPONENTS - 1 - n}"]["props"]["text"] += " on the branch"
    types = TypeRegistry.load()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        merged = merge_designs(base, main, branch, types)
        op = to_op(main, merged.document)
        times.append(time.perf_counter() - start)
    assert (len(op), merged.conflicts) == (edited, ())
    print(f"\n{edited:>6} edits on each side: {sorted(times)[2] * 1_000:6.0f} ms")


async def test_merge_by_request(tmp_path: Path) -> None:
    """The whole request: states, rules, hash, room, commit."""
    settings = Settings(database=f"sqlite:///{tmp_path / 'c.sqlite3'}", data_dir=tmp_path)
    async with open_backend(settings) as backend:
        transport = httpx.ASGITransport(app=create_app(settings, backend))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
            made = await http.post("/api/designs/import", json=design(), timeout=60)
            id = made.json()["design"]["id"]
            branch = (await http.post(f"/api/designs/{id}/branches", json={"name": "b"})).json()
            document = DocumentId("default", "designs", branch["id"])
            op = [
                {"p": ["components", f"c{n}", "props", "text", 0], "si": "x"} for n in range(1_000)
            ]
            await backend.rooms.submit(document, op, "u1")
            start = time.perf_counter()
            done = await http.post(f"/api/designs/{id}/branches/{branch['id']}/merge", timeout=60)
            assert done.status_code == 200, done.text
            print(
                f"\n1,000 edits merged by request: {(time.perf_counter() - start) * 1_000:.0f} ms"
            )
