"""One busy room, over real sockets and a real disk: how many edits a second, how soon, at what cost.

The driver is a Python program on the same machine, so the figures are a lower bound; compare runs of one machine only.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.support.process import ServerProcess

CLIENTS = 50
WRITERS = 20
COMPONENTS = 2000
SECONDS = 10


def design() -> dict[str, Any]:
    """A valid design of one page and `COMPONENTS` buttons, about 200 B each."""
    return {
        "format": "coweave-design",
        "formatVersion": 1,
        "meta": {"name": "Busy", "description": ""},
        "settings": {},
        "theme": {},
        "libraries": {},
        "pages": {"p1": {"name": "Page", "order": "a0", "settings": {}}},
        "components": {
            f"c{n}": {
                "type": "Button",
                "typeVersion": 1,
                "name": f"Button{n}",
                "place": {"page": "p1", "slot": "content", "order": f"b{n // 62:02d}"},
                "props": {"label": "0"},
            }
            for n in range(1, COMPONENTS + 1)
        },
        "queries": {},
        "scripts": {},
        "dataSources": {},
    }


class Client:
    """A subscriber that may write: one edit in flight, its own component, as a stock client would."""

    def __init__(self, socket: ClientConnection, design_id: str, component: str) -> None:
        self.socket, self.design_id, self.component = socket, design_id, component
        self.version = 0
        self.received = 0
        self.seq = 0
        self.waits: list[float] = []
        self.sent_at = 0.0

    async def say(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def subscribe(self) -> None:
        await self.say(a="hs", id=None, protocol=1, protocolMinor=2)
        await self.until("hs")
        await self.say(a="s", c="designs", d=self.design_id, v=None)
        self.version = (await self.until("s"))["data"]["v"]

    async def until(self, action: str) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = json.loads(await self.socket.recv())
            assert "error" not in message, message["error"]
            if message.get("a") == action:
                return message

    async def submit(self) -> None:
        self.seq += 1
        path = ["components", self.component, "props", "label"]
        op = [{"p": path, "od": str(self.seq - 1), "oi": str(self.seq)}]
        self.sent_at = time.perf_counter()
        await self.say(
            a="op", c="designs", d=self.design_id, v=self.version, seq=self.seq, x={}, op=op
        )

    async def follow(self, end: float, *, writes: bool) -> None:
        if writes:
            await self.submit()
        while True:
            try:
                async with asyncio.timeout(max(0.0, end - time.perf_counter()) + 2):
                    message = await self.until("op")
            except TimeoutError:
                return
            assert message["v"] == self.version, "a gap in the versions"
            self.version += 1
            if "op" in message:
                self.received += 1
                continue
            self.waits.append(time.perf_counter() - self.sent_at)
            if time.perf_counter() < end:
                await self.submit()


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def get(url: str, body: bytes | None = None) -> Any:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


@pytest.mark.bench
async def test_busy_room(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "node", {"COWEAVE_OPS_PER_SECOND": "100000"}) as server:
        made = await asyncio.to_thread(
            get, f"{server.url}/api/designs/import", json.dumps(design()).encode()
        )
        design_id = made["design"]["id"]
        clients = []
        try:
            for n in range(CLIENTS):
                url = f"{server.socket_url}?user=user{n}"
                socket = await connect(url, max_size=None, compression=None, ping_interval=None)
                clients.append(Client(socket, design_id, f"c{n * 7 + 1}"))
                await clients[-1].subscribe()
            before = processor_seconds(server.pid)
            start = time.perf_counter()
            async with asyncio.TaskGroup() as group:
                for n, client in enumerate(clients):
                    group.create_task(client.follow(start + SECONDS, writes=n < WRITERS))
            used = processor_seconds(server.pid) - before
        finally:
            for client in clients:
                client.socket.transport.abort()
        server.kill()
        server.start()
        kept = await asyncio.to_thread(get, f"{server.url}/api/designs/{design_id}/snapshot")

    waits = sorted(wait for client in clients for wait in client.waits)
    delivered = sum(client.received for client in clients)
    for client in clients[:WRITERS]:
        label = kept["data"]["components"][client.component]["props"]["label"]
        assert int(label) >= len(client.waits), "an acknowledged edit is gone after kill -9"
    print(
        f"\n{CLIENTS} clients, {WRITERS} writing, {COMPONENTS} components, SQLite, {SECONDS} s, driver in Python:"
        f"\n  acknowledged {len(waits) / SECONDS:,.0f}/s, delivered {delivered / SECONDS:,.0f}/s"
        f"\n  wait p50 {statistics.median(waits) * 1000:.1f} ms,"
        f" p99 {waits[int(len(waits) * 0.99)] * 1000:.1f} ms"
        f"\n  server {used / SECONDS * 100:.0f}% of a core, {used / len(waits) * 1e6:.0f} µs per edit"
    )
