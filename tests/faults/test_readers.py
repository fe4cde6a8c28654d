"""Readers that do not read, and peers that are gone without a word, at a real node."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import struct
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support.process import ServerProcess
from tests.support.proxy import Proxy

JSON0 = "http://sharejs.org/types/JSONv0"
SLOW = 8
OPS = 1_000
OP_BYTES = 20_000
FLYING = 20
TRAFFIC = SLOW * OPS * OP_BYTES
GROWTH_KB = 64 * 1024


async def opened(url: str, user: str, **options: Any) -> ClientConnection:
    address = f"{url.replace('http', 'ws', 1)}/ws/sharedb?user={user}"
    return await connect(address, proxy=None, compression=None, max_size=None, **options)


async def ask(socket: ClientConnection, message: dict[str, Any]) -> dict[str, Any]:
    await socket.send(json.dumps(message))
    answer: dict[str, Any] = json.loads(await socket.recv())
    return answer


def resident_kb(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("utf-8"))
    assert found is not None
    return int(found[1])


@pytest.fixture
def server(tmp_path: Path) -> Any:
    environment = {"COWEAVE_SCRATCH": "1", "COWEAVE_PING_SECONDS": "1"}
    with ServerProcess(tmp_path / "node", environment) as server:
        yield server


async def figure(server: ServerProcess, name: str) -> float:
    async with httpx.AsyncClient() as http:
        text = (await http.get(f"{server.url}/metrics")).text
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.M)
    return float(found[1]) if found else 0.0


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
async def test_D1_slow_readers_cost_little_memory_and_miss_nothing(tmp_path: Path) -> None:
    """160 MB to eight who read nothing; when they read again, each gets every version in order."""
    assert TRAFFIC >= 160_000_000
    at = {"c": "scratch", "d": "slow"}
    with ServerProcess(tmp_path / "node", {"COWEAVE_SCRATCH": "1"}) as server:
        async with asyncio.timeout(120), contextlib.AsyncExitStack() as stack:
            writer = await opened(server.url, "Ada")
            stack.push_async_callback(writer.close)
            await ask(
                writer,
                {"a": "op", **at, "v": None, "seq": 1, "create": {"type": JSON0, "data": {}}},
            )
            readers = [
                await opened(server.url, f"Slow{n}", ping_interval=None) for n in range(SLOW)
            ]
            for reader in readers:
                stack.push_async_callback(reader.close)
                assert "data" in await ask(reader, {"a": "s", **at, "v": None})
            before = resident_kb(server.pid)
            peak = before

            async def write() -> None:
                """Some under way at a time, each on a key of its own."""
                nonlocal peak
                version = 1
                for seq in range(2, OPS + 2 + FLYING):
                    if seq - 2 >= FLYING:
                        answer = json.loads(await writer.recv())
                        assert "error" not in answer, answer
                        version = answer["v"] + 1
                    if seq < OPS + 2:
                        op = [{"p": [f"k{seq % 50}"], "oi": str(seq).ljust(OP_BYTES, "x")}]
                        message = {"a": "op", **at, "v": version, "seq": seq, "op": op}
                        await writer.send(json.dumps(message))
                    if seq % 20 == 0:
                        peak = max(peak, resident_kb(server.pid))

            await write()
            peak = max(peak, resident_kb(server.pid))
            versions = await asyncio.gather(*(read_all(reader) for reader in readers))
            peak = max(peak, resident_kb(server.pid))
    told = f"{(peak - before) / 1024:.0f} MB for {TRAFFIC / 1e6:.0f} MB of traffic"
    print(f"D1: {SLOW} slow readers: {told}")
    assert peak - before < GROWTH_KB, told
    for seen in versions:
        assert seen == list(range(1, OPS + 1))


async def read_all(reader: ClientConnection) -> list[int]:
    """The versions that come, up to the last."""
    seen: list[int] = []
    while not seen or seen[-1] < OPS:
        seen.append(json.loads(await reader.recv())["v"])
    return seen


async def test_D6_a_peer_that_is_gone_without_a_word_is_found(server: ServerProcess) -> None:
    """Its network swallows what the server says, as that of a laptop that was shut."""
    async with asyncio.timeout(60), Proxy(server.port) as proxy:
        async with contextlib.AsyncExitStack() as stack:
            here = await opened(server.url, "Ben")
            stack.push_async_callback(here.close)
            gone = await opened(proxy.url, "Ada", ping_interval=None)
            stack.push_async_callback(gone.close)
            assert await ask(gone, {"a": "pp"}) == {"a": "pp"}
            assert await figure(server, "coweave_connections") == 2
            proxy.deafen()
            while await figure(server, "coweave_connections") > 1:
                await ask(here, {"a": "pp"})
            dropped = 'coweave_connections_dropped_total{reason="silent"}'
            assert await figure(server, dropped) == 1
            assert await ask(here, {"a": "pp"}) == {"a": "pp"}
            proxy.cut()
            with pytest.raises(ConnectionClosed):
                await gone.recv()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
async def test_D5_connections_that_break_off_leave_nothing_behind(tmp_path: Path) -> None:
    """Three rounds of 300 that are reset while they have a design open; later rounds need no more."""
    at = {"c": "scratch", "d": "broken"}
    with ServerProcess(tmp_path / "node", {"COWEAVE_SCRATCH": "1"}) as server:
        async with asyncio.timeout(120), contextlib.AsyncExitStack() as stack:
            here = await opened(server.url, "Ada")
            stack.push_async_callback(here.close)
            create = {"type": JSON0, "data": {"text": "x" * 10_000}}
            await ask(here, {"a": "op", **at, "v": None, "seq": 1, "create": create})
            after: list[int] = []
            for _ in range(3):
                crowd = await asyncio.gather(
                    *(opened(server.url, f"User{n % 30}", ping_interval=None) for n in range(300))
                )
                for one in crowd:
                    await ask(one, {"a": "s", **at, "v": None})
                for one in crowd:
                    reset(one)
                async with asyncio.timeout(5):
                    while await figure(server, "coweave_connections") > 1:
                        await ask(here, {"a": "pp"})
                after.append(resident_kb(server.pid))
            assert await ask(here, {"a": "pp"}) == {"a": "pp"}
    assert after[2] - after[1] < 8 * 1024, after


def reset(socket: ClientConnection) -> None:
    """End it without a word, as a process that is killed does."""
    raw = socket.transport.get_extra_info("socket")
    raw.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    socket.transport.abort()
