"""The history of a design of 10,000 components and 20,000 edits: what each question costs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from server.app import Backend, create_app, open_backend
from server.document.model import new_design
from server.document.versioned import TYPE, Create, encode
from server.history.diff import changes, to_op
from server.ports import Commit, DesignRow, DocumentId, NewOp
from server.settings import Settings

pytestmark = pytest.mark.bench

COMPONENTS, EDITS = 10_000, 20_000
MINUTE = 60_000
DOCUMENT = DocumentId("default", "designs", "large")
AT = "/api/designs/large"


def design() -> dict[str, Any]:
    made = new_design("Large")
    for at in range(COMPONENTS):
        made["components"][f"b{at}"] = {
            "type": "Button",
            "typeVersion": 1,
            "name": f"Save{at}",
            "place": {"page": "page1", "slot": "content", "order": "a0"},
            "props": {"label": "0", "variant": "primary", "tooltip": "What it is for. " * 8},
            "layout": {"desktop": {"x": at % 64, "y": at, "w": 8, "h": 2}},
            "events": {"e1": {"on": "onClick", "order": "a0", "run": "{{ save.run() }}"}},
        }
    return made


async def fill(backend: Backend) -> None:
    """Committed past the room, as fast as the store takes it, by five people in turns."""
    store, random, state = backend.store, Random(3), design()
    labels = dict.fromkeys(state["components"], "0")
    edits: list[Any] = [Create(TYPE, state)]
    for at in range(1, EDITS):
        id = f"b{random.randrange(COMPONENTS) if at % 2 else at % 10}"
        path = ["components", id, "props", "label"]
        edits.append([{"p": path, "od": labels[id], "oi": str(at)}])
        labels[id] = str(at)
    for start in range(0, EDITS, 100):
        author = f"u{start // 100 % 5}"
        ops = tuple(
            NewOp("s", number, author, 1 + start // 100 * MINUTE, encode(edit))
            for number, edit in enumerate(edits[start : start + 100], start + 1)
        )
        await store.commit([Commit(DOCUMENT, start, ops)])
    row = DesignRow(DOCUMENT.id, "Large", 1, "u1", 1, EDITS, None)
    await store.designs.add(DOCUMENT.tenant, row)


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[Backend]:
    settings = Settings(database=f"sqlite:///{tmp_path / 'db'}", data_dir=tmp_path)
    async with open_backend(settings) as backend:
        await fill(backend)
        yield backend


@pytest.fixture
async def http(backend: Backend, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(database=f"sqlite:///{tmp_path / 'db'}", data_dir=tmp_path)
    transport = httpx.ASGITransport(app=create_app(settings, backend))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


async def p95(what: str, times: int, call: Callable[[int], Awaitable[Any]]) -> float:
    """In milliseconds, of so many calls; printed with the worst."""
    taken = []
    for number in range(times):
        started = time.perf_counter()
        await call(number)
        taken.append((time.perf_counter() - started) * 1_000)
    taken.sort()
    found = taken[int(times * 0.95)]
    print(f"{what}: p95 {found:.1f} ms, median {taken[times // 2]:.1f}, worst {taken[-1]:.1f}")
    return found


async def test_questions_over_http(http: httpx.AsyncClient, backend: Backend) -> None:
    async def get(path: str) -> Any:
        # Compressing is the browser's wish, and not what is measured here.
        answer = await http.get(f"{AT}/{path}", headers={"accept-encoding": "identity"})
        assert answer.status_code == 200, answer.text[:500]
        return answer

    started = time.perf_counter()
    await backend.chronicle.up_to_date(DOCUMENT)
    print(f"\nhistory of {EDITS:,} edits made in {time.perf_counter() - started:.1f} s")
    for version in range(1_000, EDITS, 1_000):
        await backend.history.snapshot(DOCUMENT, version)  # keeps snapshots as rooms do
    await get("snapshot")
    assert await p95("a page of the timeline", 40, lambda n: get("versions")) < 100
    old = await p95("an old page of it", 40, lambda n: get(f"versions?before={100 + n}"))
    assert old < 100
    assert await p95("filtered by author", 40, lambda n: get("versions?author=u1")) < 100
    assert (
        await p95("filtered by element", 40, lambda n: get("versions?element=components/b3")) < 100
    )
    blame = await p95("blame", 100, lambda n: get(f"blame?element=components/b{n * 7}"))
    assert blame < 100
    often = await p95(
        "blame of what is edited most", 40, lambda n: get("blame?element=components/b1")
    )
    assert often < 100
    random = Random(1)
    await p95(
        "opening any version", 20, lambda n: get(f"snapshot?version={random.randrange(1, EDITS)}")
    )
    end = EDITS
    await p95("diff with the version before", 20, lambda n: get(f"diff?from={end - 1}&to={end}"))
    await p95("diff of 500 edits", 20, lambda n: get(f"diff?from={end - 500}&to={end}"))
    await p95("diff of first and last", 5, lambda n: get(f"diff?from=1&to={end}"))


def test_diff_alone() -> None:
    old, new = design(), design()
    for at in range(0, COMPONENTS, 20):
        new["components"][f"b{at}"]["props"]["label"] = f"Send {at}"
    started = time.perf_counter()
    found = list(changes(old, new))
    taken = (time.perf_counter() - started) * 1_000
    started = time.perf_counter()
    op = to_op(old, new)
    made = (time.perf_counter() - started) * 1_000
    print(
        f"\ndiff of {COMPONENTS:,} components, {len(found)} changed: {taken:.0f} ms; the op {made:.0f}"
    )
    assert len(found) == 500 and op
    assert taken < 200
